"""One run as it is looked at: a click on the confusion matrix shows the images behind it."""

import re

import pytest
from playwright.sync_api import Page, expect

from digits_core.evaluation.metrics import Answers
from digits_core.runs.artifacts import Artifacts
from tests.browser.conftest import SharedServer
from tests.browser.helpers import open_page, poll, wait_for_app, wait_for_chart

pytestmark = pytest.mark.browser

SECONDS = 120


def click_cell(page: Page, label: int, answer: int) -> None:
    """Click the cell of this true digit and answer, off its middle."""
    wait_for_app(page, SECONDS)
    place = "(({xaxis, yaxis}) => [xaxis._offset + xaxis.l2p(%g), yaxis._offset + yaxis.l2p(%g)])(chart._fullLayout)"
    x, y = wait_for_chart(page, "confusion", place % (answer + 0.2, label - 0.2), SECONDS)
    page.locator(".st-key-confusion .js-plotly-plot").click(position={"x": x, "y": y}, timeout=SECONDS * 1000)


def test_a_click_on_a_cell_shows_its_images_and_a_second_one_all_mistakes(
    shared_server: SharedServer, browser_page: Page
) -> None:
    server = shared_server
    answers = Answers.of(Artifacts(server.home / "runs" / server.slow).load_test_result())
    cells = {(label, answer): int(answers.confusion[label, answer]) for label in range(10) for answer in range(10)}
    label, answer = max((cell for cell in cells if cell[0] != cell[1]), key=lambda cell: cells[cell])
    mistakes = int((~answers.right).sum())
    heading = browser_page.get_by_role("heading", level=3)
    open_page(browser_page, f"{server.url}/runs?runs_view=One+run&run={server.slow}")
    expect(heading).to_contain_text(f"{mistakes:,} image")

    click_cell(browser_page, label, answer)
    expect(heading).to_contain_text(f"{cells[label, answer]:,} image")
    expect(heading).to_contain_text(f"of a {label} taken for a {answer}")
    expect(browser_page).to_have_url(
        re.compile(rf"true_digit={label}.*taken_for={answer}|taken_for={answer}.*true_digit={label}")
    )
    tiles = browser_page.locator(".st-key-mistakes .tile")
    expect(tiles).to_have_count(min(36, cells[label, answer]))
    for name in tiles.evaluate_all("tiles => tiles.map(tile => tile.getAttribute('aria-label'))"):
        assert name.startswith(f"A {label} read as {answer}")
    frame = "chart.layout.shapes?.map(frame => [frame.y0 + 0.5, frame.x0 + 0.5])[0]"
    poll(lambda: wait_for_chart(browser_page, "confusion", frame) == [label, answer], 30, "the frame around the cell")

    tiles.last.click()
    expect(tiles.last).to_have_attribute("aria-pressed", "true")
    expect(browser_page.locator(".st-key-chosen_image")).to_contain_text(f"A {label} read as {answer}")

    click_cell(browser_page, label, answer)
    expect(heading).to_contain_text(f"{mistakes:,} image")
