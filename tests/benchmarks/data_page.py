"""How quickly the Data page shows 1,797, 5,000 and 70,000 images: `python -m tests.benchmarks data`.

In a real browser, beside a bare Streamlit page with one chart: milliseconds from opening the page on a server that has
just started until it is drawn, the same for a dataset that a warm server has not read yet, and, again and again,
from a click until the view, the page of images or the chosen image is on the screen. Last, the seconds that comparing
all images with each other takes in the background. MNIST's place is taken by digits made from `mnist-5k`, each
turned, resized and made noisy anew: as many images as MNIST has, with its split of 60,000 and 10,000.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page
from scipy import ndimage

from digits_core.data.builtin import read_mnist_5k
from tests.benchmarks.in_browser import a_bare_page, a_browser, a_tab, an_app, clicked, first_view
from tests.benchmarks.measurement import Measurement, Target, measured
from tests.browser.helpers import open_page

BARE = """
import plotly.graph_objects as go
import streamlit as st

st.title("Bare")
which = st.segmented_control("View", ["Overview", "Samples"], default="Overview", key="view")
st.plotly_chart(go.Figure(go.Bar(x=list(range(10)), y=list(range(10)))), key=which)
"""
DATASETS = {"optdigits": "1,797", "mnist-5k": "5,000", "mnist": "70,000"}
TRAIN, TEST = 60_000, 10_000

DRAWN = {
    "Overview": "() => find('balance', '.main-svg') && find('histogram', '.main-svg') && find('variability', 'canvas')",
    "Samples": "() => find('samples', 'canvas') && find('large', '.main-svg') && find('neighbours', 'canvas')",
    "Map": "() => find('map', '.main-svg .point')",
    "Duplicates": "() => find('distances', '.main-svg')",
    "Outliers": "() => find('odd', 'canvas')",
}


Times = dict[str, list[float]]
"""Milliseconds by what was done."""
FRESH, WARM, COMPARED = "first view, fresh server", "first view, warm server", "compare all images, in the background"
TARGETS = {FRESH: None, WARM: Target(1500), COMPARED: None}
AFTER = Target(300)


def measurements(quick: bool) -> Iterator[Measurement]:
    rounds = 3 if quick else 20
    with a_browser() as browser:
        for what, times in bare_page(browser, rounds).items():
            yield measured(f"bare page, {what}", "ms", times, "p95")
        for name in ["mnist"] if quick else DATASETS:
            for what, times in data_page(browser, name, rounds).items():
                target = TARGETS.get(what, AFTER)
                yield measured(f"{DATASETS[name]} images, {what}", "ms", times, "p95", target)


def write_synthetic_mnist(home: Path) -> None:
    """70,000 images in MNIST's own files, where its download would leave them."""
    digits, rng = read_mnist_5k(), np.random.default_rng(0)
    images, labels = [], []
    for _ in range((TRAIN + TEST) // len(digits)):
        order = rng.permutation(len(digits))
        angle, size = np.deg2rad(rng.uniform(-12, 12)), rng.uniform(0.9, 1.1)
        turn = np.eye(3)
        turn[1:, 1:] = size * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        middle = np.array([0, 14, 14])
        turned = ndimage.affine_transform(
            digits.images[order].astype(np.float32), turn, middle - turn @ middle, order=1
        )
        noisy = turned + (turned > 10) * rng.normal(0, 12, turned.shape)
        images.append(np.clip(noisy, 0, 255).astype(np.uint8))
        labels.append(digits.labels[order].astype(np.uint8))
    folder = home / "downloads" / "MNIST" / "raw"
    folder.mkdir(parents=True)
    for part, rows in (("train", slice(0, TRAIN)), ("t10k", slice(TRAIN, None))):
        for kind, values in (("images-idx3", images), ("labels-idx1", labels)):
            array = np.concatenate(values)[rows]
            head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, dtype=">u4").tobytes()
            (folder / f"{part}-{kind}-ubyte").write_bytes(head + array.tobytes())


def view_button(view: str) -> str:
    return f"[...document.querySelectorAll('.st-key-view [role]')].find((each) => each.textContent === '{view}')"


def later_views(browser: Browser, url: str, name: str, rounds: int) -> Times:
    """Milliseconds of each action, `rounds` times, after each was done once."""
    page = a_tab(browser)
    open_page(page, f"{url}/?dataset={name}")
    page.wait_for_function(DRAWN["Overview"])
    times: Times = {}

    def note(what: str, milliseconds: float) -> None:
        times.setdefault(what, []).append(milliseconds)

    for _ in range(rounds + 1):
        note("to Samples", clicked(page, view_button("Samples"), DRAWN["Samples"]))
        note("next page of samples", clicked(page, *next_page(page)))
        note("choose an image", clicked(page, *choice(page)))
        note("to Map (PCA)", clicked(page, view_button("Map"), DRAWN["Map"]))
        note("to Overview", clicked(page, view_button("Overview"), DRAWN["Overview"]))
    background = seconds_until(page, view_button("Duplicates"), DRAWN["Duplicates"])
    for _ in range(rounds + 1):
        note("to Outliers, computed", clicked(page, view_button("Outliers"), DRAWN["Outliers"]))
        note("to Duplicates, computed", clicked(page, view_button("Duplicates"), DRAWN["Duplicates"]))
    page.close()
    return {what: each[1:] for what, each in times.items()} | {COMPARED: [background * 1000]}


def next_page(page: Page) -> tuple[str, str]:
    first = page.evaluate("find('samples', '.tile').dataset.place")
    button = "document.querySelector('.st-key-page [data-testid=stNumberInputStepUp]')"
    return button, f"() => find('samples', '.tile').dataset.place !== '{first}'"


def choice(page: Page) -> tuple[str, str]:
    """Press one of the tiles that is not chosen, and wait until it is shown large with its neighbours."""
    number = page.evaluate("[...find('samples', '.all').children].findIndex((tile) => tile.ariaPressed === 'false')")
    tile = f"find('samples', '.all').children[{number}]"
    place = page.evaluate(f"{tile}.dataset.place")
    shown = f"document.querySelector('.st-key-inspector').innerText.includes('index {int(place):,} ')"
    return tile, f"() => {shown} && {tile}.ariaPressed === 'true'"


def seconds_until(page: Page, target: str, condition: str) -> float:
    began = time.perf_counter()
    page.evaluate(f"() => {target}.click()")
    page.wait_for_function(condition, timeout=600_000)
    return time.perf_counter() - began


def bare_page(browser: Browser, rounds: int) -> Times:
    """A page with one chart: opened on a fresh server, opened again, and its chart changed."""
    with a_bare_page(BARE) as server:
        drawn = "() => find('Overview', '.main-svg')"
        times = {FRESH: [first_view(browser, server.url, drawn)]}
        times[WARM] = [first_view(browser, server.url, drawn) for _ in range(3)]
        page = a_tab(browser)
        open_page(page, server.url)
        page.wait_for_function(drawn)
        times["to Samples"], times["to Overview"] = [], []
        for _ in range(rounds):
            for view in ("Samples", "Overview"):
                there = f"() => find('{view}', '.main-svg')"
                times[f"to {view}"].append(clicked(page, view_button(view), there))
        page.close()
    return times


def data_page(browser: Browser, name: str, rounds: int) -> Times:
    """All figures of one dataset."""
    times: Times = {}
    address = f"?dataset={name}"
    with an_app() as server:
        write_synthetic_mnist(server.home)
        times[FRESH] = [first_view(browser, f"{server.url}/{address}", DRAWN["Overview"])]
    with an_app() as server:
        write_synthetic_mnist(server.home)
        other = next(each for each in DATASETS if each != name)
        first_view(browser, f"{server.url}/?dataset={other}", DRAWN["Overview"])
        times[WARM] = [first_view(browser, f"{server.url}/{address}", DRAWN["Overview"])]
        return times | later_views(browser, server.url, name, rounds)
