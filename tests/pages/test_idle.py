"""A page that nobody touches asks the server for nothing, unless something runs that it shows."""

import pytest
import torch  # noqa: F401 - pages load it in the background: here it is there, and never half of it
from streamlit.runtime.scriptrunner import ScriptRunContext

from digits_core.config import RunConfig
from digits_core.dashboard.pages import PAGES
from digits_core.dashboard.state import state
from digits_core.training.events import Started
from tests.browser.helpers import poll


@pytest.fixture
def repeats(monkeypatch) -> list[float]:
    """The seconds after which browsers are told to ask again, over and over."""
    found, enqueue = [], ScriptRunContext.enqueue

    def note(self, message):
        if message.WhichOneof("type") == "auto_rerun":
            found.append(message.auto_rerun.interval)
        enqueue(self, message)

    monkeypatch.setattr(ScriptRunContext, "enqueue", note)
    return found


VIEWS = [(page, {}) for page in PAGES] + [
    ("runs", {"runs_view": view}) for view in ("Training time", "Sweeps", "One run")
]


@pytest.mark.parametrize(("page", "query"), VIEWS, ids=str)
def test_no_page_repeats_itself_while_nothing_runs(open_page, trained_home, repeats, page, query):
    def is_at_rest() -> bool:
        repeats.clear()
        assert not open_page(page, **query).exception
        return not repeats

    # A network is made ready for the browser in the background, which a page waits for.
    poll(is_at_rest, 90, "the page to come to rest")


@pytest.mark.parametrize("page", ["training", "runs"])
def test_a_page_that_shows_a_run_repeats_itself_while_it_trains(open_page, trained_home, repeats, page):
    open_page("data")
    run = state().runs.create(RunConfig(name="under way"), "test")
    state().runs.apply(run.id, Started(4, 1438, 359, {"images": {"train": 1438, "test": 359}}))

    assert not open_page(page).exception
    assert repeats
