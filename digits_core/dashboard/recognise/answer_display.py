"""Display of a prediction, shared by the views of the page: the network's input and the probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.live import draw_anew_after
from digits_core.dashboard.loaders import load_threshold
from digits_core.dashboard.recognise.recognition_result import (
    Reading,
    article,
    between,
    how_sure,
    in_words,
    rates,
    verdict,
)
from digits_core.dashboard.recognise.unlike import offer_help, unusual_of, words_of
from digits_core.dashboard.thresholds import Threshold
from digits_core.dashboard.tiles import Tile, show_tiles
from digits_core.figures import recognition_figures as figures

if TYPE_CHECKING:
    from digits_core.recognition.recogniser import Answer


SEEN_SIDE = 150


def show_headline(answer: Answer, refused: bool, threshold: Threshold, run_id: str, key: str = "answer") -> None:
    """Show the predicted digit, its confidence and the runner-up; for a refused one, what is unusual about it."""
    with st.container(key=f"{'refused' if refused else 'read'}_{key}"):
        if refused:
            st.metric(f"Perhaps {article(answer.digit)}", str(answer.digit))
        else:
            st.metric(
                f"{how_sure(answer.probability)} {article(answer.digit)}",
                str(answer.digit),
                in_words(answer),
                delta_color="off",
                delta_arrow="off",
            )
    say_verdict(threshold, [answer], [0] if refused else [], run_id, key)


def show_number(
    reading: Reading, text: str, words: str, threshold: Threshold, run_id: str, key: str = "answer"
) -> None:
    """Show several digits together as `text`; `words` give details of those that were read."""
    with st.container(key=f"{'refused' if len(reading.refused) == len(reading.answers) else 'read'}_{key}"):
        st.metric("Reads", text, words, delta_color="off", delta_arrow="off")
    say_verdict(threshold, reading.answers, sorted(reading.refused), run_id, key)


def say_verdict(
    threshold: Threshold, answers: Sequence[Answer], refused: Sequence[int], run_id: str, key: str = "answer"
) -> None:
    """Say whether these are digits, or that it is still being computed: `await_verdicts` then redraws the page.

    For a single refused digit, say what is unusual about it, and offer what would help.
    """
    text = "".join(str(answer.digit) for answer in answers)
    if threshold.pending:
        st.caption(verdict(threshold, 0, text))
    elif not refused or threshold.refusal is None:
        # The problem may contain the name of a dataset, which users choose.
        st.caption(as_plain_text(verdict(threshold, len(refused), text)))
    else:
        found = unusual_of(answers[refused[0]], threshold.refusal, run_id) if len(answers) == 1 else []
        undecided = "" if threshold.refusal.decides(answers[refused[0]]) else between(answers[refused[0]])
        words = verdict(threshold, len(refused), text, words_of(found), undecided)
        st.markdown(words, help=rates(threshold.refusal))
        if len(answers) == 1:
            offer_help(run_id, answers[0].digit, found, key)


def await_verdicts(run_ids: Sequence[str]) -> None:
    """Redraw the page once the out-of-distribution thresholds of these runs are computed."""
    draw_anew_after("verdicts", partial(_is_pending, tuple(run_ids)))


def _is_pending(run_ids: Sequence[str]) -> bool:
    return any(load_threshold(run_id).pending for run_id in run_ids)


def show_one(answer: Answer, key: str) -> None:
    """Draw the network's input for one digit next to its ten probabilities."""
    row = st.container(horizontal=True, gap="medium")
    with row.container(width=SEEN_SIDE):
        show_seen(answer, f"{key}_seen")
    with row.container(width="stretch"):
        show_chart(
            figures.probabilities(answer.probabilities),
            key,
            f"{article(answer.digit)} {answer.digit}, {answer.probability:.1%} sure",
            figures.BARS_HEIGHT,
        )


def show_seen(answer: Answer, key: str) -> None:
    size = answer.seen.shape[0]
    note = f"what the network sees: {size}\u00a0×\u00a0{size} pixels"
    show_tiles(
        answer.seen[None],
        [Tile(answer.digit, 0, note, f"Seen as {article(answer.digit)} {answer.digit}", "")],
        key,
        words="What the network sees",
        size=SEEN_SIDE - 8,
    )


def show_digits(reading: Reading, key: str) -> None:
    """Draw the network's input for each of several digits, and all their probabilities."""
    tiles = [
        Tile(answer.digit, place, _note(reading, place), f"Digit {place + 1}: {answer.digit}, {in_words(answer)}")
        for place, answer in enumerate(reading.answers)
    ]
    show_tiles(reading.seen, tiles, f"{key}_tiles", words="The digits as the network sees them", size=72)
    show_chart(
        figures.several(reading.probabilities),
        key,
        f"Reads {reading.text}: probabilities of each digit",
        figures.several_height(len(reading.answers)),
    )


def _note(reading: Reading, place: int) -> str:
    return "not a digit?" if place in reading.refused else f"{reading.answers[place].probability:.0%}"
