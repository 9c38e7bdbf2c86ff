"""The end of one fragment's run is told to the browser, also where that of another follows at once."""

from types import SimpleNamespace

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

from digits_core.dashboard import finished_runs

FINISHED = ForwardMsg.ScriptFinishedStatus


@pytest.fixture
def session() -> SimpleNamespace:
    """A session whose fragment has come to its end, which the browser has not heard yet."""
    queue = ForwardMsgQueue()
    message = ForwardMsg()
    message.script_finished = FINISHED.FINISHED_FRAGMENT_RUN_SUCCESSFULLY
    queue.enqueue(message)
    return SimpleNamespace(_browser_queue=queue)


def endings(session: SimpleNamespace) -> list[int]:
    return [message.script_finished for message in session._browser_queue.flush()]


def test_a_timers_run_leaves_the_end_of_another_fragments_run_as_it_is(session):
    finished_runs.clear_queue(session, ["timer"])

    assert endings(session) == [FINISHED.FINISHED_FRAGMENT_RUN_SUCCESSFULLY]


def test_streamlit_itself_would_call_it_broken_off(session):
    """Once this fails, `finished_runs` is no longer needed."""
    finished_runs._clear_queue(session, ["timer"])

    assert endings(session) == [FINISHED.FINISHED_EARLY_FOR_RERUN]


def drawn(words: str) -> ForwardMsg:
    message = ForwardMsg()
    message.metadata.delta_path.extend([0, 1])
    message.delta.new_element.text.body = words
    return message


def test_what_a_fragment_draws_is_sent_after_all_that_it_drew_before(session):
    queue = session._browser_queue
    queue.enqueue(drawn("first run"))
    finished_runs.clear_queue(session, ["charts"])
    queue.enqueue(ForwardMsg(new_session={}))
    queue.enqueue(drawn("second run"))
    queue.enqueue(drawn("second run, later"))

    sent = [message.delta.new_element.text.body or message.WhichOneof("type") for message in queue.flush()]
    assert sent == ["script_finished", "first run", "new_session", "second run, later"]


def test_a_run_of_the_whole_page_goes_before_all_that_was_not_sent_yet(session):
    finished_runs.clear_queue(session)

    assert endings(session) == [FINISHED.FINISHED_EARLY_FOR_RERUN]


def test_every_session_of_the_app_keeps_to_it(monkeypatch):
    monkeypatch.setattr(AppSession, "_clear_queue", finished_runs._clear_queue)
    finished_runs.tell_all()

    assert AppSession._clear_queue is finished_runs.clear_queue
