"""What a learner does in the column of a lesson: says their name, predicts, explains, follows a link and goes on."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from digits_core.home import Home
from digits_core.lessons.lesson import Lesson
from digits_core.lessons.library import Library
from digits_core.runs.starter import SWITCH
from tests.browser.conftest import Server, serve
from tests.browser.helpers import CANVAS, answer_of_server, draw, open_page, wait_for_app
from tests.pictures import STROKES

TRAINED_MS = 600_000
"""The longest training of a lesson on a busy machine, the start of the engine included."""


def column(page: Page) -> Locator:
    return page.locator(".st-key-lesson_column")


def press(page: Page, key: str) -> None:
    column(page).locator(f".st-key-{key} button:visible").click()
    wait_for_app(page)


def begin(page: Page, url: str, name: str) -> None:
    """Open the app where `url` says, with a lesson open, as a learner who says their name."""
    open_page(page, url)
    column(page).get_by_role("textbox", name="Your name").fill(name)
    press(page, "learner_join")
    expect(column(page)).to_contain_text(f"· {name}")


def start_lesson(page: Page, server: Server, lesson: str, name: str) -> Lesson:
    """Open a lesson by the button of its card, as a learner who is new here; ends at its first step."""
    open_page(page, f"{server.url}/lessons")
    page.locator(f".st-key-lesson_open_{lesson} button").click()
    wait_for_app(page)
    column(page).get_by_role("textbox", name="Your name").fill(name)
    press(page, "learner_join")
    read = Library(Home(server.home)).get(lesson)
    assert read is not None
    expect(column(page)).to_contain_text(f"· {name}")
    expect_step(page, read, 1)
    return read


def expect_step(page: Page, lesson: Lesson, number: int) -> None:
    """The column shows this step: its number and its title."""
    expect(column(page)).to_contain_text(f"Step {number} of {len(lesson.steps)}")
    expect(column(page).get_by_role("heading", level=4)).to_have_text(lesson.steps[number - 1].title)
    wait_for_app(page)


def go_on(page: Page, lesson: Lesson, to: int) -> None:
    """Press Next, which leads to the step of this number."""
    press(page, "lesson_next")
    expect_step(page, lesson, to)


def go_back(page: Page, lesson: Lesson, to: int) -> None:
    press(page, "lesson_back")
    expect_step(page, lesson, to)


def follow(page: Page, heading: str) -> None:
    """Press the link of the step; it leads to the page of this heading."""
    column(page).locator(".st-key-lesson_place").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    wait_for_app(page)


def answer_number(page: Page, value: float) -> None:
    """Type a number into the prediction, without committing it."""
    field = column(page).get_by_role("spinbutton")
    field.fill(f"{value:g}")
    field.press("Tab")
    wait_for_app(page)


def expect_uncommitted(page: Page) -> None:
    """Nothing can be committed yet, and the result is not told."""
    expect(column(page).locator(".st-key-lesson_commit button")).to_be_disabled()
    expect(column(page).locator(".st-key-lesson_result")).to_have_count(0)


def predict(page: Page, value: str | float | Sequence[str]) -> None:
    """Commit a prediction: a choice, a number, or an order."""
    match value:
        case str():
            column(page).get_by_text(value, exact=True).click()
            wait_for_app(page)
        case int() | float():
            answer_number(page, value)
        case _:
            _put_in_order(page, value)
    press(page, "lesson_commit")
    expect(column(page)).to_contain_text("You predicted:")
    expect(column(page).locator(".st-key-lesson_commit")).to_have_count(0)
    expect(column(page).locator(".st-key-lesson_result")).to_be_visible()


def _put_in_order(page: Page, order: Sequence[str]) -> None:
    rows = column(page).locator(".st-key-lesson_order p")
    for place, each in enumerate(order):
        now = [text.split(". ", 1)[1] for text in rows.filter(has_text=".").all_inner_texts()]
        for above in range(now.index(each), place, -1):
            press(page, f"lesson_up_{above}")
            expect(rows.filter(has_text=f"{above}. {each}")).to_be_visible()


def explain(page: Page, text: str) -> None:
    """Write into the explanation and save it."""
    column(page).get_by_role("textbox").fill(text)
    press(page, "lesson_save")


def expect_missing(page: Page, words: str, timeout: float = TRAINED_MS) -> None:
    """The step is not done, and the column says what it still needs."""
    expect(column(page).locator(".st-key-lesson_missing")).to_contain_text(words, timeout=timeout)
    expect(column(page)).not_to_contain_text("Done")


def expect_done(page: Page, timeout: float = TRAINED_MS) -> None:
    expect(column(page).get_by_text("Done", exact=True)).to_be_visible(timeout=timeout)
    wait_for_app(page)


def _in_address(url: str, name: str) -> list[str]:
    return parse_qs(urlsplit(url).query).get(name, [])


def train_as_filled_in(page: Page, **instead: Any) -> None:
    """Press Train on the page Training; `instead` are other numbers than the form has, by their labels."""
    for label, value in instead.items():
        name, before = label.lower(), _in_address(page.url, label.lower())
        field = page.get_by_role("spinbutton", name=label.replace("_", " "), exact=True)
        field.fill(str(value))
        field.press("Enter")
        # The address says it, or nothing of it where the recipe has the same, once the server has it.
        page.wait_for_url(lambda url, name=name, before=before: _in_address(url, name) != before)
        wait_for_app(page)
    page.get_by_role("button", name="Train", exact=True).click()


def save_digit(page: Page, digit: int) -> None:
    """Draw a digit on the page Handwriting, label it by its key and save it; ends when the paper is empty again."""
    page.locator(CANVAS).wait_for()
    page.get_by_role("heading", level=1).click()  # the keys are for the page, not for a field of the column
    page.keyboard.press(str(digit))
    page.get_by_text(f"Draw a {digit} on the paper").wait_for()
    draw(page, STROKES[digit])
    expect(answer_of_server(page, "stored").locator(".picture")).to_be_visible()
    expect(page.get_by_role("button", name=f"Save as {digit}")).to_be_enabled()
    wait_for_app(page)
    page.get_by_role("button", name=f"Save as {digit}").click()
    expect(answer_of_server(page, "stored").locator(".picture")).to_have_count(0)
    wait_for_app(page)


def finish(page: Page, lesson: Lesson) -> None:
    """Leave the lesson by the button of its last step; its card says that all steps are done."""
    press(page, "lesson_next")
    expect(column(page)).to_have_count(0)
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Lessons").click()
    card = page.locator(f".st-key-lesson_card_{lesson.name}")
    expect(card).to_contain_text(f"All {len(lesson.steps)} steps done")


@contextmanager
def serve_learners(folder: Path) -> Iterator[Server]:
    """An app as a learner meets it, whose home holds nothing but Starter, which the lessons show, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(SWITCH, raising=False)
        with serve(folder) as running:
            yield running
