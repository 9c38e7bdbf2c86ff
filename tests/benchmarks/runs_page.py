"""How quickly the Runs page shows 20, 2,000 and 20,000 runs: `python -m tests.benchmarks.runs_page`.

In a real browser, beside a bare Streamlit page with a table and a chart: milliseconds from opening the page on a warm
server until table and curves are drawn, and from a click until a filter has been applied, until the table is sorted
and until a choice of runs is drawn. Median and 95th percentile of `--rounds`.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from digits_core.database import Database
from digits_core.home import Home
from tests.benchmarks.data_page import TOOLS, first_view
from tests.benchmarks.many_runs import write_runs
from tests.browser import chromium
from tests.browser.conftest import Server, serve
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
DRAWN = "() => find('runs_table', 'canvas tbody tr') && find('compared_accuracy', '.main-svg .point, .main-svg .lines')"
NO_CURVES = "() => find('runs_table', 'canvas tbody tr') && !find('compared_accuracy', '.main-svg')"

Times = dict[str, list[float]]


def bare_page(browser: Browser, rounds: int) -> Times:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "bare.py"
        script.write_text(BARE)
        with serve(Path(folder), script) as server:
            first_view(browser, server.url, DRAWN)
            return {"first view": [first_view(browser, server.url, DRAWN) for _ in range(rounds)]}


def runs_page(browser: Browser, count: int, rounds: int) -> Times:
    """All figures of one number of runs."""
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as server:
        write_runs(Database(Home(server.home).create().database), count)
        address = f"{server.url}/runs"
        first_view(browser, address, DRAWN)
        first = [first_view(browser, address, DRAWN) for _ in range(rounds)]
        return {"first view": first} | later_views(browser, server, rounds)


def later_views(browser: Browser, server: Server, rounds: int) -> Times:
    """Milliseconds of each action, `rounds` times, after each was done once."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(TOOLS)
    open_page(page, f"{server.url}/runs")
    page.wait_for_function(DRAWN)
    times: Times = {"filter": [], "sort": [], "choose none": [], "choose all": []}
    for _ in range(rounds + 1):
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--runs", type=int, nargs="+", default=COUNTS, help="how many runs (default: %(default)s)")
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=chromium.FLAGS)
        columns = {"bare": bare_page(browser, options.rounds)}
        for count in options.runs:
            columns[f"{count:,}"] = runs_page(browser, count, options.rounds)
        browser.close()
    print(f"{'milliseconds: median (p95)':<28}" + "".join(f"{name:>18}" for name in columns))
    for row in list(columns.values())[-1]:
        cells = [times.get(row) for times in columns.values()]
        print(f"{row:<28}" + "".join(f"{in_words(cell) if cell else '':>18}" for cell in cells))


def in_words(times: list[float]) -> str:
    p95 = statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
    return f"{statistics.median(times):,.0f} ({p95:,.0f})"


if __name__ == "__main__":
    main()
