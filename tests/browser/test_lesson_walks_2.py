"""The built-in lessons 6 to 10, each walked from start to end, right and wrong, as a learner would."""

import math
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
from tests.browser.test_network_build import add, turn
from tests.pictures import STROKES, sheet

pytestmark = pytest.mark.browser

STAR = [[(0.5, 0.12), (0.72, 0.85), (0.15, 0.4), (0.85, 0.4), (0.28, 0.85), (0.5, 0.12)]]
SMALLEST_FIRST = ("Softmax", "Tiny", "LeNet", "MLP")


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


def open_beside(page: Page, title: str) -> None:
    """Go to another page than the step's, by the menu."""
    page.get_by_test_id("stSidebarNavLink").filter(has_text=title).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    wait_for_app(page)


def save_network(page: Page, name: str) -> None:
    """Keep what is in Build under a name."""
    wait_for_app(page)
    page.get_by_role("button", name="Saved (").click()
    field = page.get_by_role("textbox", name="Name", exact=True)
    field.fill(name)
    field.press("Enter")
    wait_for_app(page)
    page.locator(".st-key-network_save button").click()
    expect(field).to_have_value("")
    wait_for_app(page)
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()


def choose_one_cycle(page: Page) -> None:
    page.get_by_text("More settings", exact=True).click()
    wait_for_app(page)
    page.get_by_role("combobox", name="Schedule").click()
    page.get_by_role("option", name="One cycle").click()
    wait_for_app(page)


CURVES = """title => {
    const chart = [...document.querySelectorAll(".js-plotly-plot")].find(
        chart => chart._fullLayout?.title.text.startsWith(title));
    const drawn = chart?._fullData.filter(curve => curve.y?.length && curve.line?.dash !== "dot");
    return drawn?.length ? drawn.map(curve => [...curve.y]) : null;
}"""


def solid_curves(page: Page, title: str) -> list[list[float]]:
    """What the solid lines of the chart with this title show, epoch by epoch, once it is there."""
    return page.wait_for_function(CURVES, arg=title).json_value()


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


def test_what_training_time_depends_on(school: Server, browser_page: Page) -> None:
    page = browser_page
    lesson = start_lesson(page, school, "07-what-training-time-depends-on", "Nils")
    expect_uncommitted(page)
    predict(page, "Twice as many epochs")
    go_on(page, lesson, 2)
    expect_uncommitted(page)
    predict(page, 6)

    # What was trained in another way does not count, whatever it varies.
    go_on(page, lesson, 3)
    expect(column(page)).to_contain_text("You predicted: 6 steps")
    expect_missing(page, "there are 0.")
    open_beside(page, "Training")
    train_as_filled_in(page, Epochs=1, Batch_size=256)
    expect(page.get_by_text("· finished in")).to_be_visible(timeout=TRAINED_MS)
    expect_missing(page, "there are 0.")
    go_on(page, lesson, 4)
    expect(column(page)).to_contain_text("Step 3, “Six batch sizes”, comes first")
    go_back(page, lesson, 3)
    follow(page, "Runs")
    expect(page.get_by_text("6 runs", exact=True)).to_be_visible()
    page.get_by_role("button", name="Start the sweep").click()
    expect_done(page)

    # Six points, and the same ones seen from the other side.
    go_on(page, lesson, 4)
    follow(page, "Runs")
    scatter = page.locator(".st-key-scatter")
    expect(scatter).to_contain_text("Training time (s) against Batch size (n = 6)")
    up = page.get_by_role("combobox", name="Up", exact=True)
    up.click()
    up.fill("Accuracy")  # of the many options, only some are drawn
    page.get_by_role("option", name="Accuracy", exact=True).click()
    expect(scatter).to_contain_text("against Batch size (n = 6)")
    expect(scatter).not_to_contain_text("Training time")

    go_on(page, lesson, 5)
    predict(page, ["0.001", "0.0001", "0.05"])
    go_on(page, lesson, 6)
    expect(column(page)).to_contain_text("You predicted: 0.001 → 0.0001 → 0.05")
    expect_missing(page, "that differ only in the learning rate are asked for; there are 1.")
    follow(page, "Training")
    train_as_filled_in(page, Batch_size=256)
    train_as_filled_in(page, Batch_size=16)
    expect_missing(page, "there are 2.")
    train_as_filled_in(page, Learning_rate=0.05)
    expect_done(page)

    go_on(page, lesson, 7)
    follow(page, "Runs")
    expect(page.get_by_text("settings differ between these 3 runs: learning rate.")).to_be_visible()
    assert sum(abs(curve[-1] - math.log(10)) < 0.1 for curve in solid_curves(page, "Loss")) == 1
    assert [accuracy < 0.2 for accuracy in sorted(curve[-1] for curve in solid_curves(page, "Accuracy"))] == [
        True,
        False,
        False,
    ]

    go_on(page, lesson, 8)
    refuse_nothing(page)
    explain(page, "It takes fewer steps.")
    expect(column(page)).to_contain_text("It sees as many images but takes far fewer steps")
    finish(page, lesson)


def test_optimizers_and_loss_functions(school: Server, browser_page: Page) -> None:
    page = browser_page
    lesson = start_lesson(page, school, "08-optimizers-and-loss-functions", "Grace")
    expect_uncommitted(page)
    predict(page, "Both the same, because the learning rate is the same")

    # The step after a training that is yet to be done says which comes first.
    go_on(page, lesson, 2)
    expect_missing(page, "No run of yours has finished")
    go_on(page, lesson, 3)
    expect_missing(page, "The step “Train with Adam” comes first")
    go_back(page, lesson, 2)
    follow(page, "Training")
    train_as_filled_in(page, Epochs=1)
    expect_missing(page, "(it has 1)")
    follow(page, "Training")
    train_as_filled_in(page)
    expect_done(page)

    # With a batch size of its own, too, a run differs in more than the optimizer.
    go_on(page, lesson, 3)
    expect(column(page)).to_contain_text("You predicted: Both the same")
    follow(page, "Training")
    train_as_filled_in(page, Batch_size=256)
    expect_missing(page, "settings that differ only in the optimizer from those of")
    follow(page, "Training")
    train_as_filled_in(page)
    expect_done(page)

    go_on(page, lesson, 4)
    expect_missing(page, "accuracy ≥ 92.00% (it has 8")
    follow(page, "Training")
    train_as_filled_in(page, Learning_rate=0.02)
    expect_done(page)

    go_on(page, lesson, 5)
    predict(page, ["Multi-margin", "Mean squared error", "Cross-entropy"])
    go_on(page, lesson, 6)
    expect(column(page)).to_contain_text("You predicted: Multi-margin → Mean squared error → Cross-entropy")
    expect_missing(page, "settings that differ only in the loss function from those of")
    go_on(page, lesson, 7)
    expect(column(page)).to_contain_text("Step 6, “Train with another loss”, comes first")
    go_back(page, lesson, 6)
    follow(page, "Training")
    train_as_filled_in(page)
    expect_done(page)

    # Two losses on two scales, and nothing else that differs.
    go_on(page, lesson, 7)
    follow(page, "Runs")
    expect(page.get_by_text("settings differ between these 2 runs: loss function.")).to_be_visible()
    first, second = sorted(solid_curves(page, "Loss"), key=lambda curve: curve[0])
    assert all(5 * mine < other for mine, other in zip(first, second, strict=True))
    assert all(curve[-1] > 0.95 for curve in solid_curves(page, "Accuracy"))

    go_on(page, lesson, 8)
    refuse_nothing(page)
    explain(page, "Each loss has a unit of its own.")
    expect(column(page)).to_contain_text("Losses are measured in units of their own")
    finish(page, lesson)


def test_your_own_network(school: Server, browser_page: Page) -> None:
    page = browser_page
    lesson = start_lesson(page, school, "09-your-own-network-as-small-as-you-can", "Lin")

    # A change is seen in the total, and taken back.
    follow(page, "Network")
    facts = page.locator(".st-key-build_facts")
    expect(facts).to_contain_text("816,650")
    turn(page, "channels", "conv1", "8")
    expect(facts).not_to_contain_text("816,650")
    page.get_by_role("button", name="Undo").click()
    expect(facts).to_contain_text("816,650")
    wait_for_app(page)

    go_on(page, lesson, 2)
    predict(page, [asked for each in SMALLEST_FIRST for asked in lesson.steps[1].order if asked.startswith(each)])
    expect(column(page)).to_contain_text("Softmax regression 7,850, Tiny CNN 9,098, LeNet-5 61,706, MLP 128 101,770")
    go_on(page, lesson, 3)
    follow(page, "Training")
    train_as_filled_in(page)
    expect_done(page)
    go_on(page, lesson, 4)
    expect_uncommitted(page)
    go_on(page, lesson, 5)
    expect(column(page)).to_contain_text("You have not answered “What do 1,248 parameters buy?” yet.")
    go_back(page, lesson, 4)
    predict(page, "Clearly higher")

    # A network that is too large is saved, and is not enough.
    go_on(page, lesson, 5)
    expect_missing(page, "None is saved yet.")
    open_beside(page, "Network")
    page.get_by_role("combobox", name="Start from").click()
    page.get_by_role("option", name="LeNet-5").click()
    save_network(page, "too large")
    expect_missing(page, "The smallest that is saved has 61,706.")
    follow(page, "Network")
    expect(facts).to_contain_text("9,098")
    save_network(page, "tiny")
    expect_done(page)

    # The first network was not enough for 97 %; Tiny CNN with a better schedule is.
    go_on(page, lesson, 6)
    expect_missing(page, "accuracy ≥ 97.00% (it has 8")
    follow(page, "Training")
    choose_one_cycle(page)
    train_as_filled_in(page, Learning_rate=0.006)
    expect_done(page)

    # The network of the hint; the form keeps the data and the schedule.
    go_on(page, lesson, 7)
    expect_missing(page, "fewer parameters than")
    follow(page, "Network")
    for kind, layer in (("convolution", "conv3"), ("max pooling", "pool3")):
        add(page, kind, "the logits")
        expect(page.get_by_role("group", name=f"{layer}: {kind}")).to_be_visible()
    turn(page, "channels", "conv3", "16")
    expect(facts).to_contain_text("5,018")
    page.get_by_role("link", name="Use in training").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Training")
    wait_for_app(page)
    train_as_filled_in(page)
    expect_done(page)

    go_on(page, lesson, 8)
    follow(page, "Runs")
    expect(page.get_by_text("settings differ between these 2 runs")).to_be_visible()
    refuse_nothing(page)
    explain(page, "A pooling before the vector.")
    expect(column(page)).to_contain_text("Most parameters lie where maps become a vector")
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
