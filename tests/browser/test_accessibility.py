"""Everybody can use the pages: axe-core finds nothing, in light and in dark, that is not named here with its reason."""

from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from digits_core.dashboard.pages import PAGES
from tests.browser.conftest import SharedServer
from tests.browser.helpers import open_page, wait_for_app

pytestmark = pytest.mark.browser

IN_STREAMLIT: dict[str, tuple[str, ...]] = {}
"""Rules that Streamlit's own elements break, each with the parts of a selector by which these are told from ours."""
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

    assert [words for each in violations for node in each["nodes"] if (words := _ours(each, node))] == []


def _ours(violation: dict[str, Any], node: dict[str, Any]) -> str:
    """What is wrong, in words; "" where it is an element of Streamlit's that is named above."""
    selector = str(node["target"])
    if any(part in selector for part in IN_STREAMLIT.get(violation["id"], ())):
        return ""
    return f"{violation['id']}: {selector}: {node['html'][:160]}: {node['failureSummary'][:300]}"
