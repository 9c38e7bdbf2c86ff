"""Before and after training with one's own handwriting: which runs are compared, and on what."""

import numpy as np
import pytest

from digits_core.config import DataConfig, RunConfig
from digits_core.data.digits import Digits
from digits_core.evaluation.before_after import (
    BeforeAfter,
    held_out_of,
    learnt_from_handwriting,
    pair,
    with_handwriting,
)
from digits_core.training.check import choose_digits
from digits_core.training.config_fields import from_query, to_query
from digits_core.training.events import Finished
from digits_core.training.recipes import LECTURE, ROBUST, WITH_HANDWRITING


@pytest.fixture
def handwriting() -> Digits:
    images = np.arange(6, dtype=np.uint8)[:, None, None].repeat(28, 1).repeat(28, 2)
    return Digits(
        "handwriting",
        images,
        np.array([0, 1, 2, 3, 4, 5]),
        np.array([True, False, True, True, False, False]),
        ("Ada", "Ada", "Ben", "Ada", "Ben", "Ada"),
    )


def create(store, config: RunConfig, accuracy: float = 0.97, outcome: str = "finished"):
    """A run that has ended."""
    run = store.create(config, "test")
    store.apply(run.id, Finished(outcome, 1, 0.1, accuracy, 1.0))
    return store.get(run.id)


def test_the_same_settings_with_handwriting_survive_the_way_to_the_form():
    config = with_handwriting(ROBUST.config)

    assert config.data.train == (*ROBUST.config.data.train, "handwriting")
    assert learnt_from_handwriting(config)
    assert from_query(to_query(config)) == config


def test_adding_handwriting_twice_is_adding_it_once():
    assert with_handwriting(WITH_HANDWRITING.config).data == WITH_HANDWRITING.config.data


def test_what_is_compared_on_was_in_no_training(handwriting):
    """Whatever writers a run holds out, the samples that are compared on stay out of its training images."""
    held_out = held_out_of(handwriting, "Ada")
    assert held_out.labels.tolist() == [0, 3]

    for writers in ((), ("Ada",), ("Ben",)):
        data = DataConfig(train=("handwriting",), test=("handwriting",), test_writers=writers)
        (train,), _ = choose_digits(data, lambda name: handwriting)
        assert set(train.of("train")[1]) & set(held_out.labels) == set()


def test_a_run_is_compared_with_the_best_finished_one_of_its_recipe_on_the_other_side(store):
    before = create(store, LECTURE.config)
    create(store, LECTURE.config, accuracy=0.6)
    create(store, LECTURE.config, outcome="stopped")
    after = create(store, WITH_HANDWRITING.config.replace(recipe=LECTURE.name))
    create(store, WITH_HANDWRITING.config.replace(recipe=LECTURE.name), outcome="stopped")

    assert pair(after, store.runs()) == (before, after)
    assert pair(before, store.runs()) == (before, after)


def test_where_all_are_as_good_as_equal_the_newest_of_the_recipe_is_compared(store):
    robust, lecture = create(store, ROBUST.config), create(store, LECTURE.config)
    after, other = create(store, with_handwriting(ROBUST.config)), create(store, WITH_HANDWRITING.config)
    runs = store.runs()

    assert pair(after, runs) == (robust, after)
    assert pair(robust, runs) == (robust, after)
    # There is no run of the lecture's own recipe with handwriting: the newest one with it serves.
    assert pair(lecture, runs) == (lecture, other)


def test_without_a_run_on_the_other_side_there_is_nothing_to_compare(store):
    only = create(store, LECTURE.config)

    assert pair(only, store.runs()) is None


def test_right_answers_are_counted():
    labels = np.array([1, 2, 3])
    both = BeforeAfter(np.zeros((3, 28, 28), np.uint8), labels, np.array([1, 7, 8]), np.array([1, 2, 8]))

    assert (both.right(both.before), both.right(both.after)) == (1, 2)
