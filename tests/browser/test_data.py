"""The Data page as it is used: choose an image, draw around points, send somebody the address."""

import re
from urllib.parse import quote_plus

import pytest
from playwright.sync_api import Locator, Page, expect

from digits_core.dashboard.data.overview import HEIGHT
from tests.browser.conftest import Server
from tests.browser.helpers import ask_chart, draw, open_page, plot_area, poll, wait_for_chart

pytestmark = pytest.mark.browser

VIEWS = {
    "Overview": ".st-key-means canvas",
    "Samples": ".st-key-samples canvas",
    "Map": ".st-key-map .js-plotly-plot",
    "Duplicates": ".st-key-distances .js-plotly-plot",
    "Outliers": ".st-key-odd canvas",
    "Compare": ".st-key-means_of_1 canvas",
    "Import": '[data-testid="stFileUploader"]',
}
"""What each view shows when it is there. Playwright looks into the open shadow roots of tiles by itself."""


def tile(page: Page, key: str, number: int) -> Locator:
    return page.locator(f".st-key-{key} .tile").nth(number)


def ink_on(canvas: Locator) -> int:
    """How many pixels of a tile's picture are not black."""
    return canvas.evaluate(
        "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data"
        ".filter((value, at) => at % 4 === 0 && value > 0).length"
    )


def test_an_image_is_chosen_by_click_by_key_and_by_index(shared_server: Server, browser_page: Page) -> None:
    open_page(browser_page, f"{shared_server.url}/?view=Samples&dataset=mnist-5k")
    inspector = browser_page.locator(".st-key-inspector")
    wanted = tile(browser_page, "samples", 4)
    assert ink_on(wanted.locator("canvas")) > 20
    place = wanted.get_attribute("data-place")
    wanted.click()
    expect(inspector).to_contain_text(f"index {int(place):,}")
    expect(inspector.locator(".js-plotly-plot")).to_be_visible()
    expect(inspector.locator(".st-key-neighbours .tile")).to_have_count(10)
    expect(wanted).to_have_attribute("aria-pressed", "true")
    expect(browser_page).to_have_url(re.compile(rf"index={place}(&|$)"))

    # The chosen tile keeps the focus: the arrow keys go on from there.
    browser_page.keyboard.press("ArrowRight")
    browser_page.keyboard.press("Enter")
    following = tile(browser_page, "samples", 5).get_attribute("data-place")
    expect(inspector).to_contain_text(f"index {int(following):,}")

    field = inspector.get_by_label("Index", exact=True)
    field.fill("4321")
    field.press("Enter")
    expect(inspector).to_contain_text("index 4,321")
    expect(browser_page).to_have_url(re.compile(r"index=4321(&|$)"))
    browser_page.reload()
    expect(browser_page.locator(".st-key-inspector")).to_contain_text("index 4,321")


def test_a_lasso_and_a_box_on_the_map_show_the_images_inside(shared_server: Server, browser_page: Page) -> None:
    open_page(browser_page, f"{shared_server.url}/?view=Map")
    expect(browser_page.get_by_text("Drag over points")).to_be_visible()

    poll(lambda: drag_mode(browser_page) == "lasso", 30, "the lasso")
    path = [(0.35, 0.35), (0.65, 0.35), (0.65, 0.65), (0.35, 0.65), (0.35, 0.36)]
    draw(browser_page, [path], plot_area(browser_page, "map"))
    lassoed = selected_images(browser_page)
    assert 0 < lassoed < 1797
    tile(browser_page, "selected", 1).click()
    place = tile(browser_page, "selected", 1).get_attribute("data-place")
    expect(browser_page.locator(".st-key-inspector")).to_contain_text(f"index {int(place):,}")

    browser_page.get_by_role("radio", name="Box").click()
    poll(lambda: drag_mode(browser_page) == "select", 30, "the box")
    draw(browser_page, [[(0.02, 0.02), (0.98, 0.98)]], plot_area(browser_page, "map"))
    expect(browser_page.get_by_role("heading", name=f"{lassoed} selected")).to_have_count(0)
    assert selected_images(browser_page) > lassoed


def drag_mode(page: Page) -> str | None:
    """What dragging does on the map; nothing while it is being drawn."""
    return ask_chart(page, "map", "chart._fullLayout.dragmode")


def selected_images(page: Page) -> int:
    """The number that the page names, once it is the number of points that are marked on the map."""
    marked = "chart.data.reduce((sum, line) => sum + (line.selectedpoints ?? []).length, 0) || null"
    count = wait_for_chart(page, "map", marked)
    expect(page.get_by_role("heading", name=f"{count:,} selected")).to_be_visible()
    expect(page.locator(".st-key-selected .tile")).to_have_count(min(60, count))
    return count


def test_the_address_of_each_view_opens_it_also_on_a_phone(shared_server: Server, browser_page: Page) -> None:
    open_page(browser_page, shared_server.url)
    browser_page.get_by_role("radio", name="Outliers").click()
    expect(browser_page).to_have_url(re.compile(r"view=Outliers(&|$)"))

    browser_page.set_viewport_size({"width": 400, "height": 800})
    for view, sign in VIEWS.items():
        open_page(browser_page, f"{shared_server.url}/?view={quote_plus(view)}")
        expect(browser_page.locator(sign).first).to_be_visible(timeout=60_000)
        overhang = browser_page.get_by_test_id("stMain").evaluate("main => main.scrollWidth - main.clientWidth")
        assert overhang == 0, f"{view} scrolls sideways on a phone"


def test_a_filter_that_leaves_fewer_pages_shows_the_last_of_them(shared_server: Server, browser_page: Page) -> None:
    open_page(browser_page, f"{shared_server.url}/?view=Samples&dataset=optdigits&page=20")
    number = browser_page.get_by_role("spinbutton", name="Page")
    expect(number).to_have_value("20")
    browser_page.get_by_test_id("stButtonGroup").get_by_text("3", exact=True).click()
    expect(number).to_have_value("3")
    expect(browser_page).to_have_url(re.compile("page=3(&|$)"))


def test_on_a_phone_a_tap_brings_the_large_image_onto_the_screen(shared_server: Server, browser_page: Page) -> None:
    browser_page.set_viewport_size({"width": 400, "height": 800})
    open_page(browser_page, f"{shared_server.url}/?view=Samples")
    expect(tile(browser_page, "samples", 0)).to_be_visible()
    expect(browser_page.locator(".st-key-inspector")).not_to_be_in_viewport()
    tile(browser_page, "samples", 3).click()
    expect(browser_page.locator(".st-key-inspector")).to_be_in_viewport()


def test_a_chart_fills_the_screen_and_goes_back_to_its_place(shared_server: Server, browser_page: Page) -> None:
    open_page(browser_page, shared_server.url)
    button = browser_page.locator(".st-key-balance").get_by_role("button", name="Full screen")
    assert wait_for_chart(browser_page, "balance", "chart._fullLayout.height") == HEIGHT
    button.click()
    wait_for_chart(browser_page, "balance", "chart._fullLayout.height > 400 || null")
    button.click()
    wait_for_chart(browser_page, "balance", f"chart._fullLayout.height === {HEIGHT} || null")
