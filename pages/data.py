"""Data: look at the digits before anything learns from them."""

import numpy as np
import streamlit as st

from digits_core.dashboard.loaders import load_digits
from digits_core.dashboard.pages import next_step
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import (
    choose_dataset,
    choose_split,
    empty_state,
    show_chart,
    show_error,
)
from digits_core.data.catalogue import ENTRIES
from digits_core.data.digits import Digits
from digits_core.errors import DatasetError
from digits_core.figures.charts import class_balance
from digits_core.figures.images import sample_grid

COLUMNS, ROWS = 10, 4


def facts(digits: Digits) -> None:
    entry = ENTRIES[digits.name]
    height, width = digits.shape
    train, test = int((~digits.test).sum()), int(digits.test.sum())
    with st.container(horizontal=True):
        st.metric("Images", f"{len(digits):,}", border=True, help="Each is one digit with its label.")
        st.metric("Size", f"{height} × {width}", border=True, help="Height and width in pixels, one grey channel.")
        st.metric("Training", f"{train:,}", border=True, help="Images that teach the network.")
        st.metric("Test", f"{test:,}", border=True, help="Images that only judge it: the same for everyone.")
        st.metric(
            "Values", f"{digits.images.min()}–{digits.images.max()}", border=True,
            help=f"{digits.images.dtype}: 0 is paper, 255 is full ink. In the source: {entry.original_range}.",
        )  # fmt: skip
    st.caption(f"**{entry.title}.** {entry.summary} Source: {entry.source}. Licence: {entry.licence}.")


@st.fragment
def browser(digits: Digits) -> None:
    st.subheader("Samples")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = choose_split()
        chosen = st.pills(
            "Digits", list(range(10)), selection_mode="multi", key="digit", bind="query-params",
            help="Show only images with these labels; none chosen shows all.",
        )  # fmt: skip
        seed = st.number_input(
            "Shuffle", 0, 9999, 0, key="shuffle", bind="query-params", width=130,
            help="0 keeps the order of the dataset; any other number is the seed of a random order.",
        )  # fmt: skip
    indices = digits.indices(split)
    if chosen:
        indices = indices[np.isin(digits.labels[indices], chosen)]
    if seed:
        indices = np.random.default_rng(seed).permutation(indices)
    if not len(indices):
        st.info("No image has these labels in this split. Choose other digits or the other split.")
        return
    pages = -(-len(indices) // (COLUMNS * ROWS))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        page = st.number_input("Page", 1, pages, 1, key=f"page_of_{pages}", width=130, help=f"1 to {pages}.")
        st.caption(f"of {pages:,} · {len(indices):,} images")
    shown = indices[(page - 1) * COLUMNS * ROWS : page * COLUMNS * ROWS]
    grid = sample_grid(
        digits.images[shown], digits.labels[shown], shown, COLUMNS, f"The {split} split: images and their labels"
    )
    show_chart(grid, "samples", f"{len(shown)} images with their labels")


def offer_mnist() -> None:
    with st.container(border=True):
        st.write("MNIST in full is not on this machine yet: 70,000 images, a download of about 12 MB.")
        if st.button("Download MNIST", icon=":material/download:", type="primary"):
            try:
                with st.spinner("Downloading MNIST …"):
                    state().catalogue.download_mnist()
            except DatasetError as error:
                show_error(error)
            else:
                st.rerun()


st.title("Data")
st.write("Look at the digits before anything learns from them: how many there are, how they vary, who is missing.")
name = choose_dataset()
if state().catalogue.available(name):
    digits = load_digits(name)
    facts(digits)
    balance = class_balance(digits.counts("train"), digits.counts("test"))
    show_chart(balance, "balance", "How many images of each digit there are for training and for testing")
    browser(digits)
elif name == "mnist":
    offer_mnist()
else:
    empty_state("No handwriting yet. Draw some digits, and they become a dataset.", "handwriting", "Draw digits")
next_step("data")
