"""What a person does in the app, and how a test waits for the app to have done its part."""

import socket
import time
from collections.abc import Callable, Sequence

from playwright.sync_api import Locator, Page

Point = tuple[float, float]

# Streamlit marks whether the script of the page runs, and whether the page still waits for elements.
READY = '[data-testid="stApp"][data-test-script-state="notRunning"][data-test-connection-state="CONNECTED"]'

# The drawable canvas lies in an open shadow root, three layers deep; the topmost one takes the mouse.
CANVAS = "canvas.upper-canvas"


def wait_for_app(page: Page, seconds: float = 30) -> None:
    """Wait until the page is connected and its script has come to an end."""
    page.locator(READY).wait_for(state="attached", timeout=seconds * 1000)


def open_page(page: Page, url: str) -> None:
    """Go to `url` and wait until the app has drawn it."""
    page.goto(url)
    wait_for_app(page)


def draw(page: Page, strokes: Sequence[Sequence[Point]], canvas: Locator | None = None) -> None:
    """Draw each stroke with the mouse, as a line through its points.

    Points are fractions of the canvas, (0, 0) its upper left corner; `canvas` is the first on the page
    unless given, as in `page.locator(".st-key-NAME").locator(CANVAS)`.
    """
    target = canvas or page.locator(CANVAS).first
    target.scroll_into_view_if_needed()
    for stroke in strokes:
        # Asked anew for each stroke: what came back from the one before may have moved the canvas.
        box = target.bounding_box()
        assert box is not None, "the canvas is not on the screen"
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place, steps=6)
        page.mouse.up()


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def poll(condition: Callable[[], bool], seconds: float, what: str, every: float = 0.05) -> None:
    """Ask until `condition` holds; `TimeoutError` names `what` was waited for."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(every)
