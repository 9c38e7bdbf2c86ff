"""The time that a training will take, from this machine's earlier runs."""

from dataclasses import replace

import pytest

from digits_core.config import NetworkConfig, TransformConfig
from digits_core.layers.presets import PRESETS
from digits_core.training.estimate import PER_WORK, PastRun, duration, estimate
from tests.unit.helpers import run_config


def past(
    title="#1 Lecture", images_per_second=2000.0, seconds=1.0, device="cpu", transform=None, **training
) -> PastRun:
    return PastRun(title, run_config(transform=transform, **training), device, 1438, 359, images_per_second, seconds)


def test_without_an_earlier_run_nothing_is_said():
    assert estimate(run_config(), 1438, 359, []) is None


def test_the_same_training_takes_as_long_as_it_took():
    found = estimate(run_config(epochs=4), 1438, 359, [past(images_per_second=2000, seconds=0.9)])

    assert found.seconds == pytest.approx(4 * 0.9)
    assert found.basis == "From #1 Lecture with the same batch size: 2,000 images/s."


def test_more_images_and_more_epochs_take_longer_in_proportion():
    before = [past()]
    once = estimate(run_config(epochs=2), 1438, 359, before)

    assert estimate(run_config(epochs=6), 1438, 359, before).seconds == pytest.approx(3 * once.seconds)
    assert estimate(run_config(epochs=2), 2876, 718, before).seconds == pytest.approx(2 * once.seconds)


def test_it_rests_on_the_median_of_the_newest_five():
    speeds = [1000, 2000, 3000, 4000, 9000, 1, 1]
    runs = [past(f"#{9 - place}", speed, 1438 / speed) for place, speed in enumerate(speeds)]
    found = estimate(run_config(epochs=1), 3000, 0, runs)

    assert found.seconds == pytest.approx(1)
    assert found.basis.startswith("From #9 and 4 more ")


def test_a_batch_size_between_two_that_were_tried_trains_at_a_speed_between():
    runs = [past("#2", 4000, 0.5, batch_size=64), past("#1", 1000, 1.5, batch_size=4)]
    found = estimate(run_config(epochs=1, batch_size=16), 2000, 0, runs)

    assert found.seconds == pytest.approx(1)
    assert "#1 and #2 at batch size 4 and 64" in found.basis


def test_a_batch_size_far_from_all_that_were_tried_says_nothing():
    assert estimate(run_config(batch_size=1024), 1438, 359, [past(batch_size=16)]) is None


@pytest.mark.parametrize(
    "other",
    [
        past(precision="bf16"),
        past(batches="dataloader"),
        past(transform=TransformConfig(size=14)),
        past(transform=TransformConfig(rotation=10)),
    ],
    ids=["precision", "batches", "size", "augmentation"],
)
def test_a_run_that_computes_otherwise_is_no_basis(other):
    assert estimate(run_config(), 1438, 359, [other]) is None


def test_a_run_on_the_gpu_is_no_basis_for_the_processor():
    on_gpu = past(device="Some GPU")

    assert estimate(run_config(device="cpu"), 1438, 359, [on_gpu]) is None
    assert estimate(run_config(), 1438, 359, [on_gpu]) is not None
    assert estimate(run_config(device="cpu"), 1438, 359, [on_gpu, past()]) is not None


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "a second"), (7.7, "8 s"), (44, "40 s"), (200, "3 min"), (7200, "2.0 h")]
)
def test_it_is_said_as_exactly_as_it_is_known(seconds, words):
    assert duration(seconds) == words


def test_a_network_that_was_never_trained_is_estimated_by_its_work_and_the_words_say_so():
    small = run_config(epochs=1).replace(network=NetworkConfig(layers=PRESETS["lenet"].layers))
    before = [past()]
    known, found = estimate(run_config(epochs=1), 1438, 359, before), estimate(small, 1438, 359, before)

    assert found.seconds == pytest.approx(known.seconds * (416_520 / 4_537_216) ** PER_WORK)
    assert "roughly, by its multiply-adds" in found.basis
    assert "roughly" not in known.basis


def test_a_run_of_the_same_network_counts_before_all_others():
    small = run_config(epochs=1).replace(network=NetworkConfig(layers=PRESETS["lenet"].layers))
    runs = [past("#2"), replace(past("#1", images_per_second=8000, seconds=0.3), config=small)]

    assert estimate(small, 1438, 359, runs).basis == "From #1 with the same batch size: 8,000 images/s."
