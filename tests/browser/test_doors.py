"""What others can reach: nothing beyond this machine, and nobody what another one draws."""

from collections.abc import Iterator
from contextlib import suppress

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server, serve
from tests.browser.helpers import CANVAS, draw, open_page, poll, wait_for_app
from tests.pictures import STROKES

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An app whose home lies on a path with spaces and umlauts."""
    with serve(tmp_path_factory.mktemp("Größe 5 für Ännchen")) as running:
        yield running


def listening(server: Server) -> dict[str, set[str]]:
    """By the command of each process of the app: on which addresses it listens."""
    found: dict[str, set[str]] = {}
    for process in [server.process, *server.process.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            places = {each.laddr.ip for each in process.net_connections() if each.status == psutil.CONN_LISTEN}
            found.setdefault(" ".join(process.cmdline()), set()).update(places)
    return found


def test_with_its_training_processes_it_listens_on_this_machine_alone(server: Server, browser_page: Page) -> None:
    open_page(browser_page, f"{server.url}/training")
    # Its workers come last: each of them listens, too.
    poll(lambda: any("spawn_main" in name and places for name, places in listening(server).items()), 120, "a worker")
    found = listening(server)

    assert any("digits_core.engine" in name and places for name, places in found.items())
    assert any("streamlit" in name and places for name, places in found.items())
    assert set().union(*found.values()) == {"127.0.0.1"}


def test_what_one_draws_is_seen_by_nobody_else(server: Server, browser: Browser, browser_page: Page) -> None:
    open_page(browser_page, f"{server.url}/handwriting")
    draw(browser_page, STROKES[7])
    expect(browser_page.get_by_role("button", name="Save as 0")).to_be_enabled()
    others = browser.new_context(viewport={"width": 1280, "height": 900})
    other = others.new_page()
    open_page(other, f"{server.url}/handwriting")
    other.locator(CANVAS).wait_for()
    wait_for_app(other)

    expect(other.get_by_text("Draw a 0 on the paper")).to_be_visible()
    expect(other.get_by_role("button", name="Save as 0")).to_be_disabled()
    expect(browser_page.get_by_role("button", name="Save as 0")).to_be_enabled()
    others.close()
