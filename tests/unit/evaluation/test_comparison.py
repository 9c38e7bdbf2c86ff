"""Comparing runs: what is averaged, what differs, which is best for its time, and which images two runs split on."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digits_core.config import DataConfig
from digits_core.evaluation.comparison import (
    Spread,
    best_front,
    chance_of,
    digit_counts,
    disagreement,
    images_tested_on,
    share_test_images,
    smooth,
    spread,
)
from digits_core.runs import artifacts
from tests.unit.helpers import run_config

VALUES = st.lists(st.floats(-100, 100), min_size=1, max_size=40)


def answers(labels, said) -> artifacts.TestResult:
    return artifacts.TestResult(np.eye(10, dtype=np.float32)[list(said)], np.array(labels))


@pytest.fixture
def make_run(store):
    """A run of these settings that was tested on datasets of these fingerprints."""

    def make(config=None, tested_on=None, **fingerprints):
        run = store.create(config or run_config(), "owner")
        noted = {"datasets": fingerprints} | ({"tested_on": tested_on} if tested_on else {})
        return replace(run, environment_json=json.dumps(noted))

    return make


@given(VALUES)
def test_without_smoothing_the_values_stay_as_they_are(values):
    assert smooth(values, 0).tolist() == pytest.approx(values)


@given(VALUES, st.floats(0, 0.95))
def test_a_smoothed_line_starts_at_its_first_value_and_stays_within_what_was_measured(values, strength):
    smoothed = smooth(values, strength)

    assert smoothed[0] == pytest.approx(values[0])
    assert smoothed.min() >= min(values) - 1e-9
    assert smoothed.max() <= max(values) + 1e-9


def test_smoothing_weighs_what_came_before_by_its_strength():
    assert smooth([0.0, 3.0], 0.5).tolist() == pytest.approx([0.0, 2.0])


def test_a_strength_that_would_never_move_is_refused():
    with pytest.raises(ValueError, match="strength is 1"):
        smooth([1.0], 1)


def test_a_spread_is_the_mean_and_the_deviation_of_a_sample():
    found = spread([1.0, 3.0])
    assert (found.mean, found.deviation, found.count) == pytest.approx((2.0, np.sqrt(2), 2))
    assert spread([5.0]) == Spread(5.0, 0.0, 1)


def test_the_front_holds_the_runs_that_no_other_beats_in_both():
    seconds, accuracies = [4.0, 1.0, 2.0, 3.0, 2.0], [0.99, 0.80, 0.95, 0.90, 0.95]

    assert best_front(seconds, accuracies) == [1, 2, 0]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=30))
def test_every_run_is_on_the_front_or_beaten_by_one_that_is(pairs):
    costs, values = zip(*pairs, strict=True)
    front = best_front(costs, values)
    beats = [[costs[each] <= cost and values[each] >= value for each in front] for cost, value in pairs]

    assert all(map(any, beats))
    for place in front:
        assert not any(cost < costs[place] and value >= values[place] for cost, value in pairs)


def test_runs_are_tested_alike_if_the_images_are_the_same_and_not_just_their_name(make_run):
    first, alike, changed = make_run(optdigits="a"), make_run(optdigits="a"), make_run(optdigits="b")

    assert share_test_images(first, alike)
    assert not share_test_images(first, changed)


def test_what_is_only_trained_on_does_not_tell_tests_apart(make_run):
    more = run_config(data=DataConfig(train=("optdigits", "mnist-5k"), test=("optdigits",)))

    assert share_test_images(make_run(optdigits="a"), make_run(more, **{"optdigits": "a", "mnist-5k": "b"}))


def test_other_writers_held_back_are_other_test_images(make_run):
    writers = run_config(data=DataConfig(test_writers=("Ada",)))

    assert not share_test_images(make_run(optdigits="a"), make_run(writers, optdigits="a"))


def test_runs_that_have_not_said_what_they_were_tested_on_are_compared_with_none(make_run):
    unknown = make_run()

    assert images_tested_on([unknown]) == [None]
    assert not share_test_images(unknown, make_run())


def test_a_dataset_without_a_test_image_is_no_part_of_a_test(make_run):
    """Handwriting has no test image before the fifth sample of a digit."""
    both = run_config(data=DataConfig(test=("optdigits", "handwriting")))
    alone = make_run(optdigits="a", tested_on={"optdigits": "t"})
    with_none = make_run(both, optdigits="a", handwriting="h", tested_on={"optdigits": "t"})
    with_some = make_run(both, optdigits="a", handwriting="i", tested_on={"optdigits": "t", "handwriting": "u"})
    grown = make_run(both, optdigits="a", handwriting="j", tested_on={"optdigits": "t", "handwriting": "u"})

    assert share_test_images(alone, with_none)
    assert share_test_images(with_some, grown), "only training images were added"
    assert not share_test_images(with_none, with_some)


def test_a_run_that_noted_its_datasets_as_a_whole_is_compared_with_newer_ones(make_run):
    older, newer, changed = (
        make_run(optdigits="a"),
        make_run(optdigits="a", tested_on={"optdigits": "t"}),
        make_run(optdigits="b", tested_on={"optdigits": "u"}),
    )

    assert share_test_images(older, newer)
    assert not share_test_images(older, changed)


def test_the_accuracy_of_each_digit_counts_its_own_images():
    counts = digit_counts(answers([1, 1, 2], [1, 7, 2]))

    assert counts.right[1] == 1
    assert counts.accuracy[[1, 2]].tolist() == [0.5, 1.0]
    assert np.isnan(counts.accuracy[0])


def test_each_image_that_two_runs_split_on_is_in_its_group():
    labels = [1, 2, 3, 4, 5]
    found = disagreement(answers(labels, [1, 2, 7, 0, 0]), answers(labels, [1, 8, 3, 9, 0]))

    assert found.only_first_right.tolist() == [1]
    assert found.only_second_right.tolist() == [2]
    assert found.both_wrong_otherwise.tolist() == [3]
    assert found.both_wrong_alike.tolist() == [4]
    assert found.everywhere.tolist() == [1, 2, 3]


def test_answers_to_different_images_are_not_compared():
    with pytest.raises(ValueError, match="different images"):
        disagreement(answers([1, 2], [1, 2]), answers([2, 1], [1, 2]))


def test_the_chance_of_an_uneven_split_is_that_of_tossing_a_coin():
    assert chance_of(0, 0) == 1
    assert chance_of(5, 5) == 1
    assert chance_of(0, 5) == chance_of(5, 0) == pytest.approx(2 / 2**5)
    assert chance_of(1, 9) == pytest.approx(2 * 11 / 2**10)
    assert 0 < chance_of(2000, 2200) < 0.01
