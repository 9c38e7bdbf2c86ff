"""Settings and results of runs by name, for tables, parallel coordinates, scatter plots and training time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite, isnan, log10
from typing import Any

from digits_core.evaluation.comparison.differing_settings import own_varying, varying
from digits_core.figures.comparison_figures import Axis, Scale
from digits_core.figures.error_scale import errors_of
from digits_core.runs.rows import Run
from digits_core.runs.run_settings import CHANGES, settings_of
from digits_core.settings import SECTION_OF, SETTINGS, title_of, written


@dataclass(frozen=True)
class Quantity:
    """A setting or a result: its title, its unit if it has one, and a function `of` a run (`None` if unknown)."""

    name: str
    title: str
    of: Callable[[Run], float | str | None]
    unit: str = ""
    percent: bool = False
    log: bool = False

    @property
    def scale(self) -> Scale:
        title = f"{self.title} ({self.unit})" if self.unit else self.title
        return Scale(title, self.percent, self.log)


def setting(field: str) -> Quantity:
    """Return the quantity for a field of the config, or for the changes by hand."""
    log = field in SETTINGS and SETTINGS[field].log

    def of(run: Run) -> float | str | None:
        value = settings_of(run)[field]
        return None if value is None else on_axis(field, value)

    return Quantity(field, title_of(field), of, log=log)


def on_axis(field: str, value: Any) -> float | str:
    """Return a number unchanged, and anything else as text."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else written(field, value)


def seconds_per_epoch(run: Run) -> float | None:
    """Return the training time per finished epoch in seconds; `None` before the first."""
    done = run.progress * run.planned_epochs
    return run.seconds / done if run.seconds and done >= 1 else None


ALL_SETTINGS = tuple(setting(field) for field in SECTION_OF)
BY_HAND = setting(CHANGES)
ACCURACY = Quantity("accuracy", "Accuracy", lambda run: run.test_accuracy, percent=True)
ERROR = Quantity(
    "error",
    "Error",
    lambda run: None if run.test_accuracy is None else float(errors_of([run.test_accuracy])[0]),
    unit="1 − accuracy, log",
    percent=True,
    log=True,
)
LOSS = Quantity("test_loss", "Loss", lambda run: run.test_loss)
SECONDS = Quantity("seconds", "Training time", lambda run: run.seconds, unit="s")
SECONDS_PER_EPOCH = Quantity("seconds_per_epoch", "Time per epoch", seconds_per_epoch, unit="s")
SPEED = Quantity("images_per_second", "Images per second", lambda run: run.images_per_second)
RESULTS = (ACCURACY, LOSS, SECONDS, SECONDS_PER_EPOCH, SPEED)
BY_TITLE = {each.title: each for each in (*ALL_SETTINGS, BY_HAND, *RESULTS)}


MOST_OWN_SETTINGS = 20
"""The most columns for settings that only logged runs have; the record of a run lists all of them."""


def settings_that_differ(runs: Sequence[Run]) -> list[Quantity]:
    """Return the settings that differ between these runs, followed by those that only logged runs have."""
    return [setting(field) for field in varying(runs)] + _own_settings_that_differ(runs)


def _own_settings_that_differ(runs: Sequence[Run]) -> list[Quantity]:
    return [_own_setting(name) for name in own_varying(runs)[:MOST_OWN_SETTINGS]]


def _own_setting(name: str) -> Quantity:
    def of(run: Run) -> float | str | None:
        value = run.logged_config.get(name)
        return None if value is None else on_axis(name, value)

    return Quantity(f"own {name}", name, of)


def axis_of(quantity: Quantity, runs: Sequence[Run]) -> Axis:
    """Return a quantity as an axis of parallel coordinates: text is numbered from 0, log scales use log10."""
    values = [quantity.of(run) for run in runs]
    if any(isinstance(value, str) for value in values):
        named = ["–" if value is None else str(value) for value in values]
        words = sorted(set(named))
        return Axis(quantity.title, [words.index(value) for value in named], list(enumerate(words)))
    numbers = [float("nan") if value is None else float(value) for value in values]
    known = sorted({number for number in numbers if isfinite(number)})
    if quantity.scale.log and known and known[0] > 0:
        ticks = [(log10(number), f"{number:g}") for number in known[:: max(1, len(known) // 8)]]
        return Axis(quantity.title, [number if isnan(number) else log10(number) for number in numbers], ticks)
    ticks = [(number, f"{number:g}") for number in known] if quantity in ALL_SETTINGS and len(known) <= 8 else []
    return Axis(quantity.scale.title, numbers, ticks, quantity.percent)


def passing(axes: Sequence[Axis], brush: Sequence[tuple[str, Sequence[float]]]) -> list[int]:
    """Return the indices of the runs whose values lie in one of the ranges of each brushed axis."""
    by_title = {axis.title: axis.values for axis in axes}
    inside = [
        (by_title[title], list(zip(ends[::2], ends[1::2], strict=False))) for title, ends in brush if title in by_title
    ]
    count = len(axes[0].values) if axes else 0
    return [
        place
        for place in range(count)
        if all(any(low <= values[place] <= high for low, high in ranges) for values, ranges in inside)
    ]
