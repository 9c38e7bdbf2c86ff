"""Answers while the pen moves: the browser's own, on each page with a paper, until the server's take their place."""

import re

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from digits_core.home import Home
from digits_core.runs.artifacts import Artifacts
from tests.browser.conftest import SharedServer
from tests.browser.helpers import (
    CANVAS,
    Point,
    answer_of_server,
    open_page,
    poll,
    probabilities,
    steady_box,
    wait_for_app,
)
from tests.pictures import STROKES

pytestmark = pytest.mark.browser

HINT = "Draw a digit from 0 to 9"


def paper(page: Page, url: str, key: str = "answer") -> Locator:
    """Open a page with a paper; where its answers are, once the browser can read."""
    open_page(page, url)
    live = page.locator(f'.st-key-{key} .live[data-ready="true"]')
    live.wait_for()
    page.locator(CANVAS).wait_for()
    return live


def places(page: Page, stroke: list[Point]) -> list[Point]:
    box = steady_box(page.locator(CANVAS).first)
    return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]


def draw_and_hold(page: Page, stroke: list[Point]) -> None:
    """Draw a line and keep the pen on the paper."""
    wait_for_app(page)
    start, *others = places(page, stroke)
    page.mouse.move(*start)
    page.mouse.down()
    for place in others:
        page.mouse.move(*place, steps=8)


def shares(live: Locator) -> list[str]:
    return live.locator(".share").all_inner_texts()


def settled_shares(page: Page, live: Locator) -> list[str]:
    """What the bars say once they stay the same."""
    last: list[list[str]] = [[]]

    def same() -> bool:
        before, last[0] = last[0], shares(live)
        return all(last[0]) and before == last[0]

    poll(same, 30, "the bars to keep still", every=0.2)
    return last[0]


def test_the_bars_follow_the_pen_and_the_server_says_the_same_after_the_stroke(
    shared_server: SharedServer, browser_page: Page
) -> None:
    live = paper(browser_page, f"{shared_server.url}/recognise?run={shared_server.fast}")
    expect(live.get_by_text(HINT)).to_be_visible()
    draw_and_hold(browser_page, STROKES[7][0])
    expect(live).to_have_attribute("data-source", "browser")
    before = settled_shares(browser_page, live)
    digit = live.locator(".digit").inner_text()

    browser_page.mouse.up()
    expect(live).to_have_attribute("data-source", "server")
    expect(live.locator(".digit")).to_have_text(digit)
    browsers = [float(share.rstrip("%")) / 100 for share in before]
    assert probabilities(browser_page) == pytest.approx(browsers, abs=0.03)  # the stroke ends as the pen is lifted
    expect(live.get_by_role("status")).to_contain_text(f"{digit}, ")

    browser_page.get_by_role("button", name="Clear").click()
    expect(live.get_by_text(HINT)).to_be_visible()
    assert set(shares(live)) == {""}


def test_the_weights_of_a_run_are_fetched_once_also_over_a_reload(
    shared_server: SharedServer, browser_page: Page
) -> None:
    url, fetched = f"{shared_server.url}/recognise?run={shared_server.slow}", []
    paper(browser_page, url)
    # What is not a digit may be worked out only now, and is part of the network: it is then sent once more.
    artifacts = Artifacts(Home(shared_server.home).run(shared_server.slow))
    poll(lambda: artifacts.has_refusal, 120, "what is not a digit to be worked out")
    browser_page.reload()
    paper(browser_page, url)
    browser_page.on("request", lambda request: fetched.append(request.url) if ".bin" in request.url else None)
    for page in ("Data", "Recognise"):
        browser_page.get_by_test_id("stSidebarNavLink").filter(has_text=page).click()
        browser_page.get_by_role("heading", name=page, level=1).wait_for()
        wait_for_app(browser_page)
    browser_page.locator('.live[data-ready="true"]').wait_for()
    paper(browser_page, url)

    assert fetched == []


def test_the_layers_light_up_while_one_draws(shared_server: SharedServer, browser_page: Page) -> None:
    live = paper(browser_page, f"{shared_server.url}/recognise")
    live.get_by_role("button", name="Show the layers").click()
    draw_and_hold(browser_page, STROKES[4][0])
    layers = live.locator(".layer canvas")
    expect(layers).to_have_count(5)
    bright = """canvas => Math.max(...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
        .filter((_, place) => place % 4 < 3))"""
    poll(lambda: min(layers.nth(place).evaluate(bright) for place in range(5)) > 200, 30, "all layers to light up")
    browser_page.mouse.up()


def test_a_finger_is_followed_too(shared_server: SharedServer, browser_page: Page) -> None:
    live = paper(browser_page, f"{shared_server.url}/recognise")
    (x, y), *others = places(browser_page, STROKES[1][0])
    finger = browser_page.context.new_cdp_session(browser_page)
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for to_x, to_y in others:
        for step in range(1, 9):
            place = {"x": x + (to_x - x) * step / 8, "y": y + (to_y - y) * step / 8}
            finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [place]})
        x, y = to_x, to_y
    expect(live).to_have_attribute("data-source", "browser")
    expect(live.locator(".digit")).to_have_text(re.compile(r"\d"))
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    answer_of_server(browser_page).wait_for()


def test_compared_runs_answer_side_by_side_while_one_draws(shared_server: SharedServer, browser_page: Page) -> None:
    live = paper(browser_page, f"{shared_server.url}/recognise?input=Compare", "compared_answers")
    draw_and_hold(browser_page, STROKES[1][0])
    expect(live).to_have_attribute("data-source", "browser")
    expect(live.locator(".answer .digit")).to_have_text([re.compile(r"\d"), re.compile(r"\d")])
    expect(live.get_by_text(re.compile("All read a|They disagree|No run recognises"))).to_be_visible()
    browser_page.mouse.up()


def test_what_will_be_stored_is_seen_while_one_draws(shared_server: SharedServer, browser_page: Page) -> None:
    live = paper(browser_page, f"{shared_server.url}/handwriting", "stored")
    ink = "canvas => canvas.getContext('2d').getImageData(0, 0, 112, 112).data.filter(level => level > 200).length"
    empty = live.locator(".picture").evaluate(ink)
    draw_and_hold(browser_page, STROKES[7][0])
    poll(lambda: live.locator(".picture").evaluate(ink) > empty, 30, "the stroke in the picture")
    expect(live.locator(".digit")).to_have_text(re.compile(r"\d"))
    browser_page.mouse.up()
    expect(live).to_have_attribute("data-source", "server")


def test_where_the_weights_do_not_come_the_server_answers(
    shared_server: SharedServer, browser_context: BrowserContext
) -> None:
    page = browser_context.new_page()
    page.route("**/*.bin", lambda route: route.abort())
    open_page(page, f"{shared_server.url}/recognise")
    draw_and_hold(page, STROKES[7][0])
    page.mouse.up()

    expect(answer_of_server(page).locator(".digit")).to_have_text(re.compile(r"\d"))


def test_a_stored_sample_is_put_on_the_paper_by_the_keyboard_alone(
    shared_server: SharedServer, browser_page: Page
) -> None:
    live = paper(browser_page, f"{shared_server.url}/recognise")
    browser_page.get_by_role("button", name="Sample").focus()
    browser_page.keyboard.press("Enter")
    button = browser_page.get_by_role("button", name="Put on the paper")
    button.wait_for()
    wait_for_app(browser_page)
    button.focus()
    browser_page.keyboard.press("Enter")

    expect(live).to_have_attribute("data-source", "server")
    expect(live.locator(".digit")).to_have_text(re.compile(r"\d"))
