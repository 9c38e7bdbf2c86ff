"""The code that the Transforms page shows runs by itself and gives the tensors that training gets."""

import ast

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from digits_core.config import TransformConfig
from digits_core.errors import ConfigError
from digits_core.training.recipes import RECIPES
from digits_core.transforms.code import as_code
from digits_core.transforms.pipeline import build_pipeline
from tests.unit.transforms.configs import TRANSFORMS


def run(code: str) -> dict:
    namespace: dict = {"__name__": "elsewhere"}
    exec(compile(code, "transforms.py", "exec"), namespace)
    return namespace


def same_tensors(config: TransformConfig, picture: Image.Image, seed: int = 0) -> bool:
    theirs = run(as_code(config))
    for name, training in (("training_transform", True), ("test_transform", False)):
        torch.manual_seed(seed)
        expected = build_pipeline(config, training)(picture)
        torch.manual_seed(seed)
        if not torch.equal(theirs[name](picture), expected):
            return False
    return True


@given(TRANSFORMS, st.integers(0, 1796), st.integers(0, 99))
def test_the_code_of_any_transform_gives_the_same_tensors_on_small_digits(optdigits, config, index, seed):
    assert same_tensors(config, Image.fromarray(optdigits.images[index]), seed)


@given(TRANSFORMS, st.integers(0, 4999), st.integers(0, 99))
def test_the_code_of_any_transform_gives_the_same_tensors_on_large_digits(mnist_5k, config, index, seed):
    assert same_tensors(config, Image.fromarray(mnist_5k.images[index]), seed)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_the_code_of_each_recipe_gives_the_same_tensors(recipe, mnist_5k):
    assert same_tensors(recipe.config.transform, Image.fromarray(mnist_5k.images[5]))


@pytest.mark.parametrize("level", [0, 20, 255])
def test_the_code_centres_an_image_of_one_grey_alike(level):
    assert same_tensors(TransformConfig(centre=True), Image.new("L", (30, 20), level))


@given(TRANSFORMS)
def test_the_code_needs_torch_torchvision_and_pillow_alone(config):
    nodes = ast.walk(ast.parse(as_code(config)))
    modules = {
        name
        for node in nodes
        for name in (
            [each.name for each in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert {module.split(".")[0] for module in modules} <= {"torch", "torchvision", "PIL"}


@given(TRANSFORMS)
def test_the_code_writes_out_only_the_steps_that_are_taken(config):
    code = as_code(config)

    assert ("def centred(" in code) == config.centre
    assert ("def random_stroke_width(" in code) == bool(config.stroke_width)
    assert max(map(len, code.splitlines())) <= 110


def test_there_is_no_code_before_the_datasets_mean_is_known():
    with pytest.raises(ConfigError, match="not measured yet"):
        as_code(TransformConfig(normalisation="dataset"))
