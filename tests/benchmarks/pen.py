"""From the pen's move to the bars, and the layers' frames a second: `python -m tests.benchmarks pen`.

In a real browser, on Recognise, on a machine that does nothing else, while the pen is down: milliseconds from a move of
the pointer, as the browser dates it, until the bars that answer it are painted. Then with the layers shown, while the
pen moves without a pause: how often a second they are all drawn. Starter reads, as for everybody who comes for the
first time.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from playwright.sync_api import Page

from tests.benchmarks.first_digit import starter_in_new_homes
from tests.benchmarks.in_browser import a_browser, a_tab, an_app
from tests.benchmarks.measurement import Measurement, Target, measured
from tests.browser.helpers import CANVAS, Point, answer_of_server, draw, open_page, steady_box, wait_for_app
from tests.pictures import STROKES

PAUSE_MS = 60
"""Between two moves that are measured: each is answered before the next."""
WARM_UP = 5
# A mutation is painted with the next frame; a message that is sent in that frame arrives after it.
WATCH = """
() => {
  const bars = deep(document, ".live .bars"), took = (window.penTook = []);
  const painted = new MessageChannel();
  let moved = 0;
  painted.port1.onmessage = ({ data }) => took.push(performance.now() - data);
  window.addEventListener("pointermove", (event) => { if (event.buttons) moved ||= event.timeStamp; }, true);
  new MutationObserver(() => {
    const began = moved;
    moved = 0;
    if (began) requestAnimationFrame(() => painted.port2.postMessage(began));
  }).observe(bars, { subtree: true, attributes: true });
}
"""
FRAMES = """
() => {
  const { live } = deep(document, ".live");
  window.layersDrawn = [];
  let known = live.frames;
  const look = () => {
    if (live.frames > known) window.layersDrawn.push(performance.now());
    known = live.frames;
    requestAnimationFrame(look);
  };
  look();
}
"""


def measurements(quick: bool) -> Iterator[Measurement]:
    moves = 20 if quick else 150
    with a_browser() as browser, starter_in_new_homes(), an_app() as app:
        page = a_tab(browser)
        open_page(page, f"{app.url}/recognise")
        page.locator('.live[data-ready="true"]').wait_for()
        wait_for_app(page)
        draw(page, STROKES[7])
        page.get_by_text("this is a digit").wait_for()  # by then the app has loaded what it loads, and is idle
        _clear(page)
        yield measured("pen moves → bars painted", "ms", _moves(page, moves), "p95", Target(33))
        _clear(page)
        page.get_by_role("button", name="Show the layers").click()
        yield measured("layers drawn while the pen moves", "a second", _rates(page, moves), "median", Target(15, True))


def _clear(page: Page) -> None:
    """Begin anew, once all that was drawn has been read."""
    answer_of_server(page).wait_for()
    wait_for_app(page)
    page.get_by_role("button", name="Clear").click()
    page.get_by_text("Draw a digit from 0 to 9").wait_for()
    wait_for_app(page)


def _moves(page: Page, count: int) -> list[float]:
    """Milliseconds of each move."""
    places = _spiral(page, count + WARM_UP)
    page.evaluate(WATCH)
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place)
        page.wait_for_timeout(PAUSE_MS)
    page.mouse.up()
    return page.evaluate("window.penTook")[WARM_UP:]


def _rates(page: Page, count: int) -> list[float]:
    """How many times a second the layers are drawn, from one time to the next."""
    places = _spiral(page, count)
    page.mouse.move(*places[0])
    page.mouse.down()
    page.mouse.move(*places[1])
    page.wait_for_function("deep(document, '.live').live.frames > 0")
    page.evaluate(FRAMES)
    for place in places[2:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()
    return (1000 / np.diff(page.evaluate("window.layersDrawn"))).tolist()


def _spiral(page: Page, count: int) -> list[Point]:
    """Places on the paper along a line that winds inwards: each move changes the picture."""
    box = steady_box(page.locator(CANVAS).first)
    turns, radii = np.linspace(0, 6 * np.pi, count), np.linspace(0.42, 0.1, count)
    return [
        (
            box["x"] + box["width"] * (0.5 + radius * np.cos(turn)),
            box["y"] + box["height"] * (0.5 + radius * np.sin(turn)),
        )
        for turn, radius in zip(turns, radii, strict=True)
    ]
