"""An address carries a transform, and no address can make one that does not exist."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digits_core.config import TransformConfig
from digits_core.dashboard.transforms.url import from_query, of_transform, to_query
from digits_core.errors import ConfigError
from tests.unit.transforms.configs import TRANSFORMS


@given(TRANSFORMS, st.sampled_from(["fixed", "dataset"]))
def test_any_transform_comes_back_from_its_address(config, normalisation):
    config = config.replace(normalisation=normalisation)

    assert from_query(to_query(config)) == config


def test_an_address_says_what_differs_from_the_lecture_in_plain_words():
    assert to_query(TransformConfig()) == {}
    assert to_query(TransformConfig(centre=True, rotation=12, noise=0.1)) == {
        "centre": "true",
        "rotation": "12",
        "noise": "0.1",
    }


def test_what_else_an_address_says_is_left_alone():
    assert of_transform({"dataset": "mnist", "rotation": "5", "image": "3"}) == {"rotation": "5"}
    assert from_query({"dataset": "mnist", "rotation": "5"}) == TransformConfig(rotation=5)


@pytest.mark.parametrize("value", ["999", "-1", "nan", "inf", "twelve", "", "<b>12</b>", "1e999"])
def test_a_value_that_cannot_be_is_named(value):
    with pytest.raises(ConfigError, match=r"^rotation is "):
        from_query({"rotation": value})
