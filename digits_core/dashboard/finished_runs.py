"""Keeps the end of one fragment's run from being lost if that of another fragment follows at once.

The messages of a session wait in a queue for a moment. If a fragment's run begins in that moment, Streamlit replaces
the message that another fragment's run has finished by one that it was interrupted. The browser then does not remove
the elements that this run no longer drew: a cleared paper stays next to the new one. Timers (`run_every`) cause this.
Streamlit has no setting for this either, so the method of its sessions is replaced before the first one is served.
"""

from __future__ import annotations

from streamlit.runtime.app_session import AppSession

_clear_queue = AppSession._clear_queue


def tell_all() -> None:
    """Report the end of each fragment's run to browsers, in all sessions from now on."""
    AppSession._clear_queue = clear_queue  # type: ignore[method-assign, assignment]


def clear_queue(session: AppSession, fragment_ids_this_run: list[str] | None = None) -> None:
    """Clear the queue as Streamlit does, except that the run of a fragment leaves it unchanged.

    The new run must not overwrite an earlier message that still waits in the same place: it would be sent as part of
    the earlier run, and the browser, told that the later run has finished, would remove it.
    """
    if fragment_ids_this_run:
        session._browser_queue._delta_index_map.clear()
    else:
        _clear_queue(session, fragment_ids_this_run)
