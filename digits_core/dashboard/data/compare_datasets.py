"""Compare: two datasets side by side, to see why a network trained on one may fail on the other."""

from __future__ import annotations

import numpy as np
import streamlit as st
from PIL import Image

from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.data.results import Summary, summary
from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.loaders import load_digits
from digits_core.dashboard.state import state
from digits_core.dashboard.tiles import Tile, show_tiles
from digits_core.dashboard.widgets import choose_dataset, say_not_here
from digits_core.data.digits import Digits
from digits_core.data.statistics.classes import LEVELS, as_pictures
from digits_core.figures.dataset_figures import balances, pixel_values

SIDE, DIGITS = 28, 10


def compare(digits: Digits) -> None:
    catalogue = state().catalogue
    if "other" not in st.session_state and "other" not in st.query_params:
        names = [entry.name for entry in catalogue.entries() if entry.name != digits.name]
        st.session_state["other"] = next((name for name in names if catalogue.available(name)), digits.name)
    with st.container(width=320):
        name = choose_dataset("other", "Compare with")
    if not catalogue.available(name):
        say_not_here(name)
        return
    if name == digits.name:
        st.info("This is the same dataset twice: choose another one to compare with.")
        return
    sets = {each.name: each for each in (digits, load_digits(name))}
    found = {each: summary(one) for each, one in sets.items()}
    titles = {each: catalogue.entry(each).title for each in sets}
    _facts(sets, found, titles)
    _charts(found, titles)
    _means(sets, found, titles)


def _facts(sets: dict[str, Digits], found: dict[str, Summary], titles: dict[str, str]) -> None:
    # Here and not above: this page is the first one, and pandas takes a third of a second to import.
    import pandas as pd

    rows = {
        "Images": lambda one, _: f"{len(one):,}",
        "Training / test": lambda one, _: f"{(~one.test).sum():,} / {one.test.sum():,}",
        "Size": lambda one, _: f"{one.shape[0]} × {one.shape[1]}",
        "Ink, share of the image": lambda _, all_: f"{_ink(all_):.1%}",
        "Empty pixels": lambda _, all_: f"{all_.histogram[0] / max(1, all_.histogram.sum()):.1%}",
        "Rarest / commonest digit": lambda _, all_: f"{all_.classes.counts.min():,} / {all_.classes.counts.max():,}",
    }
    table = pd.DataFrame(
        {as_plain_text(titles[name]): [say(one, found[name]) for say in rows.values()] for name, one in sets.items()},
        index=pd.Index(rows, name="Fact"),
    )
    st.table(table, alt="The facts of both datasets side by side")
    st.caption(
        "What differs here differs for the network: sizes are resized to one, everything else it has to cope with."
    )


def _ink(all_: Summary) -> float:
    return float(all_.histogram @ np.arange(LEVELS) / max(1, all_.histogram.sum()) / (LEVELS - 1))


def _charts(found: dict[str, Summary], titles: dict[str, str]) -> None:
    left, right = st.columns(2)
    with left:
        chart = balances({titles[name]: one.classes.counts for name, one in found.items()})
        show_chart(chart, "balances", "Which share each digit has in both datasets")
        st.caption("A network expects digits as often as it met them in training.")
    with right:
        chart = pixel_values({titles[name]: one.histogram for name, one in found.items()}, log=True)
        show_chart(chart, "histograms", "How often each pixel value occurs in both datasets")
        st.caption("Grey strokes in one and black ones in the other are different numbers for the same digit.")


def _means(sets: dict[str, Digits], found: dict[str, Summary], titles: dict[str, str]) -> None:
    st.subheader("Mean image of each digit")
    for name, one in found.items():
        st.markdown(f"**{as_plain_text(titles[name])}**")
        pictures = np.stack([_to_common_size(picture) for picture in as_pictures(one.classes.mean)])
        tiles = [Tile(digit, digit, "", f"Mean image of {digit} in {titles[name]}") for digit in range(DIGITS)]
        words = f"Mean images of {titles[name]}"
        show_tiles(pictures, tiles, f"means_of_{list(found).index(name)}", words=words, columns=DIGITS)
    st.caption(
        f"Both at {SIDE} × {SIDE} for this picture only. Look at place, size and stroke width: a network trained on "
        "digits that fill the image has never seen the margin of the others. Centring and augmentation, on the page "
        "Transforms, close that gap."
    )


def _to_common_size(image: np.ndarray) -> np.ndarray:
    """Resize an image uint8 (H, W) to (28, 28), with smoothing."""
    return np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BILINEAR))
