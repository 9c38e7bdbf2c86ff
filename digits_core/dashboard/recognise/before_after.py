"""Train again with one's own handwriting, and what that changed: accuracy on the writer's held-out digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from digits_core.config import RunConfig
from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.handwriting.shared import WRITER_HELP
from digits_core.dashboard.loaders import load_digits, load_recogniser
from digits_core.dashboard.pages import page
from digits_core.dashboard.state import state
from digits_core.dashboard.tiles import Tile, show_tiles
from digits_core.data.digits import Digits
from digits_core.runs.preferred import best_of, candidates
from digits_core.runs.store import Run
from digits_core.training.config_fields import to_query

HANDWRITING = "handwriting"
FEW = 20
SHOWN = 40


@dataclass(frozen=True)
class BeforeAfter:
    """What two networks read of the same held-out digits of one writer: uint8 (n, H, W), and int64 (n,) each."""

    images: np.ndarray
    labels: np.ndarray
    before: np.ndarray
    after: np.ndarray

    def right(self, answers: np.ndarray) -> int:
        return int((answers == self.labels).sum())


def with_handwriting(config: RunConfig) -> RunConfig:
    """The same training with the user's own digits beside its data, to train on and to test on."""
    data = config.data.replace(
        train=(*config.data.train, HANDWRITING), test=(*config.data.test, HANDWRITING), test_writers=()
    )
    return config.replace(data=data, name=f"{config.name or config.recipe or 'Run'} + my handwriting"[:120])


def learnt_from_handwriting(config: RunConfig) -> bool:
    return HANDWRITING in config.data.train


def held_out_of(digits: Digits, writer: str) -> Digits:
    """The writer's test samples: no run has ever trained on them, whoever's digits it was trained with."""
    wanted = digits.test & (np.array(digits.writers) == writer)
    return Digits(digits.name, digits.images[wanted], digits.labels[wanted], digits.test[wanted])


def pair(run: Run, runs: Sequence[Run]) -> tuple[Run, Run] | None:
    """Return the runs before and after, with handwriting and without, one of them `run`; `None` without another kind.

    The other is the best of the same recipe, else the best there is, as `best_of` has it: a run that was stopped in its
    third epoch would make any other look good.
    """
    mine = learnt_from_handwriting(run.config)
    others = [each for each in runs if learnt_from_handwriting(each.config) != mine]
    other = best_of([each for each in candidates(others) if each.recipe == run.recipe]) or best_of(others)
    if other is None:
        return None
    return (other, run) if mine else (run, other)


@st.fragment
def show(run: Run) -> None:
    """The way to Training with the form filled; once there is a run that learnt from handwriting, what it brought."""
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


def compare(before: Run, after: Run, digits: Digits) -> BeforeAfter:
    """Let both read the same digits, each prepared as its own training prepared them."""
    read = [
        np.array([answer.digit for answer in load_recogniser(run.id).read_all(list(digits.images))])
        for run in (before, after)
    ]
    return BeforeAfter(digits.images, digits.labels, *read)


def _show_comparison(before: Run, after: Run, digits: Digits) -> None:
    both, total = compare(before, after, digits), len(digits)
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
    # Those that changed come first: they are what one wants to see.
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
