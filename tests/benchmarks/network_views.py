"""How long a view of the Network page takes after a change: `python -m tests.benchmarks network`.

In a real browser, with as many images behind it as MNIST has (those of the sample, repeated): milliseconds from the
input to the new picture; and seconds to the first picture of what is worked out once and kept.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import Page

from digits_core.data.builtin import read_mnist_5k
from digits_core.home import Home
from tests.benchmarks.in_browser import a_browser, a_tab, an_app, train_in_shell
from tests.benchmarks.measurement import Measurement, counted, measured
from tests.browser.helpers import READY, open_page

PARTS = {"train": 60_000, "t10k": 10_000}


@dataclass(frozen=True)
class Case:
    """A view, its URL, what tells that it shows something new (JavaScript), and a change, told its number."""

    name: str
    query: str
    shown: str
    change: Callable[[Page, int], None]


def step_up(key: str) -> Callable[[Page, int], None]:
    return lambda page, _: page.locator(f".st-key-{key}").get_by_test_id("stNumberInputStepUp").click()


def press(slider: str) -> Callable[[Page, int], None]:
    return lambda page, turn: page.get_by_role("slider", name=slider).press(
        "ArrowLeft" if turn // 5 % 2 else "ArrowRight"
    )


def alternate(*options: str) -> Callable[[Page, int], None]:
    return lambda page, turn: page.get_by_role("radio", name=options[turn % len(options)], exact=True).click()


IMAGE = "dataset=mnist&split=train"
SIZE, WORDS = "size=8", "document.body.innerText.match(/Flattened size[^0-9]*([0-9,]+)/)?.[1]"
COLOURS = alternate("each alone", "per layer")
WEIGHTS = alternate("before training", "after training")
FRAME = "document.querySelector('.st-key-lands .js-plotly-plot')?.layout?.shapes?.map(frame => frame.x0)"


def chart(key: str) -> str:
    return f"document.querySelector('.st-key-{key} .js-plotly-plot')?.data"


CASES = [
    Case("Layers, image size", SIZE, WORDS, step_up("size")),
    Case("By hand, conv1, one place on", f"look=By+hand&{IMAGE}", FRAME, press("Column")),
    Case("By hand, conv2, one place on", f"look=By+hand&layer=conv2&{IMAGE}", FRAME, press("Column")),
    Case("By hand, fc1, next neuron", f"look=By+hand&layer=fc1&{IMAGE}", chart("all_contributions"), step_up("unit")),
    Case("By hand, conv1, next image", f"look=By+hand&{IMAGE}", chart("clicked_conv1"), step_up("image")),
    Case("Filters, colour scale", "look=Filters", chart("kernels_conv2_0"), COLOURS),
    Case("Filters beside the start, scale", "look=Filters&other=start", chart("kernels_conv2_1"), COLOURS),
    Case("Feature maps, next image", f"look=Feature+maps&{IMAGE}", chart("softmax_0"), step_up("image")),
    Case(
        "Feature maps beside the start, image",
        f"look=Feature+maps&other=start&{IMAGE}",
        chart("softmax_1"),
        step_up("image"),
    ),
    Case("Samples, before and after training", "look=Samples&dataset=mnist", chart("map_fc2_0"), WEIGHTS),
    Case("Source, image size", f"look=Source&{SIZE}", "document.querySelector('code')?.innerText", step_up("size")),
]


def measurements(quick: bool) -> Iterator[Measurement]:
    with a_browser() as browser, an_app() as server:
        fill(server.home)
        page = a_tab(browser)
        open_page(page, f"{server.url}/network?look=By+hand&{IMAGE}")  # torch, the dataset and the network are there
        for case in CASES:
            first, seconds = measure(page, server.url, case, 3 if quick else 20)
            yield counted(f"{case.name}, the first", "s", first)
            yield measured(case.name, "ms", [1000 * each for each in seconds], "p95")


def fill(home: Path) -> None:
    """MNIST's four files with the sample's images again and again, and a run of one epoch."""
    sample = read_mnist_5k()
    raw = Home(home).downloads / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part, count in PARTS.items():
        chosen = np.random.default_rng(count).integers(0, len(sample), count)
        images, labels = sample.images[chosen], sample.labels[chosen].astype(np.uint8)
        (raw / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">4i", 2051, count, 28, 28) + images.tobytes())
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">2i", 2049, count) + labels.tobytes())
    train_in_shell(home, "--epochs", "1", "--batch-size", "64")


def until_new(page: Page, case: Case, before: str) -> None:
    page.wait_for_function(
        "([shown, before, ready]) => { const now = JSON.stringify(eval(shown)); "
        "return now !== undefined && now !== before && document.querySelector(ready) !== null; }",
        arg=[case.shown, before, READY],
        timeout=60_000,
    )


def measure(page: Page, address: str, case: Case, changes: int) -> tuple[float, list[float]]:
    """Seconds to the first picture, and those of each change after the first two, which fill the caches."""
    began = time.perf_counter()
    open_page(page, f"{address}/network?{case.query}")
    until_new(page, case, "")
    first, seconds = time.perf_counter() - began, []
    for turn in range(changes + 2):
        before = page.evaluate(f"JSON.stringify({case.shown})")
        began = time.perf_counter()
        case.change(page, turn)
        until_new(page, case, before)
        seconds.append(time.perf_counter() - began)
    return first, seconds[2:]
