"""What is done before the browser has heard what the app made of the click before.

With every click the browser sends the values of all controls as it knows them, not yet those that the app has set.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from digits_core.config import RunConfig
from digits_core.training.recipes import RECIPES
from tests.browser.conftest import Server, SharedServer
from tests.browser.helpers import open_page, poll, wait_for_app


class Connection:
    """The way between a page and its app, on which answers can be held up."""

    def __init__(self, page: Page) -> None:
        self._held: list[bytes] | None = None
        page.route_web_socket("**/_stcore/stream**", self._connect)

    def _connect(self, browser: WebSocketRoute) -> None:
        self._browser = browser
        app = browser.connect_to_server()
        browser.on_message(app.send)
        app.on_message(self._pass_on)

    def _pass_on(self, message: str | bytes) -> None:
        if self._held is None:
            self._browser.send(message)
        else:
            self._held.append(message if isinstance(message, bytes) else message.encode())

    def was_answered(self, words: bytes) -> bool:
        """Whether a message that is held up has these words."""
        return any(
            words in (message if isinstance(message, bytes) else message.encode()) for message in self._held or []
        )

    @contextmanager
    def answers_held_up(self) -> Iterator[None]:
        """What the app says inside is heard at the end."""
        self._held = []
        yield
        held, self._held = self._held, None
        for message in held:
            self._browser.send(message)


@pytest.fixture
def connection(browser_page: Page) -> Connection:
    return Connection(browser_page)


def runs_of(server: Server) -> list[tuple[str, RunConfig]]:
    """The ids and configs of the runs of this app, the newest first."""
    with closing(sqlite3.connect(server.home / "digits.sqlite")) as database:
        rows = database.execute("SELECT id, config FROM runs ORDER BY number DESC").fetchall()
    return [(run_id, RunConfig.model_validate_json(config)) for run_id, config in rows]


def set_number(page: Page, label: str, number: str) -> None:
    """Type a number into a control of the form, and send it."""
    field = page.get_by_role("spinbutton", name=label, exact=True)
    field.fill(number)
    field.press("Enter")


def train_at_once(page: Page, server: Server) -> tuple[str, RunConfig]:
    """Press Train, and wait for the app to have started the run."""
    before = len(runs_of(server))
    page.get_by_role("button", name="Train", exact=True).click()
    wait_until(page, lambda: len(runs_of(server)) > before, "the new run")
    return runs_of(server)[0]


def wait_until(page: Page, condition: Callable[[], bool], what: str) -> None:
    """As `poll`, while the messages of the page go on, which pass through this process."""

    def look() -> bool:
        page.wait_for_timeout(50)
        return condition()

    poll(look, 30, what)


def stop(page: Page) -> None:
    page.get_by_test_id("stMainBlockContainer").get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped by hand")).to_be_visible(timeout=30_000)


def test_a_run_that_was_just_started_is_shown_whatever_is_set_at_once(
    shared_server: SharedServer, browser_page: Page, connection: Connection
) -> None:
    open_page(browser_page, f"{shared_server.url}/training?recipe=Lecture&epochs=60")
    with connection.answers_held_up():
        run_id, _config = train_at_once(browser_page, shared_server)
        set_number(browser_page, "Epochs", "3")
        wait_until(browser_page, lambda: connection.was_answered(b"epochs=3"), "the address with three epochs")
    wait_for_app(browser_page)

    expect(browser_page.get_by_role("spinbutton", name="Epochs", exact=True)).to_have_value("3")
    assert f"run={run_id}" in browser_page.url
    stop(browser_page)


def test_a_run_takes_all_of_a_recipe_that_was_chosen_just_before(
    shared_server: SharedServer, browser_page: Page, connection: Connection
) -> None:
    open_page(browser_page, f"{shared_server.url}/training")
    with connection.answers_held_up():
        browser_page.get_by_role("combobox", name="Recipe").click()
        browser_page.get_by_role("option", name="Robust").click()
        wait_until(browser_page, lambda: connection.was_answered(b"recipe=Robust"), "the address with the recipe")
        _run_id, config = train_at_once(browser_page, shared_server)
    wait_for_app(browser_page)

    assert config == RECIPES["Robust"].config
    stop(browser_page)


def test_a_click_before_the_browser_has_loaded_a_control_leaves_its_value(
    shared_server: SharedServer, browser_page: Page
) -> None:
    held: list[Route] = []
    browser_page.route("**/ButtonGroup*.js", lambda route: held.append(route))
    browser_page.goto(f"{shared_server.url}/data")
    browser_page.get_by_role("button", name="Link", exact=True).click()
    read_only = browser_page.get_by_text("Read-only", exact=True)
    read_only.wait_for()
    assert held
    for route in held:
        route.continue_()
    read_only.click()
    wait_for_app(browser_page)

    expect(browser_page.get_by_role("radio", name="Overview")).to_be_checked()
    expect(browser_page.get_by_text("Something unexpected")).to_be_hidden()
