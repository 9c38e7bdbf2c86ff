"""One run from its config to its artifacts: what a worker of the engine does, and the shell's `train` too."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from digits_core.config import RunConfig
from digits_core.data.digits import Digits
from digits_core.errors import DigitsError, RunError
from digits_core.runs.artifacts import Artifacts, TestResult
from digits_core.training.events import EpochFinished, Event, Failed, Finished, Started, from_dict
from digits_core.training.loop import Training

log = logging.getLogger(__name__)


def execute(
    config: RunConfig,
    load: Callable[[str], Digits],
    artifacts: Artifacts,
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[Event]:
    """Train and keep what was learnt; goes on from the run's checkpoint where there is one.

    An epoch is reported once its checkpoint is on disk. Whatever goes wrong ends in a `Failed` event, never in an
    exception.
    """
    try:
        yield from _execute(config, load, artifacts, should_stop)
    except DigitsError as error:
        yield Failed(str(error))
    except Exception as error:
        log.exception("A run failed unexpectedly")
        yield Failed(f"Something unexpected went wrong ({type(error).__name__}: {error}). The log has the details.")


def _execute(
    config: RunConfig, load: Callable[[str], Digits], artifacts: Artifacts, should_stop: Callable[[], bool]
) -> Iterator[Event]:
    digits = {name: load(name) for name in (*config.data.train, *config.data.test)}
    training = Training(
        config, [digits[name] for name in config.data.train], [digits[name] for name in config.data.test]
    )
    history = _resume(training, artifacts)
    for event in training.run(should_stop):
        match event:
            case Started():
                yield _with_origin(event, digits)
                yield from (from_dict(epoch) for epoch in history)
            case EpochFinished():
                history.append(event.as_dict())
                _keep(training, history, artifacts)
                yield event
            case Finished(outcome="stopped"):
                _keep_weights(training, artifacts)
                yield event
            case _:
                yield event


def _resume(training: Training, artifacts: Artifacts) -> list[dict[str, Any]]:
    """Move the training to its checkpoint; returns the epochs that it has behind it."""
    checkpoint = artifacts.load_checkpoint()
    if checkpoint is None:
        return []
    try:
        training.resume(checkpoint["training"])
    except (RuntimeError, ValueError, KeyError, TypeError) as error:
        raise RunError("The checkpoint of this run does not fit its config. Train it again.") from error
    return checkpoint["epochs"]


def _keep(training: Training, history: list[dict[str, Any]], artifacts: Artifacts) -> None:
    _keep_weights(training, artifacts)
    artifacts.save_checkpoint({"training": training.checkpoint(), "epochs": history})


def _keep_weights(training: Training, artifacts: Artifacts) -> None:
    artifacts.save_weights(as_arrays(training.network), training.config.to_json())
    artifacts.save_test_result(
        TestResult(training.logits.float().cpu().numpy(), training.test_labels.cpu().numpy().astype(np.int64))
    )


def as_arrays(network: nn.Module) -> dict[str, np.ndarray]:
    """The weights of a network by name, float32."""
    return {name: values.detach().cpu().numpy() for name, values in network.state_dict().items()}


def _with_origin(event: Started, digits: dict[str, Digits]) -> Started:
    origin = {"datasets": {name: each.fingerprint for name, each in digits.items()}, "commit": _commit()}
    return Started(event.epochs, event.train_images, event.test_images, {**event.environment, **origin})


def _commit() -> str:
    """The git commit of this code, or an empty text where it is not a checkout or git is not there."""
    here = Path(__file__).parent
    try:
        answer = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"], cwd=here, capture_output=True, text=True, timeout=5
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip()
