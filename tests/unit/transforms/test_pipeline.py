"""The steps of one image: in order, named and explained, random in training alone."""

import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from digits_core.config import TransformConfig
from digits_core.training.recipes import ROBUST
from digits_core.transforms.pipeline import build_pipeline, steps

ALL = TransformConfig(rotation=10, translation=2, scale=0.1, shear=5, stroke_width=0.5)


@pytest.fixture
def picture(optdigits) -> Image.Image:
    return Image.fromarray(optdigits.images[3])


def names(config: TransformConfig, training: bool) -> list[str]:
    return [step.name for step in steps(config, training)]


def test_the_lecture_resizes_makes_a_tensor_and_normalises():
    assert names(TransformConfig(), training=True) == ["Resize to 28×28", "To tensor", "Normalise"]


def test_random_steps_stand_between_the_fixed_ones_and_the_tensor():
    assert names(ALL, training=True) == [
        "Resize to 28×28",
        "Random affine",
        "Random stroke width",
        "To tensor",
        "Normalise",
    ]


def test_centring_takes_the_place_of_resizing():
    assert names(TransformConfig(centre=True), training=False)[0] == "Centre by mass"


@pytest.mark.parametrize("config", [TransformConfig(), ALL, ROBUST.config.transform])
def test_testing_draws_nothing_at_random(config, picture):
    pipeline = build_pipeline(config, training=False)

    assert not any(step.random for step in steps(config, training=False))
    assert torch.equal(pipeline(picture), pipeline(picture))


@pytest.mark.parametrize("field", ["rotation", "translation", "scale", "shear", "stroke_width"])
def test_each_random_setting_changes_training_images(field, picture):
    pipeline = build_pipeline(TransformConfig(**{field: 0.9}), training=True)
    plain = build_pipeline(TransformConfig(), training=True)(picture)

    assert any(not torch.equal(pipeline(picture), plain) for _ in range(5))


def test_the_same_seed_gives_the_same_variant(picture):
    pipeline = build_pipeline(ALL, training=True)
    variants = []
    for _ in range(2):
        torch.manual_seed(5)
        variants.append(pipeline(picture))

    assert torch.equal(*variants)


@pytest.mark.parametrize("size", [8, 28, 64])
@pytest.mark.parametrize("centre", [False, True])
def test_the_network_gets_one_channel_of_the_chosen_size(size, centre, picture):
    image = build_pipeline(TransformConfig(size=size, centre=centre), training=False)(picture)

    assert (image.shape, image.dtype) == ((1, size, size), torch.float32)


def test_normalised_values_lie_where_mean_and_spread_put_them():
    black, white = (Image.new("L", (28, 28), value) for value in (0, 255))
    pipeline = build_pipeline(TransformConfig(mean=0.25, std=0.5), training=False)

    assert pipeline(black).unique().tolist() == [-0.5]
    assert pipeline(white).unique().tolist() == [1.5]


def test_every_step_says_why_one_does_it():
    assert all(step.why.endswith(".") for step in steps(ALL.replace(centre=True), training=True))


def test_the_pipeline_is_the_steps_that_are_shown(picture):
    image = picture
    for step in steps(ROBUST.config.transform, training=False):
        image = step.transform(image)

    assert torch.equal(image, build_pipeline(ROBUST.config.transform, training=False)(picture))
    assert all(isinstance(step.transform, v2.Transform) for step in steps(ALL, training=True))
