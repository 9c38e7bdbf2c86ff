"""A dataset that somebody brings: from the file on the disk to a network trained on it."""

import io
import pickle
import re

import pytest
import torch
from playwright.sync_api import Page, expect

from digits_core.data.builtin import read_optdigits
from tests.browser.conftest import Server
from tests.browser.helpers import open_page, wait_for_app

pytestmark = pytest.mark.browser

COUNT = 300


def lecture_pickle() -> bytes:
    """300 digits as the lecture has them: `(image, label)`, the image a tensor of (8, 8) with values of 0 to 16."""
    digits = read_optdigits()
    images = torch.from_numpy(digits.images[:COUNT].astype("float32")) * (16 / 255)
    content = io.BytesIO()
    pickle.dump(
        [(image.clone().round(), int(label)) for image, label in zip(images, digits.labels, strict=False)], content
    )
    return content.getvalue()


def upload(page: Page, name: str, content: bytes) -> None:
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        [{"name": name, "mimeType": "application/octet-stream", "buffer": content}]
    )


def choose_instead(page: Page, label: str, title: str, name: str, other: str) -> None:
    """Put the dataset called `title`, `name` in addresses, in the place of `other` in a list of datasets."""
    field = page.get_by_test_id("stMultiSelect").filter(has=page.get_by_role("combobox", name=label))
    field.get_by_role("combobox").fill(title)
    page.get_by_role("option", name=title).wait_for()
    field.get_by_role("combobox").press("Enter")
    field.get_by_role("combobox").press("Escape")
    expect(page).to_have_url(re.compile(f"{label.split()[0].lower()}={name}"))
    # A list that is being edited scrolls to its end, away from under the click.
    page.get_by_role("heading", level=1).click()
    wait_for_app(page)
    field.get_by_role("button", name=f"Remove {other}").click()
    expect(field.get_by_label(other, exact=True)).to_have_count(0)
    wait_for_app(page)


def test_a_pickle_in_the_lectures_shape_is_imported_and_trained_on(module_server: Server, browser_page: Page) -> None:
    open_page(browser_page, f"{module_server.url}/?view=Import")
    upload(browser_page, "digits.pkl", lecture_pickle())
    expect(browser_page.get_by_text("Found in digits.pkl")).to_be_visible(timeout=60_000)
    expect(browser_page.locator(".st-key-import_samples .tile")).to_have_count(12)

    name = browser_page.get_by_role("textbox", name="Name of the dataset")
    name.fill("Lecture pickle")
    name.press("Enter")
    browser_page.get_by_role("button", name="Keep").click()
    expect(browser_page.locator(".st-key-facts")).to_contain_text("300 images")
    expect(browser_page).to_have_url(re.compile("dataset=lecture-pickle"))

    browser_page.get_by_test_id("stSidebarNavLink").filter(has_text="Training").click()
    browser_page.get_by_role("button", name="Train", exact=True).wait_for()
    wait_for_app(browser_page)
    browser_page.get_by_text("Datasets and transform").click()
    for label in ("Train on", "Test on"):
        choose_instead(browser_page, label, "Lecture pickle", "lecture-pickle", "Optdigits 8×8")
    browser_page.get_by_role("button", name="Train", exact=True).click()
    expect(browser_page.get_by_text("finished in")).to_be_visible(timeout=180_000)


def test_a_dataset_is_renamed_deleted_and_brought_back(module_server: Server, browser_page: Page) -> None:
    open_page(browser_page, f"{module_server.url}/?view=Import")
    upload(browser_page, "digits.pkl", lecture_pickle())
    browser_page.get_by_role("button", name="Keep").click(timeout=60_000)
    expect(browser_page.locator(".st-key-facts")).to_contain_text("300 images")

    browser_page.get_by_role("button", name="Rename").click()
    name = browser_page.get_by_role("textbox", name="New name")
    name.fill("Ours")
    name.press("Enter")
    expect(browser_page.get_by_role("combobox", name="Dataset")).to_have_value("Ours")

    browser_page.get_by_role("button", name="Delete").click()
    expect(browser_page.get_by_text("Ours was deleted.")).to_be_visible()
    expect(browser_page.locator(".st-key-facts")).to_contain_text("1,797 images")
    browser_page.get_by_role("button", name="Undo").click()
    expect(browser_page.locator(".st-key-facts")).to_contain_text("300 images")


def test_a_file_that_wants_to_run_something_is_refused_and_runs_nothing(
    module_server: Server, browser_page: Page
) -> None:
    canary = module_server.home / "canary"
    open_page(browser_page, f"{module_server.url}/?view=Import")
    upload(browser_page, "evil.pkl", f"cos\nsystem\n(S'touch {canary}'\ntR.".encode())

    error = browser_page.get_by_test_id("stAlert")
    expect(error).to_contain_text("evil.pkl wants to call os.system", timeout=60_000)
    assert not canary.exists()
    expect(browser_page.get_by_role("button", name="Keep")).to_have_count(0)
