"""Executes one run, from its config to its artifacts, for the workers of the engine and the shell's `train`."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from digits_core.config import RunConfig
from digits_core.data.digits import Digits
from digits_core.errors import DigitsError, RunError
from digits_core.runs.artifacts import Artifacts, TestResult
from digits_core.training.check import choose_digits
from digits_core.training.control import Orders
from digits_core.training.events import Changed, EpochFinished, Event, Failed, Finished, Started, from_dict
from digits_core.training.exactness import exact
from digits_core.training.loop import Training, choose_device

log = logging.getLogger(__name__)


def execute(
    config: RunConfig,
    load: Callable[[str], Digits],
    artifacts: Artifacts,
    orders: Callable[[], Orders] = Orders,
    threads: int | None = None,
) -> Iterator[Event]:
    """Train a run, save its artifacts and yield its events; resumes from the run's checkpoint if there is one.

    `threads` is the number of threads of a new run, by default as many as this process uses; a resumed run keeps its
    own.

    An epoch is reported once its checkpoint is on disk, a change once it is saved there. Errors are reported by a
    `Failed` event and never raised.
    """
    try:
        with exact(choose_device(config.training.device), threads):
            yield from _execute(config, load, artifacts, orders)
    except DigitsError as error:
        yield Failed(str(error))
    except Exception as error:
        if _is_lack_of_memory(error):
            yield Failed(
                "There is not enough memory for this training. Choose less data, smaller images or a smaller batch "
                "size, or close other programs, then resume."
            )
            return
        log.exception("A run failed unexpectedly")
        yield Failed(f"Something unexpected went wrong ({type(error).__name__}: {error}). The log has the details.")


def _execute(
    config: RunConfig, load: Callable[[str], Digits], artifacts: Artifacts, orders: Callable[[], Orders]
) -> Iterator[Event]:
    artifacts.tidy()
    train, test = choose_digits(config.data, load)
    training = Training(config, train, test)
    history = _resume(training, artifacts)
    changes = [Changed(**change) for change in artifacts.load_changes()]
    for event in training.run(orders, changes):
        match event:
            case Started():
                artifacts.save_watched(*(each.numpy() for each in training.test.watched_images()))
                yield _with_origin(event, train, test)
                yield from (change for change in changes if change.epoch <= training.epochs_done)
                # A run that continues another one has the epochs of that one, but no weights of its own yet.
                kept = artifacts.weights_path.exists()
                yield from (from_dict({**epoch, "epochs": training.epochs, "kept": kept}) for epoch in history)
            case Changed():
                if event not in changes:
                    changes.append(event)
                    artifacts.save_changes([asdict(change) for change in changes])
                yield event
            case EpochFinished():
                history.append(event.as_dict())
                _keep(training, history, artifacts)
                yield event
            case Finished(outcome="stopped") if event.test_accuracy is not None:
                _keep_weights(training, artifacts)
                yield event
            case _:
                yield event


def _is_lack_of_memory(error: Exception) -> bool:
    # PyTorch has its own error only for the memory of a GPU.
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def _resume(training: Training, artifacts: Artifacts) -> list[dict[str, Any]]:
    """Restore the training from its checkpoint and return the epochs that it has completed."""
    checkpoint, further = artifacts.load_checkpoint(), False
    if checkpoint is None:
        checkpoint, further = artifacts.load_start(), True
    if checkpoint is None:
        return []
    try:
        training.resume(checkpoint["training"], further)
    except (RuntimeError, ValueError, KeyError, TypeError) as error:
        raise RunError("The checkpoint of this run does not fit its config. Train it again.") from error
    return checkpoint["epochs"]


def _keep(training: Training, history: list[dict[str, Any]], artifacts: Artifacts) -> None:
    _keep_weights(training, artifacts)
    artifacts.save_checkpoint({"training": training.checkpoint(), "epochs": history})


def _keep_weights(training: Training, artifacts: Artifacts) -> None:
    artifacts.save_weights(as_arrays(training.network), training.plan.to_json())
    artifacts.save_test_result(
        TestResult(training.test.logits.float().cpu().numpy(), training.test.labels.cpu().numpy().astype(np.int64))
    )


def as_arrays(network: nn.Module) -> dict[str, np.ndarray]:
    """Return the weights of a network by name, float32."""
    return {name: values.detach().cpu().numpy() for name, values in network.state_dict().items()}


def _with_origin(event: Started, train: list[Digits], test: list[Digits]) -> Started:
    images = {"train": event.train_images, "test": event.test_images}
    datasets = {each.name: each.fingerprint for each in (*train, *test)}
    # Only datasets with test images count, and only their test images: added training images do not change the test.
    tested_on = {each.name: _test_images_of(each).fingerprint for each in test if each.test.any()}
    origin = {"datasets": datasets, "tested_on": tested_on, "images": images, "commit": commit_of(Path(__file__))}
    return Started(event.epochs, event.train_images, event.test_images, {**event.environment, **origin})


def _test_images_of(digits: Digits) -> Digits:
    return Digits(digits.name, digits.images[digits.test], digits.labels[digits.test], digits.test[digits.test])


@cache
def commit_of(file: Path) -> str:
    """Return the git commit that `file` is part of, or "" if it is not in one or git is not installed.

    A folder that was unpacked inside another repository without being committed there is not part of its commits.
    """
    try:
        for command in (["ls-files", "--error-unmatch", file.name], ["rev-parse", "--short=12", "HEAD"]):
            answer = subprocess.run(
                ["git", *command], cwd=file.parent, capture_output=True, text=True, timeout=5, check=True
            )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip()
