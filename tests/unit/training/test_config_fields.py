"""A config goes into a URL and comes back, with nothing in it that the recipe says already."""

import json
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digits_core.config import NetworkConfig, RunConfig, TrainingConfig
from digits_core.errors import ConfigError
from digits_core.layers.presets import PRESETS
from digits_core.settings import SECTION_OF, SECTIONS, written_out
from digits_core.training.config_fields import (
    carries_config,
    differences,
    from_query,
    to_query,
)
from digits_core.training.recipes import RECIPES
from tests.unit.networks import EVERY_KIND


def through_a_url(config: RunConfig) -> RunConfig:
    return from_query(parse_qs(urlencode(to_query(config), doseq=True), keep_blank_values=True))


def test_no_two_sections_have_a_field_of_the_same_name():
    assert len(SECTION_OF) == sum(len(section.model_fields) for section in SECTIONS.values())
    assert not {"run", "view", "hide", "recipe", "name"} & set(SECTION_OF)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_its_name_alone(name):
    assert to_query(RECIPES[name].config) == {"recipe": [name]}
    assert through_a_url(RECIPES[name].config) == RECIPES[name].config


def test_what_differs_is_written_under_its_own_name():
    config = RECIPES["Lecture"].config
    config = config.replace(training=config.training.replace(epochs=8, batch_size=64))

    assert urlencode(to_query(config), doseq=True) == "recipe=Lecture&epochs=8&batch_size=64"


@given(
    recipe=st.sampled_from(list(RECIPES)),
    name=st.text(max_size=20),
    rate=st.floats(1e-6, 100),
    nesterov=st.booleans(),
    train=st.lists(st.text(min_size=1, max_size=9), min_size=1, max_size=3),
    writers=st.lists(st.text(min_size=1, max_size=9), max_size=2),
    rotation=st.floats(0, 180),
)
def test_any_config_comes_back_as_it_went(recipe, name, rate, nesterov, train, writers, rotation):
    config = RECIPES[recipe].config
    config = config.replace(
        name=name,
        data=config.data.replace(train=tuple(train), test_writers=tuple(writers)),
        transform=config.transform.replace(rotation=rotation),
        training=config.training.replace(learning_rate=rate, nesterov=nesterov),
    )

    assert through_a_url(config) == config


@pytest.mark.parametrize("preset", PRESETS)
def test_a_ready_network_is_its_name_in_a_url(preset):
    config = RunConfig(network=NetworkConfig(layers=preset))

    assert to_query(config).get("layers", ["improved-net"]) == [preset]
    assert through_a_url(config).network == config.network


def test_a_network_of_ones_own_goes_through_a_url_as_short_as_it_can_be_said():
    config = RunConfig(network=NetworkConfig(layers=EVERY_KIND, initialisation="he"))

    assert through_a_url(config).network == config.network
    assert '{"kind": "average_pooling"}' in to_query(config)["layers"][0].replace('", ', '", ')


def test_a_network_that_cannot_be_built_is_refused_by_its_address():
    with pytest.raises(ConfigError, match="pool2 has a window of 4×4"):
        from_query({"layers": [json.dumps(2 * [{"kind": "max_pooling", "kernel": 4, "stride": 4}])], "size": ["8"]})
    with pytest.raises(ConfigError, match="'lenet'"):
        from_query({"layers": ["[lenet"]})


def test_differences_are_the_changed_fields():
    assert differences(RunConfig(training=TrainingConfig(epochs=9)), RunConfig()) == {"epochs": 9}


def test_every_wrong_parameter_is_named_at_once():
    query = {"recipe": ["Lektion"], "epochs": ["many"], "size": ["2"], "optimizer": ["adam"]}
    with pytest.raises(ConfigError) as refused:
        from_query(query)

    assert [word in str(refused.value) for word in ("'Lektion'", "epochs is 'many'", "size is '2'")] == [True] * 3


def test_other_parameters_are_left_alone():
    assert from_query({"run": ["a1b2"], "view": ["Log"]}) == RECIPES["Lecture"].config
    assert not carries_config({"run": ["a1b2"], "view": ["Log"]})
    assert carries_config({"epochs": ["2"]})


@pytest.mark.parametrize(
    ("number", "words"), [(0.00001, "0.00001"), (0.001, "0.001"), (16.0, "16"), (2.5e7, "25000000"), (0.0, "0")]
)
def test_a_number_is_written_without_an_exponent(number, words):
    assert written_out(number) == words
