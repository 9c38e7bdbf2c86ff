"""How much test images can be changed: from what the run itself measured, in comparable amounts, kept with the run."""

import shutil

import numpy as np
import pytest
import torch

from digits_core.data.digits import Digits
from digits_core.errors import RunError
from digits_core.evaluation.robustness import CHANGES, apply, kept, measure
from digits_core.evaluation.run_network import TrainedNetwork
from digits_core.evaluation.test_set import Part, TestSet
from digits_core.runs.artifacts import Artifacts
from tests.unit.evaluation.conftest import Trained

BY_NAME = {change.name: change for change in CHANGES}


def images_of(digits: Digits) -> TestSet:
    return TestSet([Part(digits, digits.indices("test"))])


@pytest.fixture(scope="module", params=["centred", "enlarged"])
def measured(request, trainings, tmp_path_factory) -> Trained:
    """A trained run whose robustness was measured, once for all who only look."""
    config, folder, digits, accuracy = trainings[request.param]
    own = tmp_path_factory.mktemp("measured") / "run"
    shutil.copytree(folder, own)
    artifacts = Artifacts(own)
    assert kept(artifacts) is None
    measure(config, artifacts, images_of(digits))
    return Trained(config, artifacts, digits, accuracy)


def changed(name: str, amount: float, image: torch.Tensor) -> np.ndarray:
    """One prepared image (S, S) after a change."""
    return apply(BY_NAME[name], amount, image[None, None], centre=False)[0, 0].numpy()


@pytest.fixture
def dot() -> torch.Tensor:
    """Nine pixels of ink above the middle of a 28×28 image."""
    image = torch.zeros(28, 28, dtype=torch.uint8)
    image[5:8, 13:16] = 255
    return image


def centre_of(image: np.ndarray) -> tuple[float, float]:
    rows, columns = np.nonzero(image > 100)
    return rows.mean(), columns.mean()


def test_without_a_change_the_accuracy_is_the_runs_own(measured):
    found = kept(measured.artifacts)

    assert found.images == 80
    for change in CHANGES:
        unchanged = found.accuracy[change.name][change.amounts.index(change.nothing)]
        assert unchanged == pytest.approx(measured.accuracy, abs=1e-7)


def test_strong_changes_cost_accuracy(measured):
    accuracy = kept(measured.artifacts).accuracy

    assert min(accuracy["rotation"]) < measured.accuracy - 0.1
    assert min(accuracy["noise"]) < measured.accuracy


def test_what_was_measured_counts_no_more_once_the_weights_change(measured, tmp_path):
    shutil.copytree(measured.artifacts.weights_path.parent, tmp_path / "run")
    artifacts = Artifacts(tmp_path / "run")
    assert kept(artifacts) is not None

    weights = artifacts.load_weights()
    artifacts.save_weights({**weights, "fc3.bias": weights["fc3.bias"] + 1}, measured.config.to_json())
    assert kept(artifacts) is None


def test_measuring_can_be_cancelled_and_keeps_nothing_then(trained):
    class Cancelled(Exception):
        pass

    def report(share: float) -> None:
        if share > 0:
            raise Cancelled

    with pytest.raises(Cancelled):
        measure(trained.config, trained.artifacts, images_of(trained.digits), report)
    assert kept(trained.artifacts) is None


def test_a_run_without_weights_says_so(tmp_path):
    with pytest.raises(RunError, match="no weights"):
        kept(Artifacts(tmp_path))


def test_every_change_can_change_nothing(dot):
    for change in CHANGES:
        assert (changed(change.name, change.nothing, dot) == dot.numpy()).all()
        assert list(change.amounts) == sorted(set(change.amounts))


def test_turning_is_clockwise(dot):
    row, column = centre_of(changed("rotation", 60, dot))
    assert row < 14
    assert column > 18


def test_shifts_go_in_four_directions_in_turn_by_whole_pixels(dot):
    moved = apply(BY_NAME["shift"], 4, dot[None, None].repeat(4, 1, 1, 1), centre=False)[:, 0].numpy()
    before = np.array(centre_of(dot.numpy()))

    steps = [tuple((np.array(centre_of(image)) - before).round(3).tolist()) for image in moved]
    assert steps == [(0, 4), (4, 0), (0, -4), (-4, 0)]
    assert [int(image.sum()) for image in moved] == [int(dot.sum())] * 4


def test_a_shift_means_the_same_for_smaller_images():
    small = torch.zeros(14, 14, dtype=torch.uint8)
    small[6, 6] = 255
    assert centre_of(changed("shift", 4, small)) == (6, 8)


def test_strokes_grow_and_shrink(dot):
    inked = [int((changed("stroke", width, dot) > 100).sum()) for width in (-1, 0, 1, 2)]
    assert inked == [1, 9, 25, 49]


def test_scaling_makes_ink_larger_and_smaller(dot):
    smaller, larger = changed("scale", 0.6, dot), changed("scale", 1.6, dot)
    assert smaller.sum() < dot.numpy().sum() < larger.sum()


def test_noise_is_the_same_each_time(dot):
    assert (changed("noise", 0.3, dot) == changed("noise", 0.3, dot)).all()
    assert changed("noise", 0.3, dot)[20:].std() > 20


def test_a_run_that_centres_sees_shifted_ink_in_its_place(few_mnist):
    pixels = torch.from_numpy(few_mnist.images[few_mnist.test])[:8, None]
    still = apply(BY_NAME["shift"], 0, pixels, centre=True)
    moved = apply(BY_NAME["shift"], 2, pixels, centre=True)

    assert (still == pixels).all()
    for image in moved[:, 0].numpy():
        ink = np.average(np.indices(image.shape).reshape(2, -1), axis=1, weights=image.ravel())
        assert ink == pytest.approx([13.5, 13.5], abs=0.8)


def test_the_network_answers_any_number_of_images_alike(trained, monkeypatch):
    network = TrainedNetwork(trained.config, trained.artifacts.load_weights())
    pixels = network.prepare(trained.digits.of("test")[0])
    at_once = network.logits(pixels)
    monkeypatch.setattr("digits_core.evaluation.run_network.CHUNK", 7)

    assert network.logits(pixels) == pytest.approx(at_once, abs=1e-4)
