"""What a person does in the app, and how a test waits for the app to have done its part."""

import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psutil
from playwright.sync_api import Error, FloatRect, Locator, Page

Point = tuple[float, float]

# Streamlit marks whether the script of the page runs, and whether the page still waits for elements.
READY = '[data-testid="stApp"][data-test-script-state="notRunning"][data-test-connection-state="CONNECTED"]'

# The drawable canvas lies in an open shadow root, three layers deep; the topmost one takes the mouse.
CANVAS = "canvas.upper-canvas"


_FIRST_PORT = 20_000 + os.getpid() % 500 * 20
OWN_PORTS = range(_FIRST_PORT, _FIRST_PORT + 20)
"""The ports of this process: below those that the system gives away by itself, and apart from those of the other
processes of this run of the tests, whose numbers lie near each other."""


# What the page and the server last said to each other: after a click, the page still looks ready until the server
# answers that the script runs.
TRAFFIC = """
if (!window.traffic) {
    window.traffic = {sent: 0, heard: 0, sockets: []};
    window.WebSocket = class extends WebSocket {
        constructor(...address) {
            super(...address);
            traffic.sockets.push(this);
            this.addEventListener("message", () => { traffic.heard = performance.now(); });
        }
        send(message) {
            traffic.sent = performance.now();
            super.send(message);
        }
    };
}
"""
QUIET_MS = 100
"""A message that has arrived is on the page by then."""


def wait_for_app(page: Page, seconds: float = 30) -> None:
    """Wait until the server has answered what the page last sent, and the script has come to an end."""
    page.wait_for_function(
        "([ready, quiet]) => document.querySelector(ready) && (!window.traffic || "
        "(traffic.heard > traffic.sent && performance.now() - traffic.heard > quiet))",
        arg=[READY, QUIET_MS],
        timeout=seconds * 1000,
    )


@contextmanager
def standing_still(process: psutil.Popen) -> Iterator[None]:
    """Let an app do nothing, and all that is sent to it wait."""
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def open_page(page: Page, url: str) -> None:
    """Go to `url` and wait until the app has drawn it."""
    page.add_init_script(TRAFFIC)
    page.goto(url)
    wait_for_app(page)
    # Streamlit fetches what puts a style sheet into the page, which may come after the page itself.
    page.wait_for_function(
        "() => !document.querySelector('.st-key-page_head') || "
        "getComputedStyle(document.documentElement).getPropertyValue('--digits-lab-style')",
        timeout=30_000,
    )


def draw(page: Page, strokes: Sequence[Sequence[Point]], canvas: Locator | None = None) -> None:
    """Draw each stroke with the mouse, as a line through its points; `canvas` is the page's drawable one unless given.

    Points are fractions of it, (0, 0) its upper left corner: also of a chart, `plot_area(page, key)`.
    """
    target = canvas or page.locator(CANVAS).first
    for stroke in strokes:
        # What came back from the stroke before may move the canvas, or put another in its place.
        wait_for_app(page)
        box = steady_box(target)
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place, steps=8)
        page.mouse.up()


def answer_of_server(page: Page, key: str = "answer") -> Locator:
    """The place of the answer to a drawing once the server, which follows each stroke, has answered."""
    return page.locator(f'.st-key-{key} .live[data-source="server"]')


def probabilities(page: Page) -> list[float]:
    """The ten probabilities that the server gives a drawing, to a thousandth of a percent."""
    titles = answer_of_server(page).locator(".bar").evaluate_all("bars => bars.map(bar => bar.title)")
    return [float(title.split(": ")[1].rstrip("%")) / 100 for title in titles]


def steady_box(target: Locator, seconds: float = 30) -> FloatRect:
    """Where an element lies on the screen, once it stays there."""
    last: list[FloatRect | None] = [None]

    def steady() -> bool:
        try:
            target.scroll_into_view_if_needed()
            now = target.bounding_box()
        except Error as error:
            if "not attached" not in error.message:
                raise
            now = None  # it was put anew while we looked
        before, last[0] = last[0], now
        return now is not None and now == before

    poll(steady, seconds, "the element to lie still")
    return last[0]


def plot_area(page: Page, key: str) -> Locator:
    """Where the points of a chart are, without its axes and titles."""
    return page.locator(f".st-key-{key} .js-plotly-plot .nsewdrag").last


def ask_chart(page: Page, key: str, expression: str) -> Any:
    """What an expression in JavaScript says of the `chart` under a key, as in `chart.data[0].x`.

    `None` where it says nothing, while the chart is yet to be drawn, and while an old one is about to go.
    """
    return page.evaluate(
        f"""key => {{
            const all = [...document.querySelectorAll(`.st-key-${{key}} .js-plotly-plot`)];
            const chart = all[0];
            return all.length === 1 && chart.data && chart._fullLayout ? ({expression}) ?? null : null;
        }}""",
        key,
    )


def wait_for_chart(page: Page, key: str, expression: str, seconds: float = 30) -> Any:
    """The same, once it says something."""
    answer: list[Any] = []

    def says() -> bool:
        answer.append(ask_chart(page, key, expression))
        return answer[-1] is not None

    poll(says, seconds, f"the chart {key} to say {expression}")
    return answer[-1]


STILL = """([key, quiet]) => {
    const all = [...document.querySelectorAll(`.st-key-${key} .js-plotly-plot`)];
    const chart = all[0];
    if (all.length !== 1 || !chart._fullLayout) return false;
    const now = performance.now(), place = JSON.stringify(chart.getBoundingClientRect());
    if (!chart.stillSince) chart.on("plotly_afterplot", () => { chart.stillSince = performance.now(); });
    if (chart.stillPlace !== place) [chart.stillPlace, chart.stillSince] = [place, now];
    return now - chart.stillSince > quiet;
}"""


def wait_for_still_chart(page: Page, key: str, seconds: float = 30) -> None:
    """Wait until the app is done, and the chart under a key has been drawn and lies still: a gesture on it counts."""
    wait_for_app(page, seconds)
    page.wait_for_function(STILL, arg=[key, QUIET_MS], timeout=seconds * 1000)


def free_port() -> int:
    """A loopback port that nobody listens on: the first free one of this process, so that one server after the other
    has the same address, and the browser what it keeps of it.
    """
    for port in OWN_PORTS:
        with socket.socket() as probe, suppress(OSError):
            if os.name == "posix":
                # As servers do: a port whose last connections are only just closed counts as free.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise TimeoutError(f"no port is free between {OWN_PORTS.start} and {OWN_PORTS.stop - 1}")


def poll(condition: Callable[[], bool], seconds: float, what: str, every: float = 0.05) -> None:
    """Ask until `condition` holds; `TimeoutError` names `what` was waited for."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(every)
