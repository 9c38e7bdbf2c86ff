"""Trained on one dataset, tested on another."""

import numpy as np
import pytest

from digits_core.data.digits import Digits
from digits_core.errors import DatasetError, RunError
from digits_core.evaluation.across import evaluate, kept
from digits_core.evaluation.metrics import Answers
from digits_core.runs.artifacts import Artifacts


def test_on_its_own_dataset_a_run_has_its_own_accuracy_and_matrix(trained):
    found = evaluate(trained.config, trained.artifacts, trained.digits)

    assert found.accuracy == pytest.approx(trained.accuracy, abs=1e-7)
    assert (found.confusion == Answers.of(trained.artifacts.load_test_result()).confusion).all()
    assert found.images == 80
    assert found.standard_error == pytest.approx((found.accuracy * (1 - found.accuracy) / 80) ** 0.5)


def test_images_of_any_size_are_answered(trained, few_mnist, few_optdigits):
    for digits in (few_mnist, few_optdigits):
        assert 0 < evaluate(trained.config, trained.artifacts, digits).accuracy <= 1


def test_what_was_found_out_is_kept_until_weights_or_images_change(trained):
    assert kept(trained.artifacts, trained.digits) is None
    found = evaluate(trained.config, trained.artifacts, trained.digits)
    again = kept(trained.artifacts, trained.digits)
    assert (again.confusion == found.confusion).all()
    assert again.calibration_error == found.calibration_error

    digits = trained.digits
    other = Digits(digits.name, 255 - digits.images, digits.labels, digits.test)
    assert kept(trained.artifacts, other) is None

    weights = trained.artifacts.load_weights()
    trained.artifacts.save_weights({**weights, "fc3.bias": np.zeros(10, np.float32)}, trained.config.to_json())
    assert kept(trained.artifacts, digits) is None


def test_a_dataset_without_test_images_is_refused(trained):
    digits = trained.digits
    only_training = Digits("mine", digits.images, digits.labels, np.zeros(len(digits), dtype=bool))

    with pytest.raises(DatasetError, match="no test images"):
        evaluate(trained.config, trained.artifacts, only_training)


def test_a_run_without_weights_says_so(few_mnist, trained, tmp_path):
    with pytest.raises(RunError, match="no weights"):
        evaluate(trained.config, Artifacts(tmp_path / "nothing"), few_mnist)
