"""The test images for which two runs make different predictions, with both predictions."""

from __future__ import annotations

import numpy as np
import streamlit as st
from PIL import Image

from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.loaders import lenient_run_loader
from digits_core.dashboard.runs.compare.per_digit import NOT_ANSWERED
from digits_core.dashboard.runs.compare.stored_answers import answers_of
from digits_core.dashboard.tiles import Tile, show_tiles
from digits_core.dashboard.widgets import choose_named, choose_page, run_label, show_error
from digits_core.errors import DatasetError
from digits_core.evaluation.comparison.paired_answers import Disagreement, disagreement
from digits_core.evaluation.comparison.significance import HARDLY_CHANCE, chance_of
from digits_core.evaluation.comparison.tested_images import share_test_images
from digits_core.evaluation.metrics import Answers
from digits_core.figures.basic_charts import probabilities
from digits_core.runs.artifacts import TestResult
from digits_core.runs.store import Run

PER_PAGE = 40
CHOSEN = "disagreement_image"
DIFFERENT, FIRST, SECOND, NEITHER = (
    "All that differ",
    "Only the first is right",
    "Only the second is right",
    "Both wrong",
)


@st.fragment
def disagreements(runs: list[Run]) -> None:
    known = {run.id: answers for run in runs if (answers := answers_of(run))}
    answered = [run for run in runs if run.id in known]
    if len(answered) < 2:
        st.info(NOT_ANSWERED if not answered else "Select a second run that has ended: it takes two to disagree.")
        return
    first, second = _choose_two(answered)
    if not share_test_images(first, second):
        _say_why_not(first, second)
        return
    both = known[first.id], known[second.id]
    try:
        found = disagreement(*map(Answers.of, both))
    except ValueError:
        _say_why_not(first, second)
        return
    _summary(first, second, found)
    places = _choose_places(found)
    if not len(places):
        st.info("There is no such image: these two runs agree here.")
        return
    _images(first, found, places, both, second)


def _choose_two(runs: list[Run]) -> tuple[Run, Run]:
    by_id = {run.id: run for run in runs}
    labels = {run.id: run_label(run) for run in runs}
    left, right = st.columns(2)
    with left:
        first = choose_named(
            "First run",
            labels,
            "first",
            "Its answer comes first below each image.",
            lambda _: "That first run is not among the chosen ones.",
        )
    with right:
        others = {run_id: label for run_id, label in labels.items() if run_id != first}
        second = choose_named(
            "Second run",
            others,
            "second",
            "Its answer comes second below each image.",
            lambda _: "That second run is not among the others.",
        )
    return by_id[first], by_id[second]


def _say_why_not(first: Run, second: Run) -> None:
    names = [" + ".join(run.config.data.test) for run in (first, second)]
    which = (
        f"the first on {as_plain_text(names[0])}, the second on {as_plain_text(names[1])}"
        if names[0] != names[1]
        else f"{as_plain_text(names[0])} has changed between them, or other writers were held back"
    )
    st.warning(
        f"These two runs were not tested on the same images: {which}. Choose two that were, or train one of them again "
        "with the other's test data."
    )


def _summary(first: Run, second: Run, found: Disagreement) -> None:
    one, other = len(found.only_first_right), len(found.only_second_right)
    with st.container(horizontal=True):
        for label, value, help_text in (
            ("Only the first", one, "Test images that only the first run recognises."),
            ("Only the second", other, "Test images that only the second run recognises."),
            ("Both wrong, differently", len(found.both_wrong_otherwise), "Both err, each with another digit."),
            ("Both wrong, alike", len(found.both_wrong_alike), "Both take the image for the same wrong digit."),
        ):
            st.metric(label, f"{value:,}", help=help_text, width=190)
    count = len(found.labels)
    words = f"Of {count:,} test images, the two answer {len(found.everywhere):,} differently. "
    if one + other:
        chance = chance_of(one, other)
        likely = "less than 0.1 %" if chance < 0.001 else f"{chance:.1%}"
        words += (
            f"If both were equally good, a split as uneven as {one} to {other} would come up in {likely} of tests "
            f"(McNemar's exact test): {'hardly chance' if chance < HARDLY_CHANCE else 'it may well be chance'}."
        )
    st.caption(words)


def _choose_places(found: Disagreement) -> np.ndarray:
    which = st.segmented_control(
        "Images",
        [DIFFERENT, FIRST, SECOND, NEITHER],
        default=DIFFERENT,
        required=True,
        key="disagreeing",
        bind="query-params",
        persist_state="session",
        help="Both wrong: those with two different wrong answers, then those with the same.",
    )
    return {
        DIFFERENT: found.everywhere,
        FIRST: found.only_first_right,
        SECOND: found.only_second_right,
        NEITHER: np.concatenate([found.both_wrong_otherwise, found.both_wrong_alike]),
    }[which]


def _images(
    first: Run, found: Disagreement, places: np.ndarray, answers: tuple[TestResult, TestResult], second: Run
) -> None:
    from digits_core.evaluation.test_set import test_set_of_run

    try:
        images = test_set_of_run(first, lenient_run_loader(first.id))
    except DatasetError as error:
        show_error(error)
        return
    page = choose_page(len(places), PER_PAGE, "disagreement_page", "images", "images")
    shown = places[(page - 1) * PER_PAGE : page * PER_PAGE]
    before = st.session_state.get(CHOSEN)
    chosen = int(shown[0]) if before is None or before not in shown else int(before)
    grid, beside = st.columns([5, 3], gap="medium")
    with grid:
        tiles = [_tile(found, int(place)) for place in shown]
        show_tiles(
            same_size([images.image(int(place)) for place in shown]),
            tiles,
            "disagreeing_tiles",
            chosen=[chosen],
            words=f"{len(shown)} test images with both answers",
            on_choose=_choose,
        )
        st.caption("Below each image its label, then the answers of the first and of the second run.")
    with beside, st.container(key="inspector"):
        name, index = images.place(chosen)
        st.caption(f"Label **{found.labels[chosen]}** · {as_plain_text(name)}, index {index}")
        for run, result, order in ((first, answers[0], "first"), (second, answers[1], "second")):
            chart = probabilities(_softmax(result.logits[chosen]), f"{run.title.split(' ')[0]} ({order})", height=270)
            show_chart(chart, f"disagreement_{order}", f"Probabilities of the {order} run for the chosen image")


def _tile(found: Disagreement, place: int) -> Tile:
    label, one, other = (int(values[place]) for values in (found.labels, found.first, found.second))
    return Tile(label, place, f"{one} · {other}", f"Digit {label}: the first run says {one}, the second {other}")


def _choose(place: int) -> None:
    st.session_state[CHOSEN] = place


def same_size(images: list[np.ndarray]) -> np.ndarray:
    """Stack uint8 images (H, W) of different sizes as (n, H, W), resizing smaller ones without smoothing."""
    height, width = (max(image.shape[axis] for image in images) for axis in (0, 1))
    return np.stack(
        [
            image
            if image.shape == (height, width)
            else np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.NEAREST))
            for image in images
        ]
    )


def _softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits.astype(np.float64) - logits.max())
    return weights / weights.sum()
