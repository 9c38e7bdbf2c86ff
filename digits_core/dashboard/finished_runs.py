"""Keeps the end of one fragment's run from being lost where that of another follows at once.

What a session sends waits in a queue for a moment. Where a fragment's run begins in that moment, Streamlit turns the
message that another fragment's run has come to its end into one that it was broken off. The browser then removes
nothing that this run no longer drew: a paper that was cleared stays beside the new one. Timers (`run_every`) bring it
about. Streamlit has no setting for this either, so that its sessions' own way is replaced before the first is served.
"""

from __future__ import annotations

from streamlit.runtime.app_session import AppSession

_clear_queue = AppSession._clear_queue


def tell_all() -> None:
    """Let browsers hear of the end of each fragment's run, in all sessions from now on."""
    AppSession._clear_queue = clear_queue  # type: ignore[method-assign, assignment]


def clear_queue(session: AppSession, fragment_ids_this_run: list[str] | None = None) -> None:
    """Clear the queue as Streamlit does, except that the run of a fragment leaves it unchanged.

    What it draws must not take the place of what was drawn there before and still waits: it would be sent as part of
    that earlier run, and the browser, told that the later one has come to its end, would remove it.
    """
    if fragment_ids_this_run:
        session._browser_queue._delta_index_map.clear()
    else:
        _clear_queue(session, fragment_ids_this_run)
