"""The Handwriting page in a real browser: digits drawn by hand, a sheet corrected on the canvas, a deletion undone."""

import io
import re
import sqlite3

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Server
from tests.browser.helpers import CANVAS, answer_of_server, draw, open_page, poll, standing_still, wait_for_app
from tests.pictures import STROKES, sheet

pytestmark = pytest.mark.browser


def saved(server: Server) -> list[tuple[int, str]]:
    """Label and source of each sample that is not deleted, the oldest first."""
    with sqlite3.connect(server.home / "digits.sqlite") as database:
        query = "SELECT label, source FROM samples WHERE deleted IS NULL ORDER BY id"
        return database.execute(query).fetchall()


def chosen_label(page: Page) -> str:
    return page.locator(".st-key-label").get_by_role("radio", checked=True).inner_text()


def pixels(page: Page) -> str | None:
    """The image that will be stored, as the server has it; `None` while it is yet to answer."""
    picture = answer_of_server(page, "stored").locator(".picture")
    return picture.evaluate("canvas => canvas.toDataURL()") if picture.count() else None


def keep(page: Page, digit: int, strokes: list) -> None:
    """Draw a digit, choose its label by its key, and save it by Enter; ends when the paper is empty again."""
    page.keyboard.press(str(digit))
    page.get_by_text(f"Draw a {digit} on the paper").wait_for()
    draw(page, strokes)
    expect(page.get_by_role("button", name=f"Save as {digit}")).to_be_enabled()
    wait_for_app(page)
    page.keyboard.press("Enter")
    page.get_by_text(re.compile(r"Draw a \d on the paper")).wait_for()
    wait_for_app(page)


def undo(page: Page) -> None:
    """Take the last action back."""
    page.locator(".st-key-undo").get_by_role("button").click()


def boxes(page: Page, count: int) -> None:
    expect(page.get_by_text(f"sheet.png · {count} boxes")).to_be_visible(timeout=30_000)
    wait_for_app(page)


def drag(canvas: Locator, start: tuple[float, float], end: tuple[float, float]) -> None:
    """With the mouse, from one place to another, in fractions of the canvas."""
    draw(canvas.page, [[start, end]], canvas)


def test_keys_that_follow_a_stroke_at_once_save_it_with_the_label_that_they_say(
    server: Server, browser_page: Page
) -> None:
    open_page(browser_page, f"{server.url}/handwriting")
    browser_page.locator(CANVAS).wait_for()
    draw(browser_page, [[(0.3, 0.2), (0.7, 0.2)]])
    expect(browser_page.get_by_role("button", name="Save as 0")).to_be_enabled()
    wait_for_app(browser_page)
    draw(browser_page, [[(0.7, 0.2), (0.4, 0.8)]])
    browser_page.wait_for_timeout(250)  # the canvas waits for a fifth of a second for more before it sends a stroke
    with standing_still(server.process):  # as a busy one does: it hears of all keys at once
        for key in ("7", "Enter", "3"):
            browser_page.keyboard.press(key)
    poll(lambda: saved(server), 30, "the digit")

    assert saved(server) == [(7, "canvas")]
    poll(lambda: chosen_label(browser_page) == "3", 30, "the label of the next one")
    with sqlite3.connect(server.home / "digits.sqlite") as database:
        ((drawing,),) = database.execute("SELECT drawing FROM samples").fetchall()
    ink = np.asarray(Image.open(io.BytesIO(drawing)).convert("L"), dtype=float)
    assert abs(ink[len(ink) // 2 :] - ink[0, 0]).max() > 100, "the second stroke, which is below the first, was lost"
    undo(browser_page)
    poll(lambda: not saved(server), 30, "it to be taken back")


def test_ten_drawn_digits_are_in_the_dataset(server: Server, browser_page: Page) -> None:
    open_page(browser_page, f"{server.url}/handwriting")
    browser_page.locator(CANVAS).wait_for()
    # The suggestion goes on to the digit that is missing; a stroke too many is taken back.
    assert chosen_label(browser_page) == "0"
    draw(browser_page, STROKES[0])
    poll(lambda: pixels(browser_page) is not None, 30, "what will be stored")
    zero = pixels(browser_page)
    draw(browser_page, [[(0.1, 0.1), (0.2, 0.1)]])
    poll(lambda: pixels(browser_page) not in (None, zero), 30, "the second stroke to be seen")
    browser_page.get_by_role("button", name="Undo stroke").click()
    poll(lambda: pixels(browser_page) == zero, 30, "it to be taken back")
    browser_page.get_by_role("button", name="Save as 0").click()
    expect(browser_page.get_by_text("Draw a 1 on the paper")).to_be_visible()
    for digit in (1, 4, 7, 0, 1, 4, 7, 1, 7):
        keep(browser_page, digit, STROKES[digit])
    assert saved(server) == [(digit, "canvas") for digit in (0, 1, 4, 7, 0, 1, 4, 7, 1, 7)]

    undo(browser_page)
    poll(lambda: len(saved(server)) == 9, 30, "the last one to be taken back")
    keep(browser_page, 7, STROKES[7])
    open_page(browser_page, f"{server.url}/?dataset=handwriting")
    expect(browser_page.locator(".st-key-facts")).to_contain_text("10 images")


def test_a_sheet_is_corrected_on_the_picture_and_saved(server: Server, browser_page: Page) -> None:
    open_page(browser_page, f"{server.url}/handwriting?way=Sheet")
    picture = {"name": "sheet.png", "mimeType": "image/png", "buffer": sheet([[0, 0, 0], [1, 1, 1], [4, 7, 4]])}
    browser_page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files([picture])
    paper = browser_page.locator(".editor .paper")
    paper.wait_for(timeout=30_000)
    boxes(browser_page, 9)
    browser_page.get_by_role("button", name="Label rows and columns").click()
    browser_page.get_by_role("button", name="Rows are 0, 1, 2").click()
    expect(browser_page.get_by_role("button", name="Save 9")).to_be_enabled()
    browser_page.keyboard.press("Escape")
    expect(browser_page.get_by_role("button", name="Rows are 0, 1, 2")).to_be_hidden()

    # A box drawn on empty paper is one without ink.
    drag(paper, (0.9, 0.9), (0.97, 0.97))
    browser_page.keyboard.press("5")
    boxes(browser_page, 10)
    expect(browser_page.get_by_text("1 without ink")).to_be_visible()
    # The middle digit of the last row is deleted, and boxed anew as a 7.
    drag(paper, (0.5, 0.76), (0.5, 0.76))
    browser_page.get_by_role("button", name="Delete", exact=True).click()
    boxes(browser_page, 9)
    drag(paper, (0.4, 0.64), (0.6, 0.87))
    browser_page.keyboard.press("7")
    boxes(browser_page, 10)

    browser_page.get_by_role("button", name="Save 9").click()
    expect(browser_page.get_by_text("Saved 9 digits")).to_be_visible()
    assert saved(server) == [(label, "sheet") for label in (0, 0, 0, 1, 1, 1, 2, 2, 7)]
    open_page(browser_page, f"{server.url}/?dataset=handwriting")
    expect(browser_page.locator(".st-key-facts")).to_contain_text("9 images")

    # Two of them are deleted by their pictures, and brought back.
    open_page(browser_page, f"{server.url}/handwriting?way=Your+digits")
    tiles = browser_page.locator(".st-key-own_grid button.tile")
    tiles.nth(0).click()
    browser_page.get_by_role("button", name="Delete 1").wait_for()
    tiles.nth(3).click()
    browser_page.get_by_role("button", name="Delete 2").click()
    expect(browser_page.get_by_text("Deleted 2 digits")).to_be_visible()
    assert len(saved(server)) == 7
    undo(browser_page)
    poll(lambda: len(saved(server)) == 9, 30, "the two to come back")
    expect(browser_page.get_by_text("9 digits, newest first")).to_be_visible()

    browser_page.locator(".st-key-own_digits").get_by_text("7", exact=True).click()
    expect(browser_page.get_by_text("1 digit, newest first")).to_be_visible()
    expect(browser_page).to_have_url(re.compile("own_digits=7"))
    open_page(browser_page, browser_page.url)
    expect(browser_page.get_by_text("1 digit, newest first")).to_be_visible()


def test_a_narrow_screen_has_the_ten_labels_in_two_rows_of_five(shared_server: Server, browser_page: Page) -> None:
    browser_page.set_viewport_size({"width": 400, "height": 800})
    open_page(browser_page, f"{shared_server.url}/handwriting")
    labels = browser_page.locator(".st-key-label").get_by_role("radio")
    expect(labels).to_have_count(10)
    # All at once: what is still to come above them moves them.
    tops = labels.evaluate_all("labels => labels.map(label => label.getBoundingClientRect().top)")

    assert tops == sorted(tops)
    assert [tops.count(top) for top in sorted(set(tops))] == [5, 5]
