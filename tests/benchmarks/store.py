"""How quickly the store answers a page: `python -m tests.benchmarks store`.

First with 64 runs of 5,000 epochs each, all of which train: what a poll costs in milliseconds and in bytes of new rows
(the cursor alone, and the epochs that each run has finished since the last one), and what writing an epoch costs. Then
with 2,000 and 20,000 runs: the list, their settings, filters, groups, and the small curves of one page of the table.
The store lies on the disk of the temporary folder.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from digits_core import init
from digits_core.dashboard.runs.filter_controls import in_order
from digits_core.dashboard.runs.frames import run_table
from digits_core.dashboard.runs.table import PAGE_ROWS
from digits_core.database import Database
from digits_core.evaluation.comparison.differing_settings import varying
from digits_core.evaluation.comparison.run_groups import group_by
from digits_core.runs.run_filters import Condition, matching, offers, parse
from digits_core.runs.run_settings import settings_of
from digits_core.runs.store import EpochRow, RunStore
from digits_core.training.events import EpochFinished
from tests.benchmarks.many_runs import accuracy, write_runs
from tests.benchmarks.measurement import Measurement, Target, counted, measured

LIVE_RUNS, LIVE_EPOCHS = 64, 5_000
POLL_MS = Target(5)


def measurements(quick: bool) -> Iterator[Measurement]:
    rounds = 10 if quick else 50
    with tempfile.TemporaryDirectory() as folder:
        yield from live(Database(Path(folder) / "digits.sqlite"), rounds)
    for count in (2_000, 20_000):
        with tempfile.TemporaryDirectory() as folder:
            yield from many(Database(Path(folder) / "digits.sqlite"), count, rounds)


def live(database: Database, rounds: int) -> Iterator[Measurement]:
    """Polls and writes while many long runs train."""
    store = RunStore(database)
    ids = write_runs(database, LIVE_RUNS, LIVE_EPOCHS, training=LIVE_RUNS)
    where = f"{LIVE_RUNS} runs × {LIVE_EPOCHS:,} epochs"
    cursor = store.cursor()
    yield timed(f"{where}, poll: nothing new", rounds, lambda: store.news(cursor), POLL_MS)
    yield timed(f"{where}, poll: where the live runs stand", rounds, store.live, POLL_MS)
    for epoch in (LIVE_EPOCHS + 1, LIVE_EPOCHS + 2):
        for number, run_id in enumerate(ids):
            store.apply(run_id, finished_epoch(number, epoch))
    yield timed(f"{where}, poll: two epochs of each run", rounds, lambda: store.news(cursor), POLL_MS)
    size = sum(row_bytes(row) for row in store.news(cursor).epochs) / 1024
    yield counted(f"{where}, what that poll returns", "KiB", size)
    yield timed(f"{where}, small curves of all", rounds, lambda: store.small_curves(ids))
    yield timed(f"{where}, all epochs of one run", rounds, lambda: store.epochs(ids[:1]))
    yield from logging(database, where, 200 if rounds == 10 else 2_000)
    epochs = iter(range(LIVE_EPOCHS + 3, 2 * LIVE_EPOCHS))
    yield timed("append an epoch", rounds, lambda: store.apply(ids[0], finished_epoch(1, next(epochs))))


def logging(database: Database, where: str, count: int) -> Iterator[Measurement]:
    """How much a loop of one's own can log beside those runs."""
    with init(home=database.path.parent) as run:
        began = time.perf_counter()
        for step in range(count):
            run.log({"train/loss": 1.0, "test/accuracy": 0.5, "norm": 1.0}, step=step)
        seconds = time.perf_counter() - began
    yield counted(f"{where}, one more logs three metrics", "logs/s", count / seconds, Target(1_000, at_least=True))


def offered(store: RunStore) -> list[Condition]:
    runs = store.runs()
    return offers(runs, varying(runs))


def many(database: Database, count: int, rounds: int) -> Iterator[Measurement]:
    """What a page reads of a long list."""
    store = RunStore(database)
    write_runs(database, count)
    runs, where = store.runs(), f"{count:,} runs"
    wanted = [parse("batch_size=16"), parse("accuracy>95 %")]
    yield timed(f"{where}, read all", rounds, store.runs)
    yield timed(f"{where}, settings of all, the first time", 1, lambda: [settings_of(run) for run in runs])
    yield timed(f"{where}, settings of all, again", rounds, lambda: [settings_of(run) for run in store.runs()])
    yield timed(f"{where}, what the filter offers, again", rounds, lambda: offered(store))
    yield timed(f"{where}, filter by two conditions", rounds, lambda: matching(runs, wanted))
    yield timed(f"{where}, search", rounds, lambda: matching(runs, [], "grid show"))
    yield timed(f"{where}, sort by accuracy", rounds, lambda: in_order(runs, "-accuracy"))
    yield timed(f"{where}, group by learning rate", rounds, lambda: group_by(runs, "learning_rate"))
    page = runs[:PAGE_ROWS]
    ids = [run.id for run in page]
    yield timed(
        f"{where}, a page of the table with small curves",
        rounds,
        lambda: run_table(page, store.small_curves(ids), ["seed"]),
    )


def timed(what: str, rounds: int, call: Callable[[], Any], target: Target | None = None) -> Measurement:
    """How long a call takes, in milliseconds."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        call()
        times.append((time.perf_counter() - began) * 1000)
    return measured(what, "ms", times, "p95", target)


def finished_epoch(number: int, epoch: int) -> EpochFinished:
    share = accuracy(number, epoch)
    return EpochFinished(epoch, 2 * LIVE_EPOCHS, 1.1 - share, share, 1 - share, share, 0.001, 9000.0, 0.8)


def row_bytes(row: EpochRow) -> int:
    """Eight for each number, one for each character."""
    values = vars(row).values()
    return sum(len(value) if isinstance(value, str) else 8 for value in values)
