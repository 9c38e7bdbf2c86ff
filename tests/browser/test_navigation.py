"""The eight pages can be reached, by link and by URL, and look right in the ways that a browser differs."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from digits_core.dashboard.pages import PAGES
from tests.browser.conftest import Server, serve
from tests.browser.helpers import open_page, wait_for_app

pytestmark = pytest.mark.browser

TITLES = [entry.title for entry in PAGES.values()]


def menu(page: Page) -> list[tuple[str, str]]:
    """The links in the sidebar: name and path."""
    links = page.get_by_test_id("stSidebarNavLink")
    expect(links).to_have_count(len(PAGES))
    return [
        (link.inner_text().split("\n")[-1], urlsplit(link.get_attribute("href") or "").path) for link in links.all()
    ]


def test_a_first_visit_to_a_pages_own_url_finds_the_app_as_from_its_front(server: Server, browser_page: Page) -> None:
    open_page(browser_page, f"{server.url}/training")

    expect(browser_page).to_have_title("Training · Digits Lab")
    expect(browser_page.get_by_test_id("stAppViewContainer")).to_have_attribute("data-layout", "wide")
    direct = menu(browser_page)
    open_page(browser_page, server.url)
    assert direct == menu(browser_page) == [(entry.title, f"/{entry.url_path}") for entry in PAGES.values()]


@pytest.mark.parametrize("name", PAGES)
def test_each_page_opens_by_its_url(shared_server: Server, browser_page: Page, name: str) -> None:
    open_page(browser_page, f"{shared_server.url}/{PAGES[name].url_path}")

    expect(browser_page.get_by_role("heading", level=1)).to_have_text(PAGES[name].title)


def test_the_name_of_the_first_page_leads_to_the_front_with_what_the_address_says(
    shared_server: Server, browser_page: Page
) -> None:
    open_page(browser_page, f"{shared_server.url}/data?dataset=mnist-5k")

    expect(browser_page).to_have_url(re.compile(re.escape(f"{shared_server.url}/?dataset=mnist-5k")))
    expect(browser_page.get_by_test_id("stDialog")).to_have_count(0)
    expect(browser_page.get_by_role("heading", level=1)).to_have_text("Data")


def test_below_a_path_of_its_own_the_app_asks_for_nothing_outside_it(tmp_path: Path, browser_page: Page) -> None:
    """As behind a proxy that has other things at its root, JupyterHub's for one."""
    asked: list[str] = []
    browser_page.on("request", lambda request: asked.append(request.url))
    with serve(tmp_path, path="/lab") as server:
        open_page(browser_page, f"{server.url}/data")
        browser_page.locator(".js-plotly-plot").first.wait_for()
        browser_page.goto("about:blank")  # a page without its server would report that

    assert [url for url in asked if url.startswith("http") and not url.startswith(f"{server.url}/")] == []


def test_the_menu_leads_to_each_page(shared_server: Server, browser_page: Page) -> None:
    open_page(browser_page, shared_server.url)

    for entry in reversed(PAGES.values()):
        browser_page.get_by_test_id("stSidebarNavLink").filter(has_text=entry.title).click()
        expect(browser_page.get_by_role("heading", level=1)).to_have_text(entry.title)
        # What the page shows, such as the dataset, comes after the path.
        expect(browser_page).to_have_url(re.compile(re.escape(f"{shared_server.url}/{entry.url_path}") + r"(\?.*)?$"))


def test_the_links_at_the_end_lead_through_the_flow(shared_server: Server, browser_page: Page) -> None:
    open_page(browser_page, shared_server.url)

    # The front page is Data: lessons lead through all of them.
    for title in TITLES[TITLES.index("Data") + 1 :]:
        browser_page.get_by_role("link", name=f"Next: {title}").click()
        expect(browser_page.get_by_role("heading", level=1)).to_have_text(title)
        wait_for_app(browser_page)


@pytest.mark.parametrize("name", PAGES)
def test_no_page_scrolls_sideways_on_a_phone(shared_server: Server, browser_page: Page, name: str) -> None:
    browser_page.set_viewport_size({"width": 400, "height": 800})

    open_page(browser_page, f"{shared_server.url}/{PAGES[name].url_path}")

    overhang = browser_page.get_by_test_id("stMain").evaluate("main => main.scrollWidth - main.clientWidth")
    assert overhang == 0


def test_a_browser_that_prefers_dark_gets_dark(
    shared_server: Server, browser_page: Page, browser_context: BrowserContext
) -> None:
    assert brightness(browser_page, shared_server.url, "light") > 0.9
    assert brightness(browser_page, shared_server.url, "dark") < 0.1


def brightness(page: Page, url: str, scheme: str) -> float:
    """Of the app's background when the browser prefers `scheme`, from 0 (black) to 1 (white)."""
    page.emulate_media(color_scheme=scheme)
    open_page(page, url)
    colour = page.get_by_test_id("stApp").evaluate("app => getComputedStyle(app).backgroundColor")
    red, green, blue = (int(part) for part in re.findall(r"\d+", colour)[:3])
    return (red + green + blue) / 3 / 255
