"""Plans of sweeps: what is varied, and the configs that follow."""

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digits_core.config import NetworkConfig, RunConfig
from digits_core.errors import ConfigError
from digits_core.layers.presets import PRESETS
from digits_core.settings import SWEPT
from digits_core.training.config_fields import value_of
from digits_core.training.ready_sweeps import READY
from digits_core.training.recipes import ROBUST
from digits_core.training.sweep_plan import (
    MOST_RUNS,
    SweepPlan,
    Varied,
    config_of,
    draws,
    extremes,
    foreseen,
    grid,
    key_of,
    parse_all,
    parse_varied,
    seeds,
)
from tests.unit.helpers import run_config

rates = st.floats(1e-6, 100).map(lambda rate: float(f"{rate:.6g}"))
sizes = st.lists(st.integers(1, 4096), min_size=1, max_size=5, unique=True)
choices = st.lists(st.sampled_from(["adam", "adamw", "sgd"]), min_size=1, max_size=3, unique=True)


@st.composite
def rate_ranges(draw) -> Varied:
    low, high = sorted(draw(st.lists(rates, min_size=2, max_size=2, unique=True)))
    return Varied(field="learning_rate", low=low, high=high)


@st.composite
def plans(draw, *methods: str) -> SweepPlan:
    return SweepPlan(
        varied=[
            draw(rate_ranges()),
            Varied(field="batch_size", values=draw(sizes)),
            Varied(field="optimizer", values=draw(choices)),
        ],
        method=draw(st.sampled_from(methods)),
        trials=draw(st.integers(1, 40)),
        points=draw(st.integers(2, 5)),
        seeds=draw(st.integers(1, 2)),
    )


@given(plans("grid", "random", "search"))
def test_a_plan_is_the_same_after_its_journey_as_json(plan):
    assert SweepPlan.from_json(plan.to_json()) == plan


@given(plans("grid"))
def test_a_grid_holds_every_combination_once(plan):
    combinations = [key_of(settings) for settings in grid(plan)]

    assert len(set(combinations)) == len(combinations) == plan.settings_count
    assert plan.size == plan.settings_count * plan.seeds


@given(plans("random"))
def test_draws_lie_within_what_is_varied_and_do_not_repeat(plan):
    drawn = list(draws(plan))
    rate, batch_size, optimizer = plan.varied

    assert len({key_of(settings) for settings in drawn}) == len(drawn) <= plan.settings_count
    assert all(rate.low <= settings["learning_rate"] <= rate.high for settings in drawn)
    assert all(settings["batch_size"] in batch_size.values for settings in drawn)
    assert all(settings["optimizer"] in optimizer.values for settings in drawn)


@given(plans("random"))
def test_draws_are_the_same_whenever_they_are_asked_for(plan):
    assert list(draws(plan)) == list(draws(SweepPlan.from_json(plan.to_json())))


@given(plans("grid", "random"))
def test_a_trial_has_its_settings_and_its_seed_and_all_else_of_the_base(plan):
    settings = next(grid(plan) if plan.method == "grid" else draws(plan))
    config = config_of(plan, settings, seeds(plan)[-1])

    assert {field: value_of(config, field) for field in plan.fields} == settings
    assert config.training.seed == plan.seeds - 1
    assert config.training.replace(**{field: value_of(plan.base, field) for field in (*plan.fields, "seed")}) == (
        plan.base.training
    )
    assert (config.data, config.transform) == (plan.base.data, plan.base.transform)


@given(rate_ranges(), st.integers(2, 20))
def test_a_grid_over_a_range_includes_both_ends_and_grows(varied, points):
    spread = varied.spread(points)

    assert (spread[0], spread[-1]) == (varied.low, varied.high)
    assert list(spread) == sorted(set(spread))


def test_a_range_over_a_factor_of_ten_is_looked_at_on_a_logarithmic_scale():
    plan = SweepPlan(varied=[parse_varied("learning_rate=0.0001..0.1")], method="random", trials=400)
    below = sum(settings["learning_rate"] < 0.00316 for settings in draws(plan))

    assert parse_varied("learning_rate=0.001..1").spread(4) == (0.001, 0.01, 0.1, 1.0)
    assert parse_varied("dropout=0..0.9").spread(4) == (0.0, 0.3, 0.6, 0.9)
    assert 150 < below < 250  # the middle of the logarithms


def test_a_range_of_whole_numbers_gives_whole_numbers():
    assert parse_varied("epochs=1..3").spread(5) == (1, 2, 3)
    assert parse_varied("batch-size=16..256").spread(5) == (16, 32, 64, 128, 256)
    assert all(type(value) is int for value in parse_varied("batch_size=16..256").spread(4))


def test_fewer_whole_numbers_than_draws_end_the_draws():
    plan = SweepPlan(varied=[parse_varied("epochs=1..3")], method="random", trials=100)

    assert sorted(settings["epochs"] for settings in draws(plan)) == [1, 2, 3]
    assert plan.settings_count == 3


def test_values_are_of_their_fields_own_type_and_there_once():
    assert parse_varied("batch_size=16, 64,16").values == (16, 64)
    assert parse_varied("nesterov=true,false").values == (True, False)
    assert parse_varied("optimizer=adam,sgd").values == ("adam", "sgd")
    assert parse_varied("learning-rate=1,1e-3").values == (1.0, 0.001)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("learning_rate", "KEY=V1,V2"),
        ("lr=0.1", "'lr' cannot be varied"),
        ("seed=1,2", "'seed' cannot be varied"),
        ("optimizer=adam,best", "optimizer is 'best'"),
        ("optimizer=adam..sgd", "values, but no range"),
        ("learning_rate=0..1", "greater than 0"),
        ("learning_rate=0.1..0.1", "lower bound must be below"),
        ("learning_rate=0.1..", "valid number"),
        ("epochs=", "either values or a range"),
        ("epochs=1.5", "epochs is '1.5'"),
        ("batch_size=16,5000", "less than or equal to 4096"),
    ],
)
def test_what_cannot_be_varied_is_refused_in_words(text, complaint):
    with pytest.raises(ConfigError, match=complaint):
        parse_varied(text)


def test_a_sweep_holds_a_thousand_runs_at_most():
    with pytest.raises(ConfigError, match=f"{MOST_RUNS:,} at most"):
        SweepPlan(varied=[Varied(field="epochs", values=range(1, 80))], seeds=13)


def test_a_setting_is_varied_once():
    with pytest.raises(ConfigError, match="once only"):
        SweepPlan(varied=[parse_varied("epochs=1"), parse_varied("epochs=2")])


def test_the_seeds_count_up_from_that_of_the_base():
    plan = SweepPlan(base=run_config(seed=7), varied=[parse_varied("epochs=1")], seeds=3)

    assert list(seeds(plan)) == [7, 8, 9]
    assert config_of(plan, {"epochs": 1}, 8).name == "epochs 1 · seed 8"


def test_the_extremes_are_what_the_data_must_allow():
    plan = SweepPlan(varied=[parse_varied("batch_size=16..256"), parse_varied("optimizer=adam,sgd")])

    assert [config.training.batch_size for config in extremes(plan)] == [16, 256, 16, 16]
    assert [config.training.optimizer for config in extremes(plan)] == ["adam", "adam", "adam", "sgd"]


def test_a_transform_can_be_varied_like_a_training():
    plan = SweepPlan(base=ROBUST.config, varied=[parse_varied("rotation=0,12,30")])

    assert [config_of(plan, each, 0).transform.rotation for each in grid(plan)] == [0, 12, 30]


def test_what_stands_for_a_large_sweep_is_a_few_of_its_trials():
    plan = SweepPlan(varied=[Varied(field="epochs", values=range(1, 101))])
    configs = foreseen(plan)

    assert len(configs) == 50
    assert {config.training.epochs for config in configs} == set(range(1, 101, 2))


@pytest.mark.parametrize("name", READY)
def test_a_ready_made_sweep_varies_what_its_name_says_in_few_runs(name):
    plan = READY[name].plan

    assert plan.size <= 20
    assert len(list(islice(grid(plan), plan.size))) * plan.seeds == plan.size
    assert set(plan.fields) <= set(SWEPT)


def test_what_is_set_of_a_layer_is_varied_over_networks_that_differ_in_that_alone():
    base = RunConfig(network=NetworkConfig(layers=PRESETS["lenet"].layers))
    plan = SweepPlan(base=base, varied=parse_all(["conv1.channels=4,6,8"], base.network))

    configs = [config_of(plan, settings, 0) for settings in grid(plan)]
    assert [config.network.layers[0].channels for config in configs] == [4, 6, 8]
    assert configs[1].network == base.network
    assert {config.network.layers[1:] for config in configs} == {base.network.layers[1:]}
    assert SweepPlan.from_json(plan.to_json()) == plan


def test_what_is_set_of_two_layers_is_varied_in_every_combination_beside_other_settings():
    texts = ["conv1.channels=4,8", "batch_size=16,64", "fc1.activation=relu,tanh"]
    plan = SweepPlan(varied=parse_all(texts, NetworkConfig()))

    assert plan.fields == ("batch_size", "layers")
    assert plan.size == 8
    networks = {config_of(plan, settings, 0).network.layers for settings in grid(plan)}
    assert {(layers[0].channels, layers[3].activation) for layers in networks} == {
        (4, "relu"),
        (4, "tanh"),
        (8, "relu"),
        (8, "tanh"),
    }
