"""A config is valid or refused by the names of its fields; as JSON it comes back the same."""

import json
import math
from typing import get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from digits_core.config import (
    Config,
    DataConfig,
    RunConfig,
    TrainingConfig,
    TransformConfig,
    bounds,
    choices,
)
from digits_core.errors import ConfigError


def has_bounds(config: type[Config], field: str) -> bool:
    return config.model_fields[field].annotation in (int, float)


NUMBERS = [
    pytest.param(config, field, id=f"{config.__name__}.{field}")
    for config in (TransformConfig, TrainingConfig)
    for field in config.model_fields
    if has_bounds(config, field)
]
WORDS = [
    pytest.param(config, field, id=f"{config.__name__}.{field}")
    for config in (TransformConfig, TrainingConfig)
    for field in config.model_fields
    if get_origin(config.model_fields[field].annotation) is not None
]


def values(config: type[Config], field: str) -> st.SearchStrategy:
    """Everything that a field should accept."""
    annotation = config.model_fields[field].annotation
    if annotation is bool:
        return st.booleans()
    if not has_bounds(config, field):
        return st.sampled_from(choices(config, field))
    low, high, open_below, open_above = bounds(config, field)
    if annotation is int:
        return st.integers(low, high)
    return st.floats(low, high, exclude_min=open_below, exclude_max=open_above)


def any_of(config: type[Config]) -> st.SearchStrategy[Config]:
    return st.builds(config, **{field: values(config, field) for field in config.model_fields})


DATASETS = st.lists(st.text(min_size=1, max_size=80), min_size=1, max_size=20)
RUN_CONFIGS = st.builds(
    RunConfig,
    name=st.text(max_size=120),
    recipe=st.text(max_size=80),
    data=st.builds(DataConfig, train=DATASETS, test=DATASETS),
    transform=any_of(TransformConfig),
    training=any_of(TrainingConfig),
)


@given(RUN_CONFIGS)
def test_any_config_survives_json(config):
    assert RunConfig.from_json(config.to_json()) == config


def test_the_defaults_are_the_lecture():
    training = RunConfig().training

    assert (training.epochs, training.batch_size, training.learning_rate) == (4, 16, 0.001)
    assert (training.optimizer, training.loss, training.dropout) == ("adam", "cross_entropy", 0.3)


def test_a_config_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        TrainingConfig().epochs = 5


def test_a_replaced_field_is_validated_like_a_new_one():
    with pytest.raises(ConfigError, match="epochs is 0"):
        TrainingConfig().replace(epochs=0)


def test_replacing_leaves_the_original_as_it_was():
    original = TrainingConfig()
    changed = original.replace(epochs=9)

    assert (original.epochs, changed.epochs) == (4, 9)


def test_an_unknown_field_is_refused_by_its_name():
    with pytest.raises(ConfigError, match=r"^learn_rate is not a known setting\.$"):
        TrainingConfig(learn_rate=0.1)


@pytest.mark.parametrize("field", ["training", "transform", "data"])
def test_an_unknown_field_inside_a_config_is_refused_by_its_path(field):
    with pytest.raises(ConfigError, match=rf"{field}\.surprise is not a known setting"):
        RunConfig.from_json(json.dumps({field: {"surprise": 1}}))


@pytest.mark.parametrize("build", [lambda fields: RunConfig(**fields), lambda f: RunConfig.from_json(json.dumps(f))])
def test_every_problem_is_named_at_once(build):
    with pytest.raises(ConfigError) as refused:
        build({"training": {"epochs": 0, "momentum": 1}, "transform": {"size": 7}, "nickname": "x"})

    fields = {problem.split(" ")[0] for problem in refused.value.problems}
    assert fields == {"training.epochs", "training.momentum", "transform.size", "nickname"}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("field", ["learning_rate", "weight_decay", "dropout"])
def test_what_is_not_a_number_is_refused_by_name(field, value):
    with pytest.raises(ConfigError, match=f"^{field} is "):
        TrainingConfig(**{field: value})


@pytest.mark.parametrize("number", ["NaN", "Infinity"])
def test_what_is_not_a_number_is_refused_in_json(number):
    with pytest.raises(ConfigError, match="learning_rate"):
        TrainingConfig.from_json(f'{{"learning_rate": {number}}}')


@pytest.mark.parametrize("text", ["", "{", "[]", "4", b"\xff\xfe"])
def test_text_that_is_no_config_is_refused(text):
    with pytest.raises(ConfigError):
        RunConfig.from_json(text)


@pytest.mark.parametrize(("config", "field"), NUMBERS)
def test_the_bounds_of_a_number_are_what_is_accepted(config, field):
    low, high, open_below, open_above = bounds(config, field)
    for value, refused in ((low, open_below), (high, open_above)):
        if refused:
            with pytest.raises(ConfigError, match=f"^{field} is "):
                config(**{field: value})
        else:
            assert getattr(config(**{field: value}), field) == value


@pytest.mark.parametrize(("config", "field"), NUMBERS)
def test_a_number_beyond_its_bounds_is_refused_by_name(config, field):
    low, high, *_ = bounds(config, field)
    step = 1 if config.model_fields[field].annotation is int else 0.001
    for value in (low - step, high + step):
        with pytest.raises(ConfigError, match=f"^{field} is "):
            config(**{field: value})


@pytest.mark.parametrize(("config", "field"), WORDS)
def test_the_choices_of_a_field_are_what_is_accepted(config, field):
    assert [getattr(config(**{field: word}), field) for word in choices(config, field)] == list(choices(config, field))
    with pytest.raises(ConfigError, match=f"^{field} is 'another'"):
        config(**{field: "another"})


def test_a_transform_of_before_elastic_noise_and_erasing_is_read_as_it_was():
    then = """{"size":28,"interpolation":"bilinear","centre":true,"rotation":12.0,"translation":2.0,"scale":0.15,
    "shear":12.0,"stroke_width":0.7,"mean":0.5,"std":0.5}"""
    expected = TransformConfig(centre=True, rotation=12, translation=2, scale=0.15, shear=12, stroke_width=0.7)

    assert TransformConfig.from_json(then) == expected
    assert (expected.elastic, expected.noise, expected.erasing, expected.normalisation) == (0, 0, 0, "fixed")


def test_a_dataset_named_twice_counts_once():
    assert DataConfig(train=("a", "b", "a")).train == ("a", "b")


@pytest.mark.parametrize("names", [(), ("",), ("x" * 81,)])
def test_datasets_must_be_named(names):
    with pytest.raises(ConfigError, match=r"^train(\.0)? is "):
        DataConfig(train=names)


@pytest.mark.parametrize(
    "field",
    [
        "rotation",
        "translation",
        "scale",
        "shear",
        "elastic",
        "stroke_width",
        "noise",
        "erasing",
    ],
)
def test_each_random_step_makes_a_config_augment(field):
    assert not TransformConfig().augments
    assert TransformConfig(**{field: 0.5}).augments


def test_a_notebook_shows_a_config_as_a_table_and_a_name_as_text():
    shown = RunConfig(name="<b>bold</b>", training=TrainingConfig(learning_rate=0.25))._repr_html_()
    assert "learning_rate" in shown
    assert "0.25" in shown
    assert "<b>bold</b>" not in shown
    assert "&lt;b&gt;bold&lt;/b&gt;" in shown
