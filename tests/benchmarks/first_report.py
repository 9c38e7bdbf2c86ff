"""How soon a training begins: `python -m tests.benchmarks first-report`.

From `Engine.submit`, which is what the click on Train calls, to the first report in the store; with warm workers, each
round a new run. The first round reads the dataset, the others find it in the worker.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from digits_core.config import RunConfig, TrainingConfig
from digits_core.database import Database
from digits_core.engine.service import Engine
from digits_core.home import Home
from digits_core.runs.store import Run, RunStore
from tests.benchmarks.measurement import Measurement, measured


def measurements(quick: bool) -> Iterator[Measurement]:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder)).create()
        database = Database(home.database)
        store = RunStore(database)
        engine = Engine(home, store)
        engine.warm_up()
        times = []
        for number in range(4 if quick else 21):
            seconds, run = seconds_until_first_report(engine, store, RunConfig(training=TrainingConfig(epochs=50)))
            engine.stop(run)
            while store.get(run.id).live:
                time.sleep(0.02)
            if number:
                times.append(seconds)
        engine.close()
        database.close()
    yield measured("submit → first report, warm workers", "s", times)


def seconds_until_first_report(engine: Engine, store: RunStore, config: RunConfig) -> tuple[float, Run]:
    began = time.perf_counter()
    run = engine.submit(config)
    while not store.batches(run.id):
        time.sleep(0.002)
    return time.perf_counter() - began, run
