"""The test set of a training: the network's predictions for it, and the metrics computed from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from digits_core.config import RunConfig
from digits_core.data.digits import CLASSES, Digits
from digits_core.training.batches import test_set
from digits_core.training.optimisation import LossFunction

EVALUATION_BATCH = 500


class Test:
    """The test images of all datasets and the network's predictions for them.

    `logits`, float32 (N, 10), are those of the last evaluation, in the order of the datasets.
    """

    def __init__(self, config: RunConfig, digits: Sequence[Digits], device: torch.device, loss: LossFunction) -> None:
        self._transform = config.transform
        self._images, self.labels = test_set(config, digits, device)
        self._loss = loss
        self._watched = watched_places(self.labels)
        self._figures: tuple[float, float] | None = None
        self.logits = torch.empty(0)

    def forget(self) -> None:
        """Discard the cached loss and accuracy, because the network is about to change."""
        self._figures = None

    def figures(self, network: nn.Module) -> tuple[float, float]:
        """Return loss and accuracy of the network, evaluating it only if it has changed since the last call."""
        if self._figures is None:
            self.logits = predict(network, self._images)
            right = (self.logits.argmax(dim=1) == self.labels).sum().item()
            self._figures = self._loss(self.logits, self.labels).item(), right / len(self.labels)
        return self._figures

    @property
    def answered(self) -> tuple[float, float]:
        """Loss and accuracy of the last evaluation; `ValueError` if the network has changed since."""
        if self._figures is None:
            raise ValueError("the network has not been asked since it last changed")
        return self._figures

    def details(self) -> dict[str, Any]:
        """Return `confusion` and `watched` of the last evaluation, as `EpochFinished` has them."""
        watched = self.logits[self._watched].float().softmax(dim=1)
        return {
            "confusion": confusion(self.logits, self.labels),
            "watched": [[round(value, 5) for value in row] for row in watched.tolist()],
        }

    def watched_images(self) -> tuple[Tensor, Tensor]:
        """Return the watched images as the network sees them, uint8 (n, S, S), and their labels (n,)."""
        images = self._images[self._watched, 0] * self._transform.std + self._transform.mean
        return (images * 255).round().clamp(0, 255).to(torch.uint8).cpu(), self.labels[self._watched].cpu()


def predict(network: nn.Module, images: Tensor) -> Tensor:
    """Return logits float32 (N, 10) of normalised images (N, 1, S, S); leave the network in evaluation mode."""
    network.eval()
    with torch.inference_mode():
        return torch.cat([network(batch) for batch in images.split(EVALUATION_BATCH)])


def confusion(logits: Tensor, labels: Tensor) -> list[list[int]]:
    """Return the confusion matrix, 10 × 10: counts by true digit (row) and predicted digit (column)."""
    cells = labels * CLASSES + logits.argmax(dim=1)
    return torch.bincount(cells, minlength=CLASSES * CLASSES).reshape(CLASSES, CLASSES).tolist()


def watched_places(labels: Tensor) -> Tensor:
    """Return the index of the first image of each digit that occurs, in the order of the digits."""
    return torch.cat([torch.nonzero(labels == digit)[:1, 0] for digit in range(CLASSES)])
