"""How long a person waits at first: `python -m tests.benchmarks start`.

On a fresh home, in a real browser: seconds from the start of the app to its first page, beside a bare Streamlit app
with one chart, in turn; and from the start to the lecture's recipe trained and an own drawing recognised.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.benchmarks.in_browser import BARE, a_browser, an_app
from tests.benchmarks.measurement import Measurement, Target, measured, ratio
from tests.browser.conftest import serve
from tests.browser.helpers import CANVAS, answer_of_server, draw, open_page, wait_for_app

FIRST_PAGE, RECOGNISED_S = Target(1.5), Target(15)
ONE = [[(0.5, 0.15), (0.5, 0.85)]]


def measurements(quick: bool) -> Iterator[Measurement]:
    rounds = 2 if quick else 7
    with a_browser() as browser, tempfile.TemporaryDirectory() as folder:
        bare_script = Path(folder) / "bare.py"
        bare_script.write_text(BARE, encoding="utf-8")
        app, bare = [], []
        for _ in range(rounds):
            app.append(first_page(browser, None))
            bare.append(first_page(browser, bare_script))
        yield measured("start → first page, bare app", "s", bare)
        yield measured("start → first page", "s", app)
        yield ratio("start → first page, to the bare app", app, bare, target=FIRST_PAGE)
        ways = [first_recognition(browser) for _ in range(1 if quick else 5)]
        for name in ways[0]:
            target = RECOGNISED_S if name == "own drawing recognised" else None
            yield measured(f"start → {name}", "s", [way[name] for way in ways], target=target)


def first_page(browser: Browser, script: Path | None) -> float:
    """Seconds from the start of the process to a page that has its chart."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder), script) as server:
        page = browser.new_page()
        open_page(page, server.url)
        page.locator(".js-plotly-plot").first.wait_for()
        seconds = time.perf_counter() - began
        page.close()
    return seconds


def first_recognition(browser: Browser) -> dict[str, float]:
    """Seconds from the start of the process to what a person sees on the way to an own digit recognised."""
    began, marks = time.perf_counter(), {}
    with an_app() as server:
        page = browser.new_page()
        open_page(page, f"{server.url}/training")
        marks["Training page"] = time.perf_counter() - began
        page.get_by_role("button", name="Train", exact=True).click()
        expect(page.get_by_text("finished in")).to_be_visible(timeout=120_000)
        marks["trained by the lecture's recipe"] = time.perf_counter() - began
        page.get_by_test_id("stSidebarNavLink").filter(has_text="Recognise").click()
        page.locator(CANVAS).wait_for()
        wait_for_app(page)
        marks["paper to draw on"] = time.perf_counter() - began
        draw(page, ONE)
        answer_of_server(page).wait_for()
        marks["own drawing recognised"] = time.perf_counter() - began
        page.close()
    return marks
