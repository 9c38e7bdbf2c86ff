"""The Recognise page in a real browser: a network trained there, all ten digits drawn, photos, numbers, comparisons."""

import io
import re
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.browser.helpers import (
    CANVAS,
    answer_of_server,
    draw,
    open_page,
    poll,
    probabilities,
    standing_still,
    wait_for_app,
    wait_for_chart,
)
from tests.pictures import STROKES, one_digit, sheet

pytestmark = pytest.mark.browser

TRAINING_SECONDS = 300
QUICK = 4
"""Epochs: enough of the Robust recipe to read what is drawn here."""


@pytest.fixture(scope="module")
def trained(module_server: Server, module_page: Page) -> Server:
    """A server on which the page itself trained its first network, cut short once it had learnt enough."""
    page = module_page
    open_page(page, f"{module_server.url}/recognise")
    page.get_by_role("button", name="Train the Robust recipe").click()
    page.get_by_text("this page goes on by itself").wait_for()
    database = module_server.home / "digits.sqlite"
    poll(lambda: len(rows(database, "SELECT 1 FROM epochs")) >= QUICK, TRAINING_SECONDS, "the first epochs")
    stop_training(page, module_server)
    return module_server


def stop_training(page: Page, server: Server) -> None:
    """End the run on the Training page, in another tab; the page that waited goes on by itself."""
    other = page.context.new_page()
    open_page(other, f"{server.url}/training")
    other.get_by_test_id("stMainBlockContainer").get_by_role("button", name="Stop").click()
    expect(other.get_by_text("Stopped by hand")).to_be_visible()
    other.close()
    expect(page.locator(CANVAS)).to_be_visible(timeout=60_000)


def rows(database: Path, query: str) -> list[tuple]:
    with sqlite3.connect(database) as opened:
        return opened.execute(query).fetchall()


def read_digit(page: Page, digit: int) -> None:
    """Draw on the empty paper, and wait until the digit is read."""
    draw(page, STROKES[digit])
    expect(answer_of_server(page).locator(".digit")).to_have_text(str(digit))


def clear(page: Page) -> None:
    page.get_by_role("button", name="Clear").click()
    page.get_by_text("Draw a digit from 0 to 9").wait_for()
    wait_for_app(page)
    # Whoever saved below has to scroll up again: the page's header would lie over the paper.
    page.get_by_role("heading", name="Recognise").scroll_into_view_if_needed()


def choose(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).click()
    wait_for_app(page)


def test_all_ten_digits_are_read_saved_with_their_label_and_seen_again(trained: Server, browser_page: Page) -> None:
    page, database = browser_page, trained.home / "digits.sqlite"
    open_page(page, f"{trained.url}/recognise")
    page.locator(CANVAS).wait_for()
    for digit in range(10):
        read_digit(page, digit)
        assert sum(probabilities(page)) == pytest.approx(1, abs=1e-4)
        if digit in (3, 8):
            page.locator(".st-key-drawing_digit_label").get_by_role("radio", name=str(digit)).click()
            page.get_by_role("button", name=f"Save as {digit}").click()
            query = "SELECT label, source, writer FROM samples ORDER BY id"
            wanted = [(each, "canvas", "me") for each in (3, 8) if each <= digit]
            poll(lambda query=query, wanted=wanted: rows(database, query) == wanted, 30, "the sample to be kept")
            wait_for_app(page)
        clear(page)

    choose(page, "History")
    expect(page.get_by_text("10 read in this session")).to_be_visible()
    tiles = page.locator(".st-key-recognise_history_tiles button.tile")
    expect(tiles).to_have_count(10)
    tiles.nth(8).click()
    expect(page.get_by_role("heading", name=re.compile("Read as 1"))).to_be_visible()


def test_a_drawing_waits_while_one_looks_elsewhere_and_a_stroke_is_taken_back(
    trained: Server, browser_page: Page
) -> None:
    page = browser_page
    open_page(page, f"{trained.url}/recognise")
    page.locator(CANVAS).wait_for()
    read_digit(page, 4)
    page.get_by_text("Steps of the preparation").click()
    expect(page.get_by_text("Centre of mass")).to_be_visible()
    choose(page, "History")
    expect(page.get_by_text("1 read in this session")).to_be_visible()
    choose(page, "Draw")
    expect(answer_of_server(page).locator(".digit")).to_have_text("4")

    before = probabilities(page)
    # By its key: the canvas has a button of that name itself.
    page.locator(".st-key-undo_recognise_canvas").get_by_role("button").click()
    # Half a four is another picture.
    poll(lambda: probabilities(page) not in ([], before), 30, "the stroke to go")


def test_digits_beside_each_other_are_read_as_a_number(trained: Server, browser_page: Page) -> None:
    page = browser_page
    open_page(page, f"{trained.url}/recognise?paper=A+number")
    page.locator(CANVAS).wait_for()
    digits = (1, 7, 0)
    strokes = [
        [(0.32 * place + 0.3 * x, y) for x, y in stroke]
        for place, digit in enumerate(digits)
        for stroke in STROKES[digit]
    ]
    draw(page, strokes)
    expect(page.get_by_test_id("stMetricValue")).to_have_text("170")
    assert wait_for_chart(page, "answer", "chart.data[0].z.length === 3 || null")


def test_a_photo_of_several_digits_is_read_and_saved(trained: Server, browser_page: Page) -> None:
    page, wanted = browser_page, [[1, 7, 0], [7, 1]]
    open_page(page, f"{trained.url}/recognise?input=Upload")
    picture = {"name": "photo.png", "mimeType": "image/png", "buffer": photo(wanted)}
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files([picture])
    expect(page.get_by_test_id("stMetricValue")).to_have_text("170 71", timeout=60_000)
    key = page.locator("[class*='st-key-photo_1']").first.get_attribute("class")
    labels = "chart._fullLayout.annotations.map(each => each.text.replace('?', '')).join('')"
    assert wait_for_chart(page, re.search(r"st-key-(photo_\d+)", key).group(1), labels) == "17071"

    page.get_by_role("button", name="Save 5 digits").click()
    labels = "SELECT label FROM samples WHERE source = 'sheet' ORDER BY id"
    database = trained.home / "digits.sqlite"
    poll(lambda: [row[0] for row in rows(database, labels)] == [1, 7, 0, 7, 1], 30, "the digits to be kept")


def test_a_reading_is_corrected_by_a_key_a_click_and_on_the_picture_and_each_is_undone(
    trained: Server, browser_page: Page
) -> None:
    page, text = browser_page, browser_page.get_by_test_id("stMetricValue")
    open_page(page, f"{trained.url}/recognise?input=Upload")
    picture = {"name": "sheet.png", "mimeType": "image/png", "buffer": sheet([[1, 7, 0]])}
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files([picture])
    expect(text).to_have_text("170", timeout=60_000)
    page.locator("[class*='st-key-photo_tiles_'] button.tile").nth(1).click()
    expect(page.get_by_text("Digit 2 is a")).to_be_visible()
    wait_for_app(page)
    expect(page.get_by_role("button", name="Undo correction")).to_be_disabled()
    with standing_still(trained.process):  # as a busy one does: it hears of all keys at once
        for key in ("4", "Delete", "z"):
            page.keyboard.press(key)
    expect(text).to_have_text("140")
    page.get_by_role("button", name="Drop digit").click()
    expect(text).to_have_text("10")

    page.get_by_text("Edit boxes").click()
    # The 7 again, at its place on a sheet of three cells.
    draw(page, [[(0.41, 0.36), (0.58, 0.72)]], page.locator(".editor .paper"))
    expect(text).to_have_text("170")
    page.get_by_role("button", name="Undo correction").click()
    expect(text).to_have_text("10")
    for wanted in ("140", "170"):
        page.get_by_role("button", name="Undo correction").click()
        expect(text).to_have_text(wanted)
    expect(page.get_by_role("button", name="Undo correction")).to_be_disabled()


def test_thirty_pictures_are_a_grid_with_one_inspector_by_mouse_keyboard_and_on_a_phone(
    trained: Server, browser_page: Page
) -> None:
    page = browser_page
    open_page(page, f"{trained.url}/recognise?input=Upload")
    pictures = [(f"{place:02}.png", one_digit(place % 10)) for place in range(28)]
    pictures += [("sheet.png", sheet([[1, 7, 0], [7, 1]])), ("notes.png", b"no picture")]
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        [{"name": name, "mimeType": "image/png", "buffer": content} for name, content in pictures]
    )
    expect(page.get_by_text("30 pictures, newest first · 1 not read")).to_be_visible(timeout=60_000)
    tiles = page.locator(".st-key-recognise_grid_tiles button.tile")
    expect(tiles).to_have_count(30)
    expect(tiles.nth(7).locator(".label")).to_have_text("7")
    expect(page.locator(".st-key-inspector").get_by_text("00.png")).to_be_visible()
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight") < 3000

    tiles.nth(28).click()
    expect(page.get_by_test_id("stMetricValue")).to_have_text("170 71")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-inspector").get_by_text("notes.png is not a picture")).to_be_visible()

    page.set_viewport_size({"width": 400, "height": 800})
    tiles.nth(1).click()
    expect(page.get_by_test_id("stMetricValue")).to_have_text("1")
    expect(page.locator(".st-key-inspector").get_by_text("01.png")).to_be_in_viewport()
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 400


def test_two_runs_read_the_same_drawing(trained: Server, browser_page: Page) -> None:
    page = browser_page
    open_page(page, f"{trained.url}/recognise?input=Compare&versus=Lecture+against+Robust")
    page.get_by_role("button", name="Train the Lecture recipe").click()
    # Robust is there already: with both, the story is told.
    expect(page.get_by_text("on test images of other hands")).to_have_count(2, timeout=TRAINING_SECONDS * 1000)

    choose(page, "Runs")
    expect(page).to_have_url(re.compile("readers=.*readers="))
    page.locator(CANVAS).wait_for()
    draw(page, STROKES[1])
    answers = answer_of_server(page, "compared_answers").locator(".answer")
    expect(answers).to_have_count(2)
    expect(answers.nth(1).locator(".bar")).to_have_count(10)
    expect(page.get_by_text(re.compile("All read a|They disagree|No run recognises"))).to_be_visible()


def photo(digits: list[list[int]]) -> bytes:
    """A sheet under uneven light, as JPEG."""
    tones = np.asarray(Image.open(io.BytesIO(sheet(digits))), dtype=float)
    light = np.linspace(1.0, 0.65, tones.shape[1]) * np.linspace(1.0, 0.9, tones.shape[0])[:, None]
    content = io.BytesIO()
    Image.fromarray((tones * light).astype(np.uint8)).convert("RGB").save(content, "JPEG", quality=85)
    return content.getvalue()
