"""What reporting costs a training: `python -m tests.benchmarks.events`.

Times, within one training as the engine runs it, everything that is there only to be looked at: losses of batches,
norms, confusion, watched images, the reports themselves and making them plain to send; and says which share of the
training's time that is. Thread time, so that a noisy machine is noisy for both. Then what the app pays for each event.
"""

from __future__ import annotations

import argparse
import functools
import json
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from digits_core.config import RunConfig, TrainingConfig
from digits_core.data.builtin import read_mnist_5k, read_optdigits
from digits_core.database import Database
from digits_core.home import Home
from digits_core.runs.store import RunStore
from digits_core.training import loop
from digits_core.training.events import Event
from digits_core.training.loop import Training
from digits_core.training.measures import BatchLosses, GradientNorms
from digits_core.training.testing import Test
from digits_core.training.threads import threads_per_run


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


def share_of_reporting(training: Training, meter: Meter) -> tuple[float, list[Event]]:
    """Train; returns the share of the time that reporting took, and the events."""
    # What a worker does with an event: make it plain and hand it to the thread that sends it.
    send = meter.wrap("sending", lambda event: json.dumps(event.as_dict()))
    for owner, name, title in (
        (BatchLosses, "add", "losses"),
        (GradientNorms, "look", "gradient norms"),
        (GradientNorms, "means", "gradient norms"),
        (loop, "weight_norms", "weight norms"),
        (Test, "details", "confusion and watched images"),
        (Training, "_progress", "progress"),
    ):
        setattr(owner, name, meter.wrap(title, getattr(owner, name)))
    events, began = [], time.thread_time()
    for event in training.run():
        send(event)
        events.append(event)
    return sum(meter.seconds.values()) / (time.thread_time() - began), events


def seconds_to_store(events: list[Event]) -> dict[str, float]:
    """The median time that the app takes to write an event, by kind."""
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
    return {kind: statistics.median(each) for kind, each in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--dataset", choices=("optdigits", "mnist-5k"), default="optdigits")
    options = parser.parse_args()

    torch.set_num_threads(threads_per_run())
    digits = {"optdigits": read_optdigits, "mnist-5k": read_mnist_5k}[options.dataset]()
    config = RunConfig(training=TrainingConfig(epochs=options.epochs, batch_size=options.batch_size))
    meter = Meter()
    share, events = share_of_reporting(Training(config, [digits], [digits]), meter)
    for name, seconds in meter.seconds.most_common():
        print(f"{name:<30} {1000 * seconds:8.1f} ms")
    print(f"reporting: {share:.2%} of the training's time, {len(events)} events")
    for kind, seconds in seconds_to_store(events).items():
        print(f"stored in the app: {kind:<10} {1000 * seconds:6.2f} ms each")


if __name__ == "__main__":
    main()
