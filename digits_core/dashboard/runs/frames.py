"""Data frames of the Runs page's tables: one row per run, or one row per group of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from digits_core.evaluation.comparison.run_groups import REPEATS, Group
from digits_core.runs.rows import Run
from digits_core.runs.run_settings import MOSTLY, settings_of
from digits_core.settings import name_of, title_of, written

STATUS_SIGNS = {
    "queued": "…",
    "running": "▶",
    "paused": "‖",
    "finished": "✓",
    "stopped": "■",
    "diverged": "↗",
    "failed": "✕",
    "interrupted": "✕",
}
FLOORS = (0.9, 0.8, 0.5, 0.0)
"""Lower limits of the sparklines: all on a page share one, the highest that fits, so that good runs still differ."""

Columns = dict[str, Any]


def run_table(runs: Sequence[Run], curves: Mapping[str, Sequence[float]], fields: Sequence[str]) -> pd.DataFrame:
    """Return one row per run: identity, results, notes and settings (the usual ones and `fields`)."""
    settings = [settings_of(run) for run in runs]
    columns: Columns = {
        "Run": [run.title for run in runs],
        "Status": [_status(run) for run in runs],
        "Accuracy": [run.test_accuracy for run in runs],
        "Learning": [list(curves.get(run.id, ())) for run in runs],
        "Loss": [run.test_loss for run in runs],
        "Time": [run.seconds for run in runs],
        "Images/s": [run.images_per_second for run in runs],
        "Tags": [list(run.tags) for run in runs],
        "Note": [run.note for run in runs],
    }
    for field in [*MOSTLY, *(field for field in fields if field not in MOSTLY)]:
        columns[title_of(field)] = _column(field, [row[field] for row in settings])
    columns |= {
        "Recipe": [run.recipe for run in runs],
        "Created": pd.to_datetime([run.created for run in runs], unit="s", utc=True),
        "Message": [run.message for run in runs],
    }
    return pd.DataFrame(columns)


def run_columns(curves: Mapping[str, Sequence[float]]) -> Columns:
    """Return the column config of `run_table`."""
    lowest = min((min(curve) for curve in curves.values() if curve), default=0.0)
    floor = next(step for step in FLOORS if step <= lowest)
    column = st.column_config
    return {
        "Run": column.TextColumn(pinned=True, width=190, help="Number and name."),
        "Status": column.TextColumn(width=120, help="Whether it waits, trains, or how it ended."),
        "Accuracy": column.NumberColumn(
            format="percent", width=90, help="Share of test images that it recognised after its last epoch."
        ),
        "Learning": column.LineChartColumn(
            y_min=floor,
            y_max=1.0,
            width=110,
            help=f"Accuracy on test images, epoch by epoch, from {floor:.0%} to 100 %: the same scale in each row.",
        ),
        "Loss": column.NumberColumn(format="%.4f", width=80, help="Mean loss on the test images after the last epoch."),
        "Time": column.NumberColumn(format="%.1f s", width=80, help="Training and evaluation, all epochs, no pauses."),
        "Images/s": column.NumberColumn(format="%,.0f", width=90, help="Training images a second in the last epoch."),
        "Tags": column.MultiselectColumn(width=130, color="auto", help="Words of yours, to find runs again."),
        "Note": column.TextColumn(width=160, help="What you wrote about the run."),
        title_of("learning_rate"): column.NumberColumn(format="%g"),
        "Created": column.DatetimeColumn(format="distance", help="When it was started or queued."),
        "Message": column.TextColumn(help="Why it ended early, where it did."),
    }


def group_table(groups: Sequence[Group], field: str) -> pd.DataFrame:
    """Return one row per group: the number of runs, and the mean and standard deviation of each result."""
    columns: Columns = {
        group_title(field): [group.label for group in groups],
        "Runs": [len(group.runs) for group in groups],
    }
    for title, result in RESULTS.items():
        spreads = [group.spread(result) for group in groups]
        scale = 100 if result == "accuracy" else 1
        columns[title] = [spread and spread.mean * scale for spread in spreads]
        columns[f"± {title}"] = [
            spread.deviation * scale if spread and spread.deviation is not None else None for spread in spreads
        ]
    columns["Also differ in"] = [", ".join(name_of(each) for each in group.differing) for group in groups]
    return pd.DataFrame(columns)


RESULTS = {"Accuracy": "accuracy", "Loss": "test_loss", "Time": "seconds", "Images/s": "images_per_second"}
FORMATS = {"Accuracy": "%.2f %%", "Loss": "%.4f", "Time": "%.1f s", "Images/s": "%.0f"}


def group_columns(field: str) -> Columns:
    column = st.column_config
    spreads = {
        f"± {title}": column.NumberColumn(
            f"± {title.lower()}",
            format=f"± {format_}",
            width=95,
            help="Standard deviation over the runs of the group (n − 1): how far repeats lie apart. A difference "
            "between two groups that is no larger may be chance. Empty for a single run.",
        )
        for title, format_ in FORMATS.items()
    }
    means = {
        title: column.NumberColumn(format=format_, width=90, help="Mean over the runs of the group that have a result.")
        for title, format_ in FORMATS.items()
    }
    return {
        **means,
        **spreads,
        group_title(field): column.TextColumn(pinned=True, width="medium"),
        "Runs": column.NumberColumn(width=60, help="How many runs the group has."),
        "Also differ in": column.TextColumn(
            help="Other settings, except the seed, in which the runs of the group are not alike: the spread holds "
            "their effect too. Filter, or group by all but the seed, to compare like with like."
        ),
    }


def group_title(field: str) -> str:
    return "Settings" if field == REPEATS else title_of(field)


def _column(field: str, values: Sequence[Any]) -> list[Any]:
    """Return values for a column: numbers unchanged, so that they sort as such, others as text; unknown ones empty."""
    known = [value for value in values if value is not None]
    plain = all(isinstance(value, int | float) and not isinstance(value, bool) for value in known)
    return list(values) if plain else [None if value is None else written(field, value) for value in values]


def _status(run: Run) -> str:
    share = f" {run.progress:.0%}" if run.status in ("running", "paused") and run.planned_epochs else ""
    return f"{STATUS_SIGNS[run.status]} {run.status}{share}"
