"""Stores with more runs than anybody trains for a benchmark: written as rows, as trainings would have left them."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator

from digits_core.config import RunConfig, TrainingConfig, bounds
from digits_core.database import Database

BATCH_SIZES = (16, 32, 64, 128)
LEARNING_RATES = (0.0005, 0.001, 0.002, 0.005, 0.01)
OPTIMIZERS = ("adam", "adamw", "sgd")
MOST_EPOCHS = int(bounds(TrainingConfig, "epochs").high)
TAGS = ([], ["good"], ["good", "to show"], ["odd"])


def write_runs(database: Database, count: int, epochs: int = 8, training: int = 0) -> list[str]:
    """Add that many runs over a grid of settings and seeds, each with `epochs` epochs; the last ones still train.

    There may be more epochs than a config may ask for. Returns the ids, oldest first.
    """
    now = time.time()
    grid = itertools.cycle(itertools.product(BATCH_SIZES, LEARNING_RATES, OPTIMIZERS))
    runs, rows = [], []
    for number, (batch_size, rate, optimizer) in zip(range(1, count + 1), grid, strict=False):
        config = RunConfig(
            recipe="Lecture",
            training=TrainingConfig(
                seed=number // 60,
                epochs=min(epochs, MOST_EPOCHS),
                batch_size=batch_size,
                learning_rate=rate,
                optimizer=optimizer,
            ),
        )
        run_id = f"{number:08x}"
        live = number > count - training
        last = (None, None) if live else (now, accuracy(number, epochs))
        runs.append(
            (
                run_id,
                number,
                f"Grid {number % 7}",
                "Lecture",
                "running" if live else "finished",
                config.to_json(),
                "elsewhere:1:1",
                now - count + number,
                now,
                last[0],
                0.5 if live else 1.0,
                9000.0 + number % 500,
                6.5,
                1 - accuracy(number, epochs),
                accuracy(number, epochs),
                epochs,
                json.dumps(TAGS[number % 4]),
                epochs,
            )
        )
        rows.append(epoch_rows(run_id, number, epochs))
    with database.write() as db:
        db.executemany(
            "INSERT INTO runs (id, number, name, recipe, status, config, owner, created, started, finished, progress, "
            "images_per_second, seconds, test_loss, test_accuracy, epochs, tags, weights) "
            f"VALUES ({', '.join('?' * 18)})",
            runs,
        )
        db.executemany(
            "INSERT INTO epochs (run, epoch, train_loss, train_accuracy, test_loss, test_accuracy, learning_rate, "
            f"images_per_second, seconds) VALUES ({', '.join('?' * 9)})",
            itertools.chain.from_iterable(rows),
        )
    return [run[0] for run in runs]


def epoch_rows(run_id: str, number: int, epochs: int, first: int = 1) -> Iterator[tuple]:
    for epoch in range(first, epochs + 1):
        share = accuracy(number, epoch)
        yield (run_id, epoch, 1.1 - share, share - 0.02, 1 - share, share, 0.001, 9000.0, 0.8)


def accuracy(number: int, epoch: int) -> float:
    """Rises with the epochs, to a different height for each run."""
    return 0.99 - 0.05 * (number % 11) / 11 - 0.5 / (epoch + 1)
