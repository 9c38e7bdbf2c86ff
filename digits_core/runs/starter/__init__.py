"""The run that comes with Digits Lab: every new home contains it from the start, as a finished run.

This folder holds its files. Its weights have half precision here and single precision in a home, so that all code can
read it like any other run. `python -m digits_core.shell.make_starter` recreates the folder.
"""

from __future__ import annotations

import json
import os
import sqlite3
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from digits_core.config import RunConfig
from digits_core.database import Database
from digits_core.home import Home
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.recording import add_run, record
from digits_core.runs.rows import SHIPPED
from digits_core.training.events import EpochFinished, Finished, Progress, Started, from_dict

FOLDER = Path(__file__).parent
RUN, WEIGHTS = "run.json", "weights.safetensors"
AS_THEY_ARE = ("test.npz", "watched.npz", "refusal.npz")
"""The files of the run that are copied to a home unchanged."""
TAG = "shipped"
SWITCH = "DIGITS_STARTER"
"""The environment variable to set to `off` if a new home is to be empty."""


def open_database(home: Home) -> Database:
    """Open the database of a home; a new one begins with Starter, unless `DIGITS_STARTER` is `off`."""
    begins_empty = os.environ.get(SWITCH, "").strip().lower() == "off"
    return Database(home.database, None if begins_empty else lambda db: _install(db, home))


@cache
def shipped_run() -> dict[str, Any]:
    """Return the content of `run.json`: id, config, times, the events of its training, a note."""
    return json.loads((FOLDER / RUN).read_text(encoding="utf-8"))


def load_shipped_weights() -> dict[str, np.ndarray]:
    """Return the weights as stored in a home, float32."""
    return {name: values.astype(np.float32) for name, values in load_file(FOLDER / WEIGHTS).items()}


def _install(db: sqlite3.Connection, home: Home) -> None:
    """Write the run and its files; call it in the transaction that creates the database.

    The files come first, under a fixed id, so that the next attempt reuses them if creating the home failed.
    """
    run = shipped_run()
    config = RunConfig.model_validate(run["config"])
    artifacts = Artifacts(home.run(run["id"]))
    artifacts.save_weights(load_shipped_weights(), config.to_json())
    artifacts.save_files({name: (FOLDER / name).read_bytes() for name in AS_THEY_ARE})
    add_run(db, run["id"], config, TAG, created=run["created"])
    for event in _events(run):
        record(db, run["id"], event)
    db.execute(
        "UPDATE runs SET started = ?, finished = ?, tags = ?, note = ? WHERE id = ?",
        (run["started"], run["finished"], json.dumps([TAG]), run["note"], run["id"]),
    )


def _events(run: dict[str, Any]) -> list[Started | Progress | EpochFinished | Finished]:
    """Return the events of the training; `run.json` stores the losses of single batches compactly, as rows."""
    epochs = [each for each in map(from_dict, run["epochs"]) if isinstance(each, EpochFinished)]
    per_epoch = max(batch for _, batch, _, _ in run["batches"])
    progress = [
        Progress(epoch, len(epochs), batch, per_epoch, loss, 0.0, rate, 0.0, [loss], [batch])
        for epoch, batch, loss, rate in run["batches"]
    ]
    environment = {SHIPPED: run["origin"], **run["environment"]}
    images = environment["images"]
    last = epochs[-1]
    return [
        Started(len(epochs), images["train"], images["test"], environment),
        *progress,
        *epochs,
        Finished("finished", len(epochs), last.test_loss, last.test_accuracy, run["seconds"]),
    ]
