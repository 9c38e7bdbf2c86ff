"""A training as people live with it: watched from two browsers, steered, queued, continued."""

import json
import re
import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from digits_core.training.threads import parallel_runs
from tests.browser.conftest import Server, SharedServer
from tests.browser.helpers import ask_chart, open_page, poll, steady_box, wait_for_app, wait_for_chart

pytestmark = pytest.mark.browser

SECONDS = 120
SMALL = "size=8&batch_size=128"
"""The lecture on 8×8 pixels: several epochs a second."""


def button(page: Page, name: str) -> Locator:
    """The one on the page: while a script runs, Streamlit shows others in its header."""
    return page.get_by_test_id("stMainBlockContainer").get_by_role("button", name=name, exact=True)


def start(page: Page, server: Server, query: str) -> None:
    open_page(page, f"{server.url}/training?{query}")
    button(page, "Train").click()


def epochs(page: Page) -> int:
    """How many epochs the accuracy chart shows."""
    return ask_chart(page, "live_accuracy", "chart.data[1].x.length") or 0


def wait_for_epochs(page: Page, number: int) -> None:
    poll(lambda: epochs(page) >= number, SECONDS, f"epoch {number} in the chart")


def stored(server: Server, query: str) -> list:
    with closing(sqlite3.connect(server.home / "digits.sqlite")) as database:
        return database.execute(query).fetchall()


def test_a_run_is_watched_from_two_browsers_paused_changed_and_stopped(
    server: Server, browser_page: Page, browser_context: BrowserContext
) -> None:
    start(browser_page, server, f"epochs=900&{SMALL}")
    # More than lie to the left of where is pointed to: the nearest epoch there stays the nearest.
    wait_for_epochs(browser_page, 40)
    expect(browser_page.get_by_test_id("stCode")).to_contain_text("Epoch: 40/900, Loss: ")
    expect(button(browser_page, "Stop")).to_be_enabled()
    chart = browser_page.locator(".st-key-live_accuracy .js-plotly-plot")
    label = hover(browser_page, chart)
    chart.evaluate("chart => { chart.dataset.mark = 'the same chart' }")
    wait_for_epochs(browser_page, epochs(browser_page) + 2)
    assert chart.get_attribute("data-mark") == "the same chart"
    # Plotly takes the label away while it draws.
    poll(lambda: chart.locator(".hoverlayer").text_content() == label, SECONDS, "the label as it was")

    other = browser_context.new_page()
    open_page(other, browser_page.url)
    wait_for_epochs(other, 4)
    button(other, "Pause").click()
    for page in (browser_page, other):
        expect(page.get_by_text("paused in epoch")).to_be_visible(timeout=SECONDS * 1000)
    rested = stored(server, "SELECT count(*) FROM epochs")
    button(browser_page, "Change").click()
    rate = browser_page.get_by_test_id("stPopoverBody").get_by_role("spinbutton", name="Learning rate")
    rate.fill("0.0005")
    rate.press("Enter")
    wait_for_app(browser_page)
    browser_page.get_by_role("button", name="Apply", exact=True).click()
    wait_for_app(browser_page)
    browser_page.keyboard.press("Escape")
    assert stored(server, "SELECT count(*) FROM epochs") == rested
    button(browser_page, "Resume").click()
    wait_for_epochs(browser_page, rested[0][0] + 2)
    poll(lambda: bool(stored(server, "SELECT * FROM changes WHERE what = 'learning_rate'")), SECONDS, "the change")
    browser_page.get_by_role("radio", name="Learning rate", exact=True).click()
    rates = browser_page.locator(".st-key-live_rate .js-plotly-plot")
    expect(rates.get_by_text("rate 0.0005")).to_be_visible(timeout=SECONDS * 1000)
    expect(browser_page).to_have_url(re.compile("training_view=Learning[+]rate"))

    button(other, "One more epoch").click()
    expect(browser_page.get_by_text("/901")).to_be_visible(timeout=SECONDS * 1000)
    button(browser_page, "Stop").click()
    expect(other.get_by_text("Stopped by hand")).to_be_visible(timeout=SECONDS * 1000)
    expect(button(other, "Stop")).to_be_disabled()
    browser_page.reload()
    wait_for_app(browser_page)
    poll(lambda: epochs(browser_page) == stored(server, "SELECT count(*) FROM epochs")[0][0], SECONDS, "every epoch")
    other.close()


def test_runs_of_two_browsers_queue_and_one_is_continued(server: Server, browser: Browser, browser_page: Page) -> None:
    open_page(browser_page, server.url)  # from the second page on, a browser is known again
    for _ in range(parallel_runs()):
        start(browser_page, server, f"epochs=1000&name=first&{SMALL}")
    expect(button(browser_page, "Pause")).to_be_enabled(timeout=SECONDS * 1000)
    start(browser_page, server, f"epochs=2&name=second&{SMALL}")
    expect(browser_page.get_by_text("second · starts")).to_be_visible(timeout=SECONDS * 1000)
    # Another browser: who has queued less goes first.
    elsewhere = browser.new_context()
    other = elsewhere.new_page()
    start(other, server, f"epochs=2&name=third&{SMALL}")
    expect(other.get_by_text("third · starts")).to_be_visible(timeout=SECONDS * 1000)
    expect(browser_page.get_by_text("waits, 1 run before it")).to_be_visible(timeout=SECONDS * 1000)
    assert len(stored(server, "SELECT id FROM runs")) == parallel_runs() + 2

    # The queue is drawn after the line that says how many are before.
    expect(browser_page.get_by_text("third · number 1 in the queue")).to_be_visible(timeout=SECONDS * 1000)
    wait_for_app(browser_page)
    button(browser_page, "Later").last.click()
    expect(browser_page.get_by_text("third · number 2 in the queue")).to_be_visible(timeout=SECONDS * 1000)
    expect(other.get_by_text("waits, 1 run before it")).to_be_visible(timeout=SECONDS * 1000)
    button(browser_page, "Cancel").last.click()
    expect(other.get_by_text("Taken out of the queue")).to_be_visible(timeout=SECONDS * 1000)

    button(browser_page, "Cancel").first.click()
    expect(browser_page.get_by_text("finished in")).to_be_visible(timeout=SECONDS * 1000)
    button(browser_page, "Change").click()
    added = browser_page.get_by_role("spinbutton", name="Epochs to add")
    added.fill("1")
    added.press("Enter")
    wait_for_app(browser_page)
    browser_page.get_by_role("button", name="Continue", exact=True).click()
    expect(browser_page.get_by_text("second +1 · finished in")).to_be_visible(timeout=SECONDS * 1000)
    wait_for_epochs(browser_page, 3)
    elsewhere.close()


def test_a_run_drawn_while_the_one_before_is_still_being_drawn_has_axes_of_its_own(
    server: Server, browser_page: Page, browser_context: BrowserContext
) -> None:
    start(browser_page, server, f"epochs=1000&{SMALL}")
    wait_for_epochs(browser_page, 1)
    other = browser_context.new_page()
    held: list[Route] = []
    other.route("**/digits-lab/plotly.js*", lambda route: held.append(route))
    # What draws is not there yet: the long run waits to be drawn, and then the short one that queues behind it.
    start(other, server, f"epochs=2&{SMALL}")
    expect(other.get_by_text("· starts")).to_be_visible(timeout=SECONDS * 1000)
    wait_for_app(other)
    assert held
    for route in held:
        route.continue_()
    range_and_ticks = "[chart._fullLayout.xaxis.range, chart.querySelectorAll('.xtick').length]"
    poll(lambda: ask_chart(other, "live_accuracy", range_and_ticks) == [[0, 2.16], 3], SECONDS, "an axis of two epochs")
    other.close()


def test_settings_that_are_changed_one_after_the_other_while_a_run_trains_all_stay(
    server: Server, browser_page: Page
) -> None:
    start(browser_page, server, f"epochs=900&{SMALL}")
    wait_for_epochs(browser_page, 1)

    def more(label: str) -> None:
        control = browser_page.get_by_test_id("stNumberInput").filter(has_text=label)
        control.get_by_test_id("stNumberInputStepUp").click(no_wait_after=True)

    # Faster than the server answers: each click says what the form's address was before the one before it.
    for _ in range(4):
        more("Epochs")
        more("Batch size")

    for label, value in (("Epochs", "904"), ("Batch size", "132")):
        expect(browser_page.get_by_role("spinbutton", name=label, exact=True)).to_have_value(value)
    wait_for_app(browser_page)
    expect(browser_page).to_have_url(re.compile(r"(?=.*epochs=904)(?=.*batch_size=132)"))
    for label, value in (("Epochs", "904"), ("Batch size", "132")):
        expect(browser_page.get_by_role("spinbutton", name=label, exact=True)).to_have_value(value)
    button(browser_page, "Stop").click()
    expect(browser_page.get_by_text("Stopped by hand")).to_be_visible(timeout=SECONDS * 1000)


BUSY = """
const busy = ms => { const end = performance.now() + ms; while (performance.now() < end); };
setTimeout(() => { setTimeout(() => { console.log("busy"); busy(500); }); busy(500); });
"""


def click_while_busy(page: Page, target: Locator) -> None:
    """Click while the browser draws, once the page's timer is due: it strikes after the click, before that is sent."""
    box = steady_box(target)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    # Busy for longer than the page's timer takes, and then again: the button is let go as that begins.
    with page.expect_console_message(lambda message: message.text == "busy"):
        page.evaluate(BUSY)
    page.mouse.up()
    wait_for_app(page)


def test_a_click_counts_once_also_when_the_page_asks_for_news_with_it(server: Server, browser_page: Page) -> None:
    start(browser_page, server, f"epochs=900&name=first&{SMALL}")
    wait_for_epochs(browser_page, 1)

    def planned() -> int:
        return json.loads(stored(server, "SELECT orders FROM runs")[0][0])["epochs"]

    def runs() -> int:
        return len(stored(server, "SELECT id FROM runs"))

    # A busy browser sends a click late; what counted twice would be too many afterwards.
    for _ in range(5):
        click_while_busy(browser_page, button(browser_page, "One more epoch"))
    poll(lambda: planned() >= 905, SECONDS, "the last click to count")
    wait_for_app(browser_page)
    assert planned() == 905
    for _ in range(3):
        click_while_busy(browser_page, button(browser_page, "Train"))
    poll(lambda: runs() >= 4, SECONDS, "the last click to count")
    wait_for_app(browser_page)
    assert runs() == 4


def hover(page: Page, chart: Locator) -> str:
    """Point into the chart, beside its first epochs: what its label says there."""
    box = steady_box(chart)
    x = 5 + wait_for_chart(page, "live_accuracy", "chart._fullLayout.xaxis._offset")
    page.mouse.move(box["x"] + x, box["y"] + box["height"] / 2)
    said = [""]

    def says() -> bool:
        said.append(chart.locator(".hoverlayer").text_content() or "")
        return said[-1] != ""

    poll(says, SECONDS, "the label")
    return said[-1]


def test_on_a_phone_the_chart_of_a_run_comes_onto_the_screen_when_it_starts_and_only_then(
    server: Server, browser_page: Page
) -> None:
    browser_page.set_viewport_size({"width": 400, "height": 800})
    chart = browser_page.locator(".st-key-live_loss")
    start(browser_page, server, f"epochs=900&{SMALL}")
    expect(chart).to_be_in_viewport(ratio=0.9, timeout=SECONDS * 1000)

    browser_page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, main.scrollHeight)")
    expect(chart).not_to_be_in_viewport()
    wait_for_epochs(browser_page, epochs(browser_page) + 2)
    expect(chart).not_to_be_in_viewport()
    button(browser_page, "Stop").click()


def test_on_a_phone_the_charts_come_after_train_and_before_the_settings(
    shared_server: SharedServer, browser_page: Page
) -> None:
    browser_page.set_viewport_size({"width": 400, "height": 800})
    open_page(browser_page, f"{shared_server.url}/training?run={shared_server.fast}")
    wait_for_chart(browser_page, "live_loss", "chart.data.length")
    wanted = (
        button(browser_page, "Train"),
        browser_page.locator(".st-key-live_loss"),
        browser_page.get_by_role("spinbutton", name="Epochs"),
    )
    train, chart, settings = (each.evaluate("each => each.getBoundingClientRect().top") for each in wanted)
    assert train < chart < settings


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.textContent")


def test_train_is_within_ten_tabs_of_the_start_of_the_page(shared_server: SharedServer, browser_page: Page) -> None:
    """By the link that lets people skip the menu, the first one on the page."""
    open_page(browser_page, f"{shared_server.url}/training")
    # What draws a kind of control is fetched at its first use: until then its place is empty.
    expect(browser_page.get_by_test_id("stMain").get_by_test_id("stSkeleton")).to_have_count(0)
    expect(browser_page.get_by_role("combobox", name="Recipe")).to_be_visible()
    browser_page.keyboard.press("Tab")
    assert "Skip to main content" in focused(browser_page)
    browser_page.keyboard.press("Enter")
    for _ in range(9):
        browser_page.keyboard.press("Tab")
        if focused(browser_page).endswith("Train"):
            break
    assert focused(browser_page).endswith("Train")
    # The help marks of its row lie behind it.
    browser_page.keyboard.press("Tab")
    assert browser_page.evaluate("document.activeElement.closest('.st-key-settings, .st-key-main_action') !== null")


def test_on_a_projector_train_settings_and_both_charts_are_on_the_screen(
    shared_server: SharedServer, browser_page: Page
) -> None:
    browser_page.set_viewport_size({"width": 1280, "height": 720})
    open_page(browser_page, f"{shared_server.url}/training?run={shared_server.fast}")
    for name in ("loss", "accuracy"):
        chart = browser_page.locator(f".st-key-live_{name} .digits-chart")
        expect(chart).to_be_in_viewport(ratio=1)
        assert steady_box(chart)["height"] >= 260
    for label in ("Epochs", "Batch size", "Learning rate", "Dropout"):
        expect(browser_page.get_by_role("spinbutton", name=label, exact=True)).to_be_in_viewport(ratio=1)
    for name in ("Train", "Stop", "Pause", "Train again"):
        expect(button(browser_page, name)).to_be_in_viewport(ratio=1)


def test_the_error_is_shown_on_a_logarithmic_scale_by_one_click_and_stays_so_while_a_run_trains(
    server: Server, browser_page: Page
) -> None:
    start(browser_page, server, f"epochs=900&{SMALL}")
    wait_for_epochs(browser_page, 1)
    chart = browser_page.locator(".st-key-live_accuracy .js-plotly-plot")
    chart.evaluate("chart => { chart.dataset.mark = 'the same chart' }")
    browser_page.get_by_role("radio", name="Log error").click()
    poll(lambda: scale_of(browser_page) == "log", SECONDS, "the logarithmic scale")
    before = epochs(browser_page)
    wait_for_epochs(browser_page, before + 2)
    assert scale_of(browser_page) == "log"
    assert chart.get_attribute("data-mark") == "the same chart"
    expect(browser_page).to_have_url(re.compile("curve_scale=Log[+]error"))
    browser_page.reload()
    wait_for_app(browser_page)
    poll(lambda: scale_of(browser_page) == "log", SECONDS, "the scale that the address names")
    button(browser_page, "Stop").click()


def scale_of(page: Page) -> str | None:
    return ask_chart(page, "live_accuracy", "chart._fullLayout.yaxis.type")
