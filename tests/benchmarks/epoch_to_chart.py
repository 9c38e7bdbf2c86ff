"""From the end of an epoch to its point in the chart: `python -m tests.benchmarks chart`.

In a real browser that follows a training by the lecture's recipe: milliseconds from the moment at which a worker kept
the weights of an epoch, which it does before it reports it, until the chart on the page has the epoch. Both read the
clock of this machine.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page

from tests.benchmarks.in_browser import a_browser, a_tab, an_app
from tests.benchmarks.measurement import Measurement, Target, measured
from tests.browser.helpers import open_page, poll

TARGET = Target(1000)
LOOK_S = 0.003
PATIENCE_S = 300
# Notes the time at which the chart of the accuracy first has so many epochs.
WATCH = """() => {
  window.seen = [];
  const look = () => {
    const epochs = document.querySelector(".st-key-live_accuracy .js-plotly-plot")?.data?.[1]?.x?.length ?? 0;
    while (seen.length < epochs) seen.push(Date.now());
    requestAnimationFrame(look);
  };
  look();
}"""


def measurements(quick: bool) -> Iterator[Measurement]:
    epochs = 5 if quick else 40
    with a_browser() as browser, an_app() as server:
        page = a_tab(browser)
        open_page(page, f"{server.url}/training?epochs={epochs}")
        page.evaluate(WATCH)
        page.get_by_role("button", name="Train", exact=True).click()
        ended = ends_of_epochs(server.home, epochs)
        seen = seen_in_chart(page, epochs)
    waits = [shown - end for shown, end in zip(seen, ended, strict=True)]
    yield measured("end of an epoch → in the chart", "ms", waits, "p95", TARGET)
    yield measured("an epoch of that training", "ms", [b - a for a, b in itertools.pairwise(ended)])


def ends_of_epochs(home: Path, epochs: int) -> list[float]:
    """When each epoch's weights were kept, in milliseconds of the clock; watches until all are."""
    ends: list[float] = []
    end_of_patience = time.monotonic() + PATIENCE_S
    while len(ends) < epochs:
        written = [path.stat().st_mtime_ns / 1e6 for path in home.glob("runs/*/weights.safetensors")]
        if written and written[0] not in ends[-1:]:
            ends.append(written[0])
        if time.monotonic() > end_of_patience:
            raise TimeoutError(f"{len(ends)} of {epochs} epochs were trained in {PATIENCE_S} s")
        time.sleep(LOOK_S)
    return ends


def seen_in_chart(page: Page, epochs: int) -> list[float]:
    poll(lambda: page.evaluate("seen.length") >= epochs, 30, "the last epoch in the chart")
    return page.evaluate("seen")
