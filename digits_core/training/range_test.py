"""The learning-rate range test: one short training in which the rate rises with each batch, and what its loss does.

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
"""Share of the smoothed loss that the next batch leaves as it is."""
EXPLODED = 3.0
"""The test ends where the smoothed loss is so many times the lowest."""
FELL = 0.02
"""A loss that never fell by this share of what it was at first tells no rate from another."""


@dataclass(frozen=True)
class RangeTest:
    """The loss of each batch by the rate that its step took, as it was and smoothed.

    suggestion: A rate to begin with, `None` where the loss never falls.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    suggestion: float | None


def range_test(config: RunConfig, train: Sequence[Digits], report: Callable[[float], None] | None = None) -> RangeTest:
    """Train the network of a config from its start for at most `STEPS` batches. Nothing of it is kept.

    `report` is called with the share that is done, and may raise to end it.
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
    """Return running means in which older batches count less and less, without the pull of where they begin."""
    found, mean = [], 0.0
    for number, loss in enumerate(losses, start=1):
        mean = MEMORY * mean + (1 - MEMORY) * loss
        found.append(mean / (1 - MEMORY**number))
    return tuple(found)


def suggested(rates: Sequence[float], smoothed: Sequence[float]) -> float | None:
    """Return a rate of two digits to begin with; `None` if the loss never falls.

    It lies in the middle of two rules of thumb, on a logarithmic scale: where the loss falls fastest, and a tenth of
    the rate where it is lowest. With small batches the first alone is often too high, with large ones the second.
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
