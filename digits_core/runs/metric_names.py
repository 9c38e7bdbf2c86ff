"""Names of metrics in custom training loops, and which of them are figures that every run has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, get_args

from digits_core.errors import LogError

Known = Literal["train_loss", "train_accuracy", "test_loss", "test_accuracy", "learning_rate", "images_per_second"]
KNOWN: tuple[Known, ...] = get_args(Known)
"""The columns of the figures of an epoch that can be logged."""
FRACTIONS = ("train_accuracy", "test_accuracy")

MOST_NAMES = 500
"""The most metrics of one run: each gets its own chart."""
LONGEST_NAME = 100

_SPLITS = {"train": "train", "training": "train", "test": "test", "val": "test", "valid": "test", "validation": "test"}
_MEASURES = {"loss": "loss", "acc": "accuracy", "accuracy": "accuracy"}
_OTHERS: dict[str, Known] = {
    # Keras logs training metrics without a prefix.
    "loss": "train_loss",
    "acc": "train_accuracy",
    "accuracy": "train_accuracy",
    "lr": "learning_rate",
    "learning_rate": "learning_rate",
    "images_per_second": "images_per_second",
}
_SEPARATORS = re.compile(r"[/.\-\s]")
_STEP_OR_EPOCH = re.compile(r"_epoch$")


def known_metric(name: str) -> Known | None:
    """Return the figure of an epoch that a metric stands for, or `None` if it is a custom one.

    Accepts the usual spellings: `train/loss`, `train_loss`, `val_acc`, `valid/accuracy`, `Loss/train`, `lr`, and
    Lightning's `train_loss_epoch`. Metrics on validation images count as test metrics.
    """
    plain = _STEP_OR_EPOCH.sub("", _SEPARATORS.sub("_", name.strip().casefold()))
    first, _, second = plain.partition("_")
    for split, measure in ((first, second), (second, first)):
        if split in _SPLITS and measure in _MEASURES:
            return f"{_SPLITS[split]}_{_MEASURES[measure]}"  # type: ignore[return-value]
    return _OTHERS.get(plain)


def flattened(values: Mapping[Any, Any], most: int = MOST_NAMES, before: str = "") -> dict[str, Any]:
    """Flatten nested mappings, `{"train": {"loss": 1}}` to `{"train/loss": 1}`.

    Raises:
        LogError: If a name is not a short printable text or is given twice, or there are more than `most`.
    """
    flat: dict[str, Any] = {}
    if len(values) > most:
        raise LogError(f"{len(values):,} names at once: at most {most:,} can be kept. Nothing of it was kept.")
    for name, value in values.items():
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise LogError(f"{name!r:.80} is not a name: it must be a text that can be printed.")
        whole = f"{before}{name.strip()}"
        if len(whole) > LONGEST_NAME:
            raise LogError(f"The name {whole[:40]!r}… is longer than {LONGEST_NAME} characters.")
        inner = flattened(value, most, f"{whole}/") if isinstance(value, Mapping) else {whole: value}
        if repeated := inner.keys() & flat.keys():
            raise LogError(f"{min(repeated)!r} is given twice.")
        flat |= inner
        if len(flat) > most:
            raise LogError(f"More than {most:,} names at once. Nothing of it was kept.")
    return flat


def number(name: str, value: Any) -> float:
    """Return a logged value as a number: Python's, NumPy's, or a tensor of one element; NaN and infinity are numbers.

    Raises:
        LogError: If it is anything else, or an accuracy that is not a fraction of 1.
    """
    if isinstance(value, str | bytes) or value is None:
        raise LogError(f"{name}: {value!r:.60} is not a number.")
    try:
        # A loss that still has its graph warns when it is read.
        plain = float(value.detach() if hasattr(value, "detach") else value)
    # Arrays and tensors of several elements raise different exceptions.
    except Exception as error:
        raise LogError(f"{name}: a value of type {type(value).__name__} is not one number.") from error
    if known_metric(name) in FRACTIONS and not (plain != plain or 0 <= plain <= 1):
        raise LogError(f"{name}: {plain:g} is not a fraction of 1. Log {plain / 100:g} if that is a percentage.")
    return plain
