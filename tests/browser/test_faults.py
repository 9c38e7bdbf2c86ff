"""What a person sees when something breaks while a network trains: it says so in words, and nothing is lost."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Server, serve
from tests.browser.helpers import ask_chart, open_page, poll, wait_for_app
from tests.unit.helpers import fill

pytestmark = pytest.mark.browser

SECONDS = 180
"""A process that takes over imports torch first, on a busy machine for a minute."""
LONG = "epochs=400&size=8&batch_size=128"
"""The lecture on 8×8 pixels, several epochs a second: still at it when the fault comes."""


@pytest.fixture
def tab(browser_context: BrowserContext) -> Iterator[Page]:
    """A tab that may report on its console that its server has gone."""
    page = browser_context.new_page()
    yield page
    page.close()


def start(page: Page, server: Server, query: str) -> None:
    open_page(page, f"{server.url}/training?{query}")
    page.get_by_role("button", name="Train", exact=True).click()


def shown_epochs(page: Page) -> list[int]:
    """The epochs in the accuracy chart."""
    return ask_chart(page, "live_accuracy", "Array.from(chart.data[1].x)") or []


def wait_for_epochs(page: Page, number: int) -> None:
    poll(lambda: len(shown_epochs(page)) >= number, SECONDS, f"epoch {number} in the chart")


def stop(page: Page) -> None:
    page.get_by_test_id("stMainBlockContainer").get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("Stopped by hand")).to_be_visible(timeout=SECONDS * 1000)
    wait_for_app(page)


def stored_epochs(server: Server) -> list[int]:
    with closing(sqlite3.connect(server.home / "digits.sqlite")) as database:
        return [row[0] for row in database.execute("SELECT epoch FROM epochs ORDER BY sequence")]


def check_that_each_epoch_is_there_once(page: Page, server: Server) -> None:
    stored = stored_epochs(server)
    assert stored == list(range(1, len(stored) + 1))
    with suppress(TimeoutError):  # the comparison below says more
        poll(lambda: shown_epochs(page) == stored, SECONDS, "every epoch in the chart, once")
    assert shown_epochs(page) == stored
    assert "Traceback" not in page.get_by_test_id("stMain").inner_text()


def trainer(server: Server) -> psutil.Process:
    """The process that trains: of those below the app, the worker that used the processor most."""
    workers = []
    for process in server.process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if "spawn_main" in " ".join(process.cmdline()):
                workers.append((sum(process.cpu_times()[:2]), process))
    return max(workers, key=lambda each: each[0])[1]


def test_a_connection_that_breaks_and_comes_back_has_missed_nothing(server: Server, tab: Page) -> None:
    start(tab, server, LONG)
    wait_for_epochs(tab, 2)
    before = len(shown_epochs(tab))
    tab.evaluate("traffic.sockets.forEach(socket => socket.close())")
    # As long as a laptop that sleeps: epochs go by of which this page hears nothing.
    wait_for_epochs(tab, before + 2)
    stop(tab)
    check_that_each_epoch_is_there_once(tab, server)


def test_a_worker_that_is_killed_is_replaced_and_the_run_goes_on(server: Server, tab: Page) -> None:
    start(tab, server, LONG)
    wait_for_epochs(tab, 2)
    trainer(server).kill()
    at_least = len(stored_epochs(server)) + 3
    wait_for_epochs(tab, at_least)
    stop(tab)
    check_that_each_epoch_is_there_once(tab, server)


def test_a_run_of_an_app_that_was_killed_is_resumed_by_a_button(tmp_path: Path, tab: Page) -> None:
    with serve(tmp_path) as first:
        start(tab, first, LONG)
        wait_for_epochs(tab, 2)
        family = [first.process, *first.process.children(recursive=True)]
        first.process.kill()
        _, alive = psutil.wait_procs(family, timeout=30)
        assert not alive, "what the app had started outlived it"
    before = stored_epochs(first)

    with serve(tmp_path, port=urlsplit(first.url).port) as second:
        # The page that is still open finds the app again by itself.
        expect(tab.get_by_text("The app ended while")).to_be_visible(timeout=SECONDS * 1000)
        tab.get_by_role("button", name="Resume", exact=True).click()
        wait_for_epochs(tab, len(before) + 2)
        stop(tab)
        check_that_each_epoch_is_there_once(tab, second)


def test_a_full_disk_is_said_in_words_and_with_room_again_the_run_is_resumed(small_disk: Path, tab: Page) -> None:
    with serve(small_disk) as server:
        start(tab, server, "epochs=90&batch_size=128")  # 10 MB of checkpoint
        wait_for_epochs(tab, 1)
        fill(small_disk / "filler")
        # Room to write down what happens, and none for what was learnt.
        os.truncate(small_disk / "filler", (small_disk / "filler").stat().st_size - 2**21)
        expect(tab.get_by_text("No space left on device")).to_be_visible(timeout=SECONDS * 1000)
        (small_disk / "filler").unlink()
        before = len(stored_epochs(server))
        tab.get_by_role("button", name="Resume", exact=True).click()
        wait_for_epochs(tab, before + 1)
        stop(tab)
        check_that_each_epoch_is_there_once(tab, server)
