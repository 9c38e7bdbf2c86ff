"""Train again with one's own handwriting, and compare the accuracy on the writer's held-out digits."""

from __future__ import annotations

import numpy as np
import streamlit as st

from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.handwriting.shared import WRITER_HELP
from digits_core.dashboard.loaders import load_digits, reader
from digits_core.dashboard.pages import page
from digits_core.dashboard.state import state
from digits_core.dashboard.tiles import Tile, show_tiles
from digits_core.data.digits import Digits
from digits_core.evaluation.before_after import (
    HANDWRITING,
    compare,
    held_out_of,
    learnt_from_handwriting,
    pair,
    with_handwriting,
)
from digits_core.runs.store import Run
from digits_core.training.config_fields import to_query

FEW = 20
SHOWN = 40


@st.fragment
def show(run: Run) -> None:
    """Draw a link to the filled-in Training form; once a run has learnt from handwriting, the comparison."""
    if not st.toggle(
        "Train again with my handwriting",
        key="recognise_again",
        persist_state="session",
        help="A few digits of your own hand help a network more than thousands of other people's. Train with them, and "
        "compare before and after on digits of yours that no training has seen.",
    ):
        return
    writers = [name for name, _ in state().handwriting.writers()]
    if not writers:
        st.info("Nobody's digits are saved yet. Draw one, say what it is, and save it.")
        return
    writer = st.selectbox("Whose hand", writers, key="again_writer", width=260, help=WRITER_HELP)
    counts = state().handwriting.counts(writer)
    digits = held_out_of(load_digits(HANDWRITING), writer)
    total, kinds = int(counts.sum()), int((counts > 0).sum())
    st.write(
        f"{as_plain_text(writer)} has {total} saved, {kinds} of the ten digits among them: {total - len(digits)} to "
        f"learn from, {len(digits)} held out for the test."
    )
    mine = learnt_from_handwriting(run.config)
    st.page_link(
        page("training"),
        query_params=to_query(run.config if mine else with_handwriting(run.config)),
        label=f"Train these settings {'on the digits saved by now' if mine else 'with my handwriting, too'}",
        help="Opens the form on Training. The new run trains on your digits as they are when it is started. The runs "
        "that there are keep those that they were trained on.",
    )
    both = pair(run, state().runs.usable())
    if both is None:
        st.caption("Once a run has learnt from your handwriting, this is where before and after are compared.")
    elif not len(digits):
        st.caption("There is nothing to compare on yet: one sample in five is held out for the test.")
    else:
        _show_comparison(*both, digits)


def _show_comparison(before: Run, after: Run, digits: Digits) -> None:
    both, total = compare(reader(before.id), reader(after.id), digits), len(digits)
    columns = st.container(horizontal=True, gap="large")
    for words, run, answers in (("Before", before, both.before), ("After", after, both.after)):
        right = both.right(answers)
        with columns.container(width="content"):
            st.metric(
                f"{words}: {as_plain_text(run.title)}",
                f"{right / total:.0%}",
                f"{right} of {total} right",
                delta_color="off",
                delta_arrow="off",
            )
    st.caption(
        f"Held-out digits of this writer, n = {total}: neither training saw them."
        + (f" With so few, each counts {1 / total:.0%}: save more before you trust the difference." * (total < FEW))
    )
    # Changed predictions first: they are the interesting ones.
    order = np.argsort(both.before == both.after, kind="stable")[:SHOWN]
    tiles = [
        Tile(
            int(digits.labels[place]),
            place,
            f"{both.before[place]} → {both.after[place]}",
            f"A {digits.labels[place]}, read as {both.before[place]} before and as {both.after[place]} after",
        )
        for place in order
    ]
    show_tiles(both.images[order], tiles, "before_after", words="Held-out digits, before and after", size=64)
