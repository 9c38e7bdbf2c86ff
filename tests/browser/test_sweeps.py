"""Sweeps in a real browser: their charts hold every result, while the results come in."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from digits_core.database import Database
from digits_core.home import Home
from digits_core.runs.process_owner import this_process
from digits_core.runs.store import RunStore
from digits_core.runs.sweep_store import Sweep, SweepStore
from digits_core.training.events import EpochFinished, Finished, Started
from digits_core.training.ready_sweeps import READY
from digits_core.training.sweep_plan import SweepPlan, config_of, grid, parse_varied, seeds
from tests.browser.conftest import Server
from tests.browser.helpers import open_page, poll, wait_for_chart

pytestmark = pytest.mark.browser

SECONDS = 60
LINES = [name for name, ready in READY.items() if len(ready.plan.varied) == 1]
SHOWN = """({
    title: chart._fullLayout.title.text, type: chart._fullLayout.xaxis.type, range: chart._fullLayout.xaxis.range,
    outside: chart._fullData.flatMap(trace => [...trace.x].map((x, at) => [x, trace.y[at]])).filter(([x, y]) => {
        const [across, up] = [chart._fullLayout.xaxis, chart._fullLayout.yaxis];
        const inside = (axis, value) => axis.d2p(value) >= -1 && axis.d2p(value) <= axis._length + 1;
        return y !== null && !(inside(across, x) && inside(up, y));
    }),
})"""
"""The axes of a chart, and its points that lie beside them."""


class Watched:
    """A sweep of this process, as the shell would run it: trial after trial, into the store that the page follows."""

    def __init__(self, server: Server, plan: SweepPlan) -> None:
        database = Database(Home(server.home).create().database)
        self._runs, self._sweeps = RunStore(database), SweepStore(database)
        self.sweep: Sweep = self._sweeps.create(plan, this_process())
        self._left = [(settings, seed) for settings in grid(plan) for seed in seeds(plan)]
        self.done = 0

    def end(self, trials: int) -> None:
        """Let so many more trials train to their end."""
        for _ in range(trials):
            config = config_of(self.sweep.plan, *self._left.pop(0))
            run = self._runs.create(config, this_process(), sweep=self.sweep.id)
            self.done += 1
            # Slower and less accurate with each trial: the results leave any axis that was fitted to the first.
            accuracy, time = 0.99 - 0.05 * self.done, 2.0 + 9.0 * self.done
            for event in (
                Started(1, 1438, 359, {}),
                EpochFinished(1, 1, 0.5, accuracy, 0.5, accuracy, 0.001, 900.0, time),
                Finished("finished", 1, 0.5, accuracy, time),
            ):
                self._runs.apply(run.id, event)


def shown_after(page: Page, done: int, measure: str = "") -> dict[str, Any]:
    """What the chart shows once so many trials are in it, and it is that of the `measure`, which its title names."""
    titles = " && ".join(f"chart._fullLayout.title.text.includes({each!r})" for each in (measure, f"(n = {done}"))
    words = f"{titles} ? ({SHOWN}) : null"
    return wait_for_chart(page, "sweep_chart", words, SECONDS)


@pytest.mark.parametrize(("name", "measure"), [*((name, "") for name in LINES), (LINES[0], "Best so far")])
def test_every_result_lies_within_the_axes_that_the_first_frame_has(
    shared_server: Server, browser_page: Page, name: str, measure: str
) -> None:
    watched = Watched(shared_server, READY[name].plan)
    open_page(browser_page, f"{shared_server.url}/runs?runs_view=Sweeps&sweep={watched.sweep.id}")
    if measure:
        browser_page.get_by_role("radio", name=measure).click()
    first = shown_after(browser_page, 0, measure)

    for trials in (1, 1, watched.sweep.plan.size - 2):
        watched.end(trials)
        now = shown_after(browser_page, watched.done)
        assert now["outside"] == []
        assert (now["type"], now["range"]) == (first["type"], first["range"])


def test_the_outer_cells_of_a_map_are_whole(shared_server: Server, browser_page: Page) -> None:
    varied = [parse_varied("optimizer=adam,sgd"), parse_varied("batch_size=16,64")]
    watched = Watched(shared_server, SweepPlan(varied=varied))
    open_page(browser_page, f"{shared_server.url}/runs?runs_view=Sweeps&sweep={watched.sweep.id}")
    shown_after(browser_page, 0)
    watched.end(4)
    shown_after(browser_page, 4)
    cells = """(() => {
        const {xaxis, yaxis, _size} = chart._fullLayout;
        return [xaxis.l2p(-0.5), xaxis.l2p(1.5) - xaxis._length, yaxis.l2p(1.5), yaxis.l2p(-0.5) - yaxis._length];
    })()"""
    left, right, top, bottom = wait_for_chart(browser_page, "sweep_chart", cells)

    assert min(left, top) > 0 > max(right, bottom), "each cell ends within the chart, with its frame"
    poll(lambda: browser_page.locator(".st-key-sweep_chart .shapelayer path").count() == 1, SECONDS, "the best framed")


def test_a_ready_made_sweep_starts_with_one_click_and_its_chart_is_on_the_screen(
    server: Server, browser_page: Page
) -> None:
    browser_page.set_viewport_size({"width": 1280, "height": 720})
    open_page(browser_page, f"{server.url}/training")
    browser_page.get_by_role("button", name="Compare settings in many runs").click()
    browser_page.get_by_role("button", name="Start", exact=True).first.click()

    expect(browser_page.locator(".st-key-sweep_chart .digits-chart")).to_be_in_viewport(ratio=0.95)
    expect(browser_page).to_have_url(re.compile("runs_view=Sweeps"))
    stop = browser_page.get_by_test_id("stMainBlockContainer").get_by_role("button", name="Stop", exact=True)
    stop.click()
    expect(stop).to_be_disabled()
