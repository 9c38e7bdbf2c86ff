"""Elastic waves, noise and erasing give the pixels of torchvision, and are drawn as torchvision draws them."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torchvision.transforms.v2 import functional as F

from digits_core.config import TransformConfig
from digits_core.entries.augmentations import elastic, erasing
from digits_core.entries.augmentations.elastic import apply_elastic, draw_elastic
from digits_core.entries.augmentations.erasing import apply_erasing, draw_erasing
from digits_core.entries.augmentations.noise import apply_noise, draw_noise
from digits_core.transforms import batched
from digits_core.transforms.pipeline import build_pipeline

DRAWS = 3000
DECILES = np.linspace(0.05, 0.95, 10)


@pytest.fixture(scope="module")
def pixels(mnist_5k) -> torch.Tensor:
    return torch.from_numpy(mnist_5k.images[::1000])[:, None]


def own(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@given(st.floats(0.1, 4), st.integers(0, 99))
def test_the_same_waves_give_the_pixels_of_torchvision(pixels, strength, seed):
    torch.manual_seed(seed)
    waves = elastic.transform(28, strength).make_params([pixels[0]])["displacement"]
    ours = apply_elastic(pixels.float(), waves.expand(len(pixels), -1, -1, -1))

    torch.testing.assert_close(ours, F.elastic(pixels.float(), waves), atol=0.01, rtol=0)


@given(st.floats(0.1, 4), st.integers(0, 99))
def test_the_same_waves_give_the_pixels_of_pillow(mnist_5k, strength, seed):
    image = mnist_5k.images[1234]
    waves = draw_elastic(1, 28, strength, own(seed))
    ours = apply_elastic(torch.from_numpy(image).float()[None, None], waves)[0, 0].numpy()

    assert np.abs(ours - np.array(F.elastic(Image.fromarray(image), waves), dtype=float)).max() <= 1


@pytest.mark.parametrize("size", [8, 28, 41])
def test_both_ways_draw_waves_alike(size):
    ours = draw_elastic(200, size, 1.0, own()).numpy()
    step, image = elastic.transform(size, 1.0), Image.new("L", (size, size))
    torch.manual_seed(0)
    theirs = torch.cat([step.make_params([image])["displacement"] for _ in range(200)]).numpy()

    np.testing.assert_allclose(ours.std(axis=0).mean(), theirs.std(axis=0).mean(), rtol=0.08)
    ours_next, theirs_next = (
        np.corrcoef(each[:, :, 1:].ravel(), each[:, :, :-1].ravel())[0, 1] for each in (ours, theirs)
    )
    assert ours_next == pytest.approx(theirs_next, abs=0.03)


@pytest.mark.parametrize("strength", [0.5, 2])
def test_the_strength_of_waves_is_the_spread_of_a_pixel_in_pixels(strength):
    waves = draw_elastic(400, 28, strength, own()) * (28 / 2)

    assert waves[:, 8:-8, 8:-8].std().item() == pytest.approx(strength, rel=0.1)


def test_the_same_noise_gives_the_pixels_of_torchvision(pixels):
    torch.manual_seed(3)
    theirs = F.gaussian_noise(pixels.float() / 255, sigma=0.2)
    torch.manual_seed(3)
    noise = torch.randn(pixels.shape) * (255 * 0.2)

    torch.testing.assert_close(apply_noise(pixels.float(), noise) / 255, theirs, atol=1e-5, rtol=0)


def test_noise_has_the_spread_of_the_config():
    noise = draw_noise(torch.Size((200, 1, 28, 28)), 0.2, own())

    assert noise.std().item() / 255 == pytest.approx(0.2, rel=0.01)
    assert noise.mean().item() / 255 == pytest.approx(0, abs=0.002)


def test_the_same_rectangle_gives_the_pixels_of_torchvision(pixels):
    sides = ([3, 0, 20, 9, 5], [5, 0, 1, 9, 7], [7, 28, 4, 1, 0], [4, 28, 9, 1, 6])
    ours = apply_erasing(pixels.float(), *map(torch.tensor, sides))
    for image, place, result in zip(pixels.float(), zip(*sides, strict=True), ours, strict=True):
        top, left, height, width = (int(each) for each in place)
        assert torch.equal(result, F.erase(image, top, left, height, width, torch.zeros(1, 1, 1)))


@pytest.fixture(scope="module")
def rectangles() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What either way draws, by name: the batched way's, torchvision's."""
    ours = draw_erasing(DRAWS, 28, 1.0, own())
    step, image = erasing.transform(28, 1.0), torch.zeros(1, 28, 28)
    torch.manual_seed(0)
    theirs = [step.make_params([image]) for _ in range(DRAWS)]
    return {
        name: (drawn.numpy(), np.array([each[key] for each in theirs]))
        for name, key, drawn in zip(("top", "left", "height", "width"), "ijhw", ours, strict=True)
    }


@pytest.mark.parametrize("name", ["top", "left", "height", "width"])
def test_both_ways_draw_rectangles_alike(rectangles, name):
    ours, theirs = (np.quantile(drawn, DECILES) for drawn in rectangles[name])

    np.testing.assert_allclose(ours, theirs, atol=1)
    assert abs(rectangles[name][0].mean() - rectangles[name][1].mean()) < 0.4


@pytest.mark.parametrize("size", [8, 28, 64])
def test_every_rectangle_lies_within_its_image(size):
    top, left, height, width = draw_erasing(DRAWS, size, 1.0, own())

    assert min(top.min(), left.min()) >= 0
    assert (top + height).max() <= size
    assert (left + width).max() <= size
    assert min(height.min(), width.min()) >= 1


@pytest.mark.parametrize("chance", [0.2, 0.7])
def test_as_many_images_are_erased_as_the_config_says(chance):
    _, _, height, _ = draw_erasing(DRAWS, 28, chance, own())

    assert (height > 0).float().mean().item() == pytest.approx(chance, abs=0.03)


@pytest.mark.parametrize("field", ["elastic", "noise", "erasing"])
def test_a_step_that_is_off_changes_no_other_draw(pixels, field):
    others = TransformConfig(rotation=10, stroke_width=0.5)
    plain = batched.augment(pixels, others, own())

    assert torch.equal(batched.augment(pixels, others.replace(**{field: 0.0}), own()), plain)
    assert not torch.equal(batched.augment(pixels, others.replace(**{field: 0.5}), own()), plain)


@pytest.mark.parametrize("field", ["elastic", "noise", "erasing"])
def test_both_ways_change_images_as_much(mnist_5k, field):
    config = TransformConfig(mean=0, std=1, **{field: 0.5})
    image = mnist_5k.images[77]
    ours = batched.augment(torch.from_numpy(image).repeat(300, 1, 1)[:, None], config, own()) / 255
    pipeline = build_pipeline(config, training=True)
    torch.manual_seed(0)
    theirs = torch.stack([pipeline(Image.fromarray(image)) for _ in range(300)])

    torch.testing.assert_close(ours.mean(dim=0), theirs.mean(dim=0), atol=0.12, rtol=0)
    assert ours.std(dim=0).mean().item() == pytest.approx(theirs.std(dim=0).mean().item(), rel=0.1)
