"""Estimates of how long a training will take, from how fast this machine trained before. Gives none without data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from digits_core.config import RunConfig
from digits_core.layers.placed import place_layers

AT_MOST = 5
"""Runs that an estimate is based on, at most: the newest ones best reflect this machine as it is now."""
REACH = 4
"""Batch sizes up to this factor apart are comparable."""

PER_WORK = 0.75
"""The time per image grows with this power of its multiply-adds: small layers keep a processor less busy. Measured
on two CPU cores with the preset networks at batch sizes 16 and 128, whose work differs by a factor of 600: predictions
from one network to another are within a factor of 5, and mostly within 2."""


@dataclass(frozen=True)
class PastRun:
    """An earlier run: its speed while training, and the time of an epoch including its test.

    `device` is the device it trained on, as in its environment: `cpu`, or the name of a GPU.
    """

    title: str
    config: RunConfig
    device: str
    train_images: int
    test_images: int
    images_per_second: float
    seconds_per_epoch: float


@dataclass(frozen=True)
class Estimate:
    """`seconds` for all epochs, and in words what the estimate is based on."""

    seconds: float
    basis: str


def estimate(config: RunConfig, train_images: int, test_images: int, past: Sequence[PastRun]) -> Estimate | None:
    """Estimate the time that `config` will take from `past`, newest first; return `None` if no run is comparable."""
    comparable = [run for run in past if _comparable(run, config, past)]
    alike = [run for run in comparable if run.config.network.layers == config.network.layers]
    by_work = ""
    if not alike:
        alike = [_as_if_it_had(run, config) for run in comparable]
        by_work = " Its network is another one: roughly, by its multiply-adds."
    comparable = alike
    same = [run for run in comparable if _batch_size(run) == config.training.batch_size][:AT_MOST]
    if same:
        speed = median(run.images_per_second for run in same)
        basis = f"{_titles(same)} with the same batch size: {speed:,.0f} images/s"
    else:
        near = _neighbours(comparable, config.training.batch_size)
        if not near:
            return None
        speed = _between(near, config.training.batch_size)
        sizes = " and ".join(str(_batch_size(run)) for run in near)
        basis = f"{_titles(near)} at batch size {sizes}: about {speed:,.0f} images/s"
    rest = _seconds_per_test_image(comparable)
    seconds = config.training.epochs * (train_images / speed + test_images * rest)
    return Estimate(seconds, f"From {basis}.{by_work}")


def estimate_mean(
    configs: Sequence[RunConfig], train_images: int, test_images: int, past: Sequence[PastRun]
) -> float | None:
    """Return the mean seconds of trainings with these configs; `None` if no past run is comparable to any of them."""
    found = [estimate(config, train_images, test_images, past) for config in configs]
    known = [each.seconds for each in found if each is not None]
    return sum(known) / len(known) if known else None


def duration(seconds: float) -> str:
    """Format a duration no more precisely than an estimate is: `a second`, `40 s`, `3 min`."""
    if seconds < 1.5:
        return "a second"
    if seconds < 100:
        return f"{seconds:.0f} s" if seconds < 20 else f"{round(seconds, -1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _comparable(run: PastRun, config: RunConfig, past: Sequence[PastRun]) -> bool:
    """Return True if the run differs at most in its network, batch size and settings that hardly affect the speed."""
    ours, theirs = config.training, run.config.training
    return (
        theirs.batches == ours.batches
        and theirs.precision == ours.precision
        and run.config.transform.size == config.transform.size
        and run.config.transform.augments == config.transform.augments
        and run.device == _device(config, past)
    )


def _as_if_it_had(run: PastRun, config: RunConfig) -> PastRun:
    """Return the run with its speed scaled to the network of `config`, by the multiply-adds per image."""
    more = (_multiply_adds(config) / _multiply_adds(run.config)) ** PER_WORK
    return replace(run, images_per_second=run.images_per_second / more, seconds_per_epoch=run.seconds_per_epoch * more)


def _multiply_adds(config: RunConfig) -> int:
    layers = place_layers(config.network.layers, config.transform.size, config.training.dropout)
    return sum(layer.multiply_adds.number for layer in layers)


def _device(config: RunConfig, past: Sequence[PastRun]) -> str:
    """Return the device for this config: `cpu`, or that of the last run with the same `device` setting."""
    if config.training.device == "cpu":
        return "cpu"
    return next((run.device for run in past if run.config.training.device == config.training.device), "")


def _neighbours(runs: Sequence[PastRun], batch_size: int) -> list[PastRun]:
    """Return the newest run of the next smaller and of the next larger batch size, if there are any within `REACH`."""
    near = [run for run in runs if batch_size / REACH <= _batch_size(run) <= batch_size * REACH]
    below = [run for run in near if _batch_size(run) < batch_size]
    above = [run for run in near if _batch_size(run) > batch_size]
    return [*([max(below, key=_batch_size)] if below else []), *([min(above, key=_batch_size)] if above else [])]


def _between(near: Sequence[PastRun], batch_size: int) -> float:
    """Interpolate images/s at this batch size between two runs, on logarithmic axes; take the speed of a single run."""
    if len(near) == 1:
        return near[0].images_per_second
    low, high = near
    share = math.log(batch_size / _batch_size(low)) / math.log(_batch_size(high) / _batch_size(low))
    return low.images_per_second ** (1 - share) * high.images_per_second**share


def _seconds_per_test_image(runs: Sequence[PastRun]) -> float:
    """Return the seconds that an epoch takes beyond its training, per test image."""
    rests = [
        (run.seconds_per_epoch - run.train_images / run.images_per_second) / run.test_images
        for run in runs[:AT_MOST]
        if run.test_images
    ]
    return max(0.0, median(rests)) if rests else 0.0


def _batch_size(run: PastRun) -> int:
    return run.config.training.batch_size


def _titles(runs: Sequence[PastRun]) -> str:
    """Name the runs: `#3 Lecture`, `#3 Lecture and #2 Robust`, `#3 Lecture and 4 more`."""
    first, *others = (run.title for run in runs)
    if not others:
        return first
    return f"{first} and {others[0]}" if len(others) == 1 else f"{first} and {len(others)} more"
