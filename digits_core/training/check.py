"""What must hold between a config and its data before anything is written or started."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from digits_core.config import DataConfig, RunConfig
from digits_core.data.digits import Digits
from digits_core.errors import DatasetError


def choose_digits(data: DataConfig, load: Callable[[str], Digits]) -> tuple[list[Digits], list[Digits]]:
    """Return the datasets to train on and those to test on, split by writers if the config names some.

    No test image is among the training images, not even as part of another dataset: see `without_test_images`.

    Raises:
        DatasetError: A dataset does not exist, or none has a sample of a hold-out writer.
    """
    train, test = split_digits(data, load)
    return without_test_images(train, test), test


def split_digits(data: DataConfig, load: Callable[[str], Digits]) -> tuple[list[Digits], list[Digits]]:
    """Return the same datasets, each with its own split; raise the same errors as `choose_digits`."""
    digits = {name: load(name) for name in (*data.train, *data.test)}
    known = {writer for each in digits.values() for writer in each.writers}
    if unknown := [writer for writer in data.test_writers if writer not in known]:
        raise DatasetError(f"None of these datasets has a digit written by {', '.join(unknown)}.")
    split = {name: each.tested_on(data.test_writers) for name, each in digits.items()}
    return [split[name] for name in data.train], [split[name] for name in data.test]


def choose_test_digits(data: DataConfig, load: Callable[[str], Digits]) -> list[Digits]:
    """Return only the datasets to test on, as `choose_digits` does, even if those to train on do not exist.

    The training datasets are needed only to check the names of hold-out writers.
    """
    if data.test_writers:
        return split_digits(data, load)[1]
    return [load(name) for name in data.test]


def without_test_images(train: Sequence[Digits], test: Sequence[Digits]) -> list[Digits]:
    """Return the training datasets without the images that are test images of another dataset.

    MNIST, for example, contains the images of its subsets. Such an image keeps its index but counts as a test image,
    so that the numbering of its dataset does not change. A dataset without such images is returned unchanged, as the
    same object.
    """
    return [_without(each, [other for other in test if other.name != each.name]) for each in train]


def _without(digits: Digits, tested: Sequence[Digits]) -> Digits:
    alike = [each.of("test")[0] for each in tested if each.shape == digits.shape]
    contents = {image.tobytes() for images in alike for image in images}
    if not contents:
        return digits
    held_out = np.fromiter((image.tobytes() in contents for image in digits.images), bool, len(digits))
    if not (held_out & ~digits.test).any():
        return digits
    return replace(digits, test=digits.test | held_out)


def check_data(config: RunConfig, load: Callable[[str], Digits]) -> None:
    """Raise `DatasetError` if a dataset does not exist, has no test images, or is smaller than one batch."""
    train, test = choose_digits(config.data, load)
    check_training_images(train, config.training.batch_size)
    check_test_images(test)


def with_own_mean_and_std(config: RunConfig, load: Callable[[str], Digits]) -> RunConfig:
    """Return the config with the mean and standard deviation of its training images, if it normalises by them.

    Call this before creating a run: its config stores the numbers, so that recognition normalises in the same way.
    """
    if config.transform.normalisation == "fixed":
        return config
    from digits_core.transforms.normalisation import resolve  # needs torch, which checking need not wait for

    train, _ = choose_digits(config.data, load)
    return config.replace(transform=resolve(config.transform, [each.of("train")[0] for each in train]))


def prepared(config: RunConfig, load: Callable[[str], Digits]) -> RunConfig:
    """Check the data and return the config with its mean and standard deviation; raise as `check_data` does."""
    check_data(config, load)
    return with_own_mean_and_std(config, load)


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
        raise DatasetError(f"{_names(digits)} holds no test images. {_what_to_do_without(digits)}")


def _what_to_do_without(digits: Sequence[Digits]) -> str:
    """Say how to get test images: handwriting gains some as it grows, other datasets do not change."""
    if any(each.name == "handwriting" for each in digits):
        return "Save more handwriting: one in five samples of a digit is for testing."
    return "Choose another dataset to test on, or import one with more images."


def _names(digits: Sequence[Digits]) -> str:
    return " + ".join(each.name for each in digits)
