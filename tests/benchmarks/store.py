"""How quickly the store answers a page: `python -m tests.benchmarks.store`.

First with 64 runs of 5,000 epochs each, all of which train: what a poll costs in milliseconds and in bytes of new rows
(the cursor alone, and the epochs that each run has finished since the last one), and what writing an epoch costs. Then
with 2,000 and 20,000 runs: the list, their settings, filters, groups, and the small curves of one page of the table.
Median and 95th percentile of `--rounds`; the store lies on the disk of the temporary folder.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from digits_core.dashboard.runs.filters import in_order
from digits_core.dashboard.runs.frames import run_table
from digits_core.dashboard.runs.table import PAGE_ROWS
from digits_core.database import Database
from digits_core.runs.conditions import matching, offers, parse
from digits_core.runs.groups import group_by
from digits_core.runs.settings import settings_of
from digits_core.runs.store import EpochRow, RunStore
from digits_core.training.events import EpochFinished
from tests.benchmarks.many_runs import accuracy, write_runs

LIVE_RUNS, LIVE_EPOCHS = 64, 5_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=50)
    rounds = parser.parse_args().rounds
    print(f"{'milliseconds':<52}{'median':>10}{'p95':>10}")
    with tempfile.TemporaryDirectory() as folder:
        live(Database(Path(folder) / "digits.sqlite"), rounds)
    for count in (2_000, 20_000):
        with tempfile.TemporaryDirectory() as folder:
            many(Database(Path(folder) / "digits.sqlite"), count, rounds)


def live(database: Database, rounds: int) -> None:
    """Polls and writes while many long runs train."""
    store = RunStore(database)
    ids = write_runs(database, LIVE_RUNS, LIVE_EPOCHS, training=LIVE_RUNS)
    print(f"\n{LIVE_RUNS} runs × {LIVE_EPOCHS:,} epochs, {database.path.stat().st_size / 2**20:.0f} MiB")
    cursor = store.cursor()
    show("poll: nothing new", rounds, lambda: store.news(cursor))
    show("poll: where the live runs stand", rounds, store.live)
    for epoch in (LIVE_EPOCHS + 1, LIVE_EPOCHS + 2):
        for number, run_id in enumerate(ids):
            store.apply(run_id, finished_epoch(number, epoch))
    news = show("poll: two epochs of each run", rounds, lambda: store.news(cursor))
    print(f"{'':4}{len(news.epochs)} rows, {sum(row_bytes(row) for row in news.epochs):,} bytes")
    show("small curves of all", rounds, lambda: store.small_curves(ids))
    show("all epochs of one run", rounds, lambda: store.epochs(ids[:1]))
    epochs = iter(range(LIVE_EPOCHS + 3, 2 * LIVE_EPOCHS))
    show("write an epoch", rounds, lambda: store.apply(ids[0], finished_epoch(1, next(epochs))))


def many(database: Database, count: int, rounds: int) -> None:
    """What a page reads of a long list."""
    store = RunStore(database)
    write_runs(database, count)
    print(f"\n{count:,} runs × 8 epochs, {database.path.stat().st_size / 2**20:.0f} MiB")
    runs = store.runs()
    wanted = [parse("batch_size=16"), parse("accuracy>95 %")]
    show("read all runs", rounds, store.runs)
    show("settings of all, the first time", 1, lambda: [settings_of(run) for run in runs])
    show("settings of all, again", rounds, lambda: [settings_of(run) for run in store.runs()])
    show("what the filter offers, again", rounds, lambda: offers(store.runs()))
    show("filter by two conditions", rounds, lambda: matching(runs, wanted))
    show("search", rounds, lambda: matching(runs, [], "grid show"))
    show("sort by accuracy", rounds, lambda: in_order(runs, "-accuracy"))
    show("group by learning rate", rounds, lambda: group_by(runs, "learning_rate"))
    page = runs[:PAGE_ROWS]
    ids = [run.id for run in page]
    show("a page of the table, with small curves", rounds, lambda: run_table(page, store.small_curves(ids), ["seed"]))


def show(what: str, rounds: int, measured: Callable[[], Any]) -> Any:
    """Print how long it takes, and return what it last answered."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        answer = measured()
        times.append((time.perf_counter() - began) * 1000)
    p95 = statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
    print(f"{what:<52}{statistics.median(times):>10.2f}{p95:>10.2f}")
    return answer


def finished_epoch(number: int, epoch: int) -> EpochFinished:
    share = accuracy(number, epoch)
    return EpochFinished(epoch, 2 * LIVE_EPOCHS, 1.1 - share, share, 1 - share, share, 0.001, 9000.0, 0.8)


def row_bytes(row: EpochRow) -> int:
    """Eight for each number, one for each character."""
    values = vars(row).values()
    return sum(len(value) if isinstance(value, str) else 8 for value in values)


if __name__ == "__main__":
    main()
