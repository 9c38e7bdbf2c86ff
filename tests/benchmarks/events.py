"""What reporting costs a training: `python -m tests.benchmarks reports`.

Times, within one training as the engine runs it, everything that is there only to be looked at: losses of batches,
norms, confusion, watched images, the reports themselves and making them plain to send; and says which share of the
training's time that is. Thread time, so that a noisy machine is noisy for both. Then what the app pays for each event.
"""

from __future__ import annotations

import functools
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

from digits_core.config import RunConfig, TrainingConfig
from digits_core.data.builtin import read_optdigits
from digits_core.database import Database
from digits_core.home import Home
from digits_core.runs.store import RunStore
from digits_core.training import loop
from digits_core.training.events import Event
from digits_core.training.loop import Training
from digits_core.training.measures import BatchLosses, GradientNorms
from digits_core.training.testing import Test
from digits_core.training.threads import threads_per_run
from tests.benchmarks.measurement import Measurement, counted, measured


class Meter:
    """Adds up the time that wrapped functions take."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    def wrap(self, name: str, function: Callable) -> Callable:
        @functools.wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:
            began = time.thread_time()
            try:
                return function(*arguments, **named)
            finally:
                self.seconds[name] += time.thread_time() - began

        return timed


REPORTING = (
    (BatchLosses, "add", "losses"),
    (GradientNorms, "look", "gradient norms"),
    (GradientNorms, "means", "gradient norms"),
    (loop, "weight_norms", "weight norms"),
    (Test, "details", "confusion and watched images"),
    (Training, "_progress", "progress"),
)
"""What is there only to be looked at: where it is defined, its name, and what the table calls it."""


def measurements(quick: bool) -> Iterator[Measurement]:
    torch.set_num_threads(threads_per_run())
    digits = read_optdigits()
    config = RunConfig(training=TrainingConfig(epochs=1 if quick else 4))
    meter = Meter()
    share, events = share_of_reporting(Training(config, [digits], [digits]), meter)
    for name, seconds in meter.seconds.most_common():
        yield counted(f"{name}, in a training by the lecture's recipe", "ms", 1000 * seconds)
    yield counted("all reporting, of the training's time", "%", 100 * share)
    for kind, seconds in seconds_to_store(events).items():
        yield measured(f"stored in the app: {kind}", "ms", [1000 * each for each in seconds])


def share_of_reporting(training: Training, meter: Meter) -> tuple[float, list[Event]]:
    """Train; returns the share of the time that reporting took, and the events."""
    # What a worker does with an event: make it plain and hand it to the thread that sends it.
    send = meter.wrap("sending", lambda event: json.dumps(event.as_dict()))
    with ExitStack() as patches:
        for owner, name, title in REPORTING:
            patches.enter_context(patch.object(owner, name, meter.wrap(title, getattr(owner, name))))
        events, began = [], time.thread_time()
        for event in training.run():
            send(event)
            events.append(event)
        return sum(meter.seconds.values()) / (time.thread_time() - began), events


def seconds_to_store(events: list[Event]) -> dict[str, list[float]]:
    """The time that the app takes to write each event, by kind."""
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder)).create()
        database = Database(home.database)
        store = RunStore(database)
        run = store.create(RunConfig(), "benchmark")
        for event in events:
            began = time.thread_time()
            store.apply(run.id, event)
            times.setdefault(event.kind, []).append(time.thread_time() - began)
        database.close()
    return times
