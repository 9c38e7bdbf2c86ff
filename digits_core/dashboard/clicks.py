"""Keeps the timers of a page from delivering a click a second time.

A click waits in the browser until the current run has ended, and is then sent. A fragment's timer (`run_every`) that
fires in between sends the state of all widgets, the waiting click included: a button would start two runs. Streamlit
has no setting for this, so the request method of its sessions is replaced before the first one is served.
"""

from __future__ import annotations

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession

CLICKS = {"trigger_value", "string_trigger_value", "json_trigger_value", "chat_input_value"}
"""The values of widgets that are one-time events, by their names in Streamlit's protocol."""

_request_rerun = AppSession.request_rerun


def count_once() -> None:
    """Stop timers from delivering clicks, in all sessions from now on."""
    AppSession.request_rerun = request_rerun  # type: ignore[method-assign, assignment]


def without_clicks(asked: ClientState) -> ClientState:
    """Return a timer's request without the clicks, which are sent separately a moment later."""
    lasting = [each for each in asked.widget_states.widgets if each.WhichOneof("value") not in CLICKS]
    own = ClientState()
    own.CopyFrom(asked)
    del own.widget_states.widgets[:]
    own.widget_states.widgets.extend(lasting)
    return own


def request_rerun(session: AppSession, client_state: ClientState | None) -> None:
    """Request a rerun as Streamlit's own method does, but without the clicks if a timer asks for it."""
    if client_state is not None and client_state.is_auto_rerun:
        client_state = without_clicks(client_state)
    _request_rerun(session, client_state)
