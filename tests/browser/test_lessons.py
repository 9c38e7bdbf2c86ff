"""A lesson of three steps in a real browser: walked to its end, right and wrong, on two machines and on a phone."""

import re
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import Browser, Page, expect

from digits_core.dashboard.pages import PAGES
from digits_core.lessons.hand_in_files import MANIFEST
from tests.browser.conftest import Server, serve, train
from tests.browser.helpers import open_page, wait_for_app
from tests.browser.lesson_walks import TRAINED_MS, begin, column, press
from tests.browser.test_first_screen import LAPTOP, PHONE, is_inside, marked, sideways

pytestmark = pytest.mark.browser

WALK = """---
title: One epoch
minutes: 5
outcome: Train for an epoch.
---

## Guess
Nothing is trained yet.

```predict
open: data?dataset=optdigits&view=Samples
label: Open the samples
question: Is one epoch enough?
choices: ["Yes", "No"]
result: It depends on the data.
```

## Train
Train for one epoch.

```do
open: training?recipe=Lecture&epochs=1&batch_size=128
label: Open Training
recall: guess
check:
  run: {epochs: 1, batch_size: 128}
```

## Explain
Look at the run.

```explain
open: runs?runs_view=One run&run=@train
label: Open the run
question: What did it learn?
answer: The shapes of **digits**.
```
"""


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An app with a run and a lesson of its own."""
    folder = tmp_path_factory.mktemp("school")
    home = folder / "home"
    (home / "lessons").mkdir(parents=True)
    (home / "lessons" / "walk.md").write_text(WALK)
    train(home)
    with serve(folder) as running:
        yield running


def commit(page: Page, choice: str) -> None:
    column(page).get_by_text(choice, exact=True).click()
    wait_for_app(page)
    press(page, "lesson_commit")
    expect(column(page)).to_contain_text(f"You predicted: {choice}")


def another_tab(browser: Browser) -> Page:
    """A tab of somebody else's browser; end it by closing its context."""
    return browser.new_context(viewport={"width": 1280, "height": 900}).new_page()


def test_a_lesson_is_walked_from_start_to_end(school: Server, browser_page: Page) -> None:
    page = browser_page
    open_page(page, f"{school.url}/lessons")
    page.locator(".st-key-lesson_open_walk button").click()
    wait_for_app(page)
    column(page).get_by_role("textbox", name="Your name").fill("Ada")
    press(page, "learner_join")

    # Predict: the result opens after the prediction, which cannot be changed then.
    expect(column(page)).to_contain_text("Step 1 of 3")
    expect(column(page)).not_to_contain_text("It depends")
    commit(page, "Yes")
    expect(column(page)).to_contain_text("It depends on the data.")
    expect(column(page).get_by_role("radio")).to_have_count(0)

    # Do: another run than was asked for is not enough; a reload in between changes nothing.
    press(page, "lesson_next")
    expect(column(page)).to_contain_text("You predicted: Yes")
    expect(column(page)).to_contain_text("No run of yours has finished")
    column(page).get_by_role("link", name="Open Training").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Training")
    wait_for_app(page)
    page.get_by_role("spinbutton", name="Epochs", exact=True).fill("2")
    page.keyboard.press("Enter")
    wait_for_app(page)
    page.get_by_role("button", name="Train", exact=True).click()
    expect(column(page)).to_contain_text("Closest so far is", timeout=TRAINED_MS)
    expect(column(page)).not_to_contain_text("Done")
    page.reload()
    wait_for_app(page)
    expect(column(page)).to_contain_text("Step 2 of 3")
    expect(column(page)).to_contain_text("Closest so far is", timeout=TRAINED_MS)
    column(page).get_by_role("link", name="Open Training").click()
    wait_for_app(page)
    expect(page.get_by_role("spinbutton", name="Epochs", exact=True)).to_have_value("1")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(column(page)).to_contain_text("Done", timeout=TRAINED_MS)

    # Explain, beside the run of the step before; the way out leads to a card that says that all is done.
    press(page, "lesson_next")
    column(page).get_by_role("link", name="Open the run").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Runs")
    expect(page).to_have_url(re.compile(r"run=\w+.*lesson=walk\.3|lesson=walk\.3.*run=\w+"))
    wait_for_app(page)
    column(page).get_by_role("textbox").fill("Digits.")
    press(page, "lesson_save")
    expect(column(page)).to_contain_text("The shapes of digits.")
    with page.expect_download(timeout=TRAINED_MS) as handed_in:
        column(page).get_by_role("button", name="Hand in").click()
    with ZipFile(handed_in.value.path()) as made:
        assert MANIFEST in made.namelist()
        assert '"Digits."' in made.read(MANIFEST).decode()
    press(page, "lesson_next")
    expect(column(page)).to_have_count(0)
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Lessons").click()
    expect(page.locator(".st-key-lesson_card_walk")).to_contain_text("All 3 steps done")


def test_a_link_opens_the_lesson_at_its_step_and_the_menu_keeps_it_open(school: Server, browser_page: Page) -> None:
    begin(browser_page, f"{school.url}/network?lesson=walk.2", "Grace")

    for title in ("Data", "Training", "Recognise"):
        browser_page.get_by_test_id("stSidebarNavLink").filter(has_text=title).click()
        expect(browser_page.get_by_role("heading", level=1)).to_have_text(title)
        expect(browser_page).to_have_url(re.compile(r"lesson=walk\.2"))
        expect(column(browser_page)).to_contain_text("Step 2 of 3")
    wait_for_app(browser_page)
    press(browser_page, "lesson_back")
    expect(browser_page).to_have_url(re.compile(r"lesson=walk\.1"))
    browser_page.go_back()
    expect(column(browser_page)).to_contain_text("Step 2 of 3")
    wait_for_app(browser_page)
    press(browser_page, "lesson_close")
    expect(column(browser_page)).to_have_count(0)
    expect(browser_page).not_to_have_url(re.compile("lesson="))


def test_the_button_of_a_step_changes_the_page_that_is_open_already(school: Server, browser_page: Page) -> None:
    begin(browser_page, f"{school.url}/?dataset=mnist-5k&view=Overview&lesson=walk.1", "Linus")

    column(browser_page).get_by_role("link", name="Open the samples").click()

    expect(browser_page).to_have_url(re.compile("view=Samples"))
    expect(browser_page.locator(".st-key-view").get_by_role("radio", name="Samples")).to_be_checked()
    expect(browser_page.get_by_role("combobox", name="Dataset")).to_have_value(re.compile("Optdigits"))


def test_progress_follows_a_learner_to_another_browser_and_nobody_else(
    school: Server, browser: Browser, browser_page: Page
) -> None:
    begin(browser_page, f"{school.url}/lessons?lesson=walk.1", "Edsger")
    commit(browser_page, "No")
    same, other = another_tab(browser), another_tab(browser)
    try:
        begin(same, f"{school.url}/lessons?lesson=walk.1", "Edsger")
        begin(other, f"{school.url}/lessons?lesson=walk.1", "Barbara")

        expect(column(same)).to_contain_text("You predicted: No")
        expect(column(other)).not_to_contain_text("You predicted")
        expect(other.locator(".st-key-lesson_card_walk")).to_contain_text("3 steps")
    finally:
        same.context.close()
        other.context.close()


def test_another_learner_goes_on_in_the_same_browser(school: Server, browser_page: Page) -> None:
    begin(browser_page, f"{school.url}/lessons?lesson=walk.1", "Alan")
    commit(browser_page, "Yes")

    browser_page.locator(".st-key-learner_change button:visible").click()
    browser_page.locator(".st-key-other_learner_name input").fill("Joan")
    browser_page.locator(".st-key-other_learner_join button").click()

    expect(column(browser_page)).to_contain_text("· Joan")
    expect(column(browser_page)).not_to_contain_text("You predicted")


def test_on_a_phone_the_lesson_is_a_sheet_that_folds(school: Server, browser_page: Page) -> None:
    browser_page.set_viewport_size(PHONE)
    begin(browser_page, f"{school.url}/training?lesson=walk.2", "Ken")
    expect(column(browser_page).locator(".st-key-lesson_next")).to_be_in_viewport()
    assert sideways(browser_page) == 0

    column(browser_page).locator("summary").click()

    expect(column(browser_page).locator(".st-key-lesson_next")).to_be_hidden()
    expect(column(browser_page).locator("summary")).to_be_in_viewport()
    browser_page.get_by_role("button", name="Train", exact=True).click(trial=True)
    column(browser_page).locator("summary").click()
    wait_for_app(browser_page)
    press(browser_page, "lesson_next")
    expect(column(browser_page)).to_contain_text("Step 3 of 3")


# There are as many cards of lessons as a teacher likes.
@pytest.mark.parametrize("name", [name for name in PAGES if name != "lessons"])
def test_beside_a_lesson_a_page_keeps_its_action_and_its_picture_on_a_laptop(
    school: Server, browser_page: Page, name: str
) -> None:
    browser_page.set_viewport_size(LAPTOP)
    begin(browser_page, f"{school.url}/{PAGES[name].url_path}?lesson=walk.1", "Marie")
    boxes = {what: marked(browser_page, what) for what in ("main_action", "main_picture")}

    assert {what: box for what, box in boxes.items() if not is_inside(box, LAPTOP)} == {}
    assert sideways(browser_page) == 0


def test_a_file_that_is_not_a_lesson_says_so_and_does_not_bring_html_onto_the_page(
    school: Server, browser_page: Page
) -> None:
    path: Path = school.home / "lessons" / "hostile.md"
    path.write_text(WALK.replace("Nothing is trained yet.", "<img src=x onerror=alert(1)>"))
    try:
        open_page(browser_page, f"{school.url}/lessons")
        expect(browser_page.get_by_test_id("stAlert")).to_contain_text("hostile.md")
        expect(browser_page.locator("img[onerror]")).to_have_count(0)
    finally:
        path.unlink()
