"""Runs are compared by their accuracy only if they were tested on the same images, whatever these are called."""

import json
from dataclasses import replace

import pytest

from digits_core.config import DataConfig
from digits_core.evaluation.comparison.tested_images import images_tested_on, share_test_images
from tests.unit.helpers import run_config


@pytest.fixture
def make_run(store):
    """A run of these settings that was tested on datasets of these fingerprints."""

    def make(config=None, tested_on=None, **fingerprints):
        run = store.create(config or run_config(), "owner")
        noted = {"datasets": fingerprints} | ({"tested_on": tested_on} if tested_on else {})
        return replace(run, environment_json=json.dumps(noted))

    return make


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
