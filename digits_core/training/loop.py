"""The training loop: takes data and a config, yields events; knows neither files nor screens.

training = Training(config, train_digits, test_digits)
for event in training.run():
    print(event)
"""

from __future__ import annotations

import math
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from digits_core.config import RunConfig
from digits_core.data.digits import Digits
from digits_core.errors import ConfigError
from digits_core.network.improved_net import build_network
from digits_core.training.batches import test_set, training_batches
from digits_core.training.events import EpochFinished, Event, Finished, Progress, Started
from digits_core.training.optimisation import build_optimizer, build_schedule, loss_function

PROGRESS_INTERVAL_S = 0.2
EVALUATION_BATCH = 500


class Training:
    """One training run: its network, optimizer and place on the way. `run` moves it on; the caller keeps what it wants.

    After each epoch `checkpoint()` is all that is needed to go on from there; `logits` are those of the test set,
    float32 (N, 10), in the order of the datasets.
    """

    def __init__(self, config: RunConfig, train: Sequence[Digits], test: Sequence[Digits]) -> None:
        self.config = config
        self.device = choose_device(config.training.device)
        self._batches = training_batches(config, train, self.device)
        self._test_images, self.test_labels = test_set(config, test, self.device)
        self.network: nn.Module = build_network(
            config.transform.size, config.training.dropout, config.training.seed
        ).to(self.device, memory_format=torch.channels_last)
        self._optimizer = build_optimizer(config.training, self.network)
        self._batches_per_epoch = math.ceil(self._batches.images / config.training.batch_size)
        self._schedule = build_schedule(
            config.training, self._optimizer, config.training.epochs * self._batches_per_epoch
        )
        self._loss = loss_function(config.training)
        self.epochs_done = 0
        self.seconds = 0.0
        self.logits = torch.empty(0)

    def run(self, should_stop: Callable[[], bool] = lambda: False) -> Iterator[Event]:
        """Train what is left to train. `should_stop` is asked with each progress event, at most five times a second.

        What was learnt when it says yes is kept and evaluated. A loss that is no longer finite ends the run as
        `diverged`.
        """
        epochs = self.config.training.epochs
        yield Started(epochs, self._batches.images, len(self.test_labels), self.environment())
        for epoch in range(self.epochs_done + 1, epochs + 1):
            began = time.perf_counter()
            counted = _Count(self.device)
            for event in self._train_epoch(epoch, counted):
                yield event
                if not math.isfinite(event.train_loss):
                    yield self._diverged(epoch, began)
                    return
                if should_stop():
                    yield self._stopped(began)
                    return
            train_loss, train_accuracy = counted.means()
            images_per_second = counted.images / (time.perf_counter() - began)
            test_loss, test_accuracy = self._evaluate()
            if not (math.isfinite(train_loss) and math.isfinite(test_loss)):
                yield self._diverged(epoch, began)
                return
            seconds = time.perf_counter() - began
            self.seconds += seconds
            self.epochs_done = epoch
            learning_rate = self._optimizer.param_groups[0]["lr"]
            yield EpochFinished(
                epoch, epochs, train_loss, train_accuracy, test_loss, test_accuracy, learning_rate,
                images_per_second, seconds,
            )  # fmt: skip
            if should_stop() and epoch < epochs:
                yield self._stopped(time.perf_counter())
                return
        yield Finished("finished", self.epochs_done, *self._evaluate(), self.seconds)

    def checkpoint(self) -> dict[str, Any]:
        """Weights, optimizer, schedule and place: nothing but tensors and plain values."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "schedule": self._schedule.state_dict() if self._schedule else None,
            "epochs_done": self.epochs_done,
            "seconds": self.seconds,
        }

    def resume(self, checkpoint: dict[str, Any]) -> None:
        """Go on from a checkpoint of the same config: the numbers are those of a run without a break."""
        self.network.load_state_dict(checkpoint["network"])
        self._optimizer.load_state_dict(checkpoint["optimizer"])
        if self._schedule:
            self._schedule.load_state_dict(checkpoint["schedule"])
        self.epochs_done = checkpoint["epochs_done"]
        self.seconds = checkpoint["seconds"]

    def environment(self) -> dict[str, Any]:
        """What the numbers depend on beside the config."""
        return {
            "device": torch.cuda.get_device_name() if self.device.type == "cuda" else "cpu",
            "threads": torch.get_num_threads(),
            "torch": str(torch.__version__),
            "python": platform.python_version(),
            "machine": platform.platform(),
        }

    def _train_epoch(self, epoch: int, counted: _Count) -> Iterator[Progress]:
        """One pass over the training images, reporting every fifth of a second."""
        training = self.config.training
        torch.manual_seed(training.seed * 1_000_003 + epoch)  # dropout draws from the global generator
        self.network.train()
        began = reported = time.perf_counter()
        for number, (images, labels) in enumerate(self._batches.epoch(epoch), start=1):
            with self._precision():
                logits = self.network(images)  # (B, 10)
                loss = self._loss(logits, labels)
            self._optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self._optimizer.step()
            if self._schedule:
                self._schedule.step()
            counted.add(loss.detach(), logits.detach(), labels)
            now = time.perf_counter()
            if now - reported >= PROGRESS_INTERVAL_S:
                reported = now
                yield Progress(
                    epoch, training.epochs, number, self._batches_per_epoch, counted.means()[0],
                    counted.images / (now - began),
                )  # fmt: skip

    def _precision(self) -> AbstractContextManager:
        if self.config.training.precision == "bf16":
            return torch.autocast(self.device.type, torch.bfloat16)
        return nullcontext()

    def _evaluate(self) -> tuple[float, float]:
        """Loss and accuracy on the test set; keeps its logits."""
        self.logits = predict(self.network, self._test_images)
        loss = self._loss(self.logits, self.test_labels).item()
        return loss, (self.logits.argmax(dim=1) == self.test_labels).float().mean().item()

    def _stopped(self, began: float) -> Finished:
        loss, accuracy = self._evaluate()
        self.seconds += time.perf_counter() - began
        return Finished("stopped", self.epochs_done, loss, accuracy, self.seconds, "Stopped by hand.")

    def _diverged(self, epoch: int, began: float) -> Finished:
        self.seconds += time.perf_counter() - began
        message = f"The loss was no longer a number in epoch {epoch}. A lower learning rate usually helps."
        return Finished("diverged", self.epochs_done, None, None, self.seconds, message)


def predict(network: nn.Module, images: Tensor) -> Tensor:
    """Logits float32 (N, 10) of normalised images (N, 1, S, S), without dropout; leaves the network in that mode."""
    network.eval()
    with torch.inference_mode():
        return torch.cat([network(batch) for batch in images.split(EVALUATION_BATCH)])


def choose_device(name: str) -> torch.device:
    """`auto` is `cuda` where there is one, else `cpu`; `ConfigError` where `cuda` is asked for and there is none."""
    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device is 'cuda', but this machine has no usable CUDA device: choose 'auto' or 'cpu'.")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


class _Count:
    """Sums of loss and right answers, kept on the device so that counting waits for nothing."""

    def __init__(self, device: torch.device) -> None:
        self._loss = torch.zeros((), device=device, dtype=torch.float64)
        self._right = torch.zeros((), device=device, dtype=torch.int64)
        self.images = 0

    def add(self, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        self._loss += loss * len(labels)
        self._right += (logits.argmax(dim=1) == labels).sum()
        self.images += len(labels)

    def means(self) -> tuple[float, float]:
        return self._loss.item() / self.images, self._right.item() / self.images
