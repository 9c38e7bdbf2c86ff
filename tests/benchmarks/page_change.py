"""From a click in the menu to the page: `python -m tests.benchmarks pages`.

In a real browser, on a warm server with one trained run: milliseconds from the click until what the page is for is on
the screen and its script has come to an end. In turn with a bare Streamlit app of two pages with one chart each, and
with one whose pages hold as many elements of each kind as ours, drawn by plain calls: what Streamlit itself takes to
draw that much.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from playwright.sync_api import Page

from digits_core.dashboard.pages import PAGES
from tests.benchmarks.in_browser import a_bare_page, a_browser, a_tab, an_app, clicked, train_in_shell
from tests.benchmarks.measurement import Measurement, Target, measured, ratio
from tests.browser.helpers import open_page

TARGET = Target(1.5)
WARM_UP = 2
BARE = """
import plotly.graph_objects as go
import streamlit as st


def show(key):
    st.title("Bare")
    st.plotly_chart(go.Figure(go.Bar(x=list(range(10)), y=list(range(10)))), key=key)


def one():
    show("one")


def two():
    show("two")


st.navigation([st.Page(one, title="One"), st.Page(two, title="Two")]).run()
"""
AS_MANY = """
import numpy as np
import plotly.graph_objects as go
import streamlit as st

COUNTS = {counts}
HELP = "what it is for"
DRAW = {{
    "stMarkdown": lambda key: st.markdown("some words of text"),
    "stMetric": lambda key: st.metric("words", 7, border=True, help=HELP),
    "stButton": lambda key: st.button("words", key=key, help=HELP),
    "stDownloadButton": lambda key: st.download_button("words", "", key=key, help=HELP),
    "stPageLink": lambda key: st.page_link("https://localhost", label="words"),
    "stCheckbox": lambda key: st.checkbox("words", key=key, help=HELP),
    "stSelectbox": lambda key: st.selectbox("words", ["one", "two"], key=key, help=HELP),
    "stMultiSelect": lambda key: st.multiselect("words", ["one", "two"], ["one"], key=key, help=HELP),
    "stNumberInput": lambda key: st.number_input("words", key=key, help=HELP),
    "stTextInput": lambda key: st.text_input("words", key=key, help=HELP),
    "stSlider": lambda key: st.slider("words", key=key, help=HELP),
    "stCode": lambda key: st.code("some words"),
    "stAlert": lambda key: st.info("some words"),
    "stDataFrame": lambda key: st.dataframe({{"one": [1, 2], "two": [3, 4]}}, key=key),
    "canvas": lambda key: st.image(np.zeros((28, 280), dtype=np.uint8)),
    "chart": lambda key: st.plotly_chart(go.Figure(go.Bar(x=list(range(10)), y=list(range(10)))), key=key),
}}


def as_page(name):
    def draw():
        st.title(name)
        for kind, draw_one in DRAW.items():
            for number in range(COUNTS[name][kind]):
                draw_one(f"{{name}}_{{kind}}_{{number}}")
        for number, size in enumerate(COUNTS[name]["groups"]):
            st.segmented_control("words", range(size), key=f"{{name}}_group_{{number}}", help=HELP)
        st.container(key=f"end_of_{{name}}").caption("the end")

    return st.Page(draw, title=name, url_path=f"page_{{name}}")


st.navigation([as_page(name) for name in COUNTS], expanded=True).run()
"""
"""Tiles and canvases are pictures here, as they take no longer."""
COUNT = """(kinds) => {
  const shown = (selector) => document.querySelectorAll(`.stMain ${selector}`).length;
  const counts = Object.fromEntries(kinds.map((kind) => [kind, shown(`[data-testid=${kind}]`)]));
  const chart = shown(".js-plotly-plot");
  const groups = [...document.querySelectorAll(".stMain [role=radiogroup]")].map((each) => each.childElementCount);
  return { ...counts, chart, groups, canvas: shown("[data-testid^=stBidiComponent]") - shown(".digits-chart") };
}"""
Counts = dict[str, Any]
"""How many elements of each kind a page shows; under "groups" how many options each group of buttons has."""
BARE_PAGES = {"Two": "find('two', '.main-svg')", "One": "find('one', '.main-svg')"}
CANVAS_OF = "[...document.querySelectorAll('[class*=st-key-{key}]')].some((each) => deep(each, 'canvas.upper-canvas'))"
DRAWN = {
    "lessons": "find('lesson_cards', 'button')",
    "data": "find('balance', '.main-svg') && find('histogram', '.main-svg') && find('variability', 'canvas')",
    "handwriting": CANVAS_OF.format(key="handwriting_canvas_"),
    "transforms": "find('steps', 'canvas')",
    "network": "find('diagram', 'canvas')",
    "training": "find('live_loss', '.main-svg') && find('live_accuracy', '.main-svg')",
    "runs": "painted('runs_table') && find('compared_accuracy', '.main-svg .points')",
    "recognise": CANVAS_OF.format(key="recognise_canvas_"),
}
"""What each page is for, in JavaScript."""


def measurements(quick: bool) -> Iterator[Measurement]:
    with ExitStack() as stack:
        browser, bare, app = (stack.enter_context(each) for each in (a_browser(), a_bare_page(BARE), an_app()))
        train_in_shell(app.home, "--epochs", "1")
        tab = a_tab(browser)
        open_page(tab, f"{app.url}/recognise")
        counts = {name: count(tab, name) for name in PAGES}
        as_many = stack.enter_context(a_bare_page(AS_MANY.format(counts=counts)))
        tabs = {url: a_tab(browser) for url in (bare.url, as_many.url)}
        for url, each in tabs.items():
            open_page(each, url)
        bare_ms, times = in_turn(tab, *tabs.values(), counts, 3 if quick else 20)
    yield measured("page change, bare app", "ms", bare_ms, "p95")
    for name, (ours, plain) in times.items():
        what = f"page change to {PAGES[name].title}"
        yield measured(what, "ms", ours, "p95")
        yield ratio(f"{what}, to the bare app", ours, bare_ms, "p95", TARGET)
        yield measured(f"{what}, as many plain elements", "ms", plain, "p95")
        yield ratio(f"{what}, to as many plain elements", ours, plain, "median")


def count(page: Page, name: str) -> Counts:
    """How many elements of each kind a page of ours shows."""
    kinds = [kind for kind in re.findall(r'"(\w+)": lambda', AS_MANY) if kind.startswith("st")]
    clicked(page, menu_entry(PAGES[name].title), f"() => ended() && {DRAWN[name]}")
    return page.evaluate(COUNT, kinds)


def in_turn(
    ours: Page, bare: Page, as_many: Page, counts: dict[str, Counts], rounds: int
) -> tuple[list[float], dict[str, tuple[list[float], list[float]]]]:
    """Milliseconds of `rounds` changes, after a warm-up: of the bare app; by page, of ours and of the plain one."""
    bare_ms: list[float] = []
    times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in PAGES}
    for turn in range(rounds + WARM_UP):
        # There and back: both pages are alike.
        both = [clicked(bare, menu_entry(title), f"() => ended() && {shown}") for title, shown in BARE_PAGES.items()]
        if turn >= WARM_UP:
            bare_ms.append(sum(both) / len(both))
        for name, entry in PAGES.items():
            pair = (
                clicked(ours, menu_entry(entry.title), f"() => ended() && {DRAWN[name]}"),
                clicked(as_many, menu_entry(name), all_there(name, counts[name]["chart"])),
            )
            if turn >= WARM_UP:
                for measured_so_far, milliseconds in zip(times[name], pair, strict=True):
                    measured_so_far.append(milliseconds)
    return bare_ms, times


def all_there(name: str, charts: int) -> str:
    drawn = "document.querySelectorAll('.stMain .js-plotly-plot').length"
    return f"() => ended() && find('end_of_{name}', 'p') && {drawn} === {charts}"


def menu_entry(title: str) -> str:
    links = "[...document.querySelectorAll('[data-testid=stSidebarNavLink]')]"
    return f"{links}.find((each) => each.innerText.trim().endsWith('{title}'))"
