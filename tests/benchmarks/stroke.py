"""From a stroke to its probabilities, beside a bare canvas page: `python -m tests.benchmarks stroke`.

In a real browser: milliseconds from letting go of the mouse until the server's answer is in the bars, on Recognise and,
in turn, on a page that has nothing but the same canvas and a bar chart of what is on it. Each stroke goes on the paper
of the ones before, the same on both pages. A run that was trained for an epoch reads: its weights do not change
how long reading takes.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from playwright.sync_api import Browser, Page

from tests.benchmarks.in_browser import a_bare_page, a_browser, a_tab, an_app, train_in_shell
from tests.benchmarks.measurement import Measurement, Target, measured, ratio
from tests.browser.helpers import CANVAS, open_page, steady_box, wait_for_app

WARM_UP = 3
TARGET = Target(1.3)
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
    const live = deep(document, ".live");
    if (live) {
      const server = live.dataset.source === "server";
      return server ? [...live.querySelectorAll(".bar")].map((bar) => bar.title).join() : "";
    }
    const chart = [...document.querySelectorAll(".st-key-answer .js-plotly-plot")].pop();
    return chart?.data && chart.querySelector(".point path") ? JSON.stringify(chart.data[0].x) : "";
  };
  const before = bars();
  window.strokeTook = new Promise((done, failed) => {
    window.addEventListener("mouseup", () => {
      const began = performance.now();
      const look = () => {
        const now = bars();
        if (now && now !== before) done(performance.now() - began);
        else if (performance.now() - began > 60000) failed(new Error("waited in vain for other bars"));
        else requestAnimationFrame(look);
      };
      look();
    }, { once: true, capture: true });
  });
}
"""


def measurements(quick: bool) -> Iterator[Measurement]:
    rounds = 5 if quick else 20
    bare_ms, ours_ms = [], []
    with a_browser() as browser, a_bare_page(BARE) as bare, an_app() as app:
        train_in_shell(app.home, "--recipe", "Robust", "--epochs", "1")
        bare_tab, our_tab = opened(browser, bare.url), opened(browser, f"{app.url}/recognise")
        for turn in range(rounds + WARM_UP):
            bare_ms.append(stroke(bare_tab, np.random.default_rng(turn)))
            ours_ms.append(stroke(our_tab, np.random.default_rng(turn)))
    bare_ms, ours_ms = bare_ms[WARM_UP:], ours_ms[WARM_UP:]
    yield measured("stroke → bars, bare canvas and chart", "ms", bare_ms, "p95")
    yield measured("stroke → probabilities", "ms", ours_ms, "p95")
    yield ratio("stroke → probabilities, to the bare canvas", ours_ms, bare_ms, "p95", TARGET)
    yield ratio("the same by medians", ours_ms, bare_ms)


def stroke(page: Page, rng: np.random.Generator) -> float:
    """Draw one stroke; milliseconds until its bars are there."""
    wait_for_app(page)
    box = steady_box(page.locator(CANVAS).first)
    # Short ones: a paper full of ink shows no digit to read any more.
    points = rng.uniform(0.15, 0.85, 2) + rng.uniform(-0.06, 0.06, (3, 2))
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.evaluate(WATCH)
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=6)
    page.mouse.up()
    return page.evaluate("window.strokeTook")


def opened(browser: Browser, url: str) -> Page:
    page = a_tab(browser)
    open_page(page, url)
    page.locator(CANVAS).wait_for()
    return page
