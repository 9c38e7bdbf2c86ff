"""Links for a class: a page on a projector, turned by keys, and one by which nothing can be deleted."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, SharedServer, serve
from tests.browser.helpers import ask_chart, open_page, wait_for_app, wait_for_chart

pytestmark = pytest.mark.browser

STEPS = """
import streamlit as st

from digits_core.dashboard import presenter

presenter.begin()
st.session_state.setdefault("step", 1)


def go(by):
    st.session_state["step"] += by


with st.sidebar, st.container(key="lesson_column"):
    st.button("Back", key="lesson_back", on_click=go, args=(-1,), disabled=st.session_state["step"] == 1)
    st.button("Next", key="lesson_next", on_click=go, args=(1,))
    st.text_input("Why")
    st.slider("How many", 0, 10, 5)
with st.sidebar:
    st.button("Not of the lesson")
st.subheader(f"Step {st.session_state['step']}")
st.button("A control")
"""
"""A lesson's steps as the app draws them: buttons with the keys of the lesson's, in its column."""


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("steps")
    script = folder / "steps.py"
    script.write_text(STEPS, encoding="utf-8")
    with serve(folder, script) as server:
        yield server


def present(page: Page, url: str) -> None:
    """Open `url` in presenter mode, and wait until the keys are listened to."""
    open_page(page, f"{url}present=1")
    expect(page.locator("[data-listens]")).to_be_attached()


def expect_step(page: Page, number: int) -> None:
    expect(page.get_by_role("heading", level=3)).to_have_text(f"Step {number}")
    wait_for_app(page)


def test_on_a_projector_the_arrow_keys_turn_the_steps_of_a_lesson(steps: Server, browser_page: Page) -> None:
    present(browser_page, f"{steps.url}/?")
    expect_step(browser_page, 1)
    expect(browser_page.get_by_text("Not of the lesson")).to_be_hidden()
    expect(browser_page.get_by_text("A control")).to_be_hidden()

    for key, number in (("ArrowLeft", 1), ("ArrowRight", 2), ("ArrowRight", 3), ("ArrowLeft", 2)):
        browser_page.keyboard.press(key)
        expect_step(browser_page, number)


def test_the_keys_turn_no_step_while_one_types_or_moves_a_slider(steps: Server, browser_page: Page) -> None:
    present(browser_page, f"{steps.url}/?")
    browser_page.get_by_label("Why").fill("ab")
    browser_page.keyboard.press("ArrowLeft")
    browser_page.keyboard.press("ArrowRight")
    browser_page.get_by_role("slider").focus()
    browser_page.keyboard.press("ArrowRight")
    expect(browser_page.get_by_role("slider")).to_have_value("6")
    wait_for_app(browser_page)
    expect_step(browser_page, 1)

    # The keys are heard: elsewhere the same one turns.
    browser_page.get_by_role("heading", level=3).click()
    browser_page.keyboard.press("ArrowRight")
    expect_step(browser_page, 2)


def test_without_presenter_mode_the_keys_turn_nothing(steps: Server, browser_page: Page) -> None:
    open_page(browser_page, steps.url)
    browser_page.keyboard.press("ArrowRight")
    browser_page.get_by_role("button", name="Next").click()
    expect_step(browser_page, 2)
    expect(browser_page.get_by_text("A control")).to_be_visible()


def test_presenting_leaves_the_charts_in_larger_type_until_escape(
    shared_server: SharedServer, browser_page: Page
) -> None:
    browser_page.set_viewport_size({"width": 1280, "height": 720})
    open_page(browser_page, f"{shared_server.url}/training?run={shared_server.fast}")
    wait_for_chart(browser_page, "live_loss", "chart._fullLayout.width")
    usual = ask_chart(browser_page, "live_loss", "chart._fullLayout.xaxis.tickfont.size")

    browser_page.get_by_role("button", name="Present").click()
    expect(browser_page).to_have_url(re.compile("present=1"))
    expect(browser_page.get_by_test_id("stSidebarNav")).to_be_hidden()
    expect(browser_page.get_by_role("button", name="Train", exact=True)).to_be_hidden()
    wait_for_chart(browser_page, "live_loss", f"chart._fullLayout.xaxis.tickfont.size > {usual} || null")
    expect(browser_page.locator(".st-key-live_loss")).to_be_in_viewport(ratio=1)

    expect(browser_page.locator("[data-listens]")).to_be_attached()
    browser_page.keyboard.press("Escape")
    expect(browser_page.get_by_test_id("stSidebarNav")).to_be_visible()
    expect(browser_page).not_to_have_url(re.compile("present"))
    wait_for_chart(browser_page, "live_loss", f"chart._fullLayout.xaxis.tickfont.size === {usual} || null")


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
@pytest.mark.parametrize("name", ["", "network", "training", "runs", "recognise"])
def test_on_a_projector_the_picture_is_on_the_screen_and_nothing_leaves_it_sideways(
    shared_server: SharedServer, browser_page: Page, name: str, size: tuple[int, int]
) -> None:
    browser_page.set_viewport_size({"width": size[0], "height": size[1]})
    open_page(browser_page, f"{shared_server.url}/{name}?present=1")
    picture = browser_page.locator(".st-key-main_picture").first
    expect(picture).to_be_in_viewport(ratio=0.99)
    assert browser_page.evaluate("document.querySelector('.stMain').scrollWidth <= window.innerWidth")


def test_by_a_read_only_link_no_run_can_be_deleted_on_any_page(shared_server: SharedServer, browser_page: Page) -> None:
    open_page(browser_page, f"{shared_server.url}/runs?compare={shared_server.slow}&readonly=1")
    expect(browser_page.get_by_text("Read-only link")).to_be_visible()
    delete = browser_page.get_by_role("button", name="Delete")
    expect(delete).to_be_disabled()
    delete.evaluate("button => { button.disabled = false; button.click(); }")
    wait_for_app(browser_page)

    browser_page.get_by_test_id("stSidebarNavLink").filter(has_text="Training").click()
    expect(browser_page.get_by_role("heading", level=1)).to_have_text("Training")
    expect(browser_page).to_have_url(re.compile("readonly=1"))
    expect(browser_page.get_by_role("button", name="Train", exact=True)).to_be_disabled()
    browser_page.reload()
    wait_for_app(browser_page)
    expect(browser_page.get_by_text("Read-only link")).to_be_visible()
    open_page(browser_page, f"{shared_server.url}/training?run={shared_server.slow}")
    expect(browser_page.get_by_role("button", name="Train", exact=True)).to_be_enabled()


def test_a_link_is_made_in_the_menu_and_hides_and_forbids_what_was_chosen(
    shared_server: SharedServer, browser_page: Page
) -> None:
    open_page(browser_page, f"{shared_server.url}/?dataset=mnist-5k")
    browser_page.get_by_role("button", name="Link", exact=True).click()
    browser_page.get_by_text("Read-only", exact=True).click()
    hide = browser_page.get_by_role("combobox", name="Hide in the link")
    hide.click()
    browser_page.get_by_role("option", name="Views").click()
    address = browser_page.get_by_test_id("stPopoverBody").get_by_test_id("stCode")
    expect(address).to_have_text(f"{shared_server.url}/?dataset=mnist-5k&hide=view&readonly=1")

    open_page(browser_page, f"{shared_server.url}/?dataset=mnist-5k&hide=view&readonly=1")
    expect(browser_page.get_by_text("Overview")).to_be_hidden()
    browser_page.get_by_role("button", name="Show all").click()
    expect(browser_page.get_by_text("Overview")).to_be_visible()
