"""Loss and accuracy of the chosen runs by epoch or by second, updated while they train."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import streamlit as st

from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.folds import popover
from digits_core.dashboard.live import POLL_S
from digits_core.dashboard.runs.address import controlled, kept, one_of
from digits_core.dashboard.runs.compare.choice import Choice, smoothed
from digits_core.dashboard.runs.compare.differences import differences
from digits_core.dashboard.runs.compare.own_metrics import show_own_metrics
from digits_core.dashboard.scale import choose_scale
from digits_core.dashboard.state import state
from digits_core.figures.comparison_figures import Scale
from digits_core.figures.error_scale import errors_of
from digits_core.figures.palette import run_colour
from digits_core.figures.run_curves import RunLine, curves_height, run_curves
from digits_core.runs.epoch_feed import Epochs
from digits_core.runs.store import Run

MEASURE, IMAGES, AGAINST, SMOOTHING = "measure", "curve_images", "curves_against", "smoothing"
"""Keys in the URL."""
MEASURES, SPLITS, AXES = ("Both", "Loss", "Accuracy"), ("training", "test"), ("Epochs", "Seconds")
MOST_SMOOTHING = 0.95


class Drawn(NamedTuple):
    """The part of a run that a chart needs."""

    title: str
    number: int
    planned_epochs: int
    sparse: bool = False
    """True if some epochs may lack some figures: lines then connect across the gaps."""


def curves_and_differences(runs: list[Run], choice: Choice) -> None:
    """Draw the curves of the runs with the chosen options, and the settings in which the runs differ."""
    alive = any(run.live for run in runs)
    with st.container(key="main_picture"):
        st.fragment(_curves, run_every=POLL_S if alive else None)(runs, alive, choice)
    show_own_metrics(runs, choice)
    differences(runs)


def choose_curves() -> Choice:
    """Draw the choice of the scale and a popover with the other options; return them all. The URL keeps them."""
    log = choose_scale()
    popover(
        "Curves",
        "curve_options",
        _draw_options,
        icon=":material/show_chart:",
        help_text="Loss, accuracy or both; training or test images; by epoch or by seconds; smoothing.",
    )
    return Choice(one_of(MEASURE, MEASURES), _splits(), one_of(AGAINST, AXES) == "Seconds", log, _smoothing())


def _curves(runs: list[Run], alive: bool, choice: Choice) -> None:
    live = {run.id: run for run in state().runs.live()} if alive else {}
    if alive and any(run.live and run.id not in live for run in runs):
        st.rerun()
    # A run that ended early needs no space for the epochs that it will never have.
    planned = {run_id: run.planned_epochs for run_id, run in live.items()}
    drawn = tuple(Drawn(run.title, run.number, planned.get(run.id, 1), run.is_logged) for run in runs)
    found = tuple(state().epochs.of([run.id for run in runs]))
    measures = ["Loss", "Accuracy"] if choice.measure == "Both" else [choice.measure]
    for place, measure in zip(st.columns(len(measures)), measures, strict=True):
        with place:
            show_chart(
                _chart(drawn, found, choice._replace(measure=measure)),
                f"compared_{measure.lower()}",
                f"{measure} of the chosen runs, training dotted and test solid",
                curves_height(len(runs)),
            )
    if not any(found):
        st.caption("Curves begin with the first epoch that is finished." if alive else "No epoch was finished.")


def _draw_options() -> None:
    st.segmented_control(
        "Measure",
        MEASURES,
        **controlled(MEASURE, one_of(MEASURE, MEASURES), lambda each: [each]),
        required=True,
        help="The loss is what training makes small; the accuracy is what people care about, and moves in steps.",
    )
    st.segmented_control(
        "Images",
        SPLITS,
        selection_mode="multi",
        **controlled(IMAGES, list(_splits()), list),
        help="Dotted: on the images learnt from, dropout and augmentation included. Solid: on "
        "test images. Where training goes on improving and test does not, the run overfits.",
    )
    st.segmented_control(
        "Against",
        AXES,
        **controlled(AGAINST, one_of(AGAINST, AXES), lambda each: [each]),
        required=True,
        help="By epoch, runs are compared for the same number of looks at the data; by "
        "seconds of training, for the same patience.",
    )
    st.slider(
        "Smoothing",
        0.0,
        MOST_SMOOTHING,
        step=0.05,
        **controlled(SMOOTHING, _smoothing(), lambda each: [f"{each:g}"]),
        help="Each point becomes an average that remembers this share of what came before. The measured line stays "
        "behind it, faint.",
    )


def _splits() -> tuple[str, ...]:
    """Return the splits whose curves are drawn; all if none are chosen."""
    return tuple(each for each in SPLITS if each in kept(IMAGES)) or SPLITS


def _smoothing() -> float:
    """Return the smoothing in the URL, clipped to its range; 0 if it is not a number."""
    try:
        return min(max(float("".join(kept(SMOOTHING)[:1])), 0.0), MOST_SMOOTHING)
    except ValueError:
        return 0.0


@lru_cache(maxsize=32)
def _chart(runs: tuple[Drawn, ...], found: tuple[Epochs, ...], choice: Choice) -> str:
    """Return the chart as JSON. `Epochs` are immutable, so that the same objects always give the same chart."""
    lines = [line for run, epochs in zip(runs, found, strict=True) for line in _lines(run, epochs, choice)]
    error = choice.log and choice.measure == "Accuracy"
    scale = {
        "Loss": Scale("loss (mean per image)", log=choice.log),
        "Accuracy": Scale("error (1 − accuracy, log)" if error else "accuracy", percent=True, log=choice.log),
    }[choice.measure]
    words = {"training": "training: dotted", "test": "test: solid"}
    title = f"{'Error' if error else choice.measure} ({', '.join(words[each] for each in choice.splits)})"
    planned = max(run.planned_epochs for run in runs)
    return run_curves(lines, title, scale, by_seconds=choice.by_seconds, epochs=planned).to_json()


def _lines(run: Drawn, epochs: Epochs, choice: Choice) -> Iterator[RunLine]:
    for split in choice.splits:
        values = _values(epochs, choice.measure, split)
        if choice.log and choice.measure == "Accuracy":
            values = errors_of(values)
        there = np.isfinite(values) if run.sparse else np.full(len(values), True)
        yield RunLine(
            run.title,
            split,
            run_colour(run.number),
            epochs.epoch[there],
            epochs.seconds[there],
            values[there],
            smoothed(values[there], choice.smoothing),
        )


def _values(epochs: Epochs, measure: str, split: str) -> np.ndarray:
    if measure == "Loss":
        return epochs.train_loss if split == "training" else epochs.test_loss
    return epochs.train_accuracy if split == "training" else epochs.test_accuracy
