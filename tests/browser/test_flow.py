"""The whole way once, as a person goes it: from an empty home to one's own digit recognised."""

import io
import re
import sqlite3

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Locator, Page, expect

from digits_core.training.recipes import LECTURE
from tests.browser.conftest import Server
from tests.browser.helpers import (
    CANVAS,
    answer_of_server,
    draw,
    open_page,
    poll,
    probabilities,
    wait_for_app,
    wait_for_chart,
)

pytestmark = pytest.mark.browser

TRAINING_SECONDS = 180
EPOCHS = LECTURE.config.training.epochs

ONE = [[(0.5, 0.15), (0.5, 0.85)]]
ZERO = [[(0.5 + 0.22 * np.sin(turn), 0.5 - 0.34 * np.cos(turn)) for turn in np.linspace(0, 2 * np.pi, 24)]]
SEVEN = [[(0.28, 0.18), (0.72, 0.18), (0.45, 0.85)]]


def stop_button(page: Page) -> Locator:
    """The one on the page: while a script runs, Streamlit shows another in its header."""
    return page.get_by_test_id("stMainBlockContainer").get_by_role("button", name="Stop")


def start_training(page: Page, server: Server) -> None:
    open_page(page, f"{server.url}/training")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(stop_button(page)).to_be_enabled(timeout=30_000)


def finished_epochs(page: Page) -> int:
    return page.get_by_test_id("stCode").inner_text().count("Epoch: ")


def wait_for_the_end(page: Page) -> None:
    # The line of the run that was shown before may still be there when the new one has started.
    expect(stop_button(page)).to_be_disabled(timeout=TRAINING_SECONDS * 1000)
    expect(page.get_by_text("finished in")).to_be_visible(timeout=TRAINING_SECONDS * 1000)


def canvas_keys(page: Page) -> list[str]:
    """The keys of the canvases on the page, asked for at one moment: an old one may go as a new one comes."""
    classes = page.locator('[class*="st-key-recognise_canvas_"]').evaluate_all("all => all.map(one => one.className)")
    return [found.group(1) for names in classes if (found := re.search(r"st-key-(recognise_canvas_\d+)", names))]


def clear(page: Page) -> None:
    """Empty the canvas and wait for the new one, which has another key."""
    before = canvas_keys(page)
    page.get_by_role("button", name="Clear").click()
    poll(lambda: len(now := canvas_keys(page)) == 1 and now != before, 90, "an empty canvas")
    page.get_by_text("Draw a digit from 0 to 9").wait_for()
    wait_for_app(page)


def read_digit(page: Page, strokes: list) -> str:
    """Draw on an empty canvas; the digit that the page reads once it has read all strokes."""
    draw(page, strokes)
    answer_of_server(page).wait_for()
    wait_for_app(page)
    return answer_of_server(page).locator(".digit").inner_text()


@pytest.fixture(scope="module")
def trained(module_server: Server, module_page: Page) -> Server:
    """A server on which the lecture's recipe was trained to its end, by its button."""
    start_training(module_page, module_server)
    wait_for_the_end(module_page)
    return module_server


def test_from_an_empty_home_to_three_digits_read(server: Server, browser_page: Page) -> None:
    open_page(browser_page, f"{server.url}/training")
    expect(browser_page).to_have_title("Training · Digits Lab")
    start_training(browser_page, server)

    wait_for_the_end(browser_page)
    poll(lambda: finished_epochs(browser_page) == EPOCHS, 30, "the line of every epoch")

    browser_page.get_by_test_id("stSidebarNavLink").filter(has_text="Recognise").click()
    browser_page.locator(CANVAS).wait_for()
    wait_for_app(browser_page)
    for strokes in (ONE, ZERO, SEVEN):
        digit = read_digit(browser_page, strokes)
        chances = probabilities(browser_page)
        assert len(chances) == 10
        assert sum(chances) == pytest.approx(1, abs=1e-4)
        assert digit == str(int(np.argmax(chances)))
        clear(browser_page)


def test_reloading_during_training_loses_nothing(server: Server, browser_page: Page) -> None:
    start_training(browser_page, server)
    poll(lambda: finished_epochs(browser_page) >= 1, TRAINING_SECONDS, "the first epoch")
    address = browser_page.url

    browser_page.reload()
    wait_for_app(browser_page)
    assert browser_page.url == address
    wait_for_the_end(browser_page)
    poll(lambda: finished_epochs(browser_page) == EPOCHS, 30, "the line of every epoch")
    with sqlite3.connect(server.home / "digits.sqlite") as database:
        epochs = [row[0] for row in database.execute("SELECT epoch FROM epochs ORDER BY sequence")]
    assert epochs == list(range(1, EPOCHS + 1))


def test_stop_keeps_what_was_learnt(server: Server, browser_page: Page) -> None:
    start_training(browser_page, server)
    poll(lambda: finished_epochs(browser_page) >= 1, TRAINING_SECONDS, "the first epoch")
    stop_button(browser_page).click()
    expect(browser_page.get_by_text("Stopped by hand")).to_be_visible(timeout=30_000)

    open_page(browser_page, f"{server.url}/recognise")
    assert read_digit(browser_page, ONE).isdigit()


def test_uploaded_pictures_are_read_and_broken_ones_named(trained: Server, browser_page: Page) -> None:
    open_page(browser_page, f"{trained.url}/recognise?input=Upload")
    browser_page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        [
            {"name": "one.png", "mimeType": "image/png", "buffer": picture_of_a_one()},
            {"name": "notes.png", "mimeType": "image/png", "buffer": b"this is not a picture"},
        ]
    )
    expect(browser_page.get_by_test_id("stMetricValue")).to_have_text("1", timeout=30_000)
    expect(browser_page.get_by_text("2 pictures, newest first · 1 not read")).to_be_visible()
    browser_page.locator(".st-key-recognise_grid_tiles button.tile").nth(1).click()
    error = browser_page.get_by_test_id("stAlert")
    expect(error).to_have_count(1)
    expect(error).to_contain_text("notes.png is not a picture")


def test_two_runs_are_compared_in_one_chart(trained: Server, browser_page: Page) -> None:
    start_training(browser_page, trained)
    wait_for_the_end(browser_page)

    open_page(browser_page, f"{trained.url}/runs")
    names = "chart.data.map(line => `${line.name} ${line.line.dash}`)"
    both = ["#2 Lecture dot", "#2 Lecture solid", "#1 Lecture dot", "#1 Lecture solid"]
    assert wait_for_chart(browser_page, "compared_accuracy", names) == both
    # The address names the runs: in another browser it shows the same.
    address = browser_page.url
    open_page(browser_page, address)
    assert wait_for_chart(browser_page, "compared_accuracy", names) == both


def picture_of_a_one() -> bytes:
    """Dark ink on light paper, as PNG."""
    paper = Image.new("L", (400, 500), 235)
    ImageDraw.Draw(paper).line([(200, 90), (200, 410)], fill=40, width=34)
    content = io.BytesIO()
    paper.save(content, "PNG")
    return content.getvalue()
