"""The learning-rate range test: the loss of one short training in which the learning rate rises with each batch.

L. N. Smith, "Cyclical Learning Rates for Training Neural Networks" (2017), section 3.3.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
import torch

from digits_core.config import RunConfig
from digits_core.data.digits import Digits
from digits_core.network.build import build_network
from digits_core.training.batches import Batch, training_batches
from digits_core.training.loop import choose_device
from digits_core.training.optimisation import Optimisation, loss_function

LOWEST, HIGHEST = 1e-6, 10.0
STEPS = 120
"""Batches from the lowest rate to the highest: 17 for each factor of ten."""
MEMORY = 0.85
"""The weight of the previous batches in the smoothed loss."""
EXPLODED = 3.0
"""The test ends once the smoothed loss is this many times the lowest."""
FELL = 0.02
"""If the loss never falls by this share of its first value, no learning rate can be suggested."""


@dataclass(frozen=True)
class RangeTest:
    """The loss of each batch by the learning rate of its step, measured and smoothed.

    suggestion: A learning rate to start with, `None` if the loss never falls.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    suggestion: float | None


def range_test(config: RunConfig, train: Sequence[Digits], report: Callable[[float], None] | None = None) -> RangeTest:
    """Train a new network of the config for at most `STEPS` batches and return the losses; the network is discarded.

    `report` is called with the fraction that is done, 0 to 1, and may raise to abort the test.
    """
    config = config.replace(training=config.training.replace(schedule="constant", learning_rate=LOWEST))
    device = choose_device(config.training.device)
    batches = _endless(config, train, device)
    compute = loss_function(config.training)
    losses: list[float] = []
    rates = np.geomspace(LOWEST, HIGHEST, STEPS).tolist()
    with torch.random.fork_rng():
        torch.manual_seed(config.training.seed)
        network = build_network(config).to(device).train()
        optimisation = Optimisation(config.training, network, STEPS)
        lowest = math.inf
        for step, (rate, (images, labels)) in enumerate(zip(rates, batches, strict=False)):
            optimisation.set_learning_rate(rate)
            loss = compute(network(images), labels)
            optimisation.step(loss)
            losses.append(loss.item())
            latest = smooth(losses)[-1]
            lowest = min(lowest, latest)
            if not latest < EXPLODED * lowest:
                break
            if report:
                report((step + 1) / STEPS)
    finite = [loss for loss in losses if math.isfinite(loss)]
    smoothed, tried = smooth(finite), rates[: len(finite)]
    return RangeTest(tuple(tried), tuple(finite), smoothed, suggested(tried, smoothed))


def smooth(losses: Sequence[float]) -> tuple[float, ...]:
    """Return exponential moving averages, corrected for the bias of their start at 0."""
    found, mean = [], 0.0
    for number, loss in enumerate(losses, start=1):
        mean = MEMORY * mean + (1 - MEMORY) * loss
        found.append(mean / (1 - MEMORY**number))
    return tuple(found)


def suggested(rates: Sequence[float], smoothed: Sequence[float]) -> float | None:
    """Return a learning rate to start with, rounded to two digits; `None` if the loss never falls.

    It is the geometric mean of two rules of thumb: the rate at which the loss falls fastest, and a tenth of the rate at
    which it is lowest. With small batches the first alone is often too high, with large ones the second.
    """
    if len(smoothed) < 3 or min(smoothed) > (1 - FELL) * smoothed[0]:
        return None
    lowest = int(np.argmin(smoothed))
    slopes = np.gradient(np.asarray(smoothed), np.log10(rates))[: max(2, lowest + 1)]
    rate = math.sqrt(rates[int(np.argmin(slopes))] * rates[lowest] / 10)
    return float(f"{rate:.1e}")


def _endless(config: RunConfig, train: Sequence[Digits], device: torch.device) -> Iterator[Batch]:
    batches = training_batches(config, train, device)
    for epoch in count(1):
        yield from batches.epoch(epoch)
