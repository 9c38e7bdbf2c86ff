"""What the comparison of runs is drawn from: quantities as axes, ranges that are brushed."""

import json
from dataclasses import replace

import numpy as np
import pytest

from digits_core.dashboard.runs.compare.disagreement import same_size
from digits_core.dashboard.runs.compare.quantities import (
    ACCURACY,
    ALL_SETTINGS,
    BY_HAND,
    BY_TITLE,
    LOSS,
    RESULTS,
    SECONDS_PER_EPOCH,
    axis_of,
    passing,
    setting,
)
from digits_core.figures.comparison_figures import Axis
from digits_core.training.events import EpochFinished, Started
from tests.unit.helpers import run_config


def train(store, run, epoch: int, seconds: float = 1.5) -> None:
    if epoch == 1:
        store.apply(run.id, Started(9, 100, 50, {}))
    store.apply(run.id, EpochFinished(epoch, 9, 1 / epoch, 0.5, 2 / epoch, 0.25, 0.001, 900.0, seconds))


@pytest.fixture
def make_run(store):
    return lambda **training: store.create(run_config(**training), "owner")


def test_every_setting_and_result_has_a_title_of_its_own():
    assert len(BY_TITLE) == len(ALL_SETTINGS) + len([BY_HAND]) + len(RESULTS)


def test_settings_speak_the_words_of_the_training_page(make_run):
    run = make_run(optimizer="sgd", nesterov=True)

    assert setting("optimizer").of(run) == "SGD"
    assert setting("nesterov").of(run) == "on"
    assert setting("train").of(run) == "optdigits"


def test_the_time_per_epoch_is_that_of_the_epochs_that_were_done(make_run):
    run = replace(make_run(epochs=8), seconds=6.0, progress=0.5)

    assert SECONDS_PER_EPOCH.of(run) == 1.5
    assert SECONDS_PER_EPOCH.of(replace(run, progress=0.0)) is None


def test_words_and_factors_have_places_on_an_axis_that_say_what_they_are(make_run):
    runs = [make_run(optimizer="sgd", learning_rate=0.1), make_run(optimizer="adam", learning_rate=0.001)]

    assert axis_of(setting("optimizer"), runs) == Axis("Optimizer", [1, 0], [(0, "Adam"), (1, "SGD")])
    rates = axis_of(setting("learning_rate"), runs)
    assert rates.values == pytest.approx([-1, -3])
    assert [text for _, text in rates.ticks] == ["0.001", "0.1"]


def test_a_run_passes_if_each_brushed_axis_lets_it_through():
    axes = [Axis("a", [1, 2, 3, 4]), Axis("b", [0.1, 0.2, 0.3, 0.4])]

    assert passing(axes, []) == [0, 1, 2, 3]
    assert passing(axes, [("a", [2, 4])]) == [1, 2, 3]
    assert passing(axes, [("a", [1, 1.5, 3.5, 5]), ("b", [0.3, 0.5])]) == [3]
    assert passing(axes, [("gone", [0, 0])]) == [0, 1, 2, 3]


def test_results_that_are_not_there_are_no_number(make_run):
    run = replace(make_run(), environment_json=json.dumps({}))

    assert np.isnan(axis_of(ACCURACY, [run]).values[0])
    assert np.isnan(axis_of(LOSS, [run]).values[0])


def test_images_of_different_sizes_stand_in_one_array_and_keep_their_pixels():
    small, large = np.arange(4, dtype=np.uint8).reshape(2, 2), np.full((4, 4), 9, np.uint8)
    both = same_size([small, large])

    assert both.shape == (2, 4, 4)
    assert both[0].tolist() == small.repeat(2, 0).repeat(2, 1).tolist()
