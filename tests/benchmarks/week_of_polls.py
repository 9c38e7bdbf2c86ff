"""A page left open for a week: `python -m tests.benchmarks polls`.

As many polls as the Training page makes in a week, one after the other as fast as they go, by the store and the feed
that the page asks, while runs train: now and then a report or an epoch is written, and the next run begins when one has
had its epochs. What is looked at is whether the memory of the process and the database's write-ahead log grow.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from unittest.mock import patch

import psutil

from digits_core.config import RunConfig, TrainingConfig
from digits_core.dashboard.live import POLL_S
from digits_core.dashboard.state import State, state
from digits_core.dashboard.training.run_feed import feed_of, hints_for
from digits_core.runs.store import Run
from digits_core.training.events import EpochFinished, Event, Finished, Progress, Started
from tests.benchmarks.measurement import Measurement, Target, counted, measured

WEEK = round(7 * 24 * 3600 / POLL_S)
HOUR = round(3600 / POLL_S)
EPOCHS = 100
"""Of each run."""
REPORT_EVERY, EPOCH_EVERY = 5, 25
"""Polls: a report every two seconds, an epoch every ten."""
LOOKS = 100
MIB = 1 << 20
GROWN, LOG = Target(1.05), Target(16)
"""Not the design's. SQLite starts its log anew after 1,000 pages of 4 KiB unless a reader or writer is in the way."""


@dataclass
class Week:
    """What was seen on the way, in the order in which it was: megabytes, and seconds of a poll."""

    memory: list[float] = field(default_factory=list)
    log: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def measurements(quick: bool) -> Iterator[Measurement]:
    polls = HOUR if quick else WEEK
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, {"DIGITS_HOME": folder}):
        week = watch(state(), polls)
        size = state().home.database.stat().st_size / MIB
    half = LOOKS // 2
    yield measured(f"a poll, of {polls:,}", "ms", [1000 * each for each in week.seconds], "p95", Target(5))
    yield measured("write-ahead log", "MiB", week.log, "most", LOG)
    yield measured("memory of the process, second half", "MiB", week.memory[half:])
    yield counted("memory, last to first of the second half", "×", week.memory[-1] / week.memory[half], GROWN)
    yield counted("the database in the end", "MiB", size)


def watch(app: State, polls: int) -> Week:
    """Poll and write in turn."""
    week, run, epoch = Week(), begin(app), 0
    store, process = app.runs, psutil.Process()
    every = polls // LOOKS
    for number in range(1, polls + 1):
        began = time.perf_counter()
        look(app, run)
        if number % every == 0:
            week.seconds.append(time.perf_counter() - began)
            week.memory.append(process.memory_info().rss / MIB)
            week.log.append(app.home.database.with_name("digits.sqlite-wal").stat().st_size / MIB)
        if number % REPORT_EVERY == 0:
            store.apply(run.id, report(epoch + 1, number % EPOCH_EVERY))
        if number % EPOCH_EVERY == 0:
            epoch += 1
            store.apply(run.id, end_of(epoch))
        if epoch == EPOCHS:
            store.apply(run.id, Finished("finished", EPOCHS, 0.1, 0.97, 1000.0))
            run, epoch = begin(app), 0
    return week


def begin(app: State) -> Run:
    run = app.runs.create(RunConfig(training=TrainingConfig(epochs=EPOCHS)), "benchmark")
    app.runs.apply(run.id, Started(EPOCHS, 1437, 360, {"images": {"train": 1437, "test": 360}}))
    return run


def look(app: State, run: Run) -> None:
    """What the page asks at each poll."""
    now, _ = app.runs.get(run.id), app.runs.live()
    hints_for(now, feed_of(now))


def report(epoch: int, place: int) -> Event:
    batch = 1 + 3 * place
    return Progress(
        epoch, EPOCHS, batch, 90, 0.3, 3000.0, 0.001, 10.0, loss_batches=[batch, batch + 1], losses=[0.4, 0.2]
    )


def end_of(epoch: int) -> Event:
    share = 0.9 + 0.08 * epoch / EPOCHS
    return EpochFinished(epoch, EPOCHS, 1 - share, share, 1 - share, share, 0.001, 3000.0, 10.0)
