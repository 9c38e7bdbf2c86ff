"""Recipes are configs to start from, each with a sentence on what it teaches."""

import pytest

from digits_core.config import RunConfig
from digits_core.data.catalogue import BUILT_IN
from digits_core.data.mnist import IMAGES
from digits_core.data.strokes import read_strokes
from digits_core.errors import ConfigError
from digits_core.training.recipes import RECIPES, find


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
class TestEachRecipe:
    def test_its_config_survives_json(self, recipe):
        assert RunConfig.from_json(recipe.config.to_json()) == recipe.config

    def test_its_runs_carry_its_name(self, recipe):
        assert recipe.config.recipe == recipe.name

    def test_its_datasets_can_be_chosen(self, recipe):
        assert {*recipe.config.data.train, *recipe.config.data.test} <= set(BUILT_IN)

    def test_its_lesson_is_a_sentence(self, recipe):
        assert recipe.lesson.endswith(".")

    def test_it_is_found_by_its_name_in_any_case(self, recipe):
        assert find(f" {recipe.name.upper()} ") is recipe


def test_the_lecture_is_the_default_config():
    assert RECIPES["Lecture"].config.replace(recipe="") == RunConfig()


def test_the_robust_recipe_uses_all_built_in_data_centring_augmentation_and_one_cycle():
    config = RECIPES["Robust"].config

    assert config.data.train == ("optdigits", "mnist-5k", "strokes")
    assert config.transform.centre
    assert config.transform.augments
    assert config.training.schedule == "one_cycle"


def test_full_says_how_much_longer_it_takes_than_robust(optdigits, mnist_5k):
    """By the images that both train on, of MNIST all 60,000."""
    strokes = read_strokes()
    shared = sum(int((~digits.test).sum()) for digits in (optdigits, strokes))
    robust, full = (RECIPES[name].config.training.epochs for name in ("Robust", "Full"))

    times = full * (shared + IMAGES["train"]) / (robust * (shared + int((~mnist_5k.test).sum())))

    assert round(times) == 7
    assert "About seven times as long as Robust." in RECIPES["Full"].lesson


def test_a_recipe_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(ConfigError, match=r"no recipe 'Lektion'\. There are: Lecture, "):
        find("Lektion")
