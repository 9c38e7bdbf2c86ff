"""Saves weights that were changed after training as a new run: tested again, with the history of the original run."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from digits_core.config import RunConfig
from digits_core.data.digits import Digits
from digits_core.errors import DigitsError, RunError
from digits_core.home import Home
from digits_core.runs.artifacts import Artifacts, TestResult, Weights
from digits_core.runs.process_owner import this_process
from digits_core.runs.rows import CHANGED_AFTERWARDS, Run
from digits_core.runs.run_data import Load
from digits_core.runs.store import RunStore, new_id
from digits_core.training.check import choose_test_digits
from digits_core.training.events import EpochFinished, Event, Finished, Started

if TYPE_CHECKING:
    from digits_core.training.testing import Test

NAME = 40
"""Characters of the new name that come from the original run's name, and as many again for the change."""


def keep_changed(run: Run, weights: Weights, what: str, store: RunStore, home: Home, load: Load) -> Run:
    """Save weights that were made from those of a run as a new run, and return it.

    Its epochs are those of `run`, except that the test figures of the last one are those of the new weights. `run` is
    not changed, and nothing is left behind on failure.

    Args:
        run: A run that has ended and has weights.
        weights: Of the same network, by name.
        what: The change in words, such as `noise 0.2`.
        load: Loads a dataset by name, as the run was tested on it.

    Raises:
        DigitsError: If the test images are not available, the weights do not fit, or the disk or the database fails.
    """
    if not run.weights:
        raise RunError(f"{run.title} kept no weights of a whole epoch: there is nothing to go by.")
    config = run.plan.replace(name=f"{run.name[:NAME]}, {what}"[: 2 * NAME])
    test = tested(config, weights, choose_test_digits(config.data, load))
    run_id = new_id()
    artifacts = Artifacts(home.run(run_id))
    try:
        artifacts.save_weights(weights, config.to_json())
        artifacts.save_test_result(TestResult(test.logits.numpy(), test.labels.numpy()))
        artifacts.save_watched(*(each.numpy() for each in test.watched_images()))
        store.create(config, this_process(), run_id=run_id, data_of=run.id)
    except DigitsError:
        shutil.rmtree(home.run(run_id), ignore_errors=True)
        raise
    for event in _events(run, what, epochs_before(run, store, test)):
        store.apply(run_id, event)
    store.labels.write_note([run_id], f"Made from {run.title}: {what}")  # its settings are those of the other
    return store.get(run_id)


def tested(config: RunConfig, weights: Weights, digits: Sequence[Digits]) -> Test:
    """Return the test of a run, evaluated on the CPU with these weights."""
    import torch

    from digits_core.network.build import restore_network
    from digits_core.training.optimisation import loss_function
    from digits_core.training.testing import Test

    test = Test(config, digits, torch.device("cpu"), loss_function(config.training))
    test.figures(restore_network(config, weights))
    return test


def epochs_before(run: Run, store: RunStore, test: Test) -> list[EpochFinished]:
    """Return the epochs up to the weights of a run as events; the last one has the figures of `test`."""
    details = {row.epoch: row for row in store.details(run.id)}
    epochs = [
        EpochFinished(
            row.epoch,
            run.planned_epochs,
            row.train_loss,
            row.train_accuracy,
            row.test_loss,
            row.test_accuracy,
            row.learning_rate,
            row.images_per_second,
            row.seconds,
            gradient_norms=details[row.epoch].gradient_norms,
            weight_norms=details[row.epoch].weight_norms,
            confusion=details[row.epoch].confusion,
            watched=details[row.epoch].watched,
        )
        for row in store.epochs([run.id])[run.id]
        if row.epoch <= (run.weights or 0)
    ]
    loss, accuracy = test.answered
    epochs[-1] = replace(epochs[-1], test_loss=loss, test_accuracy=accuracy, **test.details())
    return epochs


def _events(run: Run, what: str, epochs: list[EpochFinished]) -> list[Event]:
    """Return the events of the new run, as if it had been trained."""
    images, last = run.environment.get("images", {}), epochs[-1]
    environment = {**run.environment, CHANGED_AFTERWARDS: f"{run.title}: {what}"}
    message = f"The weights of {run.title}, changed after its training: {what}."
    return [
        Started(run.planned_epochs, images.get("train", 0), images.get("test", 0), environment),
        *epochs,
        Finished("finished", last.epoch, last.test_loss, last.test_accuracy, run.seconds or 0.0, message),
    ]
