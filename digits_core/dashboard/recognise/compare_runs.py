"""Several runs read the same drawing, side by side; and the domain gap between "Lecture" and "Robust"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from digits_core.dashboard import page_address
from digits_core.dashboard.browser_models import BrowserModel, browser_models
from digits_core.dashboard.canvas import drawing_place
from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.loaders import load_digits, load_recogniser, load_threshold
from digits_core.dashboard.recognise import reading_history
from digits_core.dashboard.recognise.answer_display import SEEN_SIDE, await_verdicts, say_verdict, show_seen
from digits_core.dashboard.recognise.canvas_view import CANVASES, HINT, ONE, VERDICT_HEIGHT, paper_to_draw_on
from digits_core.dashboard.recognise.live_answer import show_live_answer
from digits_core.dashboard.recognise.recognition_result import UNLIKE, Ink, Reading, digit_on, in_words, read
from digits_core.dashboard.recognise.train_here import offer, run_of
from digits_core.dashboard.state import state
from digits_core.dashboard.tiles import Tile, show_tiles
from digits_core.dashboard.widgets import run_label, show_error
from digits_core.errors import DigitsError
from digits_core.runs.preferred import candidates
from digits_core.runs.store import Run

AT_MOST = 6
STORY = ("Lecture", "Robust")
OTHER_HANDS = "mnist-5k"
EXAMPLES = 6
_WANTED = "readers"


def choose(runs: list[Run]) -> Callable[[], None]:
    """Choose what to compare; return the function that draws the comparison."""
    view = st.segmented_control(
        "Compare",
        ["Runs", "Lecture against Robust"],
        default="Runs",
        required=True,
        key="versus",
        bind="query-params",
        persist_state="session",
        help="**Runs**: those that you choose. **Lecture against Robust**: why a network with 97 % on its own test "
        "images may fail on your hand, and what closes the gap.",
    )
    return partial(_show_chosen, _choose(runs)) if view == "Runs" else partial(_story, runs)


def _show_chosen(chosen: list[Run]) -> None:
    if len(chosen) < 2:
        st.info("Choose two or more runs: they read the same drawing, so that you see what their training changed.")
    if chosen:
        _compare(chosen, browser_models([run.id for run in chosen]))


def _choose(runs: list[Run]) -> list[Run]:
    """Choose up to `AT_MOST` runs, in the URL by id; by default the two newest, `candidates` first."""
    by_id = {run.id: run for run in runs}
    in_url = [run_id for run_id in st.query_params.get_all(_WANTED) if run_id in by_id][:AT_MOST]
    if in_url and page_address.is_new(_WANTED.__eq__, f"{_WANTED}_in_url"):
        st.session_state[_WANTED] = in_url
    elif _WANTED not in st.session_state:
        first = candidates(runs)
        st.session_state[_WANTED] = [run.id for run in (*first, *(each for each in runs if each not in first))][:2]
    else:  # one of them may have been deleted since
        st.session_state[_WANTED] = [run_id for run_id in st.session_state[_WANTED] if run_id in by_id]
    chosen = st.multiselect(
        "Runs",
        list(by_id),
        format_func=lambda run_id: run_label(by_id[run_id]) if run_id in by_id else run_id,
        key=_WANTED,
        max_selections=AT_MOST,
        persist_state="session",
        placeholder="choose two or more",
        help="They read the same ink at the same time, each prepared as its own training prepared its images.",
    )
    page_address.write({_WANTED: chosen}, _WANTED.__eq__, f"{_WANTED}_in_url")
    return [by_id[run_id] for run_id in chosen]


@st.fragment
def _compare(runs: list[Run], models: list[BrowserModel]) -> None:
    paper, place, tools = drawing_place()
    ink = _draw("compare", paper, tools)
    with place:
        readings = _read(ink, runs)
        show_live_answer(runs, models, readings, "compared_answers", hint=HINT, layers=False)
        with st.container(height=VERDICT_HEIGHT, border=False, key="verdict"):
            _say_what_is_pending(runs, readings)


def _draw(view: str, paper: DeltaGenerator, tools: DeltaGenerator) -> Ink | None:
    """Return the drawing, on the same paper as in the view Draw."""
    picture = paper_to_draw_on(CANVASES[ONE], view, paper, tools)
    if picture is None:
        reading_history.note(CANVASES[ONE], None)
        return None
    try:
        return digit_on(picture)
    except DigitsError as error:
        show_error(error)
        return None


def _read(ink: Ink | None, runs: Sequence[Run]) -> list[Reading]:
    if ink is None:
        return []
    try:
        readings = [read(ink, load_recogniser(run.id), run.title, load_threshold(run.id).refusal) for run in runs]
    except DigitsError as error:
        show_error(error)
        return []
    reading_history.note(CANVASES[ONE], readings[0])
    return readings


def _say_what_is_pending(runs: Sequence[Run], readings: Sequence[Reading]) -> None:
    """Say that a threshold is still being computed, if one is; the page is redrawn when it is done."""
    for run in runs if readings else ():
        if (threshold := load_threshold(run.id)).pending:
            say_verdict(threshold, readings[0].answers, [], run.id)
            return


def _story(runs: list[Run]) -> None:
    """Show the domain gap on the user's own digit; offer to train the runs that are missing."""
    found = {name: run for name in STORY if (run := run_of(name, runs))}
    st.write(
        "The same network, twice. **Lecture** learnt from small digits that fill their image; **Robust** saw two "
        "sources, centred by mass, turned, scaled, with thin and thick strokes. Draw a digit, small or in a corner: "
        "what does each make of it?"
    )
    missing = [name for name in STORY if name not in found]
    if missing:
        st.info(f"To tell the story a run of the recipe **{missing[0]}** is needed, with its settings unchanged.")
        offer(missing[0], primary=True)
        return
    lecture, robust = (found[name] for name in STORY)
    await_verdicts([lecture.id, robust.id])
    _show_gap(lecture, robust)
    _tell(lecture, robust)


def _show_gap(lecture: Run, robust: Run) -> None:
    """Show the measured gap: the accuracy of both runs on their own test images and on `OTHER_HANDS`."""
    for run in (lecture, robust):
        own, others = run.test_accuracy, _accuracy_elsewhere(str(state().home.folder), run.id, run.finished or 0.0)
        st.markdown(
            f"**{as_plain_text(run.title)}** · {own:.1%} on its own test images · **{others[0]:.1%}** on test images "
            f"of other hands (MNIST sample, n = {others[1]:,})"
        )


@st.fragment
def _tell(lecture: Run, robust: Run) -> None:
    paper, answers, tools = drawing_place()
    ink = _draw("story", paper, tools)
    readings = _read(ink, (lecture, robust))
    columns = answers.container(horizontal=True, gap="small")
    for place, run in enumerate((lecture, robust)):
        with columns.container(width=222, border=True):
            _one_side(run, readings[place] if readings else None)
    with answers, st.container(height=150, border=False):
        if readings:
            st.markdown(_moral(*readings))
            _say_what_is_pending((lecture, robust), readings)


def _one_side(run: Run, reading: Reading | None) -> None:
    st.markdown(f"**{as_plain_text(run.title)}**")
    with st.container(height=270, border=False):
        if reading:
            answer = reading.answers[0]
            with st.container(width=SEEN_SIDE):
                show_seen(answer, f"story_{run.id}")
            st.markdown(f"**{answer.digit}** · {in_words(answer)}")
            if reading.refused:
                st.caption(f":orange[{UNLIKE.capitalize()}]")
        else:
            st.caption("Draw a digit: here you will see what this network gets of it.")
    digit = reading.answers[0].digit if reading else 0
    st.caption(f"What it learnt a {digit} from:")
    images = _learnt_from(str(state().home.folder), run.id, digit)
    tiles = [Tile(digit, place, text="", name=f"A training image of a {digit}") for place in range(len(images))]
    show_tiles(images, tiles, f"learnt_{run.id}", words=f"Training images of a {digit}", columns=EXAMPLES)


def _moral(lecture: Reading, robust: Reading) -> str:
    """Explain in words what the two readings show."""
    if lecture.text != robust.text:
        return (
            f"They disagree: **{lecture.text}** against **{robust.text}**. Compare what each sees with what it learnt "
            "from: where yours looks unlike all of them, an answer is a guess, however sure it sounds. That is the "
            "domain gap. It is closed by showing the network such digits, and by making yours look like them."
        )
    return (
        f"Both read a **{robust.text}**. Draw it smaller, move it into a corner, or use a thin brush: the lecture's "
        "network sees that as it lies, the robust one gets it centred and at the size that it knows."
    )


@st.cache_data(max_entries=64, show_spinner="Testing on other hands …")
def _accuracy_elsewhere(folder: str, run_id: str, finished: float) -> tuple[float, int]:
    """Return the accuracy on the test images of `OTHER_HANDS`, and their number."""
    images, labels = load_digits(OTHER_HANDS).of("test")
    answers = load_recogniser(run_id).read_all(list(images))
    return float(np.mean([answer.digit == label for answer, label in zip(answers, labels, strict=True)])), len(labels)


@st.cache_data(max_entries=256, show_spinner=False)
def _learnt_from(folder: str, run_id: str, digit: int) -> np.ndarray:
    """Return training images of a digit, prepared but not augmented, uint8 (n, S, S); at most `EXAMPLES`."""
    from digits_core.transforms import batched

    config = state().runs.get(run_id).config
    per_set = -(-EXAMPLES // len(config.data.train))
    chosen = []
    for name in config.data.train:
        images, labels = load_digits(name).of("train")
        chosen.append(batched.prepare(images[labels == digit][:per_set], config.transform)[:, 0].numpy())
    return np.concatenate(chosen)[:EXAMPLES]
