"""The results of a sweep: a chart against the varied settings, the best run, and a table of all runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.pages import page
from digits_core.dashboard.runs.choice import choose
from digits_core.dashboard.runs.compare.quantities import on_axis
from digits_core.dashboard.scale import choose_scale
from digits_core.dashboard.training.sweep_recipes import AWAITED, VIEW
from digits_core.figures import sweep_figures as figures
from digits_core.figures.error_scale import errors_of
from digits_core.figures.sweep_axes import Axis, Measure
from digits_core.figures.sweep_figures import Result
from digits_core.runs.rows import Run
from digits_core.runs.run_settings import settings_of
from digits_core.runs.sweep_store import Sweep, as_trial, best_run
from digits_core.settings import name_of, title_of, written
from digits_core.training.ready_sweeps import READY
from digits_core.training.sweep_plan import Scalar, SweepPlan, Varied
from digits_core.training.trials import Group, ranking, winners

Shown = Literal["accuracy", "seconds", "progress"]
MEASURES: dict[Shown, str] = {"accuracy": "Accuracy", "seconds": "Time", "progress": "Best so far"}
COMPARED = 10
NAMED = 3
"""The most settings that are named if several are equally good."""
TABLE_HEIGHT = 320


class Axes(NamedTuple):
    """The measure that the chart shows, and the one or two settings on its axes; `log` shows accuracies as errors."""

    measure: Shown
    across: str
    down: str | None
    log: bool


def choose_axes(sweep: Sweep) -> Axes:
    """Draw the controls of the chart in one row, and return the choice."""
    fields = sweep.plan.fields
    ready = READY.get(sweep.plan.name)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="sweep_axes"):
        measure = st.segmented_control(
            "Chart",
            list(MEASURES),
            default=ready.measure if ready else "accuracy",
            format_func=MEASURES.__getitem__,
            required=True,
            key=f"sweep_measure_{sweep.id}",
            label_visibility="collapsed",
            help="Accuracy on the test images, or the time that training took, against what was varied; or how the "
            "best result improved with each run. The best of many runs is partly luck: it was chosen by the test "
            "images that it is judged by.",
        )
        log = measure != "seconds" and choose_scale()
        if len(fields) <= 2 or measure == "progress":
            return Axes(measure, fields[0], fields[1] if len(fields) == 2 else None, log)
        across = st.selectbox(
            "Across",
            fields,
            key=f"sweep_across_{sweep.id}",
            format_func=name_of,
            width=170,
            label_visibility="collapsed",
            help="The setting along the chart. What is not drawn is averaged over.",
        )
        down = st.selectbox(
            "Up",
            [field for field in fields if field != across],
            index=None,
            key=f"sweep_up_{sweep.id}",
            width=170,
            format_func=name_of,
            label_visibility="collapsed",
            placeholder="and up: none",
            help="A second setting makes the chart a map.",
        )
    return Axes(measure, across, down, log)


def show_results(sweep: Sweep, runs: Sequence[Run], axes: Axes) -> None:
    """Draw the main chart; its space is reserved before the first result."""
    ended = [run for run in runs if as_trial(sweep.plan, run, ()).state != "live"]
    awaited = sweep.id if st.session_state.get(AWAITED) == sweep.id else None
    with st.container(key="main_picture"):
        show_chart(
            _figure(sweep.plan, ended, axes),
            "sweep_chart",
            "Results of the sweep against what was varied",
            figures.HEIGHT,
            awaited=awaited,
        )


def show_best(sweep: Sweep, runs: Sequence[Run]) -> None:
    """Draw the best settings, with links to their best run and to a comparison of the best; the height is constant."""
    ranked = ranking([as_trial(sweep.plan, run, ()) for run in runs])
    leaders = [best_run(sweep.plan, group, runs) for group in ranked[:COMPARED]]
    best = winners(ranked)
    st.markdown(_best_in_words(best, leaders) if ranked else "The best run shows here when the first has ended.")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            page("training"),
            label="Best run" if len(best) < 2 else f"Run #{leaders[0].number}",
            icon=":material/monitoring:",
            disabled=not leaders,
            query_params={"run": leaders[0].id} if leaders else None,
        )
        st.button(
            "Compare the best",
            icon=":material/compare_arrows:",
            key="compare_best",
            type="tertiary",
            disabled=not leaders,
            on_click=_compare,
            args=([run.id for run in leaders],),
            help=f"The best run of each setting, {COMPARED} at most, side by side.",
        )
    if st.session_state.get(VIEW, "Sweeps") != "Sweeps":
        st.rerun()  # the whole page, not only this fragment


def _best_in_words(best: Sequence[Group], leaders: Sequence[Run]) -> str:
    """Name the best settings with their best runs; of a tie, at most `NAMED` of them and the number of the others."""
    seeds = f", mean of {len(best[0].scores)} seeds" if len(best[0].scores) > 1 else ""
    named = [
        f"{' · '.join(f'{name_of(field)} {written(field, settings_of(run)[field])}' for field in group.settings)} · "
        f"run #{run.number}"
        for group, run in zip(best[:NAMED], leaders, strict=False)
    ]
    tied = f" · {len(best)} settings are equally good: " if len(best) > 1 else " with "
    more = f" and {len(best) - len(named)} more" if len(best) > len(named) else ""
    return f":material/trophy: **{best[0].score:.2%}**{seeds} {tied or ' with '}{'; '.join(named)}{more}"


def _compare(run_ids: list[str]) -> None:
    choose(run_ids)
    st.session_state[VIEW] = "Compare"


def show_table(sweep: Sweep, runs: Sequence[Run]) -> None:
    """Draw a table of all runs with their settings, progress and results, newest first."""
    st.dataframe(
        pd.DataFrame([_row(sweep.plan, run) for run in reversed(runs)]),
        hide_index=True,
        height=TABLE_HEIGHT,
        key=f"sweep_runs_{sweep.id}",
        alt="The runs of the sweep with their progress and results",
        placeholder="–",
        column_config={
            "Progress": st.column_config.ProgressColumn(
                min_value=0.0, max_value=1.0, format="percent", width="small", help="How much of its training is done."
            ),
            "Accuracy": st.column_config.NumberColumn(format="percent", help="Share of test images recognised."),
            "Time": st.column_config.NumberColumn(format="%.1f s", help="Training and evaluation, without pauses."),
            "Message": st.column_config.TextColumn(help="Why a run ended early."),
        },
    )


def _figure(plan: SweepPlan, runs: Sequence[Run], chosen: Axes) -> go.Figure:
    across, down = chosen.across, chosen.down
    if chosen.measure == "progress":
        return figures.best_so_far([as_trial(plan, run, ()).score for run in runs], plan.size, chosen.log)
    measure: Measure = "error" if chosen.log and chosen.measure == "accuracy" else chosen.measure
    results = [_result(plan, run, measure, across, down) for run in runs]
    axes = {each.field: _axis(plan, each) for each in plan.varied}
    if down is None:
        return figures.against_one(results, name_of(across), measure, axes[across])
    names = name_of(across), name_of(down)
    drawn = plan.method != "grid" and any(each.is_range for each in plan.varied if each.field in (across, down))
    if drawn:
        return figures.over_two(results, names, measure, (axes[across], axes[down]))
    return figures.against_two(results, names, measure, (axes[across].values, axes[down].values))


def _axis(plan: SweepPlan, varied: Varied) -> Axis:
    """Return the axis of a setting from the plan, so that it spans all results still to come."""
    drawn = varied.is_range and plan.method != "grid"
    values: Sequence[Scalar] = varied.ends if drawn else varied.spread(plan.points)
    log = varied.log if varied.is_range else _is_wide(values)
    return Axis([on_axis(varied.field, value) for value in values], log, ticks=not drawn)


def _is_wide(values: Sequence[Scalar]) -> bool:
    """Return True if the listed values are positive numbers that span a factor of ten or more."""
    numbers = [each for each in values if isinstance(each, int | float) and not isinstance(each, bool)]
    return bool(numbers) and min(numbers) > 0 and max(numbers) / min(numbers) >= 10


def _result(plan: SweepPlan, run: Run, measure: Measure, across: str, down: str | None) -> Result:
    trial = as_trial(plan, run, ())
    settings = {field: on_axis(field, value) for field, value in _settings(plan, run).items()}
    value = run.seconds if run.status == "finished" else None
    if measure != "seconds":
        value = trial.score if measure == "accuracy" or trial.score is None else float(errors_of([trial.score])[0])
    return Result(settings[across], settings[down] if down else None, value, f"#{run.number} {run.name}")


def _settings(plan: SweepPlan, run: Run) -> dict[str, Scalar]:
    """Return the varied settings of a run as all pages show them: including epochs added by hand."""
    return {field: settings_of(run)[field] for field in plan.fields}


def _row(plan: SweepPlan, run: Run) -> dict[str, object]:
    trial = as_trial(plan, run, ())
    seed = {"Seed": trial.seed} if plan.seeds > 1 else {}
    return {
        "Run": f"#{run.number}",
        **{title_of(field): written(field, value) for field, value in _settings(plan, run).items()},
        **seed,
        "Accuracy": run.test_accuracy,
        "Progress": run.progress,
        "Status": run.status,
        "Time": run.seconds,
        "Message": run.message,
    }
