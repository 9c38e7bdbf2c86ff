"""Overview: the number of images of each digit, how dark their pixels are, what they have in common."""

from __future__ import annotations

import streamlit as st

from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.data.results import summary
from digits_core.dashboard.tiles import Tile, show_tiles
from digits_core.data.digits import Digits
from digits_core.data.statistics.classes import ClassImages, as_pictures
from digits_core.figures.basic_charts import class_balance
from digits_core.figures.dataset_figures import pixel_values

DIGITS = 10
HEIGHT = 270
"""Height of each chart, in pixels: with the mean images above them, they fill the screen of a small laptop."""


def overview(digits: Digits) -> None:
    found = summary(digits)
    with st.container(key="main_picture", gap="xsmall"):
        _means(found.classes)
        left, right = st.columns(2)
        with left:
            chart = class_balance(digits.counts("train"), digits.counts("test"), HEIGHT)
            show_chart(chart, "balance", "How many images of each digit there are for training and for testing")
        with right:
            # The switch goes below the pictures, as it would push them down.
            chart_place = st.container()
    left, right = st.columns(2)
    with left:
        st.caption(
            "Equal bars mean that guessing one digit is right once in ten. Where a digit is rare, a network can "
            "neglect it and still look accurate."
        )
    with right:
        log = st.toggle(
            "Logarithmic",
            True,
            key="log",
            bind="query-params",
            persist_state="session",
            help="Steps of ten times as many: paper is so much commoner that a linear scale would not show ink.",
        )
        with chart_place:
            chart = pixel_values({digits.name: found.histogram}, log, HEIGHT)
            show_chart(chart, "histogram", "How often each pixel value occurs in the dataset")
        paper = found.histogram[0] / max(1, found.histogram.sum())
        st.caption(f"{paper:.0%} of all pixels are empty paper. Normalising moves and stretches this distribution.")
    _variability(found.classes)


def _means(classes: ClassImages) -> None:
    st.markdown(
        "**Mean image of each digit**",
        help="All images of a digit laid over each other. Where it is sharp, everybody writes alike; where it is "
        "blurred, hands differ. A network that could learn only one picture per digit would learn these.",
    )
    tiles = [
        Tile(digit, digit, f"n = {classes.counts[digit]:,}", f"Mean of {classes.counts[digit]:,} images of {digit}")
        for digit in range(DIGITS)
    ]
    show_tiles(as_pictures(classes.mean), tiles, "means", words="The mean image of each digit", columns=DIGITS)


def _variability(classes: ClassImages) -> None:
    st.markdown("**Variability of each digit**")
    tiles = [Tile(digit, digit, "", f"Variability of the images of {digit}") for digit in range(DIGITS)]
    words = "The variability of each digit, pixel by pixel"
    show_tiles(as_pictures(classes.deviation), tiles, "variability", words=words, columns=DIGITS)
    st.caption(
        "The standard deviation of each pixel, bright where hands disagree, here up to "
        f"{classes.deviation.max():.0f} grey levels. Bright edges come from slant and size; a bright stroke is one "
        "that only some people make, such as the bar through a 7."
    )
