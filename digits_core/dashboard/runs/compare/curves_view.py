"""Loss and accuracy of the chosen runs, epoch by epoch or second by second, which go on while they train."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import streamlit as st

from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.live import POLL_S
from digits_core.dashboard.runs.compare.differences import differences
from digits_core.dashboard.state import state
from digits_core.evaluation.comparison import smooth
from digits_core.figures.comparison_figures import Scale
from digits_core.figures.palette import run_colour
from digits_core.figures.run_curves import RunLine, curves_height, run_curves
from digits_core.runs.epoch_feed import Epochs
from digits_core.runs.store import Run


class Choice(NamedTuple):
    """How the curves are to be drawn."""

    measure: str
    splits: tuple[str, ...]
    by_seconds: bool
    log: bool
    smoothing: float


class Drawn(NamedTuple):
    """What a chart needs of a run."""

    title: str
    number: int
    planned_epochs: int


def curves_and_differences(runs: list[Run]) -> None:
    alive = any(run.live for run in runs)
    st.fragment(_curves, run_every=POLL_S if alive else None)(runs, alive)
    differences(runs)


def _curves(runs: list[Run], alive: bool) -> None:
    choice = _choose()
    live = {run.id: run for run in state().runs.live()} if alive else {}
    if alive and any(run.live and run.id not in live for run in runs):
        st.rerun()
    # A run that has ended early needs no room for the epochs that it will never have.
    planned = {run_id: run.planned_epochs for run_id, run in live.items()}
    drawn = tuple(Drawn(run.title, run.number, planned.get(run.id, 1)) for run in runs)
    found = tuple(state().epochs.of([run.id for run in runs]))
    if not choice.splits:
        st.info("Choose training, test or both to see curves.")
        return
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
    if choice.log and choice.measure != "Loss":
        st.caption(
            "A logarithmic scale tells 99 % from 99.9 % by the mistakes that are left, so they are shown in place of "
            "the accuracy. An epoch without a mistake has no place on it."
        )


def _choose() -> Choice:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        measure = st.segmented_control(
            "Measure",
            ["Both", "Loss", "Accuracy"],
            default="Both",
            required=True,
            key="measure",
            bind="query-params",
            help="The loss is what training makes small; the accuracy is what people care about, and moves in steps.",
        )
        splits = st.pills(
            "Images",
            ["training", "test"],
            selection_mode="multi",
            default=["training", "test"],
            key="curve_images",
            bind="query-params",
            help="Dotted: on the images learnt from, dropout and augmentation included. Solid: on "
            "test images. Where training goes on improving and test does not, the run overfits.",
        )
        against = st.segmented_control(
            "Against",
            ["Epochs", "Seconds"],
            default="Epochs",
            required=True,
            key="curves_against",
            bind="query-params",
            help="By epoch, runs are compared for the same number of looks at the data; by "
            "seconds of training, for the same patience.",
        )
        scale = st.segmented_control(
            "Scale",
            ["Linear", "Log"],
            default="Linear",
            required=True,
            key="curve_scale",
            bind="query-params",
            help="A logarithmic scale shows equal factors equally far apart: it tells small losses from each other.",
        )
        smoothing = st.slider(
            "Smoothing",
            0.0,
            0.95,
            0.0,
            0.05,
            key="smoothing",
            bind="query-params",
            width=110,
            help="Each point becomes an average that remembers this share of what came before. The measured line stays "
            "behind it, faint.",
        )
    return Choice(measure, tuple(splits), against == "Seconds", scale == "Log", smoothing)


@lru_cache(maxsize=32)
def _chart(runs: tuple[Drawn, ...], found: tuple[Epochs, ...], choice: Choice) -> str:
    """Return the chart as JSON. Epochs are replaced when there are more: the same objects make the same chart."""
    lines = [line for run, epochs in zip(runs, found, strict=True) for line in _lines(run, epochs, choice)]
    mistakes = choice.log and choice.measure == "Accuracy"
    scale = {
        "Loss": Scale("loss (mean per image)", log=choice.log),
        "Accuracy": Scale("mistakes (share of images)" if mistakes else "accuracy", percent=True, log=choice.log),
    }[choice.measure]
    words = {"training": "training: dotted", "test": "test: solid"}
    title = f"{'Mistakes' if mistakes else choice.measure} ({', '.join(words[each] for each in choice.splits)})"
    planned = max(run.planned_epochs for run in runs)
    return run_curves(lines, title, scale, by_seconds=choice.by_seconds, epochs=planned).to_json()


def _lines(run: Drawn, epochs: Epochs, choice: Choice) -> Iterator[RunLine]:
    for split in choice.splits:
        values = _values(epochs, choice.measure, split)
        if choice.log:
            values = _above_zero(1 - values if choice.measure == "Accuracy" else values)
        yield RunLine(
            run.title,
            split,
            run_colour(run.number),
            epochs.epoch,
            epochs.seconds,
            values,
            _smoothed(values, choice.smoothing),
        )


def _values(epochs: Epochs, measure: str, split: str) -> np.ndarray:
    if measure == "Loss":
        return epochs.train_loss if split == "training" else epochs.test_loss
    return epochs.train_accuracy if split == "training" else epochs.test_accuracy


def _above_zero(values: np.ndarray) -> np.ndarray:
    # Accuracies are multiples of one image: what is nearer to 0 than that is rounding.
    return np.where(values > 1e-12, values, np.nan)


def _smoothed(values: Sequence[float], strength: float) -> np.ndarray | None:
    """Smoothed over what is known; a gap stays a gap."""
    if not strength:
        return None
    smoothed, known = np.full(len(values), np.nan), np.isfinite(values)
    smoothed[known] = smooth(np.asarray(values)[known], strength)
    return smoothed
