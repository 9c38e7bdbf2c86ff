"""From a click in the menu to the page: `python -m tests.benchmarks pages`.

In a real browser, on a warm server with one trained run: milliseconds from the click until what the page is for is on
the screen and its script has come to an end. In turn with a bare Streamlit app of two pages with one chart each.
"""

from __future__ import annotations

from collections.abc import Iterator

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
BARE_PAGES = {"Two": "find('two', '.main-svg')", "One": "find('one', '.main-svg')"}
CANVAS_OF = "[...document.querySelectorAll('[class*=st-key-{key}]')].some((each) => deep(each, 'canvas.upper-canvas'))"
DRAWN = {
    "data": "find('balance', '.main-svg') && find('histogram', '.main-svg') && find('variability', 'canvas')",
    "handwriting": CANVAS_OF.format(key="handwriting_canvas_"),
    "transforms": "find('step_1', '.main-svg') && find('step_5', '.main-svg')",
    "network": "find('diagram', '.main-svg')",
    "training": "find('live_loss', '.main-svg') && find('live_accuracy', '.main-svg')",
    "runs": "painted('runs_table') && find('compared_accuracy', '.main-svg .points')",
    "recognise": CANVAS_OF.format(key="recognise_canvas_"),
}
"""What each page is for, in JavaScript."""


def measurements(quick: bool) -> Iterator[Measurement]:
    with a_browser() as browser, a_bare_page(BARE) as bare, an_app() as app:
        train_in_shell(app.home, "--epochs", "1")
        ours, theirs = a_tab(browser), a_tab(browser)
        open_page(ours, f"{app.url}/recognise")
        open_page(theirs, bare.url)
        times = in_turn(ours, theirs, 3 if quick else 20)
    bare_ms = times.pop("bare")
    yield measured("page change, bare app", "ms", bare_ms, "p95")
    for name, each in times.items():
        yield measured(f"page change to {PAGES[name].title}", "ms", each, "p95")
        yield ratio(f"page change to {PAGES[name].title}, to the bare app", each, bare_ms, "p95", TARGET)


def in_turn(ours: Page, theirs: Page, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of `rounds` changes to each page, after some that warm up; of the bare app as many."""
    times: dict[str, list[float]] = {name: [] for name in ("bare", *PAGES)}
    for turn in range(rounds + WARM_UP):
        taken = {}
        for name, entry in PAGES.items():
            taken[name] = clicked(ours, menu_entry(entry.title), f"() => ended() && {DRAWN[name]}")
        # There and back: both pages are alike.
        both = [clicked(theirs, menu_entry(title), f"() => ended() && {shown}") for title, shown in BARE_PAGES.items()]
        taken["bare"] = sum(both) / len(both)
        if turn >= WARM_UP:
            for name, milliseconds in taken.items():
                times[name].append(milliseconds)
    return times


def menu_entry(title: str) -> str:
    links = "[...document.querySelectorAll('[data-testid=stSidebarNavLink]')]"
    return f"{links}.find((each) => each.innerText.trim().endsWith('{title}'))"
