"""A class at work: `python -m tests.benchmarks load`.

Twenty sessions read every page of the app, a few seconds each, while two runs train and a sweep is queued behind them
(as many at once as the machine has pairs of cores). They are sessions of Streamlit's protocol, see `visitor`, and
seconds are counted from the request of a page until the server has sent all of it. Among them is one real Chromium,
which changes pages as fast as they come: seconds from the click until the page is drawn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from playwright.sync_api import Browser, Page

from digits_core.dashboard.pages import PAGES
from tests.benchmarks.in_browser import a_browser, a_tab, an_app, clicked, train_in_shell
from tests.benchmarks.measurement import Measurement, Target, counted, measured
from tests.benchmarks.page_change import DRAWN, menu_entry
from tests.benchmarks.visitor import crowd
from tests.browser.conftest import Server
from tests.browser.helpers import open_page, wait_for_app

VISITORS, STAY_S, ROUNDS = 20, 5.0, 3
PAGE_S, NONE = Target(2), Target(0)
ALL = [entry.url_path for entry in PAGES.values()]


def measurements(quick: bool) -> Iterator[Measurement]:
    rounds, stay = (1, 1.0) if quick else (ROUNDS, STAY_S)
    # Apart, because Playwright has this thread's loop of events.
    with a_browser() as browser, an_app() as server, ThreadPoolExecutor(1) as apart:
        train_in_shell(server.home, "--epochs", "1")
        alone = apart.submit(asyncio.run, crowd(server.url, ALL, 1, 2, 0.1)).result()
        yield measured("one visitor alone: a page is sent", "s", alone.seconds, "p95")
        start_work(browser, server)
        witness = a_tab(browser)
        open_page(witness, server.url)
        there = apart.submit(asyncio.run, crowd(server.url, ALL, VISITORS, rounds, stay))
        drawn: list[float] = []
        while not there.done():
            drawn += [each / 1000 for each in every_page(witness)]
        visits = there.result()
        log = server.log.read_text(encoding="utf-8", errors="replace")
    who = f"{VISITORS} visitors, two runs and a sweep"
    yield measured(f"{who}: a page is sent", "s", visits.seconds, "p95", PAGE_S)
    yield measured(f"{who}: a page is drawn in Chromium", "s", drawn, "p95", PAGE_S)
    yield counted(f"{who}: polls of the live charts", "", visits.repeats)
    note = "; ".join(dict.fromkeys(visits.errors))[:200]
    yield counted(f"{who}: errors on pages", "", len(visits.errors), NONE, note)
    yield counted(f"{who}: tracebacks in the log", "", log.count("Traceback"), NONE, last_words(log))


def last_words(log: str) -> str:
    """What the tracebacks of a log end with, each once."""
    ends = [part.splitlines() for part in log.split("Traceback (most recent call last):")[1:]]
    # The first line that is not indented is the error itself.
    errors = (next((line for line in lines[1:] if line and not line.startswith(" ")), "") for lines in ends)
    return "; ".join(dict.fromkeys(errors))[:200]


def start_work(browser: Browser, server: Server) -> None:
    """Two runs that take longer than anybody visits, and a sweep behind them."""
    page = a_tab(browser)
    for _ in range(2):
        open_page(page, f"{server.url}/training?epochs=1000")
        page.get_by_role("button", name="Train", exact=True).click()
        wait_for_app(page)
    open_page(page, f"{server.url}/runs?runs_view=Sweeps")
    page.get_by_role("button", name="Start the sweep").click()
    wait_for_app(page)
    page.close()


def every_page(page: Page) -> Iterator[float]:
    """Milliseconds of a change to each page."""
    for name, entry in PAGES.items():
        yield clicked(page, menu_entry(entry.title), f"() => ended() && {DRAWN[name]}")
