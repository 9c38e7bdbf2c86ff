"""The table of runs in a real browser: rows are chosen, followed and found again."""

import pytest
from playwright.sync_api import Locator, Page, expect

from digits_core.config import RunConfig, TrainingConfig
from digits_core.database import Database
from digits_core.home import Home
from digits_core.runs.process_owner import this_process
from digits_core.runs.store import Run, RunStore
from digits_core.training.events import EpochFinished, Finished, Progress, Started
from tests.browser.conftest import Server
from tests.browser.helpers import open_page, poll, steady_box, wait_for_app

pytestmark = pytest.mark.browser

SECONDS = 60
ROW_HEIGHT = 35


def begin(store: RunStore, name: str) -> Run:
    """A run of this process, as another app or the shell would train it."""
    run = store.create(RunConfig(name=name, training=TrainingConfig(epochs=2)), this_process())
    store.apply(run.id, Started(2, 1438, 359, {}))
    return run


def end(store: RunStore, run: Run, accuracy: float) -> None:
    for epoch in (1, 2):
        store.apply(run.id, EpochFinished(epoch, 2, 0.5, 0.8, 1 - accuracy, accuracy, 0.001, 1000.0, 1.5))
    store.apply(run.id, Finished("finished", 2, 1 - accuracy, accuracy, 3.0))


def rows(page: Page) -> Locator:
    """The rows as a screen reader has them, in the grid's own table."""
    return page.locator(".st-key-runs_table canvas tbody tr")


def row(page: Page, name: str) -> Locator:
    return rows(page).filter(has_text=name)


def mark(page: Page, place: int, run: Run) -> None:
    """Press the box at the beginning of a row, until it is marked, and wait until the address names its run."""
    canvas = page.locator('.st-key-runs_table canvas[data-testid="data-grid-canvas"]')

    def marked() -> bool:
        if row(page, run.title).get_attribute("aria-selected") == "true":
            return True
        # By the mouse, for what scrolls the grid lies over it; again where the page moved under it.
        box = steady_box(canvas)
        page.mouse.click(box["x"] + 18, box["y"] + ROW_HEIGHT * (place + 1.5))
        return False

    wait_for_app(page)
    poll(marked, SECONDS, f"the mark of {run.title}", every=1)
    poll(lambda: run.id in page.url, SECONDS, f"{run.title} in the address")
    wait_for_app(page)


def test_a_choice_of_rows_outlives_polls_sorting_and_a_reload(server: Server, browser_page: Page) -> None:
    database = Database(Home(server.home).create().database)
    store = RunStore(database)
    best, other = begin(store, "best"), begin(store, "other")
    end(store, best, 0.99)
    end(store, other, 0.95)
    live = begin(store, "live")
    open_page(browser_page, f"{server.url}/runs?compare={other.id}")
    expect(row(browser_page, "other")).to_have_attribute("aria-selected", "true")
    mark(browser_page, 2, best)

    # What trains is followed, and what was chosen stays so.
    store.apply(live.id, Progress(1, 2, 45, 90, 0.5, 900.0, 0.001, 2.0))
    expect(row(browser_page, "live")).to_contain_text("running 25%")
    expect(row(browser_page, "best")).to_have_attribute("aria-selected", "true")
    newest = begin(store, "newest")
    expect(rows(browser_page).first).to_contain_text("newest")
    for run, accuracy in ((live, 0.97), (newest, 0.9)):
        end(store, run, accuracy)
    expect(row(browser_page, "newest")).to_contain_text("finished")
    expect(row(browser_page, "live")).to_contain_text("finished")

    browser_page.goto(f"{browser_page.url}&sort=-accuracy&where=accuracy>0.92")
    wait_for_app(browser_page)
    expect(rows(browser_page)).to_have_count(3)
    expect(rows(browser_page).first).to_contain_text("best")
    for name, chosen in (("best", "true"), ("other", "true"), ("live", "false")):
        expect(row(browser_page, name)).to_have_attribute("aria-selected", chosen)
    expect(browser_page.locator(".st-key-compared_accuracy").get_by_text("#1 best")).to_be_visible()
    database.close()


def test_deleted_rows_are_brought_back(server: Server, browser_page: Page) -> None:
    database = Database(Home(server.home).create().database)
    store = RunStore(database)
    for name in ("first", "second"):
        end(store, begin(store, name), 0.9)
    open_page(browser_page, f"{server.url}/runs")
    expect(rows(browser_page)).to_have_count(2)
    main = browser_page.get_by_test_id("stMainBlockContainer")
    main.get_by_role("button", name="Delete", exact=True).click()
    expect(main.get_by_text("Deleted 2 runs")).to_be_visible()
    expect(rows(browser_page)).to_have_count(0)
    assert store.runs() == []

    main.get_by_role("button", name="Undo", exact=True).click()
    expect(rows(browser_page)).to_have_count(2)
    assert len(store.runs()) == 2
    database.close()
