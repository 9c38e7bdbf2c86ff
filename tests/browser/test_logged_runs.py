"""A loop of one's own in a real browser: its run appears beside the app's, and its curves grow while it logs."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from digits_core.dashboard.runs.compare.own_metrics import chart_key
from tests.browser.conftest import Server, train
from tests.browser.helpers import ask_chart, open_page, poll, wait_for_app, wait_for_chart

pytestmark = pytest.mark.browser

SECONDS = 60
LOOP = """
    import sys
    import digits_core as dl

    with dl.init("<b>Mine</b>", config={"lr": 0.01}) as run:
        print(run.id, flush=True)
        for epoch, _ in enumerate(sys.stdin, start=1):
            run.log({"train/loss": 2 / epoch, "test/accuracy": 1 - 0.5 / epoch, "<i>norm</i>": epoch}, step=epoch)
            print("logged", flush=True)
"""


@pytest.fixture
def loop(module_server: Server):
    """A process that logs an epoch for each line that it gets."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(LOOP)],
        env={**os.environ, "DIGITS_HOME": str(module_server.home), "PYTHONPATH": str(Path(__file__).parents[2])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    if process.poll() is None:
        process.kill()
        process.communicate(timeout=30)


def epoch(loop) -> None:
    loop.stdin.write("next\n")
    loop.stdin.flush()
    assert loop.stdout.readline() == "logged\n"


def points(page: Page, key: str) -> int:
    return ask_chart(page, key, "Math.max(0, ...chart._fullData.map((line) => line.x ? line.x.length : 0))") or 0


def test_a_loop_grows_beside_the_runs_of_the_app_and_ends_there(module_server, loop, browser_page: Page) -> None:
    own = train(module_server.home, "--epochs", "1", "--batch-size", "64")
    run_id = loop.stdout.readline().strip()
    epoch(loop)
    open_page(browser_page, f"{module_server.url}/runs?compare={run_id}&compare={own}")
    wait_for_chart(browser_page, "compared_accuracy", "chart.data.length")
    wait_for_chart(browser_page, chart_key("<i>norm</i>"), "chart.data.length")
    for count in (2, 3):
        epoch(loop)
        poll(lambda count=count: points(browser_page, "compared_accuracy") == count, SECONDS, f"{count} epochs")
    assert browser_page.locator("i", has_text="norm").count() == 0

    loop.communicate(timeout=30)
    browser_page.goto(f"{module_server.url}/runs?runs_view=One+run&run={run_id}")
    wait_for_app(browser_page)
    expect(browser_page.get_by_text("Not trained by Digits Lab: logged from its own loop.")).to_be_visible()
    expect(browser_page.get_by_text("finished", exact=False).first).to_be_visible()


def test_a_loop_that_is_killed_shows_as_interrupted(module_server, loop, browser_page: Page) -> None:
    run_id = loop.stdout.readline().strip()
    epoch(loop)
    open_page(browser_page, f"{module_server.url}/runs?runs_view=One+run&run={run_id}")
    expect(browser_page.get_by_text("running", exact=False).first).to_be_visible()
    loop.kill()
    loop.wait(timeout=30)
    expect(browser_page.get_by_text("The process that logged this run ended without finishing it.")).to_be_visible(
        timeout=SECONDS * 1000
    )
