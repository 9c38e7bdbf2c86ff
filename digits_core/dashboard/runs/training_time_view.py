"""Training time, the end of the lecture: the cost and benefit of epochs, batch size and learning rate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from digits_core.config import TrainingConfig, choices
from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.runs.compare.quantities import (
    ACCURACY,
    BY_TITLE,
    ERROR,
    SECONDS,
    SECONDS_PER_EPOCH,
    SPEED,
    Quantity,
    setting,
)
from digits_core.dashboard.scale import choose_scale
from digits_core.dashboard.training.sweep_recipes import offer_start
from digits_core.evaluation.comparison.differing_settings import varying
from digits_core.evaluation.comparison.run_groups import same_except_seed
from digits_core.evaluation.comparison.significance import spread
from digits_core.evaluation.comparison.tested_images import TestImages, images_tested_on
from digits_core.evaluation.pareto_front import best_front
from digits_core.figures.comparison_figures import Scale
from digits_core.figures.training_time_figures import Mean, Measured, Series, accuracy_for_time, measured
from digits_core.runs.store import Run
from digits_core.settings import title_of, written

AGAINST = tuple(map(title_of, ("epochs", "batch_size", "learning_rate")))
BY = tuple(map(title_of, ("optimizer", "loss")))
MEASURES = (SECONDS_PER_EPOCH, SECONDS)
APART = ("epochs", "batch_size", "learning_rate", "optimizer", "loss", "seed")
"""The settings that the charts show or average over; a caption names any others that differ."""
FEW_DOTS = 2
FILLING = "Batch size against training time"
"""The ready-made sweep that fills these charts, offered while there are at most `FEW_DOTS` runs to draw."""
WIDE_RANGE = 8
"""The time axis is logarithmic if times differ by more than this factor."""


def show_training_time(runs: list[Run]) -> None:
    """Draw time, speed and accuracy of the finished runs."""
    finished = [run for run in runs if run.status == "finished" and run.seconds and run.test_accuracy is not None]
    if len(finished) <= FEW_DOTS:
        _offer_sweep(len(finished))
    if finished:
        st.fragment(_training_time)(finished)


def _offer_sweep(dots: int) -> None:
    """Draw the number of finished runs and a button that starts the sweep that fills the charts."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="fill_training_time"):
        if dots:
            words = f"{dots} finished {'run makes' if dots == 1 else 'runs make'} no curve yet."
        else:
            words = "Training time is measured on finished runs, and there is none here."
        st.caption(f":material/timer: {words}", width="content")
        offer_start(FILLING, f"Start “{FILLING}”")


def _training_time(runs: list[Run]) -> None:
    against, by, log = _choose()
    with st.container(key="main_picture"):
        for left, right in (MEASURES, (SPEED, ERROR if log else ACCURACY)):
            for place, measure in zip(st.columns(2), (left, right), strict=True):
                with place:
                    _show_measure(runs, BY_TITLE[against], measure, BY_TITLE[by])
    _say_what_else_differs(runs)
    st.subheader("Best for the time")
    _show_front(_comparable(runs), BY_TITLE[by])


def _choose() -> tuple[str, str, bool]:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        against = st.segmented_control(
            "Against",
            AGAINST,
            default=title_of("batch_size"),
            required=True,
            key="time_against",
            bind="query-params",
            persist_state="session",
            help="Twice the epochs take twice the time. Larger batches take fewer steps an epoch, and processors like "
            "them. The learning rate costs no time at all: it changes what the time is worth.",
        )
        by = st.segmented_control(
            "Coloured by",
            BY,
            default=BY[0],
            required=True,
            key="time_by",
            bind="query-params",
            persist_state="session",
            help="Adam keeps two averages for each weight, SGD with momentum one: that costs a little time per step. "
            "The loss function costs next to nothing.",
        )
        log = choose_scale()
    return against, by, log


def _show_measure(runs: Sequence[Run], x: Quantity, y: Quantity, by: Quantity) -> None:
    chart = measured(series_of(runs, x, y, by), _factors(x), y.scale)
    show_chart(chart, f"time_{y.name}", f"{y.title} against {x.title.lower()}, by {by.title.lower()}")


def _factors(x: Quantity) -> Scale:
    """Return a logarithmic axis: all three variables are varied by factors, which then are equally spaced."""
    return Scale(x.title, log=True)


def series_of(runs: Sequence[Run], x: Quantity, y: Quantity, by: Quantity) -> list[Series]:
    """Group the runs by optimizer or loss function, with the means of runs that differ only in the seed."""
    found = []
    names = [written(by.name, value) for value in choices(TrainingConfig, by.name)]
    # A logged run may have used another one, or not have logged it.
    names += sorted({_name(by, run) for run in runs} - set(names))
    for place, name in enumerate(names):
        own = [run for run in runs if _name(by, run) == name and None not in (x.of(run), y.of(run))]
        points = [Measured(run.title, _number(x, run), _number(y, run)) for run in own]
        found.append(Series(name, place, points, _means(own, x, y)))
    return [series for series in found if series.points]


def _name(by: Quantity, run: Run) -> str:
    value = by.of(run)
    return "not logged" if value is None else str(value)


def _number(quantity: Quantity, run: Run) -> float:
    """Return the quantity of a run as a float; it must be known."""
    found = quantity.of(run)
    assert found is not None
    return float(found)


def _means(runs: Sequence[Run], x: Quantity, y: Quantity) -> list[Mean]:
    means = []
    for group in same_except_seed(runs):
        across, up = spread(_number(x, run) for run in group), spread(_number(y, run) for run in group)
        # A single run has no deviation: it is drawn as a point only.
        if across and up and across.deviation is not None and up.deviation is not None:
            means.append(Mean(across.mean, up.mean, up.deviation, up.count, across.deviation))
    return means


def _say_what_else_differs(runs: Sequence[Run]) -> None:
    repeated = [group for group in same_except_seed(runs) if len(group) > 1]
    words = (
        f"Bars: mean ± one standard deviation of runs that differ by their seed alone ({len(repeated)} "
        f"{'group' if len(repeated) == 1 else 'groups'})."
        if repeated
        else "Every point is one run. Train the same settings with several seeds to see how much is chance."
    )
    others = [setting(field).title.lower() for field in varying(runs) if field not in APART]
    if others:
        words += (
            f" Besides what is shown, these runs differ in {', '.join(others)}: filter them to compare like with like."
        )
    machines = {(run.environment.get("device"), run.environment.get("threads"), run.shipped) for run in runs}
    if len(machines) > 1:
        words += " They did not all run on the same device with as many threads, which changes times."
    st.caption(words)


def _comparable(runs: Sequence[Run]) -> list[Run]:
    """Return runs that were tested on the same images: those of the chosen test set, by default the most common."""
    tested_on = images_tested_on(runs)
    counts = Counter(tested_on)
    if len(counts) == 1:
        return list(runs)
    names = _names_of(sorted((images for images, _ in counts.most_common()), key=lambda images: images is None))
    chosen = st.selectbox(
        title_of("test"),
        list(names),
        key="time_tested_on",
        help="Accuracies on different images cannot be compared: one set of digits is easier than another.",
    )
    return [run for run, images in zip(runs, tested_on, strict=True) if images == names[chosen]]


def _names_of(images: Sequence[TestImages | None]) -> dict[str, TestImages | None]:
    """Name each set of test images after its datasets, numbered if a dataset has changed between runs."""
    names: dict[str, TestImages | None] = {}
    for each in images:
        name = " + ".join(dataset for dataset, _ in each) if each else "unknown images"
        same = sum(known == name or known.startswith(f"{name}, state ") for known in names)
        names[f"{name}, state {same + 1}" if same else name] = each
    return names


def _show_front(runs: Sequence[Run], by: Quantity) -> None:
    # Accuracies differ by at least one image: smaller differences are rounding.
    seconds = [_number(SECONDS, run) for run in runs]
    accuracies = [round(_number(ACCURACY, run), 6) for run in runs]
    best = [runs[place] for place in best_front(seconds, accuracies)]
    front = [Measured(run.title, _number(SECONDS, run), _number(ACCURACY, run)) for run in best]
    x = Scale(SECONDS.scale.title, log=max(seconds) > WIDE_RANGE * min(seconds))
    chart = accuracy_for_time(series_of(runs, SECONDS, ACCURACY, by), front, x, ACCURACY.scale)
    show_chart(chart, "time_front", "Accuracy against training time, with the runs that no other beats in both")
    st.caption("The line goes through the runs for which no other was both faster and as accurate. How they were set:")
    st.dataframe(
        [_row(run) for run in best],
        hide_index=True,
        key="time_best",
        placeholder="–",
        column_config={
            "Run": st.column_config.TextColumn(pinned=True, width=190, help="Number and name."),
            "Accuracy": st.column_config.NumberColumn(format="percent"),
            "Training time": st.column_config.NumberColumn(format="%.2f s"),
            title_of("learning_rate"): st.column_config.NumberColumn(format="%g"),
        },
    )


def _row(run: Run) -> dict[str, object]:
    shown = {quantity.title: quantity.of(run) for quantity in map(setting, APART[:5])}
    return {"Run": run.title, "Accuracy": run.test_accuracy, "Training time": run.seconds, **shown}
