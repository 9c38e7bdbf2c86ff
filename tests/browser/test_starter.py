"""A new home reads the first digit that is drawn, with the run that came with the app; once deleted, it stays away."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from digits_core.runs.starter import SWITCH
from tests.browser.conftest import serve
from tests.browser.helpers import CANVAS, answer_of_server, draw, open_page, wait_for_app
from tests.pictures import STROKES

pytestmark = pytest.mark.browser

HELD = """
import os, sys, time


class Gate:
    def find_spec(self, name, path=None, target=None):
        while name == "torch" and not os.path.exists(os.environ["GATE"]):
            time.sleep(0.05)


sys.meta_path.insert(0, Gate())
"""
"""What the app's Python runs first: PyTorch is not to be had until there is a file at `GATE`."""


def test_the_first_digit_drawn_is_read_and_a_deleted_starter_stays_away(
    tmp_path: Path, browser_page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SWITCH)
    page = browser_page
    with serve(tmp_path) as server:
        open_page(page, server.url)
        page.get_by_test_id("stSidebarNavLink").filter(has_text="Recognise").click()
        page.locator(CANVAS).wait_for()
        wait_for_app(page)
        draw(page, STROKES[7])
        expect(answer_of_server(page).locator(".digit")).to_have_text("7")
        expect(page.get_by_text("Not a digit", exact=False)).to_have_count(0)

        open_page(page, f"{server.url}/runs")
        main = page.get_by_test_id("stMainBlockContainer")
        main.get_by_role("button", name="Delete", exact=True).click()
        expect(main.get_by_text("Deleted run #1")).to_be_visible()
        page.goto("about:blank")  # or it would miss the app, and say so

    with serve(tmp_path) as server:
        open_page(page, f"{server.url}/runs")
        expect(page.get_by_role("button", name="Delete", exact=True)).to_be_disabled()
        expect(page.get_by_text("Starter")).to_have_count(0)
        page.goto("about:blank")


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file without which an app that is served cannot import PyTorch."""
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "sitecustomize.py").write_text(HELD, encoding="utf-8")
    file = tmp_path / "torch_may_come"
    monkeypatch.delenv(SWITCH)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "python"))
    monkeypatch.setenv("GATE", str(file))
    return file


def test_the_first_digit_is_read_by_the_browser_before_pytorch_is_loaded(
    tmp_path: Path, browser_page: Page, gate: Path
) -> None:
    page = browser_page
    with serve(tmp_path) as server:
        open_page(page, f"{server.url}/recognise")
        page.locator('.live[data-ready="true"]').wait_for()
        draw(page, STROKES[7])
        live = page.locator('.st-key-answer .live[data-source="browser"]')
        expect(live.locator(".digit")).to_have_text("7")

        gate.touch()
        expect(answer_of_server(page).locator(".digit")).to_have_text("7", timeout=60_000)
        page.goto("about:blank")


def test_weights_that_cannot_be_read_are_said_to_be_once_pytorch_is_loaded(
    tmp_path: Path, browser_page: Page, gate: Path
) -> None:
    page = browser_page
    with serve(tmp_path) as server:
        (weights,) = server.home.glob("runs/*/weights.safetensors")
        weights.write_bytes(b"broken")
        open_page(page, f"{server.url}/recognise")
        page.locator(CANVAS).wait_for()

        gate.touch()
        expect(page.get_by_text("The weights of this run cannot be read").first).to_be_visible(timeout=60_000)
        expect(page.get_by_test_id("stException")).to_have_count(0)
        page.goto("about:blank")
