"""The numbers of a network in a real browser: a window walked over an image, and what training changes."""

import json
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from digits_core.config import TransformConfig
from digits_core.data.builtin import read_optdigits
from digits_core.network.activations import activations
from digits_core.transforms import batched
from tests.browser.conftest import SharedServer, train
from tests.browser.helpers import ask_chart, open_page, poll, wait_for_app, wait_for_chart
from tests.unit.networks import improved_net

pytestmark = pytest.mark.browser


def chart(page: Page, key: str) -> Locator:
    """The chart under a key; for a moment, an old one may stand before it."""
    return page.locator(f".st-key-{key} .js-plotly-plot").last


def metric(page: Page, label: str) -> float:
    shown = page.get_by_test_id("stMetric").filter(has_text=label).get_by_test_id("stMetricValue")
    return float(shown.inner_text().replace("−", "-"))


def products(page: Page) -> list[list[float]]:
    return ask_chart(page, "products", "chart.data[0].z") or []


def click_place(page: Page, key: str, row: float, column: float) -> None:
    """Click where a chart has this row and column."""
    wait_for_app(page)
    place = "(({xaxis, yaxis}) => [xaxis._offset + xaxis.l2p(%g), yaxis._offset + yaxis.l2p(%g)])(chart._fullLayout)"
    x, y = wait_for_chart(page, key, place % (column, row))
    chart(page, key).click(position={"x": x, "y": y})


def frame(page: Page, key: str) -> list[float] | None:
    """The upper left corner of the frame that is drawn on a chart: row, column."""
    return ask_chart(page, key, "chart.layout.shapes?.map(frame => [frame.y0 + 0.5, frame.x0 + 0.5])[0]")


def test_a_window_is_walked_over_the_image_and_its_nine_products_give_the_networks_sum(
    shared_server: SharedServer, browser_page: Page
) -> None:
    image = read_optdigits().images[read_optdigits().indices("train")[2]]
    transform = TransformConfig()
    found = activations(
        improved_net(28, 0.3, seed=0).eval(), batched.normalise(batched.prepare(image[None], transform), transform)
    )
    expected = found["conv1"].before[0, 5]
    address = f"{shared_server.url}/network?run={shared_server.slow}&weights=before+training"
    open_page(browser_page, f"{address}&look=By+hand&image=3&unit=5&row=9&column=12")

    def adds_up_to(row: int, column: int) -> bool:
        if frame(browser_page, "clicked_conv1") != [row - 1, column - 1] or frame(browser_page, "lands") != [
            row,
            column,
        ]:
            return False
        by_hand = sum(map(sum, products(browser_page))) + metric(browser_page, "+ bias")
        sums = (by_hand, metric(browser_page, "= sum"), float(expected[row, column]))
        return sums[0] == pytest.approx(sums[2], abs=1e-5) and sums[1] == pytest.approx(sums[2], abs=1e-5)

    chart(browser_page, "lands").wait_for()
    poll(lambda: adds_up_to(9, 12), 60, "the sum at row 9, column 12")
    click_place(browser_page, "clicked_conv1", row=20, column=6)
    poll(lambda: adds_up_to(20, 6), 60, "the sum where the image was clicked")
    browser_page.get_by_role("slider", name="Column").press("ArrowRight")
    poll(lambda: adds_up_to(20, 7), 60, "the sum one place to the right")
    wait_for_app(browser_page)
    expect(browser_page).to_have_url(re.compile("row=20"))
    expect(browser_page).to_have_url(re.compile("column=7"))


def test_a_layer_of_the_diagram_shows_its_facts_and_a_map_leads_to_its_arithmetic(
    shared_server: SharedServer, browser_page: Page
) -> None:
    open_page(browser_page, f"{shared_server.url}/network?run={shared_server.fast}&split=test&image=7")
    diagram = browser_page.locator(".st-key-diagram")
    diagram.get_by_role("button", name="fc1: its facts").click()
    expect(browser_page.get_by_text("128 · (6272 + 1)").first).to_be_visible()
    expect(browser_page.get_by_text("fc1: fully connected")).to_be_visible()
    expect(diagram.get_by_role("button", name="fc1: its facts")).to_have_attribute("aria-pressed", "true")

    # By keyboard: one Tab stop for a layer, the arrow keys within it.
    diagram.get_by_role("button", name="conv2, map 0:").focus()
    for key in ("ArrowRight", "ArrowDown", "Enter"):
        browser_page.keyboard.press(key)
    expect(browser_page.get_by_role("radio", name="By hand")).to_be_checked()
    expect(browser_page.get_by_role("spinbutton", name="Filter", exact=True)).to_have_value("5")
    expect(browser_page).to_have_url(re.compile(r"(?=.*layer=conv2)(?=.*image=7)(?=.*look=By)(?=.*unit=5)"))
    wait_for_app(browser_page)


def test_the_image_and_the_maps_of_the_diagram_are_square(shared_server: SharedServer, browser_page: Page) -> None:
    open_page(browser_page, f"{shared_server.url}/network")
    pictures = browser_page.locator(".st-key-diagram canvas")
    expect(pictures).to_have_count(1 + 16 + 32 + 32)
    sides = pictures.evaluate_all("all => all.map(each => [each.clientWidth, each.clientHeight])")

    assert all(abs(width - height) <= 1 and width > 20 for width, height in sides)


def test_untrained_and_trained_feature_maps_stand_side_by_side(shared_server: SharedServer, browser_page: Page) -> None:
    trained = train(shared_server.home, "--learning-rate", "0.003", "--name", "<b>two</b> epochs")
    open_page(browser_page, f"{shared_server.url}/network?run={trained}&look=Feature+maps&other=start&split=test")

    def maps(key: str) -> str | None:
        return json.dumps(shown) if (shown := ask_chart(browser_page, key, "chart.data[0].z")) else None

    def surest(place: int) -> float:
        return max(wait_for_chart(browser_page, f"softmax_{place}", "Array.from(chart.data[0].x)"))

    chart(browser_page, "softmax_1").wait_for()
    poll(lambda: all(maps(f"{name}_{place}") for name in ("input", "conv2") for place in (0, 1)), 60, "the maps")
    expect(browser_page.get_by_role("heading", name="<b>two</b> epochs, before training")).to_be_visible()
    before = maps("conv2_1")
    assert maps("input_0") == maps("input_1")
    assert maps("conv2_0") != before
    assert surest(0) > 0.5 > 0.2 > surest(1)

    browser_page.get_by_role("radio", name="before training").click()
    expect(chart(browser_page, "softmax_1")).to_have_count(0)
    poll(lambda: maps("conv2_0") == before, 60, "the maps that stood on the right")
