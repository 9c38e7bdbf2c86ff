"""How soon a new home reads an own digit: `python -m tests.benchmarks first-digit`.

In a real browser, each time with a fresh app and a home that nobody has used, as a person gets it: with Starter.
Seconds from the moment that a page is there until a digit drawn on Recognise is read rightly, by the browser or by
the server, whichever is first. Once that page is Recognise itself; once it is the first page of the app, from which a
click leads there. Drawing takes its time too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, expect

from digits_core.runs.starter import SWITCH
from tests.benchmarks.in_browser import a_browser, a_tab, an_app
from tests.benchmarks.measurement import Measurement, Target, measured
from tests.browser.helpers import CANVAS, draw, open_page, wait_for_app
from tests.pictures import STROKES

READ_S = Target(2.0)
DIGIT = 7
PATIENCE_MS = 60_000


def measurements(quick: bool) -> Iterator[Measurement]:
    rounds = 1 if quick else 5
    with a_browser() as browser, starter_in_new_homes():
        direct = [first_digit(browser, "/recognise") for _ in range(rounds)]
        by_click = [first_digit(browser, "") for _ in range(rounds)]
    yield measured("Recognise there → first own digit read", "s", [read for _, read in direct], target=READ_S)
    yield measured("first page there → first own digit read", "s", [read for _, read in by_click], target=READ_S)
    yield measured("start → first page of a new home", "s", [there for there, _ in by_click])


@contextmanager
def starter_in_new_homes() -> Iterator[None]:
    """The tests begin with empty homes; a person does not."""
    before = os.environ.pop(SWITCH, None)
    try:
        yield
    finally:
        if before is not None:
            os.environ[SWITCH] = before


def first_digit(browser: Browser, address: str) -> tuple[float, float]:
    """Return the seconds from the start of the app to its page, and from there to the answer."""
    began = time.perf_counter()
    with an_app() as server:
        page = a_tab(browser)
        open_page(page, f"{server.url}{address}")
        there = time.perf_counter()
        read_own_digit(page)
        read = time.perf_counter()
        page.close()
    return there - began, read - there


def read_own_digit(page: Page) -> None:
    """Go to Recognise unless the page is that, draw a digit, and wait until it is read rightly."""
    if "recognise" not in page.url:
        page.get_by_test_id("stSidebarNavLink").filter(has_text="Recognise").click()
    page.locator(CANVAS).wait_for()
    wait_for_app(page)
    draw(page, STROKES[DIGIT])
    expect(page.locator(".st-key-answer .live .digit")).to_have_text(str(DIGIT), timeout=PATIENCE_MS)
