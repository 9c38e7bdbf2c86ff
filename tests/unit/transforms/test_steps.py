"""The steps in words: every field belongs to one, and a config says in a line what it does."""

from hypothesis import given

from digits_core.config import TransformConfig
from digits_core.entries.augmentations import STRENGTHS
from digits_core.transforms.pipeline import steps
from digits_core.transforms.steps import PIPELINE, summary
from tests.unit.transforms.configs import TRANSFORMS


def test_every_field_belongs_to_one_step():
    fields = [field for step in PIPELINE for field in step.fields]

    assert sorted(fields) == sorted(TransformConfig.model_fields)


def test_every_step_says_why_one_takes_it():
    assert all(step.why.endswith(".") for step in PIPELINE)


@given(TRANSFORMS)
def test_the_words_name_the_random_steps_that_are_taken(config):
    named = {name for name, strength in STRENGTHS.items() if f"{strength.title.lower()} " in summary(config)}

    assert named == {name for name in STRENGTHS if getattr(config, name)}


@given(TRANSFORMS)
def test_training_takes_the_test_steps_in_the_same_order_and_random_ones_between(config):
    training, test = steps(config, training=True), steps(config, training=False)

    assert [step.name for step in training if not step.random] == [step.name for step in test]
    assert any(step.random for step in training) == config.augments


def test_the_lecture_in_words():
    assert summary(TransformConfig()) == (
        "resized to 28×28 (bilinear) · normalised by mean 0.5 and standard deviation 0.5"
    )
