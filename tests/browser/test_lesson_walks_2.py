"""Built-in lessons from 6 on, each walked from start to end, right and wrong, as a learner would."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from digits_core.runs.starter import SWITCH
from tests.browser.conftest import Server, serve
from tests.browser.helpers import CANVAS, answer_of_server, draw, wait_for_app
from tests.browser.lesson_walks import (
    TRAINED_MS,
    column,
    expect_done,
    expect_missing,
    expect_uncommitted,
    explain,
    finish,
    follow,
    go_back,
    go_on,
    predict,
    press,
    save_digit,
    start_lesson,
    train_as_filled_in,
)
from tests.pictures import STROKES, sheet

pytestmark = pytest.mark.browser

STAR = [[(0.5, 0.12), (0.72, 0.85), (0.15, 0.4), (0.85, 0.4), (0.28, 0.85), (0.5, 0.12)]]


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An app in whose home there is Starter, as in a learner's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(SWITCH, raising=False)
        with serve(tmp_path_factory.mktemp("school")) as running:
            yield running


def metric(page: Page, label: str) -> Locator:
    """The figure of the view under a label; one in the head of the run may be called the same."""
    labelled = page.get_by_test_id("stMetric").filter(has=page.get_by_text(label, exact=True))
    return labelled.last.get_by_test_id("stMetricValue")


def percent(page: Page, label: str) -> float:
    return float(metric(page, label).inner_text().rstrip("%"))


def refuse_nothing(page: Page) -> None:
    """Save an explanation without a word in it: nothing is kept, and no answer opens."""
    press(page, "lesson_save")
    expect(column(page).locator(".st-key-lesson_result")).to_have_count(0)
    explain(page, "   ")
    expect(column(page).locator(".st-key-lesson_result")).to_have_count(0)


def test_my_handwriting_joins_the_training(school: Server, browser_page: Page) -> None:
    page = browser_page
    lesson = start_lesson(page, school, "06-my-handwriting-joins-the-training", "Maria")

    # Two digits on the paper, and three of each as a photo.
    expect_missing(page, "0 of 30 digits are collected")
    follow(page, "Handwriting")
    for digit in (0, 7):
        save_digit(page, digit)
    expect_missing(page, "2 of 30 digits are collected. Still to be written: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9.")
    page.get_by_role("radio", name="Sheet").click()
    wait_for_app(page)
    photo = {"name": "sheet.png", "mimeType": "image/png", "buffer": sheet([list(range(10))] * 3, cell=140)}
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files([photo])
    expect(page.get_by_text("sheet.png · 30 boxes")).to_be_visible()
    wait_for_app(page)
    page.get_by_role("button", name="Label rows and columns").click()
    page.get_by_role("button", name="Columns are 0, 1, 2").click()
    expect(page.get_by_role("button", name="Save 30")).to_be_enabled()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Save 30").click()
    expect_done(page)

    # Those held out are for testing, all of them.
    go_on(page, lesson, 2)
    follow(page, "Handwriting")
    counted = page.get_by_text(re.compile(r"^\d+ digits, newest first · 0 training, \d+ test$"))
    expect(counted).to_be_visible()
    shown, held_out = map(int, re.findall(r"(\d+) (?:digits|test)", counted.inner_text()))
    assert shown == held_out >= 6

    go_on(page, lesson, 3)
    expect_uncommitted(page)
    predict(page, "The one with my handwriting")
    go_on(page, lesson, 4)
    follow(page, "Training")
    train_as_filled_in(page, Epochs=1)
    expect_missing(page, "(it has 1)")
    follow(page, "Training")
    train_as_filled_in(page)
    expect_done(page)

    go_on(page, lesson, 5)
    expect_missing(page, "(it has optdigits)")
    go_on(page, lesson, 6)
    expect(column(page)).to_contain_text("You predicted: The one with my handwriting")
    expect(column(page)).to_contain_text("Step 5, “With my handwriting”, comes first")
    go_back(page, lesson, 5)
    follow(page, "Training")
    train_as_filled_in(page)
    expect_done(page)

    # Both runs on the same test digits.
    go_on(page, lesson, 6)
    follow(page, "Runs")
    across = page.locator(".js-plotly-plot").filter(has_text="Accuracy on the test images of each dataset")
    expect(across).to_contain_text(f"(n = {held_out})", timeout=TRAINED_MS)
    expect(across.locator(".legendtext")).to_have_count(2)

    go_on(page, lesson, 7)
    follow(page, "Recognise")
    page.locator(CANVAS).wait_for()
    draw(page, STROKES[7])
    expect(answer_of_server(page, "compared_answers").locator(".answer")).to_have_count(2)

    go_on(page, lesson, 8)
    refuse_nothing(page)
    explain(page, "More digits, and more seeds.")
    expect(column(page)).to_contain_text("A network reads well what looks like its training images")
    finish(page, lesson)


def test_when_to_trust_an_answer(school: Server, browser_page: Page) -> None:
    page = browser_page
    lesson = start_lesson(page, school, "10-when-to-trust-an-answer", "Ada")

    # Going on without a prediction is possible, and the step that comes back to it says so.
    expect_uncommitted(page)
    go_on(page, lesson, 2)
    expect(column(page)).to_contain_text("You have not answered “As sure as it is right?” yet.")
    go_back(page, lesson, 1)
    predict(page, 99)
    expect(column(page)).to_contain_text("90.6 %")

    # Starter's figures are those of the text.
    go_on(page, lesson, 2)
    expect(column(page)).to_contain_text("You predicted: 99 %")
    follow(page, "Runs")
    for label, value in {
        "Mean confidence": "90.58%",
        "Accuracy": "99.63%",
        "Expected calibration error": "9.05%",
        "Coverage": "89.1%",
        "Accuracy of the answers": "100.00%",
        "Wrong answers": "0",
        "I don't know": "148",
    }.items():
        expect(metric(page, label)).to_have_text(value)
    expect(page.get_by_text("too modest")).to_be_visible()

    go_on(page, lesson, 3)
    expect_uncommitted(page)
    predict(page, 20)
    go_on(page, lesson, 4)
    go_on(page, lesson, 5)
    expect(column(page)).to_contain_text("Step 4, “Train it”, comes first")
    go_back(page, lesson, 4)
    expect_missing(page, "No run of yours has finished")
    follow(page, "Training")
    train_as_filled_in(page, Epochs=1)
    expect_missing(page, "(it has 1)")
    follow(page, "Training")
    train_as_filled_in(page)
    expect_done(page)

    go_on(page, lesson, 5)
    expect(column(page)).to_contain_text("You predicted: 20 %")
    follow(page, "Runs")
    expect(page.get_by_text("too sure of itself")).to_be_visible()
    expect(page.locator(".js-plotly-plot").filter(has_text="Reliability (n = 1,000)")).to_be_visible()
    assert percent(page, "Mean confidence") > 3 * percent(page, "Accuracy")

    go_on(page, lesson, 6)
    expect_uncommitted(page)
    predict(page, "All ten are near 0, because it is not a digit")
    go_on(page, lesson, 7)
    expect(column(page)).to_contain_text("You predicted: All ten are near 0")
    follow(page, "Recognise")
    page.locator(CANVAS).wait_for()
    draw(page, STAR)
    expect(answer_of_server(page)).to_contain_text("not a digit?")
    expect(page.get_by_text("but unlike what this network learnt")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    draw(page, STROKES[7])
    expect(page.get_by_text("Close enough to the training images")).to_be_visible()
    expect(answer_of_server(page)).not_to_contain_text("not a digit?")

    go_on(page, lesson, 8)
    refuse_nothing(page)
    explain(page, "Its calibration on digits such as those that it will meet.")
    expect(column(page)).to_contain_text("First its accuracy and its calibration")
    finish(page, lesson)
