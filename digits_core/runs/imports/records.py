"""Runs read from files of other programs, before they are stored, and the checks that all readers share."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from digits_core.data.readers.file_contents import Refusal
from digits_core.data.readers.limits import MIB, Limits
from digits_core.errors import LogError
from digits_core.runs.logged import LARGEST_STEP, WholeRun
from digits_core.runs.logged_config import tidy_config
from digits_core.runs.metric_names import FRACTIONS, LONGEST_NAME, MOST_NAMES, known_metric
from digits_core.runs.run_edits import NAME_LENGTH, NOTE_LENGTH

LIMITS = Limits(file_bytes=256 * MIB, unpacked_bytes=256 * MIB, entries=10_000, memory_bytes=1024 * MIB, seconds=120)
"""Limits for reading runs: the total size of the files, and the resources of the process that reads them."""
MOST_RUNS = 100
MOST_VALUES = 250_000
"""The most values of all runs of one import together."""
NOT_NUMBERS = "Left out, because they are not numbers:"
FROM_0 = "Its epochs were counted from 0, here from 1."
LATEST = 4_102_444_800.0
"""The year 2100, in seconds since 1970: later values are not accepted as times."""


def to_json(runs: Sequence[WholeRun]) -> str:
    """Return runs as JSON; NaN stays NaN, which Python's own JSON parser accepts."""
    return json.dumps([asdict(run) for run in runs])


def from_json(text: str) -> list[WholeRun]:
    """Return the runs that `to_json` wrote, with steps as integers again: JSON keys are strings."""
    return [WholeRun(**_with_steps(run)) for run in json.loads(text)]


class Metrics:
    """Collects the values of one run by name and step, and refuses those that cannot be stored."""

    def __init__(self) -> None:
        self.by_name: dict[str, dict[int, float]] = {}
        self._count = 0

    def add(self, name: str, step: int, value: float) -> None:
        """Add a value; a later one of the same name and step replaces it, and infinity is a gap like NaN.

        Raises:
            Refusal: If there are too many values or names, or a name or step cannot be stored.
        """
        if name not in self.by_name:
            self._check(name)
            self.by_name[name] = {}
        if not 0 <= step < LARGEST_STEP:
            raise Refusal(f"has the step {f'{step:,}':.30} of {name!r}: steps are whole numbers from 0.")
        self._count += 1
        if self._count > MOST_VALUES:
            raise Refusal(f"holds more than the {MOST_VALUES:,} values that are read. Log less often.")
        self.by_name[name][step] = value if math.isfinite(value) else math.nan

    def _check(self, name: str) -> None:
        if not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
            raise Refusal(f"has a metric named {name[:40]!r}: a name has 1 to {LONGEST_NAME} characters in one line.")
        if len(self.by_name) >= MOST_NAMES:
            raise Refusal(f"holds more than the {MOST_NAMES} metrics of a run that are read.")


def whole_run(name: str, origin: str, metrics: Metrics, config: Mapping[str, Any], **times: Any) -> WholeRun:
    """Return a run with a valid name and a JSON-compatible config; raises `Refusal` if the config cannot be stored."""
    line = " ".join("".join(each if each.isprintable() else " " for each in name).split())
    try:
        tidy = tidy_config(config)
    except LogError as error:
        raise Refusal(f"has settings that cannot be kept: {error}") from None
    return WholeRun(line[:NAME_LENGTH] or origin, origin, metrics.by_name, tidy, **times)


def with_fractions(run: WholeRun) -> WholeRun:
    """Return a run with its accuracies as fractions of 1, and a note on those that were divided by 100.

    An accuracy is in percent if any of its values is above 1.

    Raises:
        Refusal: If one is neither a fraction nor a percentage.
    """
    divided: dict[str, dict[int, float]] = {}
    for name, values in run.metrics.items():
        known = [value for value in values.values() if not math.isnan(value)]
        if known_metric(name) not in FRACTIONS or not known:
            continue
        if min(known) < 0 or max(known) > 100:
            wrong = min(known) if min(known) < 0 else max(known)
            raise Refusal(f"has {wrong:g} as {name!r}, which is neither a fraction of 1 nor a percentage.")
        if max(known) > 1:
            divided[name] = {step: value / 100 for step, value in values.items()}
    return noted(replace(run, metrics=run.metrics | divided), "Percentages divided by 100:", divided)


def noted(run: WholeRun, sentence: str, names: Iterable[str] = ()) -> WholeRun:
    """Return a run with a sentence added to its note; one that ends in a colon is completed by `names`, if any."""
    if sentence.endswith(":"):
        if not (words := listed(names)):
            return run
        sentence = f"{sentence} {words}."
    return replace(run, note=f"{run.note} {sentence}".strip()[:NOTE_LENGTH])


def listed(names: Iterable[str]) -> str:
    """Return the names on one short line."""
    lines = ["".join(each if each.isprintable() else "?" for each in name) for name in names]
    shown = [name if len(name) <= 40 else f"{name[:39]}…" for name in lines]
    return ", ".join(shown[:12]) + (f" and {len(shown) - 12} more" if len(shown) > 12 else "")


def is_time(seconds: float) -> bool:
    return math.isfinite(seconds) and 0 < seconds < LATEST


def _with_steps(run: dict[str, Any]) -> dict[str, Any]:
    metrics = {name: _by_step(values) for name, values in run["metrics"].items()}
    return {**run, "metrics": metrics, "elapsed": _by_step(run["elapsed"])}


def _by_step(values: Mapping[str, float]) -> dict[int, float]:
    return {int(step): value for step, value in values.items()}
