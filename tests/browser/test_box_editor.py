"""The editor of a sheet's boxes in a real browser: each key is pressed, and what it did is seen on page and in rows."""

import io
import re
from collections.abc import Iterator

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Server
from tests.browser.helpers import draw, open_page, poll, steady_box, wait_for_app
from tests.pictures import as_png, sheet

pytestmark = pytest.mark.browser


def photo(quarters: int = 0) -> bytes:
    """Two rows of digits, 0 1 7 and 4 1 0, and a dash that is left out; turned to the left."""
    with Image.open(io.BytesIO(sheet([[0, 1, 7], [4, 1, 0]]))) as picture:
        ImageDraw.Draw(picture).line([(340, 40), (380, 40)], fill=45, width=6)
        return as_png(picture.rotate(90 * quarters, expand=True))


def open_sheet(page: Page, server: Server, content: bytes) -> None:
    open_page(page, f"{server.url}/handwriting?way=Sheet")
    picture = {"name": "sheet.png", "mimeType": "image/png", "buffer": content}
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files([picture])
    page.locator(".editor .box").first.wait_for()
    wait_for_app(page)


@pytest.fixture
def page(shared_server: Server, browser_page: Page) -> Iterator[Page]:
    """A sheet of six boxes."""
    open_sheet(browser_page, shared_server, photo())
    expect(boxes(browser_page)).to_have_count(6)
    return browser_page


def boxes(page: Page) -> Locator:
    return page.locator(".editor .box")


def chosen(page: Page) -> Locator:
    return page.locator('.editor .box[aria-pressed="true"]')


def expect_labels(page: Page, *labels: str) -> None:
    """What is written on the boxes, by their numbers, once the page has answered."""
    expect(boxes(page).locator("b")).to_have_text(list(labels))


def expect_numbers(page: Page, *numbers: str) -> None:
    """The numbers of the boxes, which are given anew once the page has answered."""
    expect(boxes(page).locator(".number")).to_have_text(list(numbers))


def places(page: Page) -> list[str]:
    wait_for_app(page)
    return boxes(page).evaluate_all("all => all.map(box => box.style.cssText)")


def expect_places(page: Page, wanted: list[str]) -> None:
    poll(lambda: places(page) == wanted, 30, f"boxes at {wanted}")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_a_sheet_is_labelled_by_keys_alone_as_fast_as_they_are_pressed(page: Page) -> None:
    press(page, "0", "Enter", "1", "Enter", "7", "Enter", "4", "Enter", "1", "Enter", "8", "0")

    expect_labels(page, "0", "1", "7", "4", "1", "0")
    expect_numbers(page, "1", "2", "3", "4", "5", "6")
    expect(page.get_by_role("button", name="Save 6")).to_be_enabled()
    expect(chosen(page)).to_have_attribute("aria-label", "Box 6: labelled 0")
    # Each key is a step of its own to take back.
    press(page, "Control+z")
    expect(boxes(page).nth(5)).to_contain_text("8")
    press(page, *["Control+z"] * 6)
    expect_labels(page, *["?"] * 6)
    press(page, "Control+y", "Control+Shift+z")
    expect_labels(page, "0", "1", "?", "?", "?", "?")


def test_arrows_walk_from_box_to_box_and_delete_removes_the_chosen_one(page: Page) -> None:
    press(page, "ArrowRight", "ArrowDown")
    expect(chosen(page)).to_have_attribute("aria-label", "Box 5: no label")
    expect(chosen(page)).to_be_focused()
    press(page, "ArrowLeft", "ArrowUp")
    expect(chosen(page)).to_have_attribute("aria-label", "Box 1: no label")

    press(page, "3", "Delete")
    expect(page.get_by_text("sheet.png · 5 boxes")).to_be_visible()
    expect_numbers(page, "1", "2", "3", "4", "5")
    press(page, "Control+z")
    expect(page.get_by_text("sheet.png · 6 boxes")).to_be_visible()
    expect_labels(page, "3", "?", "?", "?", "?", "?")


def test_no_key_is_taken_from_what_is_typed_or_from_a_table(page: Page) -> None:
    press(page, "4")
    writer = page.locator(".st-key-writer input")
    writer.click()
    writer.press_sequentially("Ada 7")
    press(page, "Backspace", "Delete", "s")
    expect(writer).to_have_value("Ada s")
    press(page, "Enter")
    expect_labels(page, "4", "?", "?", "?", "?", "?")

    # A click on the picture gives the keys back to the boxes.
    boxes(page).nth(1).click()
    press(page, "1")
    expect_labels(page, "4", "1", "?", "?", "?", "?")


def test_a_box_is_moved_resized_drawn_split_and_joined_and_all_is_undone(page: Page) -> None:
    undo = page.get_by_role("button", name="Undo", exact=True)
    start = places(page)
    draw(page, [[(0.5, 0.5), (0.7, 0.3)]], boxes(page).nth(0))
    moved = places(page)
    assert moved != start
    draw(page, [[(0.5, 0.5), (2.5, 1.5)]], chosen(page).locator(".corner.se"))
    resized = places(page)
    assert resized != moved
    page.mouse.move(0, 0)

    draw(page, [[(0.88, 0.86), (0.97, 0.97)]], page.locator(".editor .paper"))
    expect(boxes(page)).to_have_count(7)
    wait_for_app(page)
    press(page, "2")
    expect(chosen(page)).to_have_attribute("aria-label", re.compile("labelled 2"))
    press(page, "ArrowLeft", "s")
    expect(boxes(page)).to_have_count(8)
    wait_for_app(page)
    press(page, "j")
    expect(boxes(page)).to_have_count(7)
    page.get_by_role("button", name="Delete all", exact=True).click()
    expect(boxes(page)).to_have_count(0)

    for count in (7, 8, 7):
        undo.click()
        expect(boxes(page)).to_have_count(count)
    undo.click()
    expect_labels(page, *["?"] * 7)
    undo.click()
    expect_places(page, resized)
    undo.click()
    expect_places(page, moved)
    undo.click()
    expect_places(page, start)
    expect(undo).to_be_disabled()


def test_a_mark_that_was_left_out_is_shown_with_its_reason_and_added_by_a_click(page: Page) -> None:
    page.get_by_text("1 mark was left out: 1 × a dash").click()
    page.get_by_text("Show on the picture").click()
    mark = page.locator(".editor").get_by_role("button", name="Left out: a dash")
    mark.click()
    expect(page.get_by_text("sheet.png · 7 boxes")).to_be_visible()
    expect(mark).to_have_count(0)
    press(page, "1")
    expect(page.get_by_role("button", name="Save 1", exact=True)).to_be_enabled()
    press(page, "Control+z", "Control+z")
    expect(mark).to_have_count(1)

    page.get_by_text("1 mark was left out: 1 × a dash").click()
    page.locator("[class*=sheet_left_out] .tile").click()
    expect(page.get_by_text("sheet.png · 7 boxes")).to_be_visible()


def test_a_sheet_on_its_side_is_turned_by_one_click(shared_server: Server, browser_page: Page) -> None:
    page = browser_page
    open_sheet(page, shared_server, photo(quarters=1))
    picture = page.locator(".editor img")
    lying = steady_box(picture)
    assert lying["height"] > lying["width"]
    press(page, "5")
    five = boxes(page).locator("b").get_by_text("5", exact=True)
    expect(five).to_have_count(1)
    page.get_by_role("button", name="Turn", exact=True).click()
    poll(lambda: (turned := steady_box(picture))["height"] < turned["width"], 30, "the picture to be turned")
    expect_labels(page, *["?"] * 6)

    page.get_by_role("button", name="Undo", exact=True).click()
    poll(lambda: (turned := steady_box(picture))["height"] > turned["width"], 30, "the picture to lie again")
    expect(five).to_have_count(1)


def test_a_sheet_that_was_left_is_found_again(page: Page) -> None:
    press(page, "0")
    expect(boxes(page).nth(0)).to_contain_text("0")
    page.get_by_role("button", name="Another sheet").click()
    page.get_by_role("button", name="Back to sheet.png").click()
    expect(boxes(page)).to_have_count(6)
    # The keys go on with the first box that has no label yet.
    press(page, "1")
    expect_labels(page, "0", "1", "?", "?", "?", "?")


def test_every_button_of_the_editor_has_a_name_and_says_what_it_does(page: Page) -> None:
    buttons = page.locator(".editor .bar button")
    named = buttons.evaluate_all("all => all.map(one => [one.getAttribute('aria-label') || one.innerText, one.title])")

    assert len(named) == len({name for name, _ in named}) == 17
    assert all(name and help for name, help in named)


def test_no_label_is_clipped_at_an_edge_of_the_picture(page: Page) -> None:
    paper = page.locator(".editor .paper")
    for number, edge in enumerate([(0, 0), (1, 0), (1, 1)], 7):
        inner = tuple(abs(side - 0.07) for side in edge)
        draw(page, [[inner, tuple(0.001 + 0.998 * side for side in edge)]], paper)
        expect(boxes(page)).to_have_count(number)
        wait_for_app(page)
        bar, picture, tag = (
            steady_box(each) for each in (page.locator(".editor .bar"), paper, chosen(page).locator(".tag"))
        )

        assert tag["y"] >= bar["y"] + bar["height"]
        assert tag["x"] >= picture["x"] - 3
        assert tag["x"] + tag["width"] <= picture["x"] + picture["width"] + 3


def test_a_finger_scrolls_until_it_is_told_to_draw(browser: Browser, shared_server: Server) -> None:
    context = browser.new_context(viewport={"width": 400, "height": 800}, has_touch=True, is_mobile=True)
    try:
        page = context.new_page()
        open_sheet(page, shared_server, photo())
        boxes(page).nth(2).tap()
        expect(chosen(page)).to_have_attribute("aria-label", "Box 3: no label")
        page.get_by_role("button", name="Label 7").tap()
        expect_labels(page, "?", "?", "7", "?", "?", "?")
        paper = page.locator(".editor .paper")
        assert paper.evaluate("one => getComputedStyle(one).touchAction") == "auto"
        page.get_by_role("button", name="Draw box").tap()
        assert paper.evaluate("one => getComputedStyle(one).touchAction") == "none"
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
    finally:
        context.close()
