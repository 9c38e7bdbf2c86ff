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
from tests.browser.helpers import answer_of_server, ask_chart, draw, open_page, poll, wait_for_app, wait_for_chart
from tests.pictures import STROKES

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


LOOP_WITH_NETWORK = """
    import torch
    from torch import nn
    from torch.nn import functional as nnf

    import digits_core as dl
    from digits_core.data.builtin import read_mnist_5k


    class Branches(nn.Module):
        def __init__(self):
            super().__init__()
            self.near = nn.Conv2d(1, 16, 3, padding=1)
            self.far = nn.Conv2d(1, 16, 7, padding=3)
            self.head = nn.Linear(32 * 49, 10)

        def forward(self, x):
            both = torch.cat([torch.relu(self.near(x)), torch.relu(self.far(x))], dim=1)
            return self.head(nnf.max_pool2d(both, 4).flatten(1))


    torch.manual_seed(0)
    images, labels = read_mnist_5k().of("train")
    x, y = (torch.from_numpy(images)[:, None] / 255 - 0.13) / 0.31, torch.from_numpy(labels)
    network = Branches()
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3)
    with dl.init("Two branches", config={"dataset": "mnist-5k"}) as run:
        for epoch in (1, 2):
            for part in torch.randperm(len(x)).split(64):
                optimizer.zero_grad()
                loss = nnf.cross_entropy(network(x[part]), y[part])
                loss.backward()
                optimizer.step()
            run.log({"train/loss": loss}, step=epoch)
        run.log_model(network, x[:1], mean=0.13, std=0.31, centre=True)
    print(run.id)
"""


def test_the_network_of_a_loop_reads_a_drawing_and_says_why(module_server, browser_page: Page) -> None:
    run_id = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(LOOP_WITH_NETWORK)],
        env={**os.environ, "DIGITS_HOME": str(module_server.home), "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    ).stdout.strip()
    open_page(browser_page, f"{module_server.url}/recognise?run={run_id}")
    expect(browser_page.get_by_text("it is read after each stroke")).to_be_visible()
    draw(browser_page, STROKES[0])
    expect(answer_of_server(browser_page).locator(".digit")).to_have_text("0")
    browser_page.get_by_role("button", name="Why this answer?").click()
    expect(browser_page.get_by_text("What would make it")).to_be_visible(timeout=SECONDS * 1000)
    expect(browser_page.get_by_text("What it was reminded of")).to_have_count(0)

    open_page(browser_page, f"{module_server.url}/network?look=Feature+maps&run={run_id}")
    wait_for_chart(browser_page, "near_0", "chart.data.length")
    wait_for_chart(browser_page, "far_0", "chart.data.length")
    open_page(browser_page, f"{module_server.url}/network?run={run_id}")
    diagram = browser_page.locator(".network")
    for layer in ("image", "near", "far", "head"):
        expect(diagram).to_contain_text(layer)
