"""How quickly the Runs page shows 20, 2,000 and 20,000 runs: `python -m tests.benchmarks runs`.

In a real browser, beside a bare Streamlit page with a table and a chart: milliseconds from opening the page on a warm
server until table and curves are drawn, and from a click on another page until they are; from a click until a filter
has been applied, until the table is sorted and until a choice of runs is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator

from playwright.sync_api import Browser, Page

from digits_core.database import Database
from digits_core.home import Home
from tests.benchmarks.in_browser import a_bare_page, a_browser, a_tab, an_app, clicked, first_view
from tests.benchmarks.many_runs import write_runs
from tests.benchmarks.measurement import Measurement, Target, measured, ratio
from tests.benchmarks.page_change import menu_entry
from tests.browser.conftest import Server
from tests.browser.helpers import open_page, wait_for_app

COUNTS = (20, 2_000, 20_000)
BARE = """
import plotly.graph_objects as go
import streamlit as st

st.title("Bare")
with st.container(key="runs_table"):
    st.dataframe({"number": list(range(20))}, height=388)
for key in ("compared_loss", "compared_accuracy"):
    st.plotly_chart(go.Figure(go.Scatter(x=list(range(8)), y=list(range(8)))), key=key)
"""
DRAWN = "() => painted('runs_table') && find('compared_accuracy', '.main-svg .point, .main-svg .lines')"
NO_CURVES = "() => painted('runs_table') && !find('compared_accuracy', '.main-svg')"

FIRST, BARE_FIRST = "first view", "first view of the bare page"

Times = dict[str, list[float]]
"""Milliseconds by what was done."""


def measurements(quick: bool) -> Iterator[Measurement]:
    rounds = 3 if quick else 20
    with a_browser() as browser:
        for count in COUNTS[:2] if quick else COUNTS:
            times = runs_page(browser, count, rounds)
            yield measured(f"bare page, {FIRST}", "ms", times[BARE_FIRST], "p95")
            target = Target(1000) if count == 2_000 else None
            for what in times.keys() - {BARE_FIRST}:
                yield measured(f"{count:,} runs, {what}", "ms", times[what], "p95", target)
            yield ratio(f"{count:,} runs, {FIRST}, to the bare page", times[FIRST], times[BARE_FIRST], "p95")


def runs_page(browser: Browser, count: int, rounds: int) -> Times:
    """All figures of one number of runs; the first view in turn with that of the bare page."""
    with a_bare_page(BARE) as bare, an_app() as server:
        write_runs(Database(Home(server.home).create().database), count)
        times: Times = {FIRST: [], BARE_FIRST: []}
        for _ in range(rounds + 1):
            times[FIRST].append(first_view(browser, f"{server.url}/runs", DRAWN))
            times[BARE_FIRST].append(first_view(browser, bare.url, DRAWN))
        return {what: each[1:] for what, each in times.items()} | later_views(browser, server, rounds)


def later_views(browser: Browser, server: Server, rounds: int) -> Times:
    """Milliseconds of each action, `rounds` times, after each was done once."""
    page = a_tab(browser)
    open_page(page, f"{server.url}/runs")
    page.wait_for_function(DRAWN)
    times: Times = {"from another page": [], "filter": [], "sort": [], "choose none": [], "choose all": []}
    for _ in range(rounds + 1):
        clicked(page, menu_entry("Network"), "() => ended() && find('diagram', 'canvas')")
        times["from another page"].append(clicked(page, menu_entry("Runs"), DRAWN))
        times["filter"].append(chosen(page, "Filter", "batch size = 16"))
        remove_filter(page)
        times["sort"].append(chosen(page, "Sort by", "test loss, least first"))
        chosen(page, "Sort by", "newest first")
        times["choose none"].append(pressed(page, "Choose none", NO_CURVES))
        times["choose all"].append(pressed(page, "Choose all", DRAWN))
    page.close()
    return {what: each[1:] for what, each in times.items()}


def chosen(page: Page, label: str, option: str) -> float:
    """Milliseconds from the choice of an option until the table has other rows first."""
    wait_for_app(page)
    page.get_by_role("combobox", name=label).last.click()
    target = page.get_by_role("option", name=option, exact=True)
    target.wait_for()
    page.evaluate(
        "() => { const first = () => find('runs_table', 'canvas tbody tr')?.textContent; const before = first();"
        " window.began = 0; addEventListener('click', () => { began = performance.now(); },"
        " {capture: true, once: true});"
        " window.changed = until(() => began && first() && first() !== before, 0)"
        ".then(() => performance.now() - began); }"
    )
    target.click()
    return page.evaluate("changed")


def remove_filter(page: Page) -> None:
    wait_for_app(page)
    page.get_by_role("combobox", name="Filter").last.press("Backspace")
    page.keyboard.press("Escape")
    wait_for_app(page)


def pressed(page: Page, name: str, condition: str) -> float:
    """Milliseconds from a press of a button until the condition holds."""
    wait_for_app(page)
    button = f"[...document.querySelectorAll('button')].find((each) => each.textContent.includes('{name}'))"
    page.wait_for_function(f"() => {button} && !{button}.disabled")
    return page.evaluate(
        f"() => {{ const began = performance.now(); {button}.click(); return until({condition}, began); }}"
    )
