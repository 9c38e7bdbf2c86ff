"""What must hold between a config and its data before anything is written or started."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from digits_core.config import RunConfig
from digits_core.data.digits import Digits
from digits_core.errors import DatasetError


def check_data(config: RunConfig, load: Callable[[str], Digits]) -> None:
    """Raises `DatasetError` where a dataset is not there, has nothing to test on, or is smaller than one batch."""
    check_training_images([load(name) for name in config.data.train], config.training.batch_size)
    check_test_images([load(name) for name in config.data.test])


def check_training_images(digits: Sequence[Digits], batch_size: int) -> None:
    names, count = _names(digits), sum(int((~each.test).sum()) for each in digits)
    if not count:
        raise DatasetError(f"{names} holds no training images.")
    if batch_size > count:
        raise DatasetError(
            f"The batch size {batch_size} is larger than the {count} training images of {names}. "
            "Choose a smaller batch size or more data."
        )


def check_test_images(digits: Sequence[Digits]) -> None:
    if not sum(int(each.test.sum()) for each in digits):
        raise DatasetError(
            f"{_names(digits)} holds no test images yet: every fifth handwritten sample of a digit is for testing."
        )


def _names(digits: Sequence[Digits]) -> str:
    return " + ".join(each.name for each in digits)
