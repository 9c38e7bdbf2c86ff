"""Mistakes: the confusion matrix, the scores of each digit, and the images behind every cell."""

from __future__ import annotations

from math import isnan
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from digits_core.dashboard.charts import CHART_CONFIG, on_projector, show_chart
from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.pages import link
from digits_core.dashboard.runs.one_run.image_grid import of_one_size
from digits_core.dashboard.runs.one_run.kept_answers import answers_of, images_of
from digits_core.dashboard.tiles import Tile, show_tiles
from digits_core.dashboard.widgets import choose_page
from digits_core.data.digits import CLASSES
from digits_core.evaluation.metrics import Answers, per_digit
from digits_core.evaluation.test_set import TestSet
from digits_core.figures.basic_charts import probabilities
from digits_core.figures.evaluation_figures import ALL, confusion
from digits_core.figures.images import pixels
from digits_core.runs.store import Run

ANY = "any"
DIGITS = (ANY, *map(str, range(CLASSES)))
PER_PAGE = 36
"""Fills whole rows of 4, 6, 9 and 12."""
INK = {"light": "#1b1d2a", "dark": "#f4f5fa"}
"""Text colours with enough contrast to the cells, by theme."""
LARGE = 200
TRUE, TAKEN, PAGE, CHOSEN = "true_digit", "taken_for", "mistakes_page", "chosen_mistake"


def show_mistakes(run: Run) -> None:
    answers = answers_of(run)
    if answers is not None:
        _mistakes(run, answers)


@st.fragment
def _mistakes(run: Run, answers: Answers) -> None:
    matrix, table = st.columns([4, 3], gap="medium")
    with matrix:
        shown_as = st.segmented_control(
            "Numbers",
            ["Counts", "Shares"],
            default="Counts",
            required=True,
            key="matrix",
            bind="query-params",
            persist_state="session",
            help="How many images, or which share of the images of that digit: shares compare digits of which there "
            "are more with others.",
        )
        _matrix(answers, shown_as == "Shares")
    with table:
        _scores(answers)
    label, answer = _filters()
    _gallery(run, answers, label, answer)


def _matrix(answers: Answers, shares: bool) -> None:
    """Draw the matrix; a click on a cell fills the fields below it, a click on the chosen cell resets them."""
    label, answer = _field(TRUE), _field(TAKEN)
    # One key per choice: plotly's selection must not outlive a choice made with the fields.
    key = f"confusion-{label}-{answer}-{shares}"

    def choose() -> None:
        points = st.session_state[key]["selection"]["points"]
        if points:
            row, column = int(points[0]["y"]), int(points[0]["x"])
            again = (row, column) == (label, answer)
            st.session_state[TRUE], st.session_state[TAKEN] = (ANY, ANY) if again else (str(row), str(column))
            begin_anew()

    row, column = (ALL if digit is None else digit for digit in (label, answer))
    chart = confusion(answers.confusion, shares, row, column, ink=INK[st.context.theme.type or "light"])
    with st.container(key="confusion"):
        st.plotly_chart(
            on_projector(chart),
            key=key,
            config=CHART_CONFIG,
            on_select=choose,
            selection_mode="points",
            alt="Test images by true digit and answer; the fields below choose a cell by keyboard",
        )
    st.caption(
        "Rows are what the images show, columns what the network said. Click a cell to see its images below; click it "
        "again to see all mistakes."
    )


def _scores(answers: Answers) -> None:
    rows = [
        {
            "Digit": str(each.digit),
            "Images": each.images,
            "Precision": _or_none(each.precision),
            "Recall": _or_none(each.recall),
            "F1": _or_none(each.f1),
        }
        for each in per_digit(answers.confusion)
    ]
    share: dict[str, Any] = {"format": "percent", "width": 72}
    st.markdown(f"**Scores per digit** (n = {len(answers):,})")
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        placeholder="–",
        height="content",
        alt="Precision, recall and F1 of each digit",
        column_config={
            "Digit": st.column_config.TextColumn(width=52),
            "Images": st.column_config.NumberColumn(width=64, help="How many test images show this digit."),
            "Precision": st.column_config.NumberColumn(
                **share, help="Of the images that were taken for this digit, the share that show it."
            ),
            "Recall": st.column_config.NumberColumn(
                **share, help="Of the images that show this digit, the share that was recognised."
            ),
            "F1": st.column_config.NumberColumn(
                **share, help="The harmonic mean of precision and recall: high only where both are."
            ),
        },
    )


def _filters() -> tuple[int | None, int | None]:
    """Draw the filters; return the true digit and the predicted digit whose images are shown, `None` for any."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "True digit",
            DIGITS,
            key=TRUE,
            bind="query-params",
            persist_state="session",
            width=140,
            on_change=begin_anew,
            help="Show only images of this digit: a row of the matrix.",
        )
        st.selectbox(
            "Taken for",
            DIGITS,
            key=TAKEN,
            bind="query-params",
            persist_state="session",
            width=140,
            on_change=begin_anew,
            help="Show only images that the network took for this digit: a column of the matrix.",
        )
        st.segmented_control(
            "Order",
            ["Surest first", "Least sure first"],
            default="Surest first",
            required=True,
            key="order",
            bind="query-params",
            persist_state="session",
            on_change=begin_anew,
            help="A network that is sure and wrong is the one to worry about; where it hesitates, people often do.",
        )
    return _field(TRUE), _field(TAKEN)


def _gallery(run: Run, answers: Answers, label: int | None, answer: int | None) -> None:
    right = label is not None and label == answer
    places = answers.where(label, answer, wrong=not right)
    if st.session_state["order"] == "Least sure first":
        places = places[::-1]
    st.subheader(_words(len(places), label, answer))
    if not len(places):
        st.info("There is none here. Choose another cell.", icon=":material/check_circle:")
        return
    tested = images_of(run)
    if tested is None:
        return
    pages = -(-len(places) // PER_PAGE)
    if st.session_state.get(PAGE, 1) > pages:
        st.session_state[PAGE] = 1
    grid, beside = st.columns([5, 3], gap="medium")
    with grid:
        page = choose_page(len(places), PER_PAGE, PAGE, "images", "images") if pages > 1 else 1
        shown = places[(page - 1) * PER_PAGE : page * PER_PAGE]
        before = st.session_state.get(CHOSEN)
        chosen = int(shown[0]) if before is None or before not in shown else int(before)
        _draw(tested, answers, shown, chosen)
    with beside:
        _large(tested, answers, chosen)


def _draw(tested: TestSet, answers: Answers, shown: np.ndarray, chosen: int) -> None:
    tiles = []
    for place in shown.tolist():
        label, answer, sure = int(answers.labels[place]), int(answers.digits[place]), answers.confidence[place]
        name = f"A {label} read as {answer}, {sure:.1%} sure"
        tiles.append(Tile(label, place, f"as {answer} · {sure:.0%}", name))
    show_tiles(
        of_one_size([tested.image(int(place)) for place in shown]),
        tiles,
        "mistakes",
        words=f"{len(shown)} test images with their digit, the answer and how sure it was",
        chosen=[chosen],
        on_choose=_choose,
    )
    st.caption("In colour the true digit, next to it the answer and how sure the network was. Choose one to see more.")


def _large(tested: TestSet, answers: Answers, place: int) -> None:
    """Draw one image, its ten probabilities, and a link to it in its dataset."""
    label, answer = int(answers.labels[place]), int(answers.digits[place])
    name, index = tested.place(place)
    with st.container(key="chosen_image", border=True):
        st.markdown(f"**A {label} read as {answer}**, {answers.confidence[place]:.2%} sure")
        show_chart(pixels(tested.image(place), "", LARGE), "mistake", f"A {label} that was read as {answer}")
        chart = probabilities(answers.probabilities[place], "What the network says", 300)
        chart.update_xaxes(range=[0, 1.3])  # room for the number next to the longest bar
        show_chart(chart, "mistake_probabilities", f"The ten probabilities; the highest is that of {answer}")
        words = f"Image {index:,} of {as_plain_text(name)}"
        link("data", words, view="Samples", dataset=name, split="test", index=str(index))


def begin_anew() -> None:
    """Return to the first page with no image chosen, because other images are shown."""
    st.session_state[PAGE] = 1
    st.session_state.pop(CHOSEN, None)


def _choose(place: int) -> None:
    st.session_state[CHOSEN] = place


def _field(key: str) -> int | None:
    """Return the digit in one of the two fields, before it is drawn also from the URL; `None` for any."""
    text = st.session_state.get(key) or st.query_params.get(key, ANY)
    return int(text) if text in DIGITS[1:] else None


def _words(count: int, label: int | None, answer: int | None) -> str:
    what = "image" if count == 1 else "images"
    if label is not None and label == answer:
        return f"{count:,} {what} of a {label}, recognised"
    shows = "" if label is None else f" of a {label}"
    said = "taken for another digit" if answer is None else f"taken for a {answer}"
    return f"{count:,} {what}{shows} {said}"


def _or_none(value: float) -> float | None:
    return None if isnan(value) else value
