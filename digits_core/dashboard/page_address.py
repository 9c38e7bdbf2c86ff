"""The page's address, meaning the query of its URL: sent in one message, and followed unless the browser names an old
one.

Pages write settings, filters and the step of a lesson into the address, and follow it when a user arrives with another
one. A click, or a timer of the page, names the address that the browser shows at that moment; if the browser has not
received the newest one yet, a page would take that for another address and go back: to before a setting was changed
while a run trains, or before a step was reached.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import streamlit as st
from streamlit.errors import StreamlitAPIException
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state.query_params import EMBED_QUERY_PARAMS_KEYS

from digits_core.training.config_fields import Query

LATE_S = 10.0
"""How long, after an address was replaced, a busy browser may still name it; after that it is taken as intended."""
MEANT = "meant"
"""The parameter of links that stay on a page for long: it marks an address as intended."""
_KNOWN = "known_addresses"
_RUN: ContextVar[object] = ContextVar("run")
"""Identifies the run of a page, in its thread; unset in the run of a fragment."""

Address = dict[str, list[str]]
"""The parameters of a URL, each with its values, without those that Streamlit reserves for itself."""


@dataclass
class Addresses:
    """What a tab knows of the addresses of the page that it shows."""

    page: str
    written: Address | None = None
    """The address that was last written or left in place."""
    replaced: list[tuple[Address, float]] = field(default_factory=list)
    """Addresses that were written and have been replaced since, with the time in seconds of the monotonic clock."""
    run: object = None
    """Identifies the last run that has begun: the previous one may continue for a moment, until it is told to stop."""

    def note(self, before: Address, after: Address, now: float) -> None:
        """Note that `after` was written; `before` may still be named late, unless only a link ever named it."""
        self.replaced = [(query, since) for query, since in self.replaced if now - since < LATE_S]
        if before == self.written != after:
            self.replaced.append((before, now))
        self.written = after

    def note_late(self, after: Address, now: float) -> None:
        """Note that an overtaken run wrote `after`: the browser may name it, but the current run replaces it."""
        if after != self.written:
            self.replaced.append((after, now))

    def mean(self, named: Address, now: float) -> None:
        """Note that a link asks for `named`, which replaces the address that was last written."""
        self.replaced = [(query, since) for query, since in self.replaced if query != named]
        if self.written is not None and self.written != named:
            self.replaced.append((self.written, now))
        self.written = named

    def is_late(self, named: Address, now: float) -> bool:
        """Return True if the browser names an address only because it has not received its replacement yet."""
        if named == self.written:
            return False
        return any(query == named and now - since < LATE_S for query, since in self.replaced)


@contextmanager
def newest_address(page: str) -> Iterator[None]:
    """Run a page with the newest address: the one that the browser names, or the one last written if the browser is
    late.

    Going back in the browser's history, coming from another page, or following a link with `MEANT` counts as intended.
    """
    known: Addresses | None = st.session_state.get(_KNOWN)
    ctx = get_script_run_ctx()
    if known is None or known.page != page or (ctx and ctx.is_history_navigation):
        known = st.session_state[_KNOWN] = Addresses(page)
    if MEANT in st.query_params:
        del st.query_params[MEANT]
        known.mean(_address(), time.monotonic())
    with changed():
        yield


@contextmanager
def changed() -> Iterator[None]:
    """Note which address is written in the block, and which one it replaces: for a callback, which runs before its
    page.
    """
    known: Addresses | None = st.session_state.get(_KNOWN)
    if known is None:
        yield
        return
    known.run = run = object()
    _RUN.set(run)
    named = _address()
    if known.written is not None and known.is_late(named, time.monotonic()):
        try:
            _send(named, known.written)
        except StreamlitAPIException:
            # A parameter that a widget is bound to belongs to the browser: if one differs, the address is a new one.
            _send(_address(), named)
    before, sent = _address(), _sent()
    try:
        yield
    finally:
        # Also if the run ends early, in favour of another one, unless that has begun: it knows better.
        if known.run is run:
            known.note(before, _address_since(before, sent), time.monotonic())


def said(is_ours: Callable[[str], bool]) -> Address:
    """Return the parameters of the address for which `is_ours` is true."""
    return {name: values for name, values in _address().items() if is_ours(name)}


def is_new(is_ours: Callable[[str], bool], noted_as: str) -> bool:
    """Return True if our parameters differ from those that `write` has noted: the user arrived with another address."""
    return said(is_ours) != st.session_state.get(noted_as, {})


def write(query: Query, is_ours: Callable[[str], bool], noted_as: str) -> None:
    """Replace all of our parameters in the address by a query; all others stay.

    The browser receives all changes in one message: between two messages it would show, and name, an unintended
    address. Nothing is sent if the address is up to date.

    Args:
        query: The parameters with their values; one without values is not written.
        is_ours: Returns True for the name of a parameter that is ours.
        noted_as: The key of the session state that stores our parameters of the resulting address. An address with
            others was not written here. If a click waits, Streamlit ends the run before or after the address is
            changed: what is stored is the actual result, unless the next run has begun, which follows its own.
    """
    if noted_as not in st.session_state:
        st.session_state[noted_as] = {}
    noted: Address = st.session_state[noted_as]
    known: Addresses | None = st.session_state.get(_KNOWN)
    before, sent = _address(), _sent()
    said = {name: list(values) for name, values in query.items() if values}
    after = {name: values for name, values in before.items() if name in said or not is_ours(name)} | said
    try:
        _send(before, after)
    finally:
        now = _address_since(before, sent)
        if known is not None and known.run is not _RUN.get(known.run):
            known.note_late(now, time.monotonic())
        else:
            noted.clear()
            noted.update({name: values for name, values in now.items() if is_ours(name)})
            if known is not None:
                known.note(before, now, time.monotonic())


def _send(before: Address, after: Address) -> None:
    """Write the parameters that differ; raises `StreamlitAPIException` for one that a widget is bound to."""
    with ExitStack() as also:
        # Each message may end the run in favour of the next one: what is to be removed must be removed all the same.
        for name in before.keys() - after.keys():
            also.callback(st.query_params.pop, name)
        if new := {name: values for name, values in after.items() if values != before.get(name)}:
            st.query_params.update(new)


def _address() -> Address:
    return {name: st.query_params.get_all(name) for name in st.query_params}


def _sent() -> str:
    """Return the query as the browser named it, or as it was sent to the browser since."""
    ctx = get_script_run_ctx()
    return ctx.query_string if ctx else ""


def _address_since(before: Address, sent: str) -> Address:
    """Return the current address, given that it was `before` when `sent` was what the browser knew.

    Reads nothing from the session, where Streamlit may end the run in favour of the next one, again and again.
    """
    if _sent() == sent:
        return before
    query = parse_qs(_sent(), keep_blank_values=True)
    return {name: values for name, values in query.items() if name.lower() not in EMBED_QUERY_PARAMS_KEYS}
