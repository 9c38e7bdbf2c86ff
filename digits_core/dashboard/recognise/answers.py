"""How an answer is shown: what the network saw, and its probabilities. The same in every view of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.recognise.reading import NOT_A_DIGIT, Reading, article, how_sure, in_words, rates
from digits_core.dashboard.tiles import Tile, show_tiles
from digits_core.figures import recognition as figures

if TYPE_CHECKING:
    from digits_core.recognition.recogniser import Answer
    from digits_core.recognition.refusal import Refusal


SEEN_SIDE = 150


def show_headline(answer: Answer, refusal: Refusal | None = None, key: str = "answer") -> None:
    """The digit in words: how sure, and what else it might be; greyed where a `refusal` is given, which refuses it."""
    if refusal is not None:
        with st.container(key=f"refused_{key}"):
            st.metric(
                NOT_A_DIGIT, str(answer.digit), "is what it comes nearest to", delta_color="off", delta_arrow="off",
                help="It looks like nothing that this network was trained on: the nearest training image is further "
                "away than those of nearly all test digits are.",
            )  # fmt: skip
        st.caption(rates(refusal))
        return
    st.metric(
        f"{how_sure(answer.probability)} {article(answer.digit)}", str(answer.digit), in_words(answer),
        delta_color="off", delta_arrow="off",
    )  # fmt: skip


def show_number(text: str, words: str, refused: int, count: int, refusal: Refusal | None, key: str) -> None:
    """What several digits make together; greyed where all of the `count` are refused, and with the rates where any is.

    `words` say more about those that were read.
    """
    if refused:
        words += f" · {refused} may be no digit"
    if not refused or refusal is None:
        st.metric("Reads", text, words, delta_color="off", delta_arrow="off")
        return
    with st.container(key=f"{'refused' if refused == count else 'doubted'}_{key}"):
        st.metric(
            "No digits, it seems" if refused == count else "Reads", text, words, delta_color="off", delta_arrow="off"
        )
    st.caption(rates(refusal))


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
