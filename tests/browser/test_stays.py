"""What a page says that stays is there after a visit to another page; what belongs to one page stays on it."""

import pytest
from playwright.sync_api import Page, expect

from digits_core.config import DataConfig, RunConfig, TrainingConfig
from digits_core.data.catalogue import Catalogue
from digits_core.data.handwriting_store import Handwriting, NewSample
from digits_core.database import Database
from digits_core.home import Home
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.execution import execute
from digits_core.runs.store import RunStore
from tests.browser.conftest import Server
from tests.browser.helpers import CANVAS, draw, open_page, wait_for_app
from tests.pictures import STROKES, one_digit, sheet

pytestmark = pytest.mark.browser

ONLY = "optdigits"
MINE = "handwriting"


@pytest.fixture(scope="module")
def two_runs(module_server: Server) -> Server:
    """A server whose home has a run without handwriting and one with it, and a writer's digits to compare them on."""
    home = Home(module_server.home).create()
    database = Database(home.database)
    catalogue, store = Catalogue(home, database), RunStore(database)
    images = catalogue.load("mnist-5k").images[:40]
    Handwriting(database).add_all([NewSample(image, place % 10, "me", "canvas") for place, image in enumerate(images)])
    for names in ((ONLY,), (ONLY, MINE)):
        config = RunConfig(data=DataConfig(train=names, test=names), training=TrainingConfig(epochs=1, batch_size=64))
        run = store.create(config, "test")
        for event in execute(config, catalogue.load, Artifacts(home.run(run.id))):
            store.apply(run.id, event)
    database.close()
    return module_server


def visit(page: Page, name: str) -> None:
    """Go to another page by the menu, as a person does: the session stays."""
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
    page.get_by_role("heading", name=name, exact=True, level=1).wait_for()
    wait_for_app(page)


def test_uploaded_pictures_stay_until_they_are_removed(two_runs: Server, browser_page: Page) -> None:
    page = browser_page
    open_page(page, f"{two_runs.url}/recognise?input=Upload")
    pictures = [("one.png", one_digit(1)), ("many.png", sheet([[1, 0], [7, 4]]))]
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        [{"name": name, "mimeType": "image/png", "buffer": content} for name, content in pictures]
    )
    answers = page.locator(".st-key-recognise_grid_tiles button.tile .label")
    expect(page.get_by_text("2 pictures, newest first")).to_be_visible(timeout=120_000)
    expect(answers).to_have_count(2)
    wait_for_app(page)
    read = answers.all_inner_texts()

    visit(page, "Data")
    visit(page, "Recognise")
    page.get_by_role("radio", name="Upload", exact=True).click()
    expect(answers).to_have_text(read)
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(answers).to_have_count(0)


def test_a_drawing_stays_and_what_was_saved_is_undone_where_it_was_saved(two_runs: Server, browser_page: Page) -> None:
    page = browser_page
    open_page(page, f"{two_runs.url}/handwriting")
    page.locator(CANVAS).wait_for()
    draw(page, STROKES[7])
    save = page.get_by_role("button", name="Save as")
    expect(save).to_be_enabled()
    visit(page, "Data")
    visit(page, "Handwriting")
    expect(save).to_be_enabled()
    save.click()
    saved = page.get_by_text("Saved 1 digit")
    expect(saved).to_be_visible()

    visit(page, "Recognise")
    page.locator(CANVAS).wait_for()
    wait_for_app(page)
    expect(saved).to_have_count(0)
    visit(page, "Handwriting")
    expect(saved).to_be_visible()


def test_before_and_after_show_each_held_out_digit(two_runs: Server, browser_page: Page) -> None:
    page = browser_page
    open_page(page, f"{two_runs.url}/recognise")
    page.get_by_text("Train again with my handwriting").click()
    # A component that cannot read what it is sent draws no tile at all.
    expect(page.locator(".st-key-before_after .tile canvas").first).to_be_visible()
