"""The lessons 1 to 5 that come with the app, each walked from its first step to its last, right and wrong."""

import re
from collections.abc import Iterator
from zipfile import ZipFile

import pytest
from playwright.sync_api import Locator, Page, expect

from digits_core.lessons.hand_in_files import MANIFEST
from tests.browser.conftest import Server
from tests.browser.helpers import answer_of_server, draw, wait_for_app, wait_for_chart
from tests.browser.lesson_walks import (
    TRAINED_MS,
    answer_number,
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
    save_digit,
    serve_learners,
    start_lesson,
    train_as_filled_in,
)
from tests.pictures import STROKES

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve_learners(tmp_path_factory.mktemp("school")) as running:
        yield running


def main(page: Page) -> Locator:
    return page.get_by_test_id("stMain")


def chosen(page: Page, view: str) -> None:
    """This view of the page is shown."""
    expect(main(page).get_by_role("radio", name=view, exact=True)).to_be_checked()


def test_what_is_in_the_data(school: Server, browser_page: Page) -> None:
    page = browser_page
    lesson = start_lesson(page, school, "01-what-is-in-the-data", "Ada")
    follow(page, "Data")
    expect(page.get_by_role("combobox", name="Dataset")).to_have_value(re.compile("Optdigits"))
    main(page).locator("button.tile").first.click()
    expect(page.locator(".st-key-inspector")).to_contain_text("They are written in the cells")
    written = "chart.data[0].texttemplate && Array.from(chart.calcdata[0][0].z, row => row.length)"
    pixels = wait_for_chart(page, "large", written)
    assert pixels == [8] * 8

    # Going on before anything is predicted is possible, and tells no result.
    go_on(page, lesson, 2)
    follow(page, "Data")
    expect(page.get_by_role("combobox", name="Dataset")).to_have_value(re.compile("MNIST sample"))
    expect_uncommitted(page)
    go_on(page, lesson, 3)
    go_back(page, lesson, 2)
    answer_number(page, 181)
    expect(column(page).get_by_role("spinbutton")).to_have_attribute("aria-invalid", "true")
    expect_uncommitted(page)
    predict(page, 60)
    go_on(page, lesson, 3)
    predict(page, 100)

    # Both answers stand in the charts, and beside the step.
    go_on(page, lesson, 4)
    follow(page, "Data")
    expect(column(page)).to_contain_text("You predicted: 60 %")
    expect(column(page)).to_contain_text("You predicted: 100 images")
    for named in ("Mean image of each digit", "Variability of each digit"):
        expect(main(page).get_by_text(named, exact=True)).to_be_visible()
    expect(main(page)).to_contain_text("81% of all pixels are empty paper")
    counted = wait_for_chart(page, "balance", "chart._fullData.map(bars => [bars.name, ...Array.from(bars.y)])")
    assert ["test", *[100] * 10] in counted

    go_on(page, lesson, 5)
    follow(page, "Data")
    expect(main(page).get_by_text(re.compile(r"Labelled \d · \d+% say \d")).first).to_be_visible(timeout=TRAINED_MS)
    go_on(page, lesson, 6)
    follow(page, "Data")
    compared = main(page).get_by_role("row")
    expect(compared.filter(has_text="Images")).to_contain_text(re.compile(r"1,797.*5,000"))
    expect(compared.filter(has_text="Ink, share of the image")).to_contain_text(re.compile(r"30\.4%.*13\.1%"))
    expect(main(page).get_by_role("heading", name="Mean image of each digit")).to_be_visible()

    go_on(page, lesson, 7)
    follow(page, "Handwriting")
    expect_missing(page, "0 of 3 digits are collected")
    for digit in (0, 1):
        save_digit(page, digit)
    expect_missing(page, "2 of 3 digits are collected")
    save_digit(page, 7)
    expect_done(page)

    go_on(page, lesson, 8)
    explain(page, "   ")
    expect(column(page).locator(".st-key-lesson_result")).to_have_count(0)
    explain(page, "They show how new digits are read.")
    expect(column(page).locator(".st-key-lesson_result")).to_contain_text("An answer to compare yours with")
    finish(page, lesson)


def test_from_a_tuple_to_a_tensor(school: Server, browser_page: Page) -> None:
    page = browser_page
    lesson = start_lesson(page, school, "02-from-a-tuple-to-a-tensor", "Grace")
    follow(page, "Data")
    expect(page.locator(".st-key-inspector")).to_contain_text("index 0 · train")
    expect(page.locator(".st-key-inspector")).to_contain_text("8 × 8 numbers from 0 (paper) to 255 (ink)")
    main(page).get_by_text("Numbers as a table").click()
    expect(page.locator(".st-key-inspector").get_by_test_id("stDataFrame")).to_be_visible()

    go_on(page, lesson, 2)
    expect(column(page).locator(".st-key-lesson_result")).to_have_count(0)
    predict(
        page,
        (
            "array of 8 × 8 whole numbers, 0 to 255",
            "picture of 28 × 28 pixels",
            "tensor of 1 × 28 × 28 numbers, 0 to 1",
            "tensor of 1 × 28 × 28 numbers, −1 to 1",
        ),
    )
    expect(column(page)).to_contain_text("to 255 → picture of 28 × 28 pixels → tensor")
    go_on(page, lesson, 3)
    follow(page, "Transforms")
    expect(column(page)).to_contain_text("to 255 → picture of 28 × 28 pixels → tensor")
    shown = page.locator(".st-key-steps figure")
    expect(shown).to_contain_text(["(8, 8)", "8×8", "28×28", "float32 · 0 to", "float32 · −1 to"])

    go_on(page, lesson, 4)
    answer_number(page, 3)
    expect_uncommitted(page)
    predict(page, 0.5)
    go_on(page, lesson, 5)
    predict(page, 50)
    follow(page, "Transforms")
    size = page.get_by_role("spinbutton", name="Image size")
    size.fill("14")
    size.press("Enter")
    expect(shown.last).to_contain_text("(1, 14, 14)")
    wait_for_app(page)

    # Two epochs are not one; the link fills the form in anew.
    go_on(page, lesson, 6)
    expect_missing(page, "No run of yours has finished")
    follow(page, "Training")
    train_as_filled_in(page, Epochs=2)
    expect_missing(page, "It still needs epochs = 1 (it has 2)")
    follow(page, "Training")
    expect(page.get_by_role("spinbutton", name="Epochs", exact=True)).to_have_value("1")
    train_as_filled_in(page)
    expect_done(page)
    expect(main(page)).to_contain_text(re.compile(r"\d% on test images"))

    go_on(page, lesson, 7)
    follow(page, "Transforms")
    chosen(page, "Variants")
    expect(page.locator(".st-key-variants img")).to_be_visible()
    expect(main(page)).to_contain_text(re.compile("±15°.*±2 px", re.DOTALL))
    go_on(page, lesson, 8)
    explain(page, "Ink must mean the same number.")
    finish(page, lesson)


def test_where_816650_parameters_come_from(school: Server, browser_page: Page) -> None:
    page = browser_page
    lesson = start_lesson(page, school, "03-where-816650-parameters-come-from", "Emmy")
    follow(page, "Network")
    chosen(page, "By hand")
    assert wait_for_chart(page, "products", "chart.data[0].z.flat().length") == 9
    for named in ("Sum of 9 products", "+ bias", "= sum", "after ReLU"):
        expect(metric(page, named)).to_be_visible()
    before = metric(page, "= sum").inner_text()
    page.get_by_role("slider", name="Column").press("ArrowLeft")
    expect(metric(page, "= sum")).not_to_have_text(before)

    go_on(page, lesson, 2)
    predict(page, 12544)
    go_on(page, lesson, 3)
    follow(page, "Network")
    chosen(page, "Layers")
    chosen(page, "conv2")
    expect(main(page)).to_contain_text("32 · (16·3·3 + 1)")
    expect(main(page)).to_contain_text("4,640")
    go_on(page, lesson, 4)
    predict(page, 98)
    go_on(page, lesson, 5)
    follow(page, "Network")
    chosen(page, "fc1")
    expect(main(page).get_by_test_id("stDataFrame")).to_be_visible()
    expect(metric(page, "Parameters")).to_contain_text("816,650")
    size = page.locator(".st-key-all_layers").get_by_role("spinbutton", name="Image size")
    size.fill("14")
    size.press("Enter")
    expect(metric(page, "Parameters")).to_contain_text("214,538")
    wait_for_app(page)
    go_on(page, lesson, 6)
    predict(page, "It stays the same, because pooling has no parameters")

    # The network as it is has too many; with a second pooling, a quarter is left.
    go_on(page, lesson, 7)
    expect_missing(page, "None is saved yet")
    follow(page, "Network")
    chosen(page, "Build")
    expect(page.locator(".st-key-build_facts")).to_contain_text("816,650")
    save_network(page, "as it was")
    expect_missing(page, "The smallest that is saved has 816,650")
    page.get_by_label("Add a layer before conv2", exact=True).select_option(label="max pooling")
    expect(page.locator(".st-key-build_facts")).to_contain_text("214,538")
    save_network(page, "pooled twice")
    expect_done(page)
    go_on(page, lesson, 8)
    explain(page, "One weight per pair.")
    finish(page, lesson)


def metric(page: Page, label: str) -> Locator:
    return page.get_by_test_id("stMetric").filter(has_text=label)


def save_network(page: Page, name: str) -> None:
    """Save the network of the view Build under a name."""
    wait_for_app(page)
    main(page).get_by_role("button", name="Saved").click()
    field = page.get_by_test_id("stPopoverBody").get_by_role("textbox", name="Name", exact=True)
    field.fill(name)
    field.press("Enter")
    wait_for_app(page)
    page.locator(".st-key-network_save button").click()
    expect(page.get_by_test_id("stPopoverBody")).to_contain_text(name)
    wait_for_app(page)
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)


def test_four_epochs(school: Server, browser_page: Page) -> None:
    page = browser_page
    lesson = start_lesson(page, school, "04-four-epochs", "Alan")
    predict(page, 5752)
    go_on(page, lesson, 2)
    predict(page, 30)
    go_on(page, lesson, 3)
    # The step after it shows the run that is yet to be made: it says which step makes it.
    go_on(page, lesson, 4)
    expect(column(page)).to_contain_text("Step 3, “Train it”, comes first: this one uses its run.")
    go_back(page, lesson, 3)
    follow(page, "Training")
    train_as_filled_in(page, Epochs=1)
    expect_missing(page, "It still needs epochs = 4 (it has 1)")
    follow(page, "Training")
    train_as_filled_in(page)
    expect_done(page)
    expect(main(page).get_by_test_id("stCode")).to_contain_text("Epoch: 1/4, Loss: ")

    go_on(page, lesson, 4)
    follow(page, "Training")
    chosen(page, "Images")
    wait_for_chart(page, "live_watched", "chart.data.length")
    go_on(page, lesson, 5)
    follow(page, "Training")
    chosen(page, "Log")
    names = wait_for_chart(page, "live_accuracy", "chart.data.map(line => line.name)")
    assert {"training", "test"} <= set(names)
    explain(page, "Dropout.")
    go_on(page, lesson, 6)
    predict(page, "Higher by ten percentage points or more")

    # Longer, but in larger batches, too: then nobody knows what made the difference.
    go_on(page, lesson, 7)
    follow(page, "Training")
    train_as_filled_in(page, Batch_size=512)
    expect_missing(page, "settings that differ only in the")
    follow(page, "Training")
    train_as_filled_in(page)
    expect_done(page)
    go_on(page, lesson, 8)
    follow(page, "Runs")
    lines = wait_for_chart(page, "compared_accuracy", "chart._fullData.map(line => line.x.length)")
    assert sorted(set(lines)) == [4, 12]
    expect(main(page)).to_contain_text("settings differ between these 2 runs: epochs.")
    with page.expect_download(timeout=TRAINED_MS) as handed_in:
        column(page).get_by_role("button", name="Hand in").click()
    with ZipFile(handed_in.value.path()) as made:
        assert '"Dropout."' in made.read(MANIFEST).decode()
    finish(page, lesson)


def test_why_it_fails_on_my_hand(school: Server, browser_page: Page) -> None:
    page = browser_page
    lesson = start_lesson(page, school, "05-why-it-fails-on-my-hand", "Barbara")
    predict(page, 90)
    go_on(page, lesson, 2)
    follow(page, "Training")
    train_as_filled_in(page, Epochs=1)
    expect_missing(page, "It still needs epochs = 4 (it has 1)")
    follow(page, "Training")
    train_as_filled_in(page)
    expect_done(page)

    go_on(page, lesson, 3)
    follow(page, "Runs")
    chosen(page, "Datasets")
    expect(main(page).get_by_text("Accuracy on the test images of each dataset")).to_be_visible(timeout=TRAINED_MS)
    expect(main(page)).to_contain_text("Trained on optdigits · tested on mnist-5k.")
    go_on(page, lesson, 4)
    follow(page, "Runs")
    chosen(page, "Mistakes")
    wait_for_chart(page, "confusion", "chart.data.length")

    # Ten digits, one of them twice: the tenth is missing, and named.
    go_on(page, lesson, 5)
    follow(page, "Handwriting")
    for digit in (0, *range(9)):
        save_digit(page, digit)
    expect_missing(page, "10 of 10 digits are collected. Still to be written: 9.")
    save_digit(page, 9)
    expect_done(page)
    go_on(page, lesson, 6)
    predict(page, "Both see a small 7 in the corner")
    go_on(page, lesson, 7)
    follow(page, "Recognise")
    expect(column(page)).to_contain_text("You predicted: Both see a small 7 in the corner")
    draw(page, [[(0.05 + 0.3 * x, 0.05 + 0.3 * y) for x, y in stroke] for stroke in STROKES[7]])
    answers = answer_of_server(page, "compared_answers").locator(".answer")
    expect(answers).to_have_count(2)
    expect(answers).to_contain_text(["what the network sees"] * 2)
    expect(answers.last).to_contain_text("Starter")

    go_on(page, lesson, 8)
    follow(page, "Data")
    chosen(page, "Compare")
    expect(main(page).get_by_role("heading", name="Mean image of each digit")).to_be_visible()
    # The digits of the first lesson are beside those of this one.
    expect(main(page).get_by_role("row").filter(has_text="Images")).to_contain_text(re.compile(r"1,797\s*1[14]$"))
    explain(page, "Other framing.")
    finish(page, lesson)
