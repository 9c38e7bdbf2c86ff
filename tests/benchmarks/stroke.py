"""From a stroke to its probabilities, beside a bare canvas page: `python -m tests.benchmarks.stroke`.

In a real browser: milliseconds from letting go of the mouse until the bars of the chart have changed, on Recognise and,
in turn, on a page that has nothing but the same canvas and a bar chart of what is on it. Each stroke goes on the paper
of the ones before, the same on both pages. A run that was trained for an epoch reads: its weights do not change
how long reading takes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import chromium
from tests.browser.conftest import ROOT, serve
from tests.browser.helpers import CANVAS, open_page, steady_box, wait_for_app

BARE = """
import numpy as np
import plotly.graph_objects as go
import streamlit as st
from streamlit_drawable_canvas import st_canvas

st.title("Bare")


@st.fragment
def draw():
    result = st_canvas(
        stroke_width=20, stroke_color="#000000", background_color="#ffffff", height=280, width=280,
        drawing_mode="freedraw", return_image_data=True, key="canvas",
    )
    if result.image_data is not None:
        ink = 255 - np.asarray(result.image_data)[:, :, 0]
        st.plotly_chart(go.Figure(go.Bar(x=ink.reshape(10, 28, 280).mean(axis=(1, 2)))), key="answer")


draw()
"""
# Resolves with the milliseconds from the next letting go of the mouse until the bars are others and drawn.
WATCH = """
() => {
  const bars = () => {
    const chart = [...document.querySelectorAll(".st-key-answer .js-plotly-plot")].pop();
    return chart?.data && chart.querySelector(".point path") ? JSON.stringify(Array.from(chart.data[0].x)) : "";
  };
  const before = bars();
  window.strokeTook = new Promise((done) => {
    window.addEventListener("mouseup", () => {
      const began = performance.now();
      const look = () => {
        const now = bars();
        return now && now !== before ? done(performance.now() - began) : requestAnimationFrame(look);
      };
      look();
    }, { once: true, capture: true });
  });
}
"""


def stroke(page: Page, rng: np.random.Generator) -> float:
    """Draw one stroke; milliseconds until its bars are there."""
    wait_for_app(page)
    box = steady_box(page.locator(CANVAS).first)
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in rng.uniform(0.1, 0.9, (3, 2))]
    page.evaluate(WATCH)
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=6)
    page.mouse.up()
    return page.evaluate("window.strokeTook")


def train(home: Path) -> None:
    """One epoch of the Robust recipe."""
    command = [sys.executable, "-m", "digits_core", "train", "--recipe", "Robust", "--epochs", "1"]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"DIGITS_HOME": str(home)}, check=True, capture_output=True)


def opened(browser: Browser, url: str) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    open_page(page, url)
    page.locator(CANVAS).wait_for()
    return page


def measure(browser: Browser, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each stroke, `rounds` on each page in turn, the first few not counted."""
    times: dict[str, list[float]] = {"bare canvas and chart": [], "Recognise": []}
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        script = Path(one) / "bare.py"
        script.write_text(BARE)
        with serve(Path(one), script) as bare, serve(Path(other)) as app:
            train(app.home)
            pages = [opened(browser, bare.url), opened(browser, f"{app.url}/recognise")]
            for turn in range(rounds + 3):
                for name, page in zip(times, pages, strict=True):
                    took = stroke(page, np.random.default_rng(turn))
                    times[name] += [took] * (turn >= 3)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=chromium.FLAGS)
        times = measure(browser, options.rounds)
        browser.close()
    print(f"{'milliseconds from stroke to bars':<36}{'p50':>8}{'p95':>8}   (n = {options.rounds} each)")
    marks = {name: np.percentile(each, (50, 95)) for name, each in times.items()}
    for name, (middle, high) in marks.items():
        print(f"{name:<36}{middle:>8,.0f}{high:>8,.0f}")
    bare, ours = marks.values()
    print(f"{'times as long':<36}{ours[0] / bare[0]:>8.2f}{ours[1] / bare[1]:>8.2f}")


if __name__ == "__main__":
    main()
