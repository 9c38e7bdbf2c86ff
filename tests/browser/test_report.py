"""The report in a real browser: downloaded from Runs, opened without a network, printed on A4."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from digits_core.config import RunConfig, TrainingConfig
from digits_core.data.digits import Digits
from digits_core.database import Database
from digits_core.evaluation.metrics import Answers
from digits_core.evaluation.test_set import Part, TestSet
from digits_core.home import Home
from digits_core.reports.run_sections import ReportedRun, run_report
from digits_core.runs.export.run_history import History
from digits_core.runs.rows import EpochRow
from digits_core.runs.store import RunStore
from tests.browser.conftest import SharedServer
from tests.browser.helpers import open_page, wait_for_app

pytestmark = pytest.mark.browser

DOWNLOAD_MS = 120_000
A4 = (595, 842)
"""Points."""
TEXT_WIDTH = 680
"""Pixels between the margins of A4: 180 mm."""
WORDS = "I expected more.\n\n<script>document.title = 'caught'</script> & so on"
BEYOND = """(width) => [...document.querySelectorAll("body *")]
  .filter((each) => each.getBoundingClientRect().right > width + 1)
  .map((each) => each.outerHTML.slice(0, 80))"""


class Printed:
    """A report as a browser without a network shows and prints it."""

    def __init__(self, browser: Browser, file: Path) -> None:
        context = browser.new_context(viewport={"width": TEXT_WIDTH, "height": 900})
        context.set_offline(True)
        tab = context.new_page()
        messages: list[str] = []
        tab.on("console", lambda message: messages.append(message.text))
        tab.goto(file.as_uri())
        self.messages = messages
        self.title, self.text = tab.title(), tab.locator("body").inner_text()
        self.broken = tab.evaluate("() => [...document.images].filter((each) => !each.naturalWidth).length")
        self.images = tab.locator("img").count()
        tab.emulate_media(media="print")
        self.beyond = tab.evaluate(BEYOND, TEXT_WIDTH)
        pdf = tab.pdf(prefer_css_page_size=True, print_background=True)
        self.pages = len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))
        self.sizes = {
            tuple(map(round, map(float, box.split()))) for box in re.findall(rb"/MediaBox \[0 0 ([^\]]+)\]", pdf)
        }
        context.close()


@pytest.fixture
def store(home: Path) -> Iterator[RunStore]:
    database = Database(Home(home).create().database)
    yield RunStore(database)
    database.close()


def test_a_report_is_written_downloaded_and_printed(
    shared_server: SharedServer, browser_page: Page, browser: Browser, tmp_path: Path
) -> None:
    open_page(browser_page, f"{shared_server.url}/runs?compare={shared_server.slow}&compare={shared_server.fast}")
    browser_page.get_by_role("button", name="Report").click()
    browser_page.get_by_role("textbox", name="Your name").fill("Ada Lovelace")
    browser_page.get_by_role("textbox", name="Your conclusions").fill(WORDS)
    browser_page.get_by_role("textbox", name="Your conclusions").blur()
    wait_for_app(browser_page)
    browser_page.keyboard.press("Escape")
    browser_page.get_by_role("link", name="Network").first.click()
    expect(browser_page).to_have_url(re.compile("/network"))
    wait_for_app(browser_page)
    browser_page.get_by_role("link", name="Runs").first.click()
    expect(browser_page).to_have_url(re.compile("/runs"))
    wait_for_app(browser_page)
    if not browser_page.get_by_role("textbox", name="Your name").is_visible():
        browser_page.get_by_role("button", name="Report").click()
    expect(browser_page.get_by_role("textbox", name="Your name")).to_have_value("Ada Lovelace")
    browser_page.get_by_role(
        "textbox", name="Your name"
    ).hover()  # away from the help of the button that opens the form
    with browser_page.expect_download(timeout=DOWNLOAD_MS) as waiting:
        browser_page.get_by_role("button", name="Download report").click()
    waiting.value.save_as(tmp_path / "report.html")

    report = Printed(browser, tmp_path / "report.html")
    assert report.title == "Comparison of 2 runs"
    assert "Ada Lovelace" in report.text
    assert "<script>document.title = 'caught'</script> & so on" in report.text
    assert "Both runs differ only in the learning rate" in report.text
    assert "test images read wrong" in report.text
    assert (report.messages, report.beyond, report.broken) == ([], [], 0)
    assert report.images > 10
    assert report.sizes == {A4}
    assert 2 <= report.pages <= 4


def test_twelve_runs_with_the_longest_names_fit_on_paper(browser: Browser, store: RunStore, tmp_path: Path) -> None:
    report = Printed(browser, written(tmp_path, [many_wrong(store, number) for number in range(12)]))

    assert (report.messages, report.beyond, report.broken) == ([], [], 0)
    assert report.images == 12 * 8
    assert report.sizes == {A4}
    assert 3 <= report.pages <= 8


def written(folder: Path, runs: list[ReportedRun]) -> Path:
    file = folder / "report.html"
    file.write_bytes(run_report(runs, author="A" * 80, text="w" * 3000))
    return file


def many_wrong(store: RunStore, number: int) -> ReportedRun:
    """A run with a name of 120 letters, no space in it, that reads every image wrong."""
    rate, batch = 0.001 * (number + 1), 16 + number
    config = RunConfig(name=f"{number:x}" * 120, training=TrainingConfig(learning_rate=rate, batch_size=batch))
    run = store.create(config, "test:1:1")
    noted = {"tested_on": {name: "same" for name in config.data.test}}
    run = replace(
        run, status="finished", test_accuracy=0.1, test_loss=9.0, seconds=1e6, environment_json=json.dumps(noted)
    )
    epochs = [EpochRow(n, run.id, n, 1 / n, 0.9, float("nan"), n / 30, 0.001, 900.0, 1.0) for n in range(1, 30)]
    labels = np.arange(40) % 10
    digits = Digits("made", np.full((40, 28, 28), 128, np.uint8), labels, np.ones(40, bool))
    answers = Answers(labels, 9 * np.eye(10, dtype=np.float32)[(labels + 1) % 10])
    return ReportedRun(History(run, epochs), answers, TestSet([Part(digits, np.arange(40))]))
