"""The picture first: what each page is for is on the first screen, on a laptop, on a large screen and on a phone.

Every page marks its main action and its main picture by the keys of two containers. `VISIBLE` holds, page by page, what
else is promised to be in view at 1280 × 720, which is what a classroom's projector shows.
"""

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from digits_core.config import RunConfig
from digits_core.dashboard.pages import PAGES
from digits_core.dashboard.runs.filter_controls import MANY
from digits_core.database import Database
from digits_core.home import Home
from digits_core.runs.store import RunStore
from tests.browser.conftest import Server, SharedServer
from tests.browser.helpers import open_page, poll, wait_for_app

pytestmark = pytest.mark.browser

LAPTOP: ViewportSize = {"width": 1280, "height": 720}
LARGE: ViewportSize = {"width": 1920, "height": 1080}
PHONE: ViewportSize = {"width": 400, "height": 800}
PHONE_REACH = 1.5
"""On a phone the picture begins within so many screens: half a turn of the thumb."""
FINGER = 44
"""Pixels of a control that a finger can press."""
LEAST_WIDTH = 2 / 3
"""How far the pictures reach over a large screen's page, at least: no third of it is empty beside small ones."""

VISIBLE = {
    "lessons": [("the first lesson", "[class*=st-key-lesson_open_]")],
    "data": [
        ("the dataset", ".st-key-dataset"),
        ("the view", ".st-key-view"),
        ("the facts", ".st-key-facts"),
        ("the mean images", ".st-key-means"),
        ("the classes", ".st-key-balance"),
        ("the pixel values", ".st-key-histogram"),
    ],
    "handwriting": [("the paper", "canvas.upper-canvas"), ("the labels", ".st-key-label [role=radiogroup]")],
    "transforms": [
        ("the steps", ".st-key-steps"),
        ("the controls of the steps that are taken", ".st-key-step_controls"),
        ("what can be added", ".st-key-transform_added"),
    ],
    "network": [("the diagram", ".st-key-diagram"), ("the layer's facts", ".layer_facts")],
    "training": [
        ("the recipe", "[class*=st-key-recipe_]"),
        ("the loss", ".st-key-live_loss"),
        ("the accuracy", ".st-key-live_accuracy"),
    ],
    "runs": [("the curves", ".st-key-compared_accuracy")],
    "recognise": [
        ("the paper", "canvas.upper-canvas"),
        ("the chosen run", "[class*=st-key-run_]"),
    ],
}
"""What is in view at 1280 × 720 in the default view of each page."""
LEAST_HEIGHTS = [
    ("transforms", ".st-key-steps canvas", 120),
    ("training", ".st-key-live_loss", 260),
    ("training", ".st-key-live_accuracy", 260),
]
"""Pixels that a picture is high, at least, at 1280 × 720."""


Box = tuple[float, float, float, float]
"""Left, top, right and bottom on the screen, in pixels."""
BOX = "each => { const {left, top, right, bottom} = each.getBoundingClientRect(); return [left, top, right, bottom]; }"
PICTURES = """() => {
  const inside = (root) => [
    ...root.querySelectorAll("canvas, img, .js-plotly-plot, [data-testid=stDataFrame], [role=group] button"),
    ...[...root.querySelectorAll("*")].flatMap((each) => (each.shadowRoot ? inside(each.shadowRoot) : [])),
  ];
  const boxes = inside(document.querySelector(".stMain")).map((each) => each.getBoundingClientRect());
  return boxes.filter(({ top, height, width }) => width && height && top < innerHeight).map((each) => each.right);
}"""


def open_at(page: Page, server: SharedServer, name: str, size: ViewportSize) -> None:
    page.set_viewport_size(size)
    open_page(page, f"{server.url}/{PAGES[name].url_path}")


def box_of(target: Locator) -> Box:
    """Where the one element is, once it lies still; nothing is scrolled for it."""
    expect(target).to_have_count(1)
    expect(target).to_be_visible()
    wait_for_app(target.page)
    boxes: list[Box] = []

    def still() -> bool:
        boxes.append(tuple(target.evaluate(BOX)))
        return boxes[-2:-1] == boxes[-1:]

    poll(still, 30, "the element to lie still", every=0.2)
    return boxes[-1]


def marked(page: Page, what: str) -> Box:
    return box_of(page.locator(f".st-key-{what}"))


def is_inside(box: Box, size: ViewportSize) -> bool:
    left, top, right, bottom = box
    return left >= 0 and top >= 0 and right <= size["width"] and bottom <= size["height"]


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than the screen."""
    return page.get_by_test_id("stMain").evaluate("main => main.scrollWidth - main.clientWidth")


@pytest.mark.parametrize("size", [LAPTOP, LARGE], ids=["1280", "1920"])
@pytest.mark.parametrize("name", PAGES)
def test_the_action_and_the_picture_are_on_the_first_screen(
    shared_server: SharedServer, browser_page: Page, name: str, size: ViewportSize
) -> None:
    open_at(browser_page, shared_server, name, size)
    boxes = {what: marked(browser_page, what) for what in ("main_action", "main_picture")}

    assert {what: box for what, box in boxes.items() if not is_inside(box, size)} == {}
    assert sideways(browser_page) == 0


@pytest.mark.parametrize("name", PAGES)
def test_on_a_phone_the_action_is_on_the_first_screen_and_the_picture_in_reach(
    shared_server: SharedServer, browser_page: Page, name: str
) -> None:
    open_at(browser_page, shared_server, name, PHONE)
    _, action, _, _ = marked(browser_page, "main_action")
    _, picture, _, _ = marked(browser_page, "main_picture")

    assert 0 <= action <= PHONE["height"] - FINGER
    assert 0 <= picture <= PHONE_REACH * PHONE["height"]
    assert sideways(browser_page) == 0


def test_on_a_phone_the_filters_of_many_runs_take_two_rows(server: Server, browser_page: Page) -> None:
    store = RunStore(Database(Home(server.home).create().database))
    for number in range(MANY + 1):
        store.create(RunConfig(name=f"try {number}"), "nobody")
    browser_page.set_viewport_size(PHONE)
    open_page(browser_page, f"{server.url}/runs")
    filters = browser_page.locator(".st-key-runs_filters")
    expect(filters.get_by_text("Show", exact=True)).to_be_visible()
    tops = {round(box_of(each)[1]) for each in filters.locator("> *").all()}

    assert len(tops) == 2
    assert sideways(browser_page) == 0


@pytest.mark.parametrize(
    ("name", "what", "selector"), [(name, *each) for name, promised in VISIBLE.items() for each in promised]
)
def test_what_a_page_promises_is_in_view_on_a_laptop(
    shared_server: SharedServer, browser_page: Page, name: str, what: str, selector: str
) -> None:
    open_at(browser_page, shared_server, name, LAPTOP)

    assert is_inside(box_of(browser_page.locator(selector).first), LAPTOP), what


@pytest.mark.parametrize(("name", "selector", "least"), LEAST_HEIGHTS)
def test_pictures_are_large_enough_to_be_read(
    shared_server: SharedServer, browser_page: Page, name: str, selector: str, least: int
) -> None:
    open_at(browser_page, shared_server, name, LAPTOP)
    _, top, _, bottom = box_of(browser_page.locator(selector).first)

    assert bottom - top >= least


@pytest.mark.parametrize("name", [name for name in PAGES if name != "lessons"])  # its cards have no pictures
def test_a_large_screen_is_used(shared_server: SharedServer, browser_page: Page, name: str) -> None:
    open_at(browser_page, shared_server, name, LARGE)
    left, _, right, _ = box_of(browser_page.get_by_test_id("stMainBlockContainer"))
    marked(browser_page, "main_picture")
    least = left + (right - left) * LEAST_WIDTH

    # A component draws after the page has come to rest, so the pictures are asked for until they are there.
    poll(lambda: max(browser_page.evaluate(PICTURES), default=0) >= least, 30, f"pictures up to {least:.0f} pixels")
