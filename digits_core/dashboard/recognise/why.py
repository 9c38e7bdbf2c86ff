"""Explain a prediction: the decisive pixels, the nearest training images, the smallest change that alters it.

On request and in its own fragment: it takes a second or two, and strokes must not wait for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.hiding import group
from digits_core.dashboard.loaders import load_recogniser, run_loader
from digits_core.dashboard.recognise.recognition_result import Reading, article, runner_up
from digits_core.dashboard.state import state
from digits_core.dashboard.tiles import Tile, show_tiles
from digits_core.dashboard.widgets import show_error
from digits_core.errors import DigitsError
from digits_core.figures.recognition_figures import overlay
from digits_core.runs.store import Run

if TYPE_CHECKING:
    from digits_core.recognition.nearest_images import HiddenNeighbours
    from digits_core.recognition.recogniser import Answer

SIDE = 220


@st.fragment
@group("why")
def show(run: Run, reading: Callable[[], Reading | None], key: str) -> None:
    """Draw the button, and the explanation of `reading` at the time of the click. Each `key` has one explanation."""
    explained = f"{key}_explained"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Why this answer?",
            icon=":material/psychology_alt:",
            on_click=_explain,
            args=(reading, explained),
            key=f"{key}_why",
            help="Explains what was read last. The network has no reasons in words: these are three ways to look at "
            "its numbers.",
        )
        if explained in st.session_state:
            st.button(
                "Hide",
                icon=":material/close:",
                on_click=lambda: st.session_state.pop(explained),
                key=f"{key}_hide",
                help="Takes the explanation off the page.",
            )
    kept: Reading | str | None = st.session_state.get(explained)
    if isinstance(kept, str):
        st.info(kept)
    elif kept is not None:
        try:
            with st.container(key=f"{key}_reasons"):
                _show(kept, run, key)
        except DigitsError as error:
            show_error(error)


def _explain(reading: Callable[[], Reading | None], explained: str) -> None:
    st.session_state[explained] = reading() or "There is nothing on the paper yet: draw a digit first."


def _show(reading: Reading, run: Run, key: str) -> None:
    place = reading.least_sure
    recogniser = load_recogniser(run.id)
    answer = recogniser.read(reading.ink.digits[place])
    other, _ = runner_up(answer.probabilities)
    if len(reading.answers) > 1:
        st.caption(f"Of {reading.text} the digit in place {place + 1}, which the network is least sure of.")
    else:
        st.caption(f"Of the {reading.text} that was read when you asked.")
    columns = st.container(horizontal=True, gap="medium")
    with columns.container(width=SIDE + 16):
        _pixels(answer, run, key)
    if not run.is_logged:  # what it was trained on is not known
        with columns.container(width=SIDE + 16):
            _neighbours(answer, run, key)
    with columns.container(width=SIDE + 16):
        _tip(answer, other, run, key)


def _pixels(answer: Answer, run: Run, key: str) -> None:
    from digits_core.recognition.explain import METHOD, METHOD_HELP, attribute

    st.markdown("**Which pixels decided**", help=METHOD_HELP)
    with st.spinner("Asking every pixel …"):
        shares = attribute(load_recogniser(run.id), answer.seen, answer.digit)
    show_chart(
        overlay(answer.seen, shares, "", SIDE, "share"),
        f"{key}_pixels",
        f"Pixels that speak for {article(answer.digit)} {answer.digit} and against it",
        SIDE,
    )
    st.caption(
        f"{METHOD}: **green** ink speaks for {article(answer.digit)} {answer.digit}, **red** against it, compared with "
        "the other nine digits."
    )


def _neighbours(answer: Answer, run: Run, key: str) -> None:
    st.markdown(
        "**What it was reminded of**",
        help="The training images for which the last hidden layer (64 values) comes out most alike. The distance is 1 "
        "less the cosine between them: 0 is the same direction, 1 has nothing in common.",
    )
    try:
        nearest = _hidden_neighbours(str(state().home.folder), run.id, run.finished or 0.0).nearest(answer.seen)
    except DigitsError as error:
        show_error(error)
        return
    # Training images may differ in size: enlarge them to a common one, without smoothing.
    images = np.stack([_enlarged(each.image) for each in nearest])
    tiles = [
        Tile(
            each.label,
            place,
            f"{each.distance:.3f} away",
            f"A {each.label}, image {each.index} of {each.dataset}, distance {each.distance:.3f}",
        )
        for place, each in enumerate(nearest)
    ]
    show_tiles(images, tiles, f"{key}_nearest", words="The nearest training images", columns=len(tiles))
    labels = {each.label for each in nearest}
    st.caption(
        f"All three are {nearest[0].label}s."
        if len(labels) == 1
        else "They are not all the same digit: the network finds it between two."
    )


def _tip(answer: Answer, other: int, run: Run, key: str) -> None:
    from digits_core.recognition.counterfactual import find_counterfactual

    st.markdown(
        f"**What would make it {article(other)} {other}**",
        help="The smallest change of ink that was found with which the runner-up wins: dabs of a pen or an eraser, on "
        "the ink and just beside it. A small change means that the answer rests on little.",
    )
    with st.spinner("Trying dabs of ink …"):
        tip = find_counterfactual(load_recogniser(run.id), answer.seen, other)
    if tip is None:
        st.caption(f"Nothing small does: no change of the ink was found that makes it {article(other)} {other}.")
        return
    show_chart(
        overlay(tip.seen, tip.change, "", SIDE, "ink"),
        f"{key}_tip",
        f"The digit changed so that it is read as {article(other)} {other}",
        SIDE,
    )
    st.caption(
        f"**Green** was added, **red** taken away: {tip.share:.0%} of the ink. Then: {other}, "
        f"{tip.probabilities[other]:.0%} sure."
    )


def _enlarged(image: np.ndarray, side: int = 56) -> np.ndarray:
    """Enlarge an image (H, W) to (side, side) without smoothing."""
    rows, columns = (np.arange(side) * length // side for length in image.shape)
    return image[rows][:, columns]


@st.cache_resource(max_entries=4, show_spinner="Looking at every training image …")
def _hidden_neighbours(folder: str, run_id: str, finished: float) -> HiddenNeighbours:
    from digits_core.recognition.nearest_images import HiddenNeighbours
    from digits_core.training.check import choose_digits

    train, _ = choose_digits(state().runs.get(run_id).config.data, run_loader(run_id))
    return HiddenNeighbours(load_recogniser(run_id), train)
