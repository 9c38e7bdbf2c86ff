"""How fast training is: `python -m tests.benchmarks training`.

In turn within one process, so that a noisy machine is noisy for all of them: the lecture's loop as it stands on the
slides, the product's loop, and a bare loop over tensors that are ready, the floor; the latter two in 32-bit numbers and
in bfloat16. For each batch size, for the lecture's 1,797 images and for 60,000, with and without augmentation. Beside
them, how fast this machine multiplies two matrices, in turn with everything else, and which share of that the product's
loop reaches. MNIST's place is taken by mnist-5k, laid end to end until there are 60,000 images to train on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torchvision import transforms

from digits_core.config import Precision, RunConfig, TrainingConfig, TransformConfig
from digits_core.data.builtin import read_mnist_5k, read_optdigits
from digits_core.data.dataset import CustomTensorDataset, as_tuples
from digits_core.data.digits import Digits
from digits_core.network.improved_net import ImprovedNet
from digits_core.training.batches import TensorBatches
from digits_core.training.events import EpochFinished, Progress
from digits_core.training.loop import Training
from digits_core.training.threads import threads_per_run
from digits_core.transforms.pipeline import build_pipeline
from tests.benchmarks.measurement import Measurement, Target, measured, ratio

BATCH_SIZES = (16, 64)
PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16")
TO_LECTURE = {"fp32": Target(2.3, at_least=True), "bf16": Target(3.3, at_least=True)}
TO_BARE = Target(1.15)
PLAIN = TransformConfig()
AUGMENTED = TransformConfig(rotation=10, translation=1, scale=0.12, shear=10, stroke_width=0.6)
PART = 6_000
"""Images of a larger set that are trained on in one turn."""
MATRIX = 2_048
SEEDS = 3

Turn = Callable[[], float]
"""Trains for an epoch, or for `PART` images of it; returns images per second."""


@dataclass(frozen=True)
class Setting:
    """What is trained on, and how."""

    title: str
    digits: Digits
    config: RunConfig

    def in_precision(self, precision: Precision) -> RunConfig:
        return self.config.replace(training=self.config.training.replace(precision=precision))

    @property
    def is_lecture(self) -> bool:
        return self.digits.name == "optdigits" and self.config == RunConfig()


class LectureNet(ImprovedNet):
    """The same network with ReLU before the pooling, as the lecture writes it."""

    def forward(self, images: Tensor) -> Tensor:
        x = self.pool(torch.relu(self.conv2(torch.relu(self.conv1(images)))))
        x = self.dropout(torch.relu(self.fc1(x.flatten(1))))
        return self.fc3(self.dropout(torch.relu(self.fc2(x))))


def measurements(quick: bool) -> Iterator[Measurement]:
    torch.set_num_threads(threads_per_run())
    small, large = read_optdigits(), tiled(read_mnist_5k(), 60_000)
    for setting in settings([small], BATCH_SIZES[:1]) if quick else settings([small, large], BATCH_SIZES):
        rounds = 1 if quick else 7 if setting.digits is small else 3
        yield from speeds(setting, rounds)
    if not quick:
        yield from accuracies(small)


def settings(datasets: Sequence[Digits], batch_sizes: Sequence[int]) -> Iterator[Setting]:
    for digits in datasets:
        for batch_size in batch_sizes:
            for transform in (PLAIN, AUGMENTED):
                config = RunConfig(transform=transform, training=TrainingConfig(batch_size=batch_size))
                augmented = ", augmented" if transform.augments else ""
                yield Setting(f"{len(digits):,} images, batch {batch_size}{augmented}", digits, config)


def speeds(setting: Setting, rounds: int) -> Iterator[Measurement]:
    """Every way in turn, after a warm-up."""
    turns: dict[str, Turn] = {"lecture": lecture(setting)}
    for precision in PRECISIONS:
        turns[f"product {precision}"] = product(setting.digits, setting.in_precision(precision))
        turns[f"bare {precision}"] = bare(setting.digits, setting.in_precision(precision))
        turns[f"matrix {precision}"] = multiplications(precision)
    figures: dict[str, list[float]] = {name: [] for name in turns}
    for number in range(rounds + 1):
        for name, turn in turns.items():
            speed = turn()
            if number:
                figures[name].append(speed)
    yield measured(f"{setting.title}: lecture's loop", "images/s", figures["lecture"])
    for precision in PRECISIONS:
        yield from compared(setting, precision, figures)


def compared(setting: Setting, precision: Precision, figures: dict[str, list[float]]) -> Iterator[Measurement]:
    """The product's loop beside the others; only the lecture's own settings have targets."""
    ours, floor, peak = (figures[f"{way} {precision}"] for way in ("product", "bare", "matrix"))
    title = f"{setting.title}, {precision}"
    yield measured(f"{title}: product", "images/s", ours)
    target = TO_LECTURE[precision] if setting.is_lecture else None
    yield ratio(f"{title}: product, to the lecture's loop", ours, figures["lecture"], target=target)
    yield ratio(f"{title}: bare loop, to the product", floor, ours, target=TO_BARE if setting.is_lecture else None)
    work = operations_per_image() / 1e9
    shares = [100 * speed * work / gigaflops for speed, gigaflops in zip(ours, peak, strict=True)]
    yield measured(f"{title}: product, of a matrix product's speed", "%", shares)
    yield measured(f"{title}: matrix product, {MATRIX}×{MATRIX}", "GFLOP/s", peak)


def lecture(setting: Setting) -> Turn:
    """The literal loop: Pillow per sample, a shuffling `DataLoader`, plain Adam, 32-bit numbers."""
    steps = transforms.Compose(
        [transforms.Resize((28, 28)), transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))]
    )
    if setting.config.transform.augments:  # the lecture has none: torchvision's own steps, for each image
        steps = build_pipeline(setting.config.transform, training=True)
    loader = DataLoader(
        CustomTensorDataset(as_tuples(setting.digits, "train"), steps),
        batch_size=setting.config.training.batch_size,
        shuffle=True,
    )
    network, criterion = LectureNet(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(network.parameters(), lr=setting.config.training.learning_rate)

    def epoch() -> Iterator[int]:
        network.train()
        running_loss = 0.0
        for inputs, labels in loader:
            optimizer.zero_grad()
            loss = criterion(network(inputs), labels)
            loss.backward()
            optimizer.step()
            running_loss += loss.item()
            yield len(labels)

    return in_parts(epoch, len(setting.digits.indices("train")))


def product(digits: Digits, config: RunConfig) -> Turn:
    """The product's loop with all that it reports; the test after an epoch is not counted, as it is in no other way."""
    # More epochs than will ever be asked for: each call moves the same training on.
    training = Training(config.replace(training=config.training.replace(epochs=1000)), [digits], [digits])
    events = training.run()
    images = len(digits.indices("train"))
    if images <= PART:
        return lambda: next(event.images_per_second for event in events if isinstance(event, EpochFinished))

    def batches() -> Iterator[int]:
        done = 0
        for event in events:
            if isinstance(event, Progress):
                now = event.batch * config.training.batch_size
                yield now - done
                done = now
            elif isinstance(event, EpochFinished):
                done = 0

    return in_parts(batches, images)


def bare(digits: Digits, config: RunConfig) -> Turn:
    """Nothing but forward, backward and a fused step over batches that are ready; nothing is augmented here."""
    plain = config.replace(transform=PLAIN)
    source = TensorBatches(plain, [digits], torch.device("cpu"))
    batches = [(images.clone(), labels) for images, labels in source.epoch(1)]
    network = ImprovedNet().to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(network.parameters(), lr=config.training.learning_rate, fused=True)

    def epoch() -> Iterator[int]:
        network.train()
        for images, labels in batches:
            with torch.autocast("cpu", torch.bfloat16, enabled=config.training.precision == "bf16"):
                loss = nn.functional.cross_entropy(network(images), labels)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            yield len(labels)

    return in_parts(epoch, source.images)


def in_parts(epoch: Callable[[], Iterator[int]], images: int) -> Turn:
    """Turns of an epoch each, or of `PART` images where it has more. `epoch` yields how many it has trained on."""
    under_way: list[Iterator[int]] = []

    def turn() -> float:
        count, began = 0, time.perf_counter()
        while count < min(images, PART):
            if not under_way:
                under_way.append(epoch())
            found = next(under_way[0], None)
            if found is None:
                under_way.clear()
            count += found or 0
        return count / (time.perf_counter() - began)

    return turn


def multiplications(precision: Precision) -> Turn:
    """The product of two square matrices, which is as fast as this machine multiplies; returns GFLOP/s."""
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    one, other = (torch.randn(MATRIX, MATRIX).to(kind) for _ in range(2))

    def turn() -> float:
        began = time.perf_counter()
        for _ in range(3):
            torch.mm(one, other)
        return 3 * 2 * MATRIX**3 / (time.perf_counter() - began) / 1e9

    return turn


def operations_per_image() -> int:
    """Floating-point operations of a training step: two for each multiply-add; forward, and twice that backward.

    The gradient of the images is not computed, so that conv1 counts twice, not three times.
    """
    layers = ImprovedNet().layers
    return 2 * (3 * sum(layer.multiply_adds.number for layer in layers) - layers[0].multiply_adds.number)


def accuracies(digits: Digits) -> Iterator[Measurement]:
    """Whether the same is learnt: accuracy on the test images after the lecture's four epochs."""
    learnt: dict[str, list[float]] = {}
    for seed in range(SEEDS):
        for precision in PRECISIONS:
            training = RunConfig(training=TrainingConfig(seed=seed, precision=precision))
            learnt.setdefault(f"product {precision}", []).append(accuracy(digits, training))
        loader = RunConfig(training=TrainingConfig(seed=seed, batches="dataloader"))
        learnt.setdefault("lecture's batches", []).append(accuracy(digits, loader))
    for way, values in learnt.items():
        yield measured(f"{way}: accuracy after 4 epochs, {SEEDS} seeds", "%", values)


def accuracy(digits: Digits, config: RunConfig) -> float:
    """Of a whole training, in percent."""
    *_, last = Training(config, [digits], [digits]).run()
    return 100 * last.test_accuracy


def tiled(digits: Digits, train: int) -> Digits:
    """The same digits again and again, until there are `train` to train on, and the test images once."""
    rows = np.concatenate([np.resize(digits.indices("train"), train), digits.indices("test")])
    test = np.arange(len(rows)) >= train
    return Digits(f"{digits.name}, repeated", digits.images[rows], digits.labels[rows], test)
