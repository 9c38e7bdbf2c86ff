"""Transforms as a person meets them: variants follow the sliders, the code runs, a drawing goes its way to training."""

import io
import re

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from digits_core.config import TransformConfig
from digits_core.data.builtin import read_optdigits
from digits_core.transforms.pipeline import build_pipeline
from tests.browser.conftest import Server
from tests.browser.helpers import draw, open_page, poll, wait_for_app

pytestmark = pytest.mark.browser

SEVEN = [[(0.28, 0.18), (0.72, 0.18), (0.45, 0.85)]]


def variants(page: Page) -> np.ndarray:
    """The grid of variants as the browser got it."""
    pictures: list[bytes] = []

    def fetched() -> bool:
        # An address that was just replaced leads to nothing any more: then the next one does.
        answer = page.request.get(page.locator(".st-key-variants img").first.evaluate("image => image.src"))
        if answer.ok:
            pictures.append(answer.body())
        return answer.ok

    poll(fetched, 30, "the picture of the variants")
    return np.array(Image.open(io.BytesIO(pictures[0])))


def grey_levels(canvas: Locator) -> np.ndarray:
    """The picture on a canvas, uint8 (H, W)."""
    levels = canvas.evaluate(
        "each => [each.height, each.width, Array.from(each.getContext('2d')"
        ".getImageData(0, 0, each.width, each.height).data.filter((_, at) => at % 4 === 0))]"
    )
    return np.array(levels[2], dtype=np.uint8).reshape(levels[:2])


def wait_for_others(page: Page, before: np.ndarray) -> np.ndarray:
    poll(lambda: not np.array_equal(variants(page), before), 30, "other variants")
    wait_for_app(page)
    return variants(page)


def test_variants_follow_the_rotation_and_the_draw_and_the_address(shared_server: Server, browser_page: Page) -> None:
    open_page(browser_page, f"{shared_server.url}/transforms?transform_view=Variants")
    expect(browser_page.get_by_text("Nothing is drawn at random yet")).to_be_visible(timeout=60_000)
    browser_page.get_by_role("combobox", name="Add a step").fill("Rotation")
    browser_page.keyboard.press("Enter")
    browser_page.locator(".st-key-variants img").wait_for()
    wait_for_app(browser_page)
    gentle = variants(browser_page)

    browser_page.get_by_role("slider").press("End")
    wild = wait_for_others(browser_page, gentle)
    expect(browser_page).to_have_url(re.compile("rotation=180"))
    browser_page.get_by_role("button", name="Another draw").click()
    other = wait_for_others(browser_page, wild)

    open_page(browser_page, browser_page.url)
    browser_page.locator(".st-key-variants img").wait_for()
    np.testing.assert_array_equal(variants(browser_page), other)


def test_the_copied_code_gives_the_tensors_of_training(shared_server: Server, browser_page: Page) -> None:
    browser_page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    address = "transform_view=Code&centre=true&rotation=12&elastic=0.7&stroke_width=0.5&noise=0.1&erasing=0.5"
    open_page(browser_page, f"{shared_server.url}/transforms?{address}")
    block = browser_page.get_by_test_id("stCode")
    block.hover(timeout=60_000)
    block.get_by_role("button").first.click()
    copied: dict = {}
    exec(browser_page.evaluate("navigator.clipboard.readText()"), copied)

    config = TransformConfig(centre=True, rotation=12, elastic=0.7, stroke_width=0.5, noise=0.1, erasing=0.5)
    picture = Image.fromarray(read_optdigits().images[7])
    for name, training in (("training_transform", True), ("test_transform", False)):
        torch.manual_seed(4)
        expected = build_pipeline(config, training)(picture)
        torch.manual_seed(4)
        assert torch.equal(copied[name](picture), expected)


def test_a_drawing_goes_its_way_and_the_transform_goes_to_training(shared_server: Server, browser_page: Page) -> None:
    open_page(browser_page, f"{shared_server.url}/transforms?source=Drawing&rotation=9")
    expect(browser_page.get_by_text("Draw a digit on the paper")).to_be_visible()
    draw(browser_page, SEVEN)
    pictures = browser_page.locator(".st-key-steps canvas")
    expect(pictures).to_have_count(6, timeout=60_000)
    as_drawn, pixels = (grey_levels(pictures.nth(step)) for step in (1, 2))
    assert as_drawn.shape == (112, 112)
    assert pixels.shape == (28, 28)
    assert pixels.max() > 200
    wait_for_app(browser_page)

    browser_page.get_by_test_id("stMain").get_by_role("link", name="Use in training").click()
    browser_page.get_by_text("Datasets and transform").click()
    expect(browser_page.get_by_text("rotation ±9°")).to_be_visible(timeout=30_000)
    expect(browser_page.get_by_role("combobox", name="Transform")).to_have_value("Custom")
    wait_for_app(browser_page)
    browser_page.get_by_text("Change it under Transforms").click()
    expect(browser_page).to_have_url(re.compile(r"/transforms\?.*rotation=9"))
    wait_for_app(browser_page)


def test_a_narrow_screen_shows_the_steps_pictures_above_their_controls(
    shared_server: Server, browser_page: Page
) -> None:
    browser_page.set_viewport_size({"width": 400, "height": 800})
    open_page(browser_page, f"{shared_server.url}/transforms")
    browser_page.locator(".st-key-steps canvas").first.wait_for()
    controls = browser_page.locator(".st-key-step_controls")
    picture = "document.querySelector('.st-key-steps').getBoundingClientRect()"

    # Both at once: what is still to come above them moves them.
    assert controls.evaluate(f"controls => controls.getBoundingClientRect().top - {picture}.bottom") > 0
