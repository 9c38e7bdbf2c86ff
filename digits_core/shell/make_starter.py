"""Make Starter, the run that comes with Digits Lab, anew: `python -m digits_core.shell.make_starter`.

    DIGITS_HOME=/tmp/starter python -m digits_core.shell.make_starter --mnist mnist-train.npz
    DIGITS_HOME=/tmp/starter python -m digits_core.shell.make_starter --run latest

The first trains in that home, a quarter of an hour on two cores, and writes what the package ships. MNIST's 60,000
training digits come from an `.npz` file with `images` (N, 28, 28) and `labels` (N,), or without `--mnist` from the
download in the home. The second only writes, from a run that was trained before.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from digits_core.config import DataConfig, RunConfig
from digits_core.data.catalogue import Catalogue
from digits_core.data.digits import Digits
from digits_core.database import Database
from digits_core.errors import DigitsError
from digits_core.home import Home
from digits_core.recognition.out_of_distribution import calibrate, data_key, keep_refusal
from digits_core.recognition.recogniser import Recogniser
from digits_core.runs.artifacts import Artifacts, TestResult, Weights
from digits_core.runs.changed_weights import epochs_before, tested
from digits_core.runs.local_training import LocalTraining
from digits_core.runs.rows import Run
from digits_core.runs.starter import FOLDER, RUN, WEIGHTS
from digits_core.runs.store import RunStore
from digits_core.shell.common import BAD_INPUT
from digits_core.training.check import choose_test_digits
from digits_core.training.events import EpochFinished, Failed
from digits_core.training.recipes import FULL

THREADS = 2
STARTER = FULL.config.replace(
    name="Starter", data=DataConfig(train=FULL.config.data.train, test=("mnist-5k", "optdigits"))
)
"""Tested on datasets that every home has: its predictions can be shown and checked at once."""
REFERENCES = ("optdigits", "mnist-5k", "strokes")
"""The training datasets that every home has: the MNIST sample represents all of MNIST."""
ORIGIN = "trained on another machine"
NOTE = (
    "Came with Digits Lab. Trained by the recipe Full, but tested on the MNIST sample and Optdigits, whose test images "
    "were left out of training. To train it again: python -m digits_core.shell.make_starter"
)


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    home = Home.from_environment().create()
    database = Database(home.database)
    store, catalogue = RunStore(database), Catalogue(home, database)
    try:
        run = store.find(options.run) if options.run else _train(home, database, catalogue, options.mnist)
        write_package(run, store, Artifacts(home.run(run.id)), catalogue, options.to)
    except DigitsError as error:
        print(f"make_starter: {error}", file=sys.stderr)
        return BAD_INPUT
    size = sum(file.stat().st_size for file in options.to.iterdir() if file.is_file())
    print(f"{options.to}: {run.title}, {run.test_accuracy:.2%}, {size / 1e6:.2f} MB")
    return 0


def write_package(run: Run, store: RunStore, artifacts: Artifacts, catalogue: Catalogue, folder: Path) -> None:
    """Write the files of a run that the package ships: its weights rounded to half precision, and their results."""
    config = run.config
    rounded = {name: values.astype(np.float16) for name, values in artifacts.load_weights().items()}
    weights = {name: values.astype(np.float32) for name, values in rounded.items()}
    test = tested(config, weights, choose_test_digits(config.data, catalogue.load))
    shipped = Artifacts(folder)
    shipped.save_files({WEIGHTS: save(rounded, metadata={"config": config.to_json()})})
    shipped.save_test_result(TestResult(test.logits.numpy(), test.labels.numpy()))
    shipped.save_watched(*(each.numpy() for each in test.watched_images()))
    _calibrate(config, weights, catalogue, shipped)
    record = _record(run, store, [each.as_dict() for each in epochs_before(run, store, test)])
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in record.items())
    shipped.save_files({RUN: f"{{\n{lines}\n}}\n".encode()})


def _calibrate(config: RunConfig, weights: Weights, catalogue: Catalogue, shipped: Artifacts) -> None:
    """Store the threshold for images that are not digits, under the key of a home without MNIST, as a new home is."""
    recogniser = Recogniser(config, weights)
    # Not by `choose_digits`, which would use MNIST's training images: these may not be shipped.
    train = [catalogue.load(name) for name in REFERENCES]
    refusal = calibrate(recogniser, train, choose_test_digits(config.data, catalogue.load))
    key = data_key(config, lambda name: "False" if name == "mnist" else catalogue.version(name))
    keep_refusal(refusal, recogniser, shipped, key)


def _record(run: Run, store: RunStore, epochs: list[dict[str, Any]]) -> dict[str, Any]:
    environment = {name: value for name, value in run.environment.items() if name not in ("machine", "commit")}
    # MNIST loaded from a file lacks its own test images: no home has a dataset with this fingerprint.
    environment["datasets"] = {name: each for name, each in environment["datasets"].items() if name != "mnist"}
    batches = store.batches(run.id)
    return {
        "id": run.id,
        "config": run.config.model_dump(mode="json"),
        "created": run.created,
        "started": run.started,
        "finished": run.finished,
        "seconds": run.seconds,
        "origin": ORIGIN,
        "note": NOTE,
        "environment": environment,
        "epochs": epochs,
        "batches": [
            [each.epoch, each.batch, round(each.loss, 5), float(f"{each.learning_rate:.5g}")] for each in batches
        ],
    }


def _train(home: Home, database: Database, catalogue: Catalogue, mnist: Path | None) -> Run:
    """Train Starter in this home; raise `DigitsError` if that fails."""

    def load(name: str) -> Digits:
        return _read(mnist) if name == "mnist" and mnist else catalogue.load(name)

    training = LocalTraining(home, database, STARTER, load, THREADS)
    for event in training.events():
        if isinstance(event, EpochFinished):
            print(event.lecture_line(), flush=True)
        if isinstance(event, Failed):
            raise DigitsError(event.message)
    return RunStore(database).get(training.run.id)


def _read(file: Path) -> Digits:
    """Return the training part of MNIST from a file with `images` and `labels`."""
    with np.load(file, allow_pickle=False) as content:
        images, labels = content["images"], content["labels"].astype(np.int64)
    return Digits("mnist", images.reshape(-1, 28, 28), labels, np.zeros(len(images), dtype=bool))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m digits_core.shell.make_starter", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--mnist", type=Path, metavar="FILE", help="MNIST's training digits, as .npz")
    parser.add_argument("--run", metavar="RUN", help="write this run of the home instead of training one")
    parser.add_argument(
        "--to", type=Path, default=FOLDER, metavar="FOLDER", help="where to write (default: %(default)s)"
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
