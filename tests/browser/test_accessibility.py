"""Everybody can use the pages: axe-core finds nothing, in light and in dark, that is not named here with its reason."""

from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from digits_core.dashboard.pages import PAGES
from tests.browser.conftest import SharedServer
from tests.browser.helpers import open_page, wait_for_app

pytestmark = pytest.mark.browser

ALLOWED = {
    # Hundreds of units stand side by side, smaller than a finger. What one of them leads to is also reached by the
    # number of its neuron under "By hand", which is the exception for equivalent controls (WCAG 2.5.8).
    "target-size": ('class="cell unit"',),
    # Streamlit's block of code: long lines scroll, and Tab does not reach them. Its copy button does.
    "scrollable-region-focusable": ('<pre class="st-emotion-cache-',),
}
"""Rules that are broken on purpose, or within Streamlit's own elements, each with what the HTML of these holds."""
OPTIONS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_on_a_page(
    shared_server: SharedServer, browser: Browser, name: str, scheme: Literal["light", "dark"]
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    try:
        page = context.new_page()
        open_page(page, f"{shared_server.url}/{PAGES[name].url_path}")
        page.locator(".st-key-page_head h1").wait_for()
        wait_for_app(page)
        violations = Axe().run(page, options=OPTIONS).response["violations"]
    finally:
        context.close()

    assert [words for each in violations for node in each["nodes"] if (words := _in_words(each, node))] == []


def _in_words(violation: dict[str, Any], node: dict[str, Any]) -> str:
    """What is wrong, in words; "" where it is one of those that are named above."""
    if any(part in node["html"] for part in ALLOWED.get(violation["id"], ())):
        return ""
    return f"{violation['id']}: {node['target']}: {node['html'][:160]}: {node['failureSummary'][:300]}"


def test_the_keyboards_place_is_seen_in_the_menu(shared_server: SharedServer, browser_page: Page) -> None:
    open_page(browser_page, shared_server.url)
    browser_page.keyboard.press("Tab")
    entry = browser_page.get_by_test_id("stSidebarNavLink").nth(1)
    entry.focus()

    expect(entry).to_have_css("outline-style", "solid")
    expect(entry).to_have_css("outline-width", "3px")
