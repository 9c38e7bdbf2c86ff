"""The difference between runs in a sentence: what differs, what came out, and whether chance explains it."""

import json
from dataclasses import replace

import numpy as np
import pytest

from digits_core.config import RunConfig, TrainingConfig
from digits_core.evaluation.comparison.difference_sentence import difference_in_words
from digits_core.evaluation.metrics import Answers

IMAGES = 200


def answers(right: int) -> Answers:
    """The first `right` of 200 images are read right, the others are taken for the next digit."""
    labels = np.arange(IMAGES) % 10
    said = np.where(np.arange(IMAGES) < right, labels, (labels + 1) % 10)
    return Answers(labels, np.eye(10, dtype=np.float32)[said])


@pytest.fixture
def make(store):
    """A run with its settings, its accuracy, and the fingerprint of what it was tested on."""

    def make(name: str, accuracy: float | None, tested: str = "same", **training):
        run = store.create(RunConfig(name=name, training=TrainingConfig(**training)), "test:1:1")
        noted = {"tested_on": {each: tested for each in run.config.data.test}, "images": {"test": IMAGES}}
        return replace(run, status="finished", test_accuracy=accuracy, environment_json=json.dumps(noted))

    return make


def test_a_difference_that_chance_does_not_explain_is_said_to_be_one(make):
    adam, sgd = make("a", 0.971, optimizer="adam"), make("b", 0.9, optimizer="sgd")

    assert difference_in_words([adam, sgd], {adam.id: answers(194), sgd.id: answers(180)}) == (
        "Both runs differ only in the optimizer (Adam, SGD): 97.1 % against 90.0 %, more than chance explains. "
        "14 test images are read by #1 a alone, 0 by #2 b alone (McNemar's exact test, p < 0.001)."
    )


def test_a_difference_of_a_few_images_may_be_chance(make):
    one, two = make("a", 0.97, seed=1), make("b", 0.96, seed=2)

    said = difference_in_words([one, two], {one.id: answers(194), two.id: answers(192)})

    assert said.startswith("Both runs differ only in the seed (1, 2): 97.0 % against 96.0 %, which chance may explain.")
    assert "(McNemar's exact test, p = 0.500)" in said


def test_runs_that_were_tested_on_other_images_are_not_called_better(make):
    one, two = make("a", 0.97, batch_size=16), make("b", 0.9, tested="other", batch_size=32)

    said = difference_in_words([one, two], {one.id: answers(194), two.id: answers(180)})

    assert said.endswith("They were not tested on the same images, so part of the difference may come from the test.")
    assert "chance" not in said


def test_without_kept_answers_it_says_that_chance_is_not_known(make):
    one, two = make("a", 0.97), make("b", 0.9)

    said = difference_in_words([one, two], {one.id: answers(194)})

    assert said.startswith("Both runs have the same settings: 97.0 % against 90.0 %.")
    assert said.endswith("How much of that is chance is not known: not both have kept their answers.")


def test_one_run_has_its_result_alone(make):
    assert difference_in_words([make("a", 0.97)], {}) == "#1 a recognises 97.0 % of its 200 test images."
    assert difference_in_words([make("b", None)], {}) == "#2 b has no result."


def test_many_settings_are_counted(make):
    one = make("a", 0.9, epochs=2, batch_size=16, learning_rate=0.001, optimizer="adam", seed=1)
    two = make("b", 0.9, epochs=3, batch_size=32, learning_rate=0.002, optimizer="sgd", seed=2)

    assert difference_in_words([one, two], {}).startswith(
        "Both runs differ in 5 settings (the number of epochs, the batch size, the learning rate and 2 more): "
    )


def test_the_best_of_several_is_held_against_each_other_one(make):
    runs = [make(f"r{n}", share, optimizer=name) for n, (share, name) in enumerate([(0.97, "adam"), (0.8, "sgd")])]
    runs.append(make("r2", 0.965, optimizer="rmsprop"))
    known = dict(zip([run.id for run in runs], map(answers, (194, 160, 193)), strict=True))

    said = difference_in_words(runs, known)

    assert said.startswith(
        "These 3 runs differ only in the optimizer (Adam, SGD, RMSprop): from 80.0 % (#2 r1) to 97.0 %"
    )
    assert said.endswith("#1 r0 is ahead of 1 of the 2 others by more than chance explains.")


def test_repeats_have_a_mean_and_a_deviation(make):
    runs = [make(f"r{n}", 0.9 + n / 100, seed=n) for n in range(3)]

    assert difference_in_words(runs, {}).endswith("91.0 % ± 1.0 points (n = 3).")


@pytest.mark.parametrize("results", [(None, None), (0.9, None), (0.9, None, 0.8), (0.9, 0.9, 0.9)], ids=str)
def test_runs_without_results_still_have_a_sentence(make, results):
    said = difference_in_words([make("a", each) for each in results], {})

    assert said.endswith(".")
    assert "nan" not in said.casefold()
    assert ("without a result" in said or "none of them" in said) == (None in results)
