"""How an answer is shown: what the network saw, and its probabilities. The same in every view of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.errors import as_plain_text
from digits_core.dashboard.live import POLL_S
from digits_core.dashboard.loaders import load_threshold
from digits_core.dashboard.recognise.reading import NOT_A_DIGIT, Reading, article, how_sure, in_words, verdict
from digits_core.dashboard.thresholds import Threshold
from digits_core.dashboard.tiles import Tile, show_tiles
from digits_core.figures import recognition as figures

if TYPE_CHECKING:
    from digits_core.recognition.recogniser import Answer


SEEN_SIDE = 150


def show_headline(answer: Answer, refused: bool, threshold: Threshold, run_id: str, key: str = "answer") -> None:
    """Show the digit in words: how sure, what else it might be, and whether it is one; greyed if it is `refused`."""
    with st.container(key=f"{'refused' if refused else 'read'}_{key}"):
        if refused:
            st.metric(
                NOT_A_DIGIT, str(answer.digit), "is the closest digit", delta_color="off", delta_arrow="off",
                help="It looks like nothing that this network was trained on: the nearest training image is further "
                "away than those of nearly all test digits are.",
            )  # fmt: skip
        else:
            st.metric(
                f"{how_sure(answer.probability)} {article(answer.digit)}", str(answer.digit), in_words(answer),
                delta_color="off", delta_arrow="off",
            )  # fmt: skip
    say_verdict(threshold, refused, run_id)


def show_number(
    text: str, words: str, refused: int, count: int, threshold: Threshold, run_id: str, key: str = "answer"
) -> None:
    """Show what several digits make together; greyed if all of the `count` are refused.

    `words` say more about those that were read.
    """
    if refused:
        words += f" · {refused} may be no digit"
    kind = "read" if not refused else "refused" if refused == count else "doubted"
    with st.container(key=f"{kind}_{key}"):
        st.metric(
            "No digits, it seems" if kind == "refused" else "Reads", text, words, delta_color="off", delta_arrow="off"
        )
    say_verdict(threshold, bool(refused), run_id, count)


def say_verdict(threshold: Threshold, refused: bool, run_id: str, count: int = 1) -> None:
    """Say whether what was read is a digit; where that is being worked out, the page is drawn anew once it is known."""
    if threshold.pending:
        st.fragment(_await_threshold, run_every=POLL_S)(run_id, verdict(threshold, refused, count))
    else:
        # The problem may name a dataset, as people called it.
        st.caption(as_plain_text(verdict(threshold, refused, count)))


def _await_threshold(run_id: str, words: str) -> None:
    if not load_threshold(run_id).pending:
        st.rerun()
    st.caption(words)


def show_one(answer: Answer, key: str) -> None:
    """What the network saw of one digit beside its ten probabilities."""
    row = st.container(horizontal=True, gap="medium")
    with row.container(width=SEEN_SIDE):
        show_seen(answer, f"{key}_seen")
    with row.container(width="stretch"):
        show_chart(
            figures.probabilities(answer.probabilities), key, f"{article(answer.digit)} {answer.digit}, "
            f"{answer.probability:.1%} sure", figures.BARS_HEIGHT,
        )  # fmt: skip


def show_seen(answer: Answer, key: str) -> None:
    size = answer.seen.shape[0]
    note = f"what the network sees: {size}\u00a0×\u00a0{size} pixels"
    show_tiles(
        answer.seen[None], [Tile(answer.digit, 0, note, f"Seen as {article(answer.digit)} {answer.digit}", "")], key,
        words="What the network sees", size=SEEN_SIDE - 8,
    )  # fmt: skip


def show_digits(reading: Reading, key: str) -> None:
    """Each of several digits as it was seen, and all their probabilities."""
    tiles = [
        Tile(answer.digit, place, _note(reading, place), f"Digit {place + 1}: {answer.digit}, {in_words(answer)}")
        for place, answer in enumerate(reading.answers)
    ]
    show_tiles(reading.seen, tiles, f"{key}_tiles", words="The digits as the network sees them", size=72)
    show_chart(
        figures.several(reading.probabilities), key, f"Reads {reading.text}: probabilities of each digit",
        figures.several_height(len(reading.answers)),
    )  # fmt: skip


def _note(reading: Reading, place: int) -> str:
    return "no digit?" if place in reading.refused else f"{reading.answers[place].probability:.0%}"
