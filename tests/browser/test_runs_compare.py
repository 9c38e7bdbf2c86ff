"""Comparing runs in a real browser: a shared link, picking runs on parallel coordinates, a point, an image."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SharedServer
from tests.browser.helpers import (
    ask_chart,
    open_page,
    poll,
    steady_box,
    wait_for_app,
    wait_for_chart,
    wait_for_still_chart,
)

pytestmark = pytest.mark.browser

SECONDS = 60


@pytest.fixture
def link(shared_server: SharedServer) -> str:
    """The address that compares two runs: #2 fast and #1 slow."""
    return f"{shared_server.url}/runs?compare={shared_server.slow}&compare={shared_server.fast}"


def test_a_link_shows_the_same_curves_to_whoever_opens_it(link: str, browser_page: Page) -> None:
    open_page(browser_page, f"{link}&curves_against=Seconds&smoothing=0.5&measure=Accuracy")
    lines = wait_for_chart(browser_page, "compared_accuracy", "chart.data.length")

    assert lines == 2 * 2 * 2  # each run's training and test, measured and smoothed
    assert wait_for_chart(browser_page, "compared_accuracy", "chart.layout.xaxis.title.text") == "training time (s)"
    expect(browser_page.locator(".st-key-compared_loss")).to_have_count(0)
    expect(
        browser_page.get_by_text(re.compile(r"^1 of \d+ settings differ between these 2 runs: learning rate\.$"))
    ).to_be_visible()
    browser_page.get_by_role("radio", name="Log error").click()
    poll(
        lambda: ask_chart(browser_page, "compared_accuracy", "chart.layout.yaxis.type") == "log", SECONDS, "a log scale"
    )
    poll(lambda: "curve_scale=Log+error" in browser_page.url, SECONDS, "the address to say so")


def test_a_brush_on_parallel_coordinates_picks_the_runs_that_pass(link: str, browser_page: Page) -> None:
    open_page(browser_page, f"{link}&comparison=Parallel+coordinates")
    wait_for_chart(browser_page, "parallel", "chart.data[0].dimensions.length")
    wait_for_still_chart(browser_page, "parallel")
    axis = steady_box(browser_page.locator(".st-key-parallel .js-plotly-plot .axis-brush").first)
    middle, top, height = axis["x"] + axis["width"] / 2, axis["y"], axis["height"]
    browser_page.mouse.move(middle, top + 0.02 * height)
    browser_page.mouse.down()
    browser_page.mouse.move(middle, top + 0.3 * height, steps=8)
    browser_page.mouse.up()

    expect(browser_page.get_by_text("1 of 2 runs pass through what is picked.")).to_be_visible()


def test_a_point_of_the_scatter_names_its_run(link: str, browser_page: Page) -> None:
    open_page(browser_page, f"{link}&comparison=Scatter&scatter_x=Learning+rate")
    place = "(({xaxis, yaxis}, [dots]) => [xaxis._offset + xaxis.d2p(dots.x[dots.text.indexOf('#2 fast')]), "
    place += "yaxis._offset + yaxis.d2p(dots.y[dots.text.indexOf('#2 fast')])])(chart._fullLayout, chart.data)"
    wait_for_still_chart(browser_page, "scatter")
    x, y = wait_for_chart(browser_page, "scatter", place)
    browser_page.locator(".st-key-scatter .js-plotly-plot").click(position={"x": x, "y": y})

    expect(browser_page.get_by_role("link", name="Compare #2 fast alone")).to_be_visible()


def test_an_image_on_which_two_runs_disagree_is_shown_with_both_answers(link: str, browser_page: Page) -> None:
    open_page(browser_page, f"{link}&comparison=Disagreement")
    tiles = browser_page.get_by_role("button", name="the first run says")
    tiles.nth(1).click()
    wait_for_app(browser_page)
    expect(tiles.nth(1)).to_have_attribute("aria-pressed", "true")
    name = tiles.nth(1).get_attribute("aria-label")
    first, second = (name.split(words)[1][0] for words in ("the first run says ", "the second "))

    def read_as(order: str) -> str | None:
        """The digit that a run finds most probable."""
        highest = "chart.data[0].y[chart.data[0].x.indexOf(Math.max(...chart.data[0].x))]"
        return ask_chart(browser_page, f"disagreement_{order}", highest)

    poll(lambda: read_as("first") == first, SECONDS, "the answer of the first run")
    poll(lambda: read_as("second") == second, SECONDS, "the answer of the second run")
