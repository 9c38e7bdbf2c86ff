"""The training loop: takes data and a config and yields events, without access to files or the interface.

training = Training(config, train_digits, test_digits)
for event in training.run():
    print(event)
"""

from __future__ import annotations

import math
import platform
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from digits_core.config import RunConfig
from digits_core.data.digits import Digits
from digits_core.errors import ConfigError
from digits_core.network.build import build_network
from digits_core.training.batches import training_batches
from digits_core.training.control import Orders
from digits_core.training.events import Changed, EpochFinished, Event, Finished, Paused, Progress, Resumed, Started
from digits_core.training.measures import BatchLosses, Count, GradientNorms, weight_norms
from digits_core.training.optimisation import Optimisation, loss_function
from digits_core.training.testing import Test

PROGRESS_INTERVAL_S = 0.2
PAUSE_INTERVAL_S = 0.05


class Training:
    """One training run: its network, its optimizer and its progress. `run` trains; the caller saves what it needs.

    After each epoch, `checkpoint()` returns all that is needed to continue from there; `test` has the network's
    predictions for the test images; `epochs` is the total number planned.
    """

    def __init__(self, config: RunConfig, train: Sequence[Digits], test: Sequence[Digits]) -> None:
        self.config = config
        self.device = choose_device(config.training.device)
        self._batches = training_batches(config, train, self.device)
        self._loss = loss_function(config.training)
        self.test = Test(config, test, self.device, self._loss)
        network = build_network(config)
        # PyTorch's annotation of `to` with a memory format expects a tensor, not a module.
        self.network: nn.Module = network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._batches_per_epoch = math.ceil(self._batches.images / config.training.batch_size)
        self.epochs = config.training.epochs
        self._optimisation = Optimisation(config.training, self.network, self.epochs * self._batches_per_epoch)
        self._losses = BatchLosses(self.epochs * self._batches_per_epoch)
        self._reported = -math.inf
        self.epochs_done = 0
        self.seconds = 0.0

    @property
    def plan(self) -> RunConfig:
        """The config with the currently planned number of epochs."""
        return self.config.replace(training=self.config.training.replace(epochs=self.epochs))

    def run(self, orders: Callable[[], Orders] = Orders, changes: Sequence[Changed] = ()) -> Iterator[Event]:
        """Train the remaining epochs and yield events.

        `orders` is called before each epoch and with each progress event, at most five times a second. If they request
        a stop, what was learnt so far is kept and evaluated. `changes` are those made in an earlier part of this
        training: they are repeated after the same batches. A loss that is no longer finite ends the run as `diverged`.
        """
        self._orders = orders
        self._repeats = [each for each in changes if each.epoch > self.epochs_done]
        rates = [each.value for each in changes if each.what == "learning_rate"]
        self._ordered_rate = rates[-1] if rates else None
        yield Started(self.epochs, self._batches.images, len(self.test.labels), self.environment())
        while True:
            self._began = time.perf_counter()
            yield from self._change(0)
            if self.epochs_done < self.epochs and not (yield from self._obey(0)):
                return
            if self.epochs_done >= self.epochs:
                break
            if not (yield from self._epoch()):
                return
        yield Finished("finished", self.epochs_done, *self.test.figures(self.network), self.seconds)

    def checkpoint(self) -> dict[str, Any]:
        """Return weights, optimizer, schedule and progress as nothing but tensors and plain values."""
        return {
            "network": self.network.state_dict(),
            **self._optimisation.state(),
            "epochs": self.epochs,
            "epochs_done": self.epochs_done,
            "seconds": self.seconds,
            "threads": torch.get_num_threads(),
        }

    def resume(self, checkpoint: dict[str, Any], further: bool = False) -> None:
        """Continue from a checkpoint of the same config, with the same numbers as an uninterrupted run.

        From here on this process uses as many threads as the training did, as they change the last digits of a sum.

        With `further`, the checkpoint is that of a training that ended, and the config has the new total of epochs: a
        schedule restarts over the remaining ones, everything else continues as if the training had not ended.
        """
        torch.set_num_threads(checkpoint.get("threads") or torch.get_num_threads())
        self.network.load_state_dict(checkpoint["network"])
        self._optimisation.load(checkpoint)
        self.epochs_done = checkpoint["epochs_done"]
        self.seconds = checkpoint["seconds"]
        if further:
            self._optimisation.begin_schedule((self.epochs - self.epochs_done) * self._batches_per_epoch)
        else:
            self.epochs = checkpoint["epochs"]

    def environment(self) -> dict[str, Any]:
        """Return what the numbers depend on besides the config."""
        return {
            "device": torch.cuda.get_device_name() if self.device.type == "cuda" else "cpu",
            "threads": torch.get_num_threads(),
            "torch": str(torch.__version__),
            "python": platform.python_version(),
            "machine": platform.platform(),
        }

    def _epoch(self) -> Generator[Event, None, bool]:
        """Train for one epoch and evaluate it; return True if the training continues."""
        epoch = self.epochs_done + 1
        # Dropout draws from the global generator.
        torch.manual_seed(self.config.training.seed * 1_000_003 + epoch)
        self.network.train()
        self.test.forget()
        count, gradients = Count(self.device), GradientNorms(self.network, self._batches_per_epoch)
        for batch, (images, labels) in enumerate(self._batches.epoch(epoch), start=1):
            loss, logits = self._learn(images, labels)
            count.add(loss, logits, labels)
            self._losses.add(batch, loss)
            gradients.look(batch)
            if self._repeats:
                yield from self._change(batch)
            if time.perf_counter() - self._reported >= PROGRESS_INTERVAL_S:
                progress = self._progress(batch, count)
                self._reported = time.perf_counter()
                yield progress
                if not math.isfinite(progress.train_loss):
                    yield self._diverged()
                    return False
                yield from self._change(batch)
                if batch < self._batches_per_epoch and not (yield from self._obey(batch)):
                    return False
        return (yield from self._conclude(count, gradients))

    def _learn(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Take one step of the optimizer; return the loss and the logits of the batch, detached."""
        with self._precision():
            logits = self.network(images)  # (B, 10)
            loss = self._loss(logits, labels)
        self._optimisation.step(loss)
        return loss.detach(), logits.detach()

    def _conclude(self, count: Count, gradients: GradientNorms) -> Generator[Event, None, bool]:
        """Evaluate the epoch and report it; return False if the loss has diverged."""
        train_loss, train_accuracy = count.means()
        images_per_second = count.images / self._elapsed()
        test_loss, test_accuracy = self.test.figures(self.network)
        if not (math.isfinite(train_loss) and math.isfinite(test_loss)):
            yield self._diverged()
            return False
        measures = {
            **self._losses.take(),
            "gradient_norms": gradients.means(),
            "weight_norms": weight_norms(self.network),
            **self.test.details(),
        }
        seconds = self._elapsed()
        self.seconds += seconds
        self.epochs_done += 1
        yield EpochFinished(
            self.epochs_done,
            self.epochs,
            train_loss,
            train_accuracy,
            test_loss,
            test_accuracy,
            self._optimisation.learning_rate,
            images_per_second,
            seconds,
            **measures,
        )
        return True

    def _change(self, batch: int) -> Iterator[Changed]:
        """Make the changes that are due after this batch: first the repeated ones of an earlier part, then new ones."""
        epoch = self.epochs_done + 1
        while self._repeats and (self._repeats[0].epoch, self._repeats[0].batch) <= (epoch, batch):
            yield from self._make(self._repeats.pop(0))
        if self._repeats:
            return
        orders = self._orders()
        if orders.epochs is not None:
            # The current epoch is always finished.
            epochs = max(orders.epochs, epoch if batch else self.epochs_done)
            if epochs != self.epochs:
                yield from self._make(Changed("epochs", epochs, epoch, batch))
        if orders.learning_rate not in (None, self._ordered_rate) and epoch <= self.epochs:
            yield from self._make(Changed("learning_rate", orders.learning_rate, epoch, batch))

    def _make(self, change: Changed) -> Iterator[Changed]:
        """Report a change before it takes effect, so that it can be saved first."""
        yield change
        if change.what == "learning_rate":
            self._ordered_rate = change.value
            self._optimisation.set_learning_rate(change.value)
        else:
            self._optimisation.stretch_schedule((int(change.value) - self.epochs) * self._batches_per_epoch)
            self.epochs = int(change.value)

    def _obey(self, batch: int) -> Generator[Event, None, bool]:
        """Pause or stop if requested; return True if the training continues."""
        if self._orders().pause and not (yield from self._rest(batch)):
            return False
        if self._orders().stop:
            yield self._stopped(batch)
            return False
        return True

    def _rest(self, batch: int) -> Generator[Event, None, bool]:
        """Wait until the training is to resume, stop or make room for another run; return False only for the last."""
        epoch, since = self.epochs_done + 1, time.perf_counter()
        yield Paused(epoch, batch)
        while (orders := self._orders()).pause and not orders.stop:
            if orders.leave:
                yield Paused(epoch, batch, left=True)
                return False
            yield from self._change(batch)
            time.sleep(PAUSE_INTERVAL_S)
        self._began += time.perf_counter() - since
        if not orders.stop:
            yield Resumed(epoch, batch)
        return True

    def _progress(self, batch: int, count: Count) -> Progress:
        seconds = self._elapsed()
        return Progress(
            self.epochs_done + 1,
            self.epochs,
            batch,
            self._batches_per_epoch,
            count.means()[0],
            count.images / seconds,
            self._optimisation.learning_rate,
            self.seconds + seconds,
            **self._losses.take(),
        )

    def _elapsed(self) -> float:
        """Return the seconds of this epoch, without its pauses."""
        return time.perf_counter() - self._began

    def _precision(self) -> AbstractContextManager[Any]:
        if self.config.training.precision == "bf16":
            return torch.autocast(self.device.type, torch.bfloat16)
        return nullcontext()

    def _stopped(self, batch: int) -> Finished:
        learnt = self.epochs_done or batch
        loss, accuracy = self.test.figures(self.network) if learnt else (None, None)
        self.seconds += self._elapsed()
        return Finished("stopped", self.epochs_done, loss, accuracy, self.seconds, "Stopped by hand.", batch)

    def _diverged(self) -> Finished:
        self.seconds += self._elapsed()
        message = (
            f"The loss was no longer a number in epoch {self.epochs_done + 1}. A lower learning rate usually helps."
        )
        return Finished("diverged", self.epochs_done, None, None, self.seconds, message)


def choose_device(name: str) -> torch.device:
    """Return the device; `auto` is CUDA if available, else the CPU. Raise `ConfigError` if `cuda` is not available."""
    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device is 'cuda', but this machine has no usable CUDA device: choose 'auto' or 'cpu'.")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)
