"""Runs from a CSV file with a row for each epoch, in the usual spellings; also from this app's own exports."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from digits_core.data.readers.file_contents import Refusal
from digits_core.runs.export.run_history import FORMULA_SIGNS, MEASURES
from digits_core.runs.imports.records import FROM_0, MOST_RUNS, NOT_NUMBERS, Metrics, listed, noted, whole_run
from digits_core.runs.imports.tables import Table
from digits_core.runs.logged import WholeRun

ORIGIN = "CSV"
_STEPS = ("epoch", "epochs", "step", "iteration")
_SECONDS = ("seconds", "epoch_seconds", "epoch_time", "time_per_epoch")
_NUMBER = re.compile(r"^#\d+ ")


def read_epochs(name: str, table: Table) -> list[WholeRun]:
    """Return the runs of a table, with notes on what was changed or left out.

    The column `epoch`, else `step`, numbers the epochs; without either, rows are counted from 1. Epochs counted from 0,
    as in Keras, are shifted to begin at 1, like this app's own; those of a file that this app exported stay as they
    are. The column `run` separates several runs. `seconds` is the time that each epoch took. All other columns
    of numbers are metrics, and empty cells are gaps.

    Raises:
        Refusal: If the table has no column of metrics, or a cell that does not fit its column.
    """
    by_word = {_word(column): column for column in reversed(table.names)}
    groups, titles = _groups(table, by_word)
    is_own = {"run", "name", *MEASURES} <= set(table.names)
    counted = next((by_word[word] for word in _STEPS if word in by_word), None)
    timed = next((by_word[word] for word in _SECONDS if word in by_word), None)
    others = {by_word[word] for word in ("run", "name") if word in by_word} if titles else set()
    columns: dict[str, list[float]] = {}
    words = []
    for column in table.names:
        if not column or column in others or column in (counted, timed):
            continue
        numbers = table.numbers(column)
        if numbers is None:
            words += [column] if any(cell.strip() for cell in table.column(column)) else []
        else:
            columns[column] = numbers
    if not columns:
        raise Refusal(f"has no column of metrics. Its columns are {listed(table.names)}.")
    steps = table.whole_numbers(counted) if counted else []
    seconds = table.numbers(timed) if timed else None
    runs = []
    for key, rows in groups.items():
        own_steps = [steps[row] for row in rows] if counted else list(range(1, len(rows) + 1))
        shifted = bool(counted) and _word(counted or "").startswith("epoch") and not is_own and min(own_steps) == 0
        taken = {column: [values[row] for row in rows] for column, values in columns.items()}
        spent = [seconds[row] for row in rows] if seconds else []
        run = _run(titles.get(key) or name, [step + shifted for step in own_steps], taken, spent)
        run = noted(run, NOT_NUMBERS, words)
        runs.append(noted(run, FROM_0) if shifted else run)
    return runs


def _run(name: str, steps: Sequence[int], columns: Mapping[str, Sequence[float]], seconds: Sequence[float]) -> WholeRun:
    metrics = Metrics()
    for column, values in columns.items():
        if not all(map(math.isnan, values)):
            for step, value in zip(steps, values, strict=True):
                # An epoch may have several rows: a gap in one of them must not overwrite the others.
                if not math.isnan(value) or step not in metrics.by_name.get(column, {}):
                    metrics.add(column, step, value)
    if not metrics.by_name:
        raise Refusal(f"has no numbers for the run {name!r:.60}.")
    elapsed, now = {}, 0.0
    for step, spent in sorted(zip(steps, seconds, strict=False)):
        now += max(spent, 0.0) if math.isfinite(spent) else 0.0
        elapsed[step] = now
    return whole_run(name, ORIGIN, metrics, {}, elapsed=elapsed)


def _groups(table: Table, by_word: Mapping[str, str]) -> tuple[dict[str, list[int]], dict[str, str]]:
    """Return the row numbers of each run and the title of each run, both by the value of the column `run`."""
    if "run" not in by_word:
        return {"": list(range(len(table.rows)))}, {}
    groups: dict[str, list[int]] = {}
    names = table.column(by_word["name"]) if "name" in by_word else table.column(by_word["run"])
    titles: dict[str, str] = {}
    for row, key in enumerate(table.column(by_word["run"])):
        groups.setdefault(key, []).append(row)
        titles.setdefault(key, _NUMBER.sub("", _unquoted(names[row].strip())))
        if len(groups) > MOST_RUNS:
            raise Refusal(f"holds more than the {MOST_RUNS} runs that are read at once.")
    return groups, titles


def _unquoted(name: str) -> str:
    """Return a cell without the apostrophe that `without_formula` puts before a formula."""
    return name[1:] if name.startswith("'") and name[1:].strip().startswith(FORMULA_SIGNS) else name


def _word(column: str) -> str:
    return re.sub(r"[\s\-./]+", "_", column.strip().casefold())
