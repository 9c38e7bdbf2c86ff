"""What the Transforms page shows is what training runs."""

import numpy as np
import pytest
import torch
from PIL import Image

from digits_core.config import TransformConfig
from digits_core.data.catalogue import read_optdigits
from digits_core.training.recipes import ROBUST
from digits_core.transforms.pipeline import build_pipeline
from digits_core.transforms.preview import trace


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return read_optdigits().images[0]


def test_the_lectures_way_is_tuple_picture_resize_tensor_normalised(image):
    steps = trace(image, TransformConfig(), training=True, seed=0)
    assert [step.kind for step in steps] == [
        "tensor (8, 8)", "PIL image L, 8×8", "PIL image L, 28×28", "tensor (1, 28, 28)", "tensor (1, 28, 28)",
    ]  # fmt: skip


@pytest.mark.parametrize("training", [False, True])
def test_the_last_step_is_what_the_pipeline_gives(image, training):
    config = ROBUST.config.transform
    last = trace(image, config, training, seed=3)[-1].value
    torch.manual_seed(3)
    assert torch.equal(last, build_pipeline(config, training)(Image.fromarray(image)))


def test_the_same_draw_gives_the_same_picture_and_another_draw_another(image):
    config = ROBUST.config.transform
    first, again, other = (trace(image, config, True, seed)[-1].value for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_looking_leaves_the_global_random_numbers_alone(image):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    trace(image, ROBUST.config.transform, True, seed=1)
    assert torch.equal(torch.rand(3), expected)
