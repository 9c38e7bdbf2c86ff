"""The batched way is the way of one image: the same steps, the same pixels, the same distributions."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as F

from digits_core.config import TransformConfig
from digits_core.entries.augmentations import affine
from digits_core.entries.augmentations.affine import apply_affine
from digits_core.entries.augmentations.stroke_width import apply_stroke_width, blend_picture
from digits_core.transforms import batched
from digits_core.transforms.pipeline import build_pipeline

ROUNDING = {"bilinear": 1, "bicubic": 2, "nearest": 0}
"""Grey levels by which Pillow and torch may differ in 8 bits."""
ANGLES, PIXELS, SCALES, SHEARS = st.floats(-45, 45), st.integers(-6, 6), st.floats(0.6, 1.4), st.floats(-30, 30)


def one_by_one(images: np.ndarray, config: TransformConfig) -> torch.Tensor:
    pipeline = build_pipeline(config, training=False)
    return torch.stack([pipeline(Image.fromarray(image)) for image in images])


def affine_of(angle: float, x: float, y: float, scale: float, shear: float, count: int = 1) -> list[torch.Tensor]:
    return [torch.full((count,), float(value)) for value in (angle, x, y, scale, shear)]


def by_torchvision(image, angle, x, y, scale, shear):
    return F.affine(image, angle, [x, y], scale, [shear, 0.0], interpolation=InterpolationMode.BILINEAR)


@pytest.mark.parametrize("fixture", ["optdigits", "mnist_5k"])
@pytest.mark.parametrize("size", [8, 20, 28, 41])
@pytest.mark.parametrize("interpolation", list(ROUNDING))
def test_resizing_gives_the_pixels_of_pillow(request, fixture, size, interpolation):
    images = request.getfixturevalue(fixture).images[::40]
    config = TransformConfig(size=size, interpolation=interpolation, mean=0, std=1)
    batch = batched.normalise(batched.prepare(images, config), config)

    assert (batch - one_by_one(images, config)).abs().max() * 255 <= ROUNDING[interpolation] + 0.01


@pytest.mark.parametrize("fixture", ["optdigits", "mnist_5k"])
@pytest.mark.parametrize("size", [20, 28])
def test_centring_gives_the_pixels_of_one_image(request, fixture, size):
    images = request.getfixturevalue(fixture).images[::40]
    config = TransformConfig(size=size, centre=True, mean=0, std=1)
    batch = batched.normalise(batched.prepare(images, config), config)

    assert (batch - one_by_one(images, config)).abs().max() * 255 <= 0.01


@given(st.floats(0, 1), st.floats(0.05, 1))
def test_normalising_gives_the_values_of_torchvision(mean, std):
    config = TransformConfig(mean=mean, std=std)
    levels = np.arange(256, dtype=np.uint8).repeat(784).reshape(256, 28, 28)[::16]
    batch = batched.normalise(batched.prepare(levels, config), config)

    torch.testing.assert_close(batch, one_by_one(levels, config), rtol=1e-4, atol=1e-4)


@given(ANGLES, PIXELS, PIXELS, SCALES, SHEARS)
def test_an_affine_step_gives_the_pixels_of_torchvision(mnist_5k, angle, x, y, scale, shear):
    pixels = torch.from_numpy(mnist_5k.images[::1000]).float()[:, None]
    ours = apply_affine(pixels, *affine_of(angle, x, y, scale, shear, len(pixels)))
    theirs = by_torchvision(pixels, angle, x, y, scale, shear)

    # A pixel on the very edge of the source may fall in or out by rounding; elsewhere they are one.
    assert ((ours - theirs).abs() <= 1e-2).float().mean() > 0.999


@given(ANGLES, PIXELS, PIXELS, SCALES, SHEARS)
def test_an_affine_step_gives_the_pixels_of_pillow(mnist_5k, angle, x, y, scale, shear):
    image = mnist_5k.images[1234]
    pixels = torch.from_numpy(image).float()[None, None]
    ours = apply_affine(pixels, *affine_of(angle, x, y, scale, shear))[0, 0].numpy()
    pillows = np.array(by_torchvision(Image.fromarray(image), angle, x, y, scale, shear), dtype=float)

    # Pillow leaves the outermost half pixel empty where torch fades it out: the frame is not compared.
    inner = source_is_inside(angle, x, y, scale, shear)
    assert np.abs(ours - pillows)[inner].max(initial=0) <= 1.5


def source_is_inside(angle, x, y, scale, shear) -> np.ndarray:
    """The pixels whose source lies well within the image, bool (28, 28)."""
    frame = torch.zeros(1, 1, 28, 28)
    frame[..., 1:-1, 1:-1] = 1
    return (apply_affine(frame, *affine_of(angle, x, y, scale, shear))[0, 0] > 0.999).numpy()


def test_each_image_of_a_batch_has_draws_of_its_own(mnist_5k):
    pixels = torch.from_numpy(mnist_5k.images[:1]).repeat(8, 1, 1)[:, None]
    config = TransformConfig(rotation=20, stroke_width=0.5)
    variants = batched.augment(pixels, config, torch.Generator().manual_seed(0))

    assert len(variants.flatten(1).unique(dim=0)) == 8


def test_the_same_seed_draws_the_same_variants(mnist_5k):
    pixels = torch.from_numpy(mnist_5k.images[:4])[:, None]
    config = TransformConfig(rotation=20, translation=2, scale=0.2, shear=10, stroke_width=0.5)
    first, second = (batched.augment(pixels, config, torch.Generator().manual_seed(7)) for _ in range(2))

    assert torch.equal(first, second)


@given(st.floats(-1, 1))
def test_the_same_share_gives_the_same_stroke_width(mnist_5k, share):
    image = mnist_5k.images[77]
    picture = Image.fromarray(image)
    alone = np.array(blend_picture(picture, share), dtype=float)
    together = apply_stroke_width(torch.from_numpy(image).float()[None, None], torch.tensor([share]))

    assert np.abs(together[0, 0].numpy() - alone).max() <= 1


@pytest.mark.parametrize(("share", "filtered"), [(1.0, ImageFilter.MaxFilter(3)), (-1.0, ImageFilter.MinFilter(3))])
def test_a_whole_share_is_the_largest_or_smallest_of_nine_pixels(mnist_5k, share, filtered):
    image = mnist_5k.images[77]
    ours = apply_stroke_width(torch.from_numpy(image).float()[None, None], torch.tensor([share]))

    np.testing.assert_array_equal(ours[0, 0].numpy(), np.array(Image.fromarray(image).filter(filtered)))


STRENGTHS = {"rotation": 12, "translation": 2, "scale": 0.12, "shear": 9}
DRAWS = 4000


@pytest.fixture(scope="module")
def draws() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What either way draws with `STRENGTHS`, by name: the batched way's, torchvision's."""
    torch.manual_seed(0)
    angle, x, y, scale, shear = affine.draw_affine(DRAWS, *STRENGTHS.values(), torch.Generator().manual_seed(0))
    step, image = affine.transform(28, **STRENGTHS), Image.new("L", (28, 28))
    theirs = [step.make_params([image]) for _ in range(DRAWS)]
    return {
        "angle": (angle.numpy(), np.array([each["angle"] for each in theirs])),
        "translate_x": (x.numpy(), np.array([each["translate"][0] for each in theirs])),
        "translate_y": (y.numpy(), np.array([each["translate"][1] for each in theirs])),
        "scale": (scale.numpy(), np.array([each["scale"] for each in theirs])),
        "shear": (shear.numpy(), np.array([each["shear"][0] for each in theirs])),
    }


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("angle", -12, 12),
        ("translate_x", -2, 2),
        ("translate_y", -2, 2),
        ("scale", 0.88, 1.12),
        ("shear", -9, 9),
    ],
)
def test_both_ways_draw_from_the_same_range(draws, name, low, high):
    for drawn in draws[name]:
        near = 0.01 * (high - low)
        assert low - 1e-6 <= drawn.min() <= low + near
        assert high - near <= drawn.max() <= high + 1e-6


@pytest.mark.parametrize("name", ["angle", "translate_x", "translate_y", "scale", "shear"])
def test_both_ways_draw_alike(draws, name):
    ours, theirs = (np.quantile(drawn, [0.1, 0.25, 0.5, 0.75, 0.9]) for drawn in draws[name])

    np.testing.assert_allclose(ours, theirs, atol=0.04 * np.ptp(draws[name][0]))


def test_both_ways_move_by_whole_pixels(draws):
    for name in ("translate_x", "translate_y"):
        for drawn in draws[name]:
            assert set(drawn.tolist()) == {-2, -1, 0, 1, 2}


def test_no_images_make_an_empty_batch():
    assert batched.prepare(np.zeros((0, 8, 8), np.uint8), TransformConfig()).shape == (0, 1, 28, 28)


def test_a_set_larger_than_a_chunk_is_prepared_like_its_parts(mnist_5k, monkeypatch):
    images = mnist_5k.images[:50]
    whole = batched.prepare(images, TransformConfig(size=20))
    monkeypatch.setattr(batched, "CHUNK", 7)

    assert torch.equal(batched.prepare(images, TransformConfig(size=20)), whole)
