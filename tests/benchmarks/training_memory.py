"""What memory a training on 60,000 images takes: `python -m tests.benchmarks training-memory`.

As many made-up images as MNIST has, 60,000 to train on and 10,000 to test on, in one process like a worker's, several
runs one after the other. What the process holds beside what it held with the dataset loaded, and the same for
datasets that have to be copied: resized, or two of them together.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import psutil
import torch

from digits_core.config import RunConfig, TrainingConfig, TransformConfig
from digits_core.data.digits import Digits
from digits_core.training.events import Progress
from digits_core.training.loop import Training
from digits_core.training.threads import threads_per_run
from tests.benchmarks.measurement import Measurement, counted

MIB = 1 << 20


def made_up(count: int, test: int) -> Digits:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (count, 28, 28), dtype=np.uint8)
    return Digits("made up", images, random.integers(0, 10, count), np.arange(count) >= count - test)


def held() -> int:
    return psutil.Process().memory_info().rss


def train_a_little(config: RunConfig, digits: list[Digits]) -> int:
    """Train for some reports; returns the most that the process held meanwhile."""
    training, reports, most = Training(config, digits, digits), 0, held()
    for event in training.run():
        most = max(most, held())
        reports += isinstance(event, Progress)
        if reports == 5:
            return most
    return most


def measurements(quick: bool) -> Iterator[Measurement]:
    torch.set_num_threads(threads_per_run())
    training = TrainingConfig(batch_size=64)
    small = made_up(2000, 400)
    train_a_little(RunConfig(training=training), [small])  # what PyTorch itself takes, once
    digits = made_up(70_000, 10_000)
    before = held()
    yield counted("70,000 images: the pixels of the dataset", "MiB", digits.images.nbytes / MIB)
    for title, config, chosen in (
        ("as they are", RunConfig(training=training), [digits]),
        ("as they are, again", RunConfig(training=training), [digits]),
        ("as they are, a third time", RunConfig(training=training), [digits]),
        ("resized to 32×32", RunConfig(training=training, transform=TransformConfig(size=32)), [digits]),
        ("with another dataset", RunConfig(training=training), [digits, small]),
    ):
        most = train_a_little(config, chosen)
        yield counted(f"{title}: while it trains, beside the dataset", "MiB", (most - before) / MIB)
        yield counted(f"{title}: after it", "MiB", (held() - before) / MIB)
