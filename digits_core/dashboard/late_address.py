"""Keeps an address that the browser names late from undoing what was done since.

Pages write settings, filters and the step of a lesson into the address, and follow it where somebody comes with another
one. What the browser sends, a click or the timer of a page, names the address that it shows at that moment; where it
has not heard of the newest yet, a page would take that for another one and go back: a setting that was changed while a
run trains, a step that was just reached. Streamlit has no setting for this, so that two of its own functions are
replaced before the first page is served: the one that tells the browser, and the one that begins a run of a page.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode

from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext
from streamlit.runtime.state.query_params import QueryParams

LATE_S = 5.0
"""How long after a page wrote an address the browser may not know it; who names the old one later means it."""
_LEFT = "left_in_address"

Query = dict[str, list[str]]
Left = dict[tuple[str, tuple[str, ...]], float]
"""What a page has replaced in its address: name and values of a parameter, none where it was missing, and when."""

_send, _reset = QueryParams._send_query_param_msg, ScriptRunContext.reset


def keep_newest() -> None:
    """Follow no address that is merely late, in all sessions from now on."""
    QueryParams._send_query_param_msg = send  # type: ignore[method-assign, assignment]
    ScriptRunContext.reset = reset  # type: ignore[method-assign, assignment]


def send(params: QueryParams) -> None:
    """As Streamlit's own, and remember what was replaced. Another run of the page may begin before this returns."""
    if ctx := get_script_run_ctx():
        before, after, left = _parsed(ctx.query_string), _query_of(params), _left_in(ctx)
        moment = time.monotonic()
        for long_ago in [each for each, since in left.items() if moment - since >= LATE_S]:
            del left[long_ago]
        for name in before.keys() | after.keys():
            if before.get(name) != after.get(name):
                left[name, _values(before, name)] = moment
    _send(params)


def reset(ctx: ScriptRunContext, query_string: str = "", page_script_hash: str = "", **options: Any) -> None:
    """As Streamlit's own, but with the address as the page wrote it last, where the browser names the one before."""
    left = _left_in(ctx)
    if page_script_hash != ctx.page_script_hash or options.get("is_history_navigation"):
        left.clear()
    elif left:
        named = _parsed(query_string)
        newest = newest_of(named, _query_of(ctx.session_state._state.query_params), left, time.monotonic())
        if newest != named:
            query_string = urlencode(newest, doseq=True)
    _reset(ctx, query_string, page_script_hash, **options)


def newest_of(named: Query, now: Query, left: Mapping[tuple[str, tuple[str, ...]], float], moment: float) -> Query:
    """Return the address that is meant by one that a browser `named`, where the page's own is `now`.

    A parameter counts as the page wrote it where the browser names a value that the page has just replaced, `LATE_S`
    before the `moment` at most; everywhere else, as the browser names it.
    """
    newest = dict(named)
    for name in named.keys() | now.keys():
        since = left.get((name, _values(named, name)))
        if since is not None and moment - since < LATE_S:
            newest.pop(name, None)
            if name in now:
                newest[name] = now[name]
    return newest


def _left_in(ctx: ScriptRunContext) -> Left:
    session = ctx.session_state._state
    if _LEFT not in session:
        session[_LEFT] = {}
    return session[_LEFT]


def _query_of(params: QueryParams) -> Query:
    return {name: params.get_all(name) for name in params}


def _parsed(query_string: str) -> Query:
    return parse_qs(query_string, keep_blank_values=True)


def _values(query: Query, name: str) -> tuple[str, ...]:
    return tuple(query.get(name, ()))
