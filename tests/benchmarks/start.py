"""How long a person waits at first: `python -m tests.benchmarks.start`.

On a fresh home, in a real browser: seconds from the start of the app to its first page, beside a bare Streamlit app
with one chart, in turn; and once from the start to the lecture's recipe trained and an own drawing recognised.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser import chromium
from tests.browser.conftest import serve
from tests.browser.helpers import CANVAS, draw, open_page, wait_for_app

BARE = """
import plotly.graph_objects as go
import streamlit as st

st.title("Bare")
st.plotly_chart(go.Figure(go.Bar(x=list(range(10)), y=list(range(10)))))
"""


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
    """Seconds from the start of the process to the end of the lecture's training and to a drawing's probabilities."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as server:
        page = browser.new_page()
        open_page(page, f"{server.url}/training")
        page.get_by_role("button", name="Train", exact=True).click()
        expect(page.get_by_text("finished in")).to_be_visible(timeout=120_000)
        trained = time.perf_counter() - began
        page.get_by_test_id("stSidebarNavLink").filter(has_text="Recognise").click()
        page.locator(CANVAS).wait_for()
        wait_for_app(page)
        draw(page, [[(0.5, 0.15), (0.5, 0.85)]])
        page.get_by_test_id("stMetricValue").wait_for()
        recognised = time.perf_counter() - began
        page.close()
    return {"trained": trained, "recognised": recognised}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=chromium.FLAGS)
        bare_script = Path(folder) / "bare.py"
        bare_script.write_text(BARE)
        figures: dict[str, list[float]] = {"app": [], "bare": []}
        for _ in range(options.rounds):
            figures["app"].append(first_page(browser, None))
            figures["bare"].append(first_page(browser, bare_script))
        for name, seconds in figures.items():
            spread = f"({min(seconds):.2f} to {max(seconds):.2f})"
            print(f"start → first page, {name:<4} {statistics.median(seconds):>6.2f} s  {spread}")
        print(f"app / bare: {statistics.median(figures['app']) / statistics.median(figures['bare']):.2f}")
        for name, seconds in first_recognition(browser).items():
            print(f"start → {name}: {seconds:.1f} s")
        browser.close()


if __name__ == "__main__":
    main()
