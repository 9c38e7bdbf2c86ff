"""How fast training is: `python -m tests.benchmarks.training_speed`.

Three ways through one epoch of the lecture's training, in turn within one process, so that a noisy machine is noisy for
all of them: the lecture's loop as it stands on the slides, the product's loop, and a bare loop over tensors that are
ready: the floor. Prints images per second (median, lowest, highest) and the ratios of the medians.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torchvision import transforms

from digits_core.config import RunConfig, TrainingConfig
from digits_core.data.builtin import read_mnist_5k, read_optdigits
from digits_core.data.dataset import CustomTensorDataset, as_tuples
from digits_core.data.digits import Digits
from digits_core.network.improved_net import ImprovedNet
from digits_core.training.batches import TensorBatches
from digits_core.training.events import EpochFinished
from digits_core.training.loop import Training


class LectureNet(ImprovedNet):
    """The same network with ReLU before the pooling, as the lecture writes it."""

    def _convolve(self, x: Tensor) -> Tensor:
        x = torch.relu(self.conv1(x))
        return self.pool(torch.relu(self.conv2(x)))


def lecture_epoch(digits: Digits, config: TrainingConfig) -> Callable[[], float]:
    """The literal loop: Pillow per sample, a shuffling `DataLoader`, plain Adam. Returns its images per second."""
    steps = [transforms.Resize((28, 28)), transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))]
    loader = DataLoader(
        CustomTensorDataset(as_tuples(digits, "train"), transforms.Compose(steps)),
        batch_size=config.batch_size,
        shuffle=True,
    )
    network, criterion = LectureNet(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(network.parameters(), lr=config.learning_rate)

    def epoch() -> float:
        network.train()
        running_loss, count, began = 0.0, 0, time.perf_counter()
        for inputs, labels in loader:
            optimizer.zero_grad()
            loss = criterion(network(inputs), labels)
            loss.backward()
            optimizer.step()
            running_loss += loss.item()
            count += len(labels)
        return count / (time.perf_counter() - began)

    return epoch


def product_epoch(digits: Digits, config: TrainingConfig) -> Callable[[], float]:
    """The product's loop with all that it reports; its own figure of images per second."""
    # More epochs than will ever be asked for: each call moves the same training on by one.
    events = Training(RunConfig(training=config.replace(epochs=1000)), [digits], [digits]).run()

    def epoch() -> float:
        return next(event.images_per_second for event in events if isinstance(event, EpochFinished))

    return epoch


def bare_epoch(digits: Digits, config: TrainingConfig) -> Callable[[], float]:
    """Nothing but forward, backward and a fused step over batches that are ready."""
    source = TensorBatches(RunConfig(training=config), [digits], torch.device("cpu"))
    batches = [(images.clone(), labels) for images, labels in source.epoch(1)]
    network = ImprovedNet().to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(network.parameters(), lr=config.learning_rate, fused=True)

    def epoch() -> float:
        network.train()
        began = time.perf_counter()
        for images, labels in batches:
            with _precision(config):
                loss = nn.functional.cross_entropy(network(images), labels)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        return source.images / (time.perf_counter() - began)

    return epoch


def _precision(config: TrainingConfig) -> torch.autocast:
    return torch.autocast("cpu", torch.bfloat16, enabled=config.precision == "bf16")


def measure(digits: Digits, config: TrainingConfig, rounds: int) -> dict[str, list[float]]:
    """Images per second of each way, one epoch in turn, after a warm-up."""
    ways = {"lecture": lecture_epoch, "product": product_epoch, "bare": bare_epoch}
    epochs = {name: way(digits, config) for name, way in ways.items()}
    figures: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, epoch in epochs.items():
            speed = epoch()
            if number:
                figures[name].append(speed)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--dataset", choices=("optdigits", "mnist-5k"), default="optdigits")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    digits = {"optdigits": read_optdigits, "mnist-5k": read_mnist_5k}[options.dataset]()
    config = TrainingConfig(batch_size=options.batch_size, precision=options.precision)
    figures = measure(digits, config, options.rounds)
    for name, speeds in figures.items():
        print(f"{name:<8} {statistics.median(speeds):>8,.0f} images/s  ({min(speeds):,.0f} to {max(speeds):,.0f})")
    medians = {name: statistics.median(speeds) for name, speeds in figures.items()}
    print(f"product / lecture: {medians['product'] / medians['lecture']:.2f}")
    print(f"bare / product:    {medians['bare'] / medians['product']:.2f}")


if __name__ == "__main__":
    main()
