"""The address of the page: written in one message, and followed unless the browser names an old one.

Pages write settings, filters and the step of a lesson into the address, and follow it where somebody comes with another
one. A click, or the timer of a page, names the address that the browser shows at that moment; where it has not heard of
the newest yet, a page would take that for another one and go back: a setting that was changed while a run trains, a
step that was just reached.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import streamlit as st
from streamlit.errors import StreamlitAPIException
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state.query_params import EMBED_QUERY_PARAMS_KEYS

from digits_core.training.config_fields import Query

LATE_S = 10.0
"""How long after an address was replaced a busy browser may still name it; who names it later means it."""
MEANT = "meant"
"""The parameter of links that stay on a page for long: a link names an address because somebody wants it."""
_KNOWN = "known_addresses"

Address = dict[str, list[str]]
"""The parameters of a URL, each with its values, without those that Streamlit keeps for itself."""


@dataclass
class Addresses:
    """What a tab knows of the addresses of the page that it shows."""

    page: str
    written: Address | None = None
    """The address as it was written or left last."""
    replaced: list[tuple[Address, float]] = field(default_factory=list)
    """Addresses that were written once and replaced since, and when, in seconds of the monotonic clock."""
    run: object = None
    """Stands for the last run that has begun: the one before may go on beside it for a moment, until it hears of it."""

    def note(self, before: Address, after: Address, now: float) -> None:
        """Note what was written in the place of `before`, which may come late unless only a link ever named it."""
        self.replaced = [(query, since) for query, since in self.replaced if now - since < LATE_S]
        if before == self.written != after:
            self.replaced.append((before, now))
        self.written = after

    def mean(self, named: Address, now: float) -> None:
        """Note that `named` is wanted by a link, in the place of the address that was written last."""
        self.replaced = [(query, since) for query, since in self.replaced if query != named]
        if self.written is not None and self.written != named:
            self.replaced.append((self.written, now))
        self.written = named

    def is_late(self, named: Address, now: float) -> bool:
        """Return True if the browser names an address only because it has not seen it replaced yet."""
        if named == self.written:
            return False
        return any(query == named and now - since < LATE_S for query, since in self.replaced)


@contextmanager
def newest_address(page: str) -> Iterator[None]:
    """Run a page with the newest address: as the browser names it, or as it was written where the browser is late.

    Who goes back in the browser's history, comes from another page, or follows a link with `MEANT`, means the address
    that they name.
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
    """Note which address is written inside, and which one it replaces: for a callback, which runs before its page."""
    known: Addresses | None = st.session_state.get(_KNOWN)
    if known is None:
        yield
        return
    known.run = run = object()
    named = _address()
    if known.written is not None and known.is_late(named, time.monotonic()):
        try:
            _send(named, known.written)
        except StreamlitAPIException:
            # A parameter that a widget is bound to is the browser's own: where one differs, the address is a new one.
            _send(_address(), named)
    before, sent = _address(), _sent()
    try:
        yield
    finally:
        # Also where the run ends early, for another one, unless that one has begun: it knows better.
        if known.run is run:
            known.note(before, _address_since(before, sent), time.monotonic())


def said(is_ours: Callable[[str], bool]) -> Address:
    """Return what the address says of the parameters that are ours."""
    return {name: values for name, values in _address().items() if is_ours(name)}


def is_new(is_ours: Callable[[str], bool], noted_as: str) -> bool:
    """Return True if the address says something of ours that `write` has not noted: somebody came with another one."""
    return said(is_ours) != st.session_state.get(noted_as, {})


def write(query: Query, is_ours: Callable[[str], bool], noted_as: str) -> None:
    """Write a query into the address in the place of all parameters that are ours; those of others stay.

    The browser hears of all that is new at once: between two messages it would show, and name, an address that nobody
    meant. Nothing is sent where the address says so already.

    Args:
        query: The parameters with their values; one without any is not written.
        is_ours: Tells by its name whether a parameter is ours.
        noted_as: The key of the session state under which is noted what the address says of ours after that. An
            address that says something else was not written here. Where a click waits, Streamlit ends the run before
            the address is changed or after that: noted is what became of it.
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
        noted.clear()
        noted.update({name: values for name, values in now.items() if is_ours(name)})
        if known is not None:
            known.note(before, now, time.monotonic())


def _send(before: Address, after: Address) -> None:
    """Write what differs; `StreamlitAPIException` where a widget is bound to such a parameter, which stays."""
    with ExitStack() as also:
        # Each message may end the run for the sake of the next one: what goes has to go all the same.
        for name in before.keys() - after.keys():
            also.callback(st.query_params.pop, name)
        if new := {name: values for name, values in after.items() if values != before.get(name)}:
            st.query_params.update(new)


def _address() -> Address:
    return {name: st.query_params.get_all(name) for name in st.query_params}


def _sent() -> str:
    """Return the address as the browser named it, or as it was sent to it since."""
    ctx = get_script_run_ctx()
    return ctx.query_string if ctx else ""


def _address_since(before: Address, sent: str) -> Address:
    """Return the address after it was `before`, when `sent` was what the browser knew.

    Asks nothing of the session, where Streamlit may end the run for the next one, again and again.
    """
    if _sent() == sent:
        return before
    query = parse_qs(_sent(), keep_blank_values=True)
    return {name: values for name, values in query.items() if name.lower() not in EMBED_QUERY_PARAMS_KEYS}
