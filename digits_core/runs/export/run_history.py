"""Stored data of runs as tables: CSV for spreadsheets, JSON for programs."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from digits_core.runs.logged import Metric
from digits_core.runs.metric_names import KNOWN
from digits_core.runs.rows import ChangeRow, EpochRow, Run
from digits_core.runs.run_settings import CHANGES, settings_of
from digits_core.settings import SECTION_OF

MEASURES = ("epoch", *KNOWN, "seconds")
RESULTS = ("test_loss", "test_accuracy", "seconds", "images_per_second", "created", "started", "finished")
FORMULA_SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


@dataclass(frozen=True)
class History:
    """A run with its epochs in order, the changes made by hand, and the metrics that only a logged run has."""

    run: Run
    epochs: Sequence[EpochRow]
    changes: Sequence[ChangeRow] = ()
    metrics: Mapping[str, Metric] = field(default_factory=dict)


def epochs_as_csv(histories: Sequence[History]) -> bytes:
    """Return a CSV row for each epoch of each run, in UTF-8; accuracies are fractions of 1, losses means per image."""
    rows = (
        {"run": history.run.id, "name": history.run.title, **_measures(epoch)}
        for history in histories
        for epoch in history.epochs
    )
    return as_csv(("run", "name", *MEASURES), rows)


def runs_as_csv(runs: Sequence[Run]) -> bytes:
    """Return a CSV row for each run, in UTF-8: its name, its settings, its results."""
    rows = [
        {
            "run": run.id,
            "name": run.title,
            "status": run.status,
            "tags": ", ".join(run.tags),
            "note": run.note,
            "message": run.message,
            **{field: getattr(run, field) for field in RESULTS},
            **settings(run),
        }
        for run in runs
    ]
    return as_csv(("run", "name", "status", *RESULTS, *SECTION_OF, CHANGES, "tags", "note", "message"), rows)


def as_json(history: History) -> bytes:
    """Return all data of a run: its plan, its environment, its epochs and the changes made by hand."""
    run = history.run
    known = {
        "id": run.id,
        "number": run.number,
        "name": run.name,
        "recipe": run.recipe,
        "status": run.status,
        "message": run.message,
        "note": run.note,
        "tags": list(run.tags),
        "parent": run.parent,
        **{field: getattr(run, field) for field in RESULTS},
        "config": config_of(run),
        "environment": run.environment,
        "epochs": [_measures(epoch) for epoch in history.epochs],
        **({"metrics": {name: _points(metric) for name, metric in history.metrics.items()}} if run.is_logged else {}),
        "changes": [_without(asdict(change), "sequence") for change in history.changes],
    }
    return (json.dumps(known, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def config_of(run: Run) -> dict[str, Any]:
    """Return the settings of a run; those of a logged run keep the names that it logged."""
    return run.logged_config if run.is_logged else run.plan.model_dump(mode="json")


def as_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Return a table as CSV in UTF-8, without cells that a spreadsheet would evaluate as formulas."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([without_formula(row[column]) for column in columns] for row in rows)
    return text.getvalue().encode("utf-8", "replace")


def without_formula(value: Any) -> Any:
    """Prefix a text with an apostrophe if a spreadsheet would evaluate it as a formula. Numbers stay unchanged.

    Source of the signs: OWASP, "CSV Injection". Leading spaces are ignored, as some spreadsheets do.
    """
    if isinstance(value, str) and (value.startswith(FORMULA_SIGNS) or value.strip().startswith(FORMULA_SIGNS)):
        return f"'{value}"
    return value


def settings(run: Run) -> dict[str, Any]:
    """Return the settings of a run by name, lists as one text; the changes made by hand come last."""
    return {
        field: " + ".join(value) if isinstance(value, tuple) else value for field, value in settings_of(run).items()
    }


def _measures(epoch: EpochRow) -> dict[str, Any]:
    values = {name: getattr(epoch, name) for name in MEASURES}
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in values.items()}


def _points(metric: Metric) -> list[tuple[int, float | None]]:
    points = zip(metric.steps.tolist(), metric.values.tolist(), strict=True)
    return [(step, None if math.isnan(value) else value) for step, value in points]


def _without(fields: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key != name}
