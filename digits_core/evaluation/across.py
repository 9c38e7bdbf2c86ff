"""Trained on one dataset, tested on another: how a run does on the test split of any dataset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from digits_core.config import RunConfig
from digits_core.data.digits import Digits
from digits_core.evaluation.calibration import reliability
from digits_core.evaluation.comparison.significance import standard_error
from digits_core.evaluation.metrics import Answers, accuracy
from digits_core.runs.artifacts import Artifacts
from digits_core.training.check import check_test_images


@dataclass(frozen=True)
class Evaluation:
    """A run's results on one dataset's test split: a confusion matrix, int64 (10, 10), and the calibration error."""

    dataset: str
    fingerprint: str
    confusion: np.ndarray
    calibration_error: float

    @property
    def images(self) -> int:
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        return accuracy(self.confusion)

    @property
    def standard_error(self) -> float:
        return standard_error(self.accuracy, self.images)


def kept(artifacts: Artifacts, digits: Digits) -> Evaluation | None:
    """Return the evaluation stored for the current weights and images, or `None`.

    Raises `RunError` if the run has no weights.
    """
    weights, content = artifacts.weights_fingerprint(), artifacts.load_evaluation(_file(digits)) or {}
    if (content.get("weights"), content.get("fingerprint")) != (weights, digits.fingerprint):
        return None
    return Evaluation(digits.name, digits.fingerprint, np.array(content["confusion"]), content["calibration_error"])


def evaluate(config: RunConfig, artifacts: Artifacts, digits: Digits) -> Evaluation:
    """Evaluate the run's network on the test images of `digits`, unless that was done before, and store the result.

    Raises `DatasetError` if there are no test images, `RunError` if the run has no weights.
    """
    check_test_images([digits])
    known = kept(artifacts, digits)
    if known is not None:
        return known
    from digits_core.evaluation.run_network import TrainedNetwork

    weights = artifacts.weights_fingerprint()
    network = TrainedNetwork(config, artifacts.load_kept())
    images, labels = digits.of("test")
    answers = Answers(labels, network.logits(network.prepare(images)))
    error = reliability(answers.confidence, answers.right).error
    found = Evaluation(digits.name, digits.fingerprint, answers.confusion, error)
    content: dict[str, Any] = {"fingerprint": found.fingerprint, "confusion": found.confusion.tolist()}
    artifacts.save_evaluation(_file(digits), {**content, "weights": weights, "calibration_error": error})
    return found


def _file(digits: Digits) -> str:
    return f"tested-on-{digits.name}"
