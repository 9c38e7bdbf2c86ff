"""A network of one's own in a real browser: built from nothing, broken, repaired, trained, read and compared."""

import re
import sqlite3

import pytest
from playwright.sync_api import Locator, Page, expect

from digits_core.config import RunConfig
from digits_core.data.builtin import read_optdigits
from digits_core.home import Home
from digits_core.network.activations import activations
from digits_core.network.build import restore_network
from digits_core.runs.artifacts import Artifacts
from digits_core.transforms import batched
from tests.browser.conftest import Server, SharedServer, train
from tests.browser.helpers import open_page, poll, probabilities, standing_still, wait_for_app
from tests.browser.test_live_answer import draw_and_hold, paper, settled_shares
from tests.pictures import STROKES

pytestmark = pytest.mark.browser

TRAINING_SECONDS = 240


def cards(page: Page) -> Locator:
    return page.locator(".st-key-cards .card")


def expect_names(page: Page, *names: str) -> None:
    expect(cards(page).locator(".name")).to_have_text([*names, "logits"])


def add(page: Page, kind: str, before: str) -> None:
    wait_for_app(page)
    page.get_by_label(f"Add a layer before {before}", exact=True).select_option(label=kind)


def turn(page: Page, knob: str, layer: str, value: str) -> None:
    """Set a knob of a layer and wait until the page has taken it."""
    control = page.get_by_label(f"{knob} of {layer}", exact=True)
    if control.evaluate("control => control.tagName") == "SELECT":
        control.select_option(label=value)
    else:
        control.fill(value)
        control.press("Enter")
    wait_for_app(page)


def test_a_network_is_built_from_nothing_broken_repaired_trained_and_reads(server: Server, browser_page: Page) -> None:
    page = browser_page
    open_page(page, f"{server.url}/network?look=Build&layers=softmax")
    expect_names(page)
    add(page, "convolution", "the logits")
    expect_names(page, "conv1")
    add(page, "max pooling", "the logits")
    add(page, "fully connected", "the logits")
    expect_names(page, "conv1", "pool", "fc1")
    turn(page, "channels", "conv1", "6")
    turn(page, "kernel", "conv1", "5")
    turn(page, "activation", "conv1", "tanh")
    turn(page, "units", "fc1", "24")
    shapes = cards(page).locator(".shape")
    expect(shapes).to_have_text(["→ 1 × 28 × 28", "→ 6 × 28 × 28", "→ 6 × 14 × 14", "→ 24", "→ 10"])

    # Broken: what reads maps stands behind what puts them in a row.
    page.get_by_role("button", name="Move pool to the right").click()
    broken = page.get_by_role("alert").filter(has_text="pool reads maps")
    expect(broken).to_be_visible()
    expect(page.get_by_role("group", name="pool: max pooling")).to_have_class(re.compile("broken"))
    expect(page.get_by_role("link", name="Use in training")).to_have_count(0)
    page.get_by_role("button", name="Repair").click()
    expect(broken).to_have_count(0)
    expect_names(page, "conv1", "pool", "fc1")

    page.get_by_role("link", name="Use in training").click()
    page.get_by_role("heading", name="Training", level=1).wait_for()
    expect(page).to_have_url(re.compile("recipe=Lecture"))
    for setting, field, value in (("Epochs", "epochs", "1"), ("Batch size", "batch_size", "128")):
        wait_for_app(page)
        control = page.get_by_role("spinbutton", name=setting)
        control.fill(value)
        control.press("Enter")
        expect(page).to_have_url(re.compile(f"{field}={value}"))
    wait_for_app(page)
    page.get_by_role("button", name="Train", exact=True).click()
    run_id, config = trained_run(server)
    assert [(layer.kind, layer.activation) for layer in config.network.layers] == [
        ("convolution", "tanh"),
        ("max_pooling", ""),
        ("fully_connected", "relu"),
    ]
    assert (config.training.epochs, config.training.batch_size) == (1, 128)

    # Its convolution by hand adds up to what the trained weights compute.
    digits = read_optdigits()
    image = digits.images[digits.indices("train")[:1]]
    network = restore_network(config, Artifacts(Home(server.home).run(run_id)).load_weights()).eval()
    inputs = batched.normalise(batched.prepare(image, config.transform), config.transform)
    expected = float(activations(network, inputs)["conv1"].before[0, 3, 9, 12])
    open_page(page, f"{server.url}/network?run={run_id}&look=By+hand&layer=conv1&image=1&unit=3&row=9&column=12")
    metrics = page.get_by_test_id("stMetric").filter(has_text="= sum").get_by_test_id("stMetricValue")
    expect(metrics).to_be_visible()
    assert float(metrics.inner_text().replace("−", "-")) == pytest.approx(expected, abs=1e-5)

    # It is compared with ImprovedNet by its layers, and answers in the browser as on the server.
    other = train(server.home, "--name", "the lecture's")
    open_page(page, f"{server.url}/runs?run={run_id}&run={other}")
    expect(page.get_by_text(re.compile(r"settings differ between these 2 runs: .*[Nn]etwork"))).to_be_visible()
    live = paper(page, f"{server.url}/recognise?run={run_id}")
    draw_and_hold(page, STROKES[7][0])
    expect(live).to_have_attribute("data-source", "browser")
    shares = settled_shares(page, live)
    page.mouse.up()
    expect(live).to_have_attribute("data-source", "server")
    assert probabilities(page) == pytest.approx([float(share.rstrip("%")) / 100 for share in shares], abs=0.03)


def trained_run(server: Server) -> tuple[str, RunConfig]:
    """Wait for the only run to end; return its id and its config."""
    found: list[tuple[str, str]] = []

    def ended() -> bool:
        with sqlite3.connect(server.home / "digits.sqlite") as database:
            found[:] = database.execute("SELECT id, config FROM runs WHERE status = 'finished'").fetchall()
        return bool(found)

    poll(ended, TRAINING_SECONDS, "the training to end")
    return found[0][0], RunConfig.from_json(found[0][1])


def test_layers_are_dragged_and_each_step_is_undone_by_key(shared_server: SharedServer, browser_page: Page) -> None:
    page = browser_page
    open_page(page, f"{shared_server.url}/network?look=Build&layers=lenet")
    expect_names(page, "conv1", "pool1", "conv2", "pool2", "fc1", "fc2")
    drag(page, cards(page).nth(4).locator(".head .name"), cards(page).nth(1))
    expect_names(page, "pool1", "conv1", "pool2", "conv2", "fc1", "fc2")
    page.get_by_role("button", name="Remove conv2").click()
    expect_names(page, "pool1", "conv1", "pool2", "fc1", "fc2")
    page.get_by_role("heading", name="Network", level=1).click()
    page.keyboard.press("z")
    expect_names(page, "pool1", "conv1", "pool2", "conv2", "fc1", "fc2")
    page.keyboard.press("z")
    expect_names(page, "conv1", "pool1", "conv2", "pool2", "fc1", "fc2")
    wait_for_app(page)
    page.keyboard.press("Shift+Z")
    expect_names(page, "pool1", "conv1", "pool2", "conv2", "fc1", "fc2")
    wait_for_app(page)

    # The address has the network, and opens it anew.
    page.reload()
    expect_names(page, "pool1", "conv1", "pool2", "conv2", "fc1", "fc2")


def drag(page: Page, handle: Locator, target: Locator) -> None:
    wait_for_app(page)
    handle.drag_to(target)
    wait_for_app(page)


def test_edits_that_a_busy_app_hears_of_at_once_all_count_and_what_is_being_typed_stays(
    server: Server, browser_page: Page
) -> None:
    page = browser_page
    open_page(page, f"{server.url}/network?look=Build&layers=lenet")
    expect(cards(page).locator(".shape").nth(1)).to_have_text("→ 6 × 28 × 28")
    with standing_still(server.process):
        for layer, channels in (("conv1", "7"), ("conv2", "9"), ("conv1", "8")):
            page.get_by_label(f"channels of {layer}", exact=True).fill(channels)
            page.keyboard.press("Enter")
        page.get_by_label("units of fc1", exact=True).fill("33")
    expect(cards(page).locator(".shape").nth(1)).to_have_text("→ 8 × 28 × 28")
    expect(cards(page).locator(".shape").nth(3)).to_have_text("→ 9 × 10 × 10")
    wait_for_app(page)
    expect(page.get_by_label("units of fc1", exact=True)).to_have_value("33")
    page.keyboard.press("Enter")
    expect(cards(page).locator(".shape").nth(5)).to_have_text("→ 33")


def test_a_value_that_a_layer_cannot_have_is_refused_and_changes_nothing(
    shared_server: SharedServer, browser_page: Page
) -> None:
    page = browser_page
    open_page(page, f"{shared_server.url}/network?look=Build&layers=tiny")
    turn(page, "channels", "conv1", "900")
    expect(page.get_by_role("alert").filter(has_text="channels is 900")).to_be_visible()
    expect(page.get_by_label("channels of conv1", exact=True)).to_have_value("8")
    expect(cards(page).locator(".shape").nth(1)).to_have_text("→ 8 × 28 × 28")


def test_a_map_of_what_was_built_leads_to_its_arithmetic(shared_server: SharedServer, browser_page: Page) -> None:
    page = browser_page
    open_page(page, f"{shared_server.url}/network?look=Build&layers=lenet")
    page.locator(".st-key-diagram").get_by_role("button", name="conv2, map 3:").click()
    expect(page.get_by_role("radio", name="By hand")).to_be_checked()
    expect(page.get_by_role("radio", name="as built")).to_be_checked()
    expect(page.get_by_role("spinbutton", name="Filter", exact=True)).to_have_value("3")
    expect(page.get_by_test_id("stMetric").filter(has_text="= sum")).to_be_visible()


@pytest.mark.parametrize("size", [(1280, 720), (400, 800)])
def test_cards_and_figures_are_on_the_first_screen(
    shared_server: SharedServer, browser_page: Page, size: tuple[int, int]
) -> None:
    browser_page.set_viewport_size({"width": size[0], "height": size[1]})
    open_page(browser_page, f"{shared_server.url}/network?look=Build")
    expect(cards(browser_page).first).to_be_in_viewport(ratio=0.3)
    assert browser_page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= size[0]
    if size[0] > 800:
        expect(browser_page.get_by_text("Receptive field")).to_be_in_viewport()
        expect(browser_page.locator(".st-key-diagram")).to_be_in_viewport(ratio=0.99)
        expect(cards(browser_page).nth(1)).to_be_in_viewport(ratio=0.9)
