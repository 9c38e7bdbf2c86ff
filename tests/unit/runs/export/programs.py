"""What the tests of scripts and notebooks share: configs, hostile names of runs, and the lines that a run printed."""

import subprocess
import sys
from pathlib import Path

from digits_core.config import DataConfig, NetworkConfig, RunConfig, TrainingConfig, TransformConfig
from digits_core.runs.export.run_history import History
from digits_core.training.events import lecture_line
from tests.unit.networks import EVERY_KIND

MINE = DataConfig(train=("mine",), test=("mine",))
EVERYTHING = TransformConfig(
    centre=True,
    rotation=12,
    translation=2,
    scale=0.15,
    shear=12,
    elastic=1.2,
    stroke_width=0.7,
    noise=0.1,
    erasing=0.5,
    mean=0.13,
    std=0.31,
)
CONFIGS = {
    "one cycle, everything augmented, label smoothing": RunConfig(
        data=MINE,
        transform=EVERYTHING,
        training=TrainingConfig(epochs=2, batch_size=48, optimizer="adamw", schedule="one_cycle", label_smoothing=0.1),
    ),
    "cosine, Nesterov, squared error, nearest pixels, another size": RunConfig(
        data=MINE,
        transform=TransformConfig(size=20, interpolation="nearest"),
        training=TrainingConfig(
            epochs=2,
            batch_size=32,
            optimizer="sgd",
            nesterov=True,
            learning_rate=0.05,
            loss="mse",
            schedule="cosine",
            weight_decay=0.001,
            dropout=0.1,
            seed=7,
        ),
    ),
    "the lecture's loader, centred and augmented, several sets": RunConfig(
        data=DataConfig(train=("mine", "others"), test=("others",)),
        transform=TransformConfig(centre=True, rotation=10, stroke_width=0.5, noise=0.1),
        training=TrainingConfig(
            epochs=1, batch_size=32, batches="dataloader", loss="multi_margin", optimizer="rmsprop"
        ),
    ),
    "every kind of layer, with weights that begin by another rule": RunConfig(
        data=MINE,
        network=NetworkConfig(layers=EVERY_KIND, initialisation="he", initial_scale=0.9),
        training=TrainingConfig(epochs=2, batch_size=32),
    ),
    "no hidden layer, from zeros": RunConfig(
        data=MINE,
        network=NetworkConfig(layers="softmax", initialisation="zeros"),
        training=TrainingConfig(epochs=1, batch_size=32),
    ),
    "half precision, negative log-likelihood, bicubic pixels": RunConfig(
        data=MINE,
        transform=TransformConfig(interpolation="bicubic", erasing=0.5),
        training=TrainingConfig(epochs=1, batch_size=64, optimizer="adagrad", loss="nll", precision="bf16"),
    ),
}
SCHEDULED = RunConfig(
    data=MINE, training=TrainingConfig(epochs=2, batch_size=32, optimizer="sgd", schedule="one_cycle")
)
HOSTILE = [
    '"""\nimport os; os._exit(3)\n"""',
    "x\rimport os",
    "coding: utf-7 +AAo-",
    "\\",
    "a\0b",
    "\ud800",
    "\f\x85\u2028=1",
    "{{ 1 / 0 }}{% include 'script.py' %}",
]


def names_that_ruff_finds_wrong(paths: list[Path]) -> str:
    """Names that scripts use without defining them, or define or import without using them."""
    checked = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F,I", "--output-format", "concise"]
    answer = subprocess.run([*checked, "--quiet", *map(str, paths)], capture_output=True, text=True)
    return answer.stdout + answer.stderr


def lines_of(history: History) -> list[str]:
    planned = history.run.planned_epochs
    return [lecture_line(row.epoch, planned, row.train_loss, row.test_accuracy) for row in history.epochs]
