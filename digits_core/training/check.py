"""What must hold between a config and its data before anything is written or started."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from digits_core.config import DataConfig, RunConfig
from digits_core.data.digits import Digits
from digits_core.errors import DatasetError


def choose_digits(data: DataConfig, load: Callable[[str], Digits]) -> tuple[list[Digits], list[Digits]]:
    """The datasets to train on and those to test on, split by their writers where the config names some.

    `DatasetError` where a dataset is not there or has no sample of a writer that is to be tested on.
    """
    digits = {name: load(name) for name in (*data.train, *data.test)}
    known = {writer for each in digits.values() for writer in each.writers}
    if unknown := [writer for writer in data.test_writers if writer not in known]:
        raise DatasetError(f"None of these datasets has a digit written by {', '.join(unknown)}.")
    split = {name: each.tested_on(data.test_writers) for name, each in digits.items()}
    return [split[name] for name in data.train], [split[name] for name in data.test]


def check_data(config: RunConfig, load: Callable[[str], Digits]) -> None:
    """Raises `DatasetError` where a dataset is not there, has nothing to test on, or is smaller than one batch."""
    train, test = choose_digits(config.data, load)
    check_training_images(train, config.training.batch_size)
    check_test_images(test)


def with_own_mean_and_std(config: RunConfig, load: Callable[[str], Digits]) -> RunConfig:
    """The config with the mean and standard deviation of its training images, if it is to normalise by them.

    Whoever makes a run calls it before: a run's config names the numbers, so that recognition normalises alike.
    """
    if config.transform.normalisation == "fixed":
        return config
    from digits_core.transforms.normalisation import resolve  # needs torch, which checking need not wait for

    train, _ = choose_digits(config.data, load)
    return config.replace(transform=resolve(config.transform, [each.of("train")[0] for each in train]))


def prepared(config: RunConfig, load: Callable[[str], Digits]) -> RunConfig:
    """The config as it can be run: its data checked, its mean and standard deviation known; `DatasetError` if not."""
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
    """Say how to get test images: handwriting gains some as it grows, any other dataset is what it is."""
    if any(each.name == "handwriting" for each in digits):
        return "Save more handwriting: one in five samples of a digit is for testing."
    return "Choose another dataset to test on, or import one with more images."


def _names(digits: Sequence[Digits]) -> str:
    return " + ".join(each.name for each in digits)
