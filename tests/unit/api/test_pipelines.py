"""The two ways of an image to the network, as a notebook builds them."""

import pytest
import torch
from PIL import Image

import digits_core as dl
from digits_core.errors import ConfigError
from digits_core.training.recipes import ROBUST
from digits_core.transforms.pipeline import build_pipeline

PICTURE = Image.radial_gradient("L").resize((8, 8))


def test_the_test_draws_nothing_at_random_and_training_does():
    ways = dl.transforms(rotation=20)

    assert torch.equal(ways.test(PICTURE), ways(PICTURE))
    assert torch.equal(ways.test(PICTURE), ways.test(PICTURE))
    assert not torch.equal(ways.train(PICTURE), ways.train(PICTURE))


@pytest.mark.parametrize("config", ["robust", ROBUST.config, ROBUST.config.transform])
def test_a_recipe_its_config_and_its_transform_mean_the_same(home, config):
    ways = dl.transforms(config)

    assert ways.config == ROBUST.config.transform
    assert torch.equal(ways(PICTURE), build_pipeline(ROBUST.config.transform, training=False)(PICTURE))


def test_settings_are_laid_over_a_config(home):
    assert dl.transforms("robust", size=20).config == ROBUST.config.transform.replace(size=20)


def test_it_shows_every_step_with_a_picture_and_says_which_are_random():
    html = dl.transforms(noise=0.1)._repr_html_()
    steps = dl.transforms(noise=0.1).trace(dl.load("optdigits").images[0], training=True)

    assert html.count("<img") == len(steps)
    assert all(step.name.replace("'", "&#x27;") in html for step in steps)
    assert html.count("in training") == 1
    assert "in training" not in dl.transforms()._repr_html_()


def test_its_code_runs_without_this_library():
    names: dict = {}
    exec(dl.transforms(rotation=5).code(), names)

    assert torch.equal(names["test_transform"](PICTURE), dl.transforms()(PICTURE))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rotatoin": 5}, "rotatoin is not a known setting"),
        ({"size": 4}, "size is 4"),
        ({"epochs": 4}, "epochs is not a known setting"),
        ({"normalisation": "dataset"}, "not measured yet"),
    ],
)
def test_what_is_wrong_is_named(settings, message):
    with pytest.raises(ConfigError, match=message):
        dl.transforms(**settings)
