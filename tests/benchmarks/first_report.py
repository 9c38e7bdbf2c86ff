"""How soon a training begins: `python -m tests.benchmarks.first_report`.

From `Engine.submit`, which is what the click on Train calls, to the first report in the store; with warm workers, each
round a new run. The first round reads the dataset, the others find it in the worker.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from digits_core.config import RunConfig, TrainingConfig
from digits_core.database import Database
from digits_core.engine.service import Engine
from digits_core.home import Home
from digits_core.runs.store import Run, RunStore


def seconds_until_first_report(engine: Engine, store: RunStore, config: RunConfig) -> tuple[float, Run]:
    began = time.perf_counter()
    run = engine.submit(config)
    while not store.batches(run.id):
        time.sleep(0.002)
    return time.perf_counter() - began, run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder)).create()
        database = Database(home.database)
        store = RunStore(database)
        engine = Engine(home, store)
        engine.warm_up()
        times = []
        for number in range(options.rounds + 1):
            seconds, run = seconds_until_first_report(engine, store, RunConfig(training=TrainingConfig(epochs=50)))
            engine.stop(run)
            while store.get(run.id).live:
                time.sleep(0.02)
            if number:
                times.append(seconds)
        engine.close()
        database.close()
    times.sort()
    print(f"submit to first report: median {statistics.median(times):.3f} s, longest {times[-1]:.3f} s of {len(times)}")


if __name__ == "__main__":
    main()
