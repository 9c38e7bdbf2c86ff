"""Ink of any size and place comes to lie alike: 20 pixels long, its centre of mass in the middle."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from digits_core.transforms.centring import INK_LEVEL, centre_by_mass
from digits_core.transforms.steps import centre_picture


def centre_of_mass(image: np.ndarray) -> np.ndarray:
    """(row, column) in pixels, measured from the image's upper left corner."""
    weight = image.astype(float)
    return np.array([(weight * (place + 0.5)).sum() for place in np.indices(image.shape)]) / weight.sum()


def longest_side(image: np.ndarray) -> int:
    rows, columns = (np.flatnonzero((image > 0).any(axis=axis)) for axis in (1, 0))
    return max(np.ptp(rows), np.ptp(columns)) + 1


@st.composite
def ink(draw) -> np.ndarray:
    """A few bars of ink that hang together nowhere in particular, uint8 (h, w), each side 3 to 40 pixels."""
    height, width = draw(st.integers(3, 40)), draw(st.integers(3, 40))
    image = np.zeros((height, width), np.uint8)
    for _ in range(draw(st.integers(1, 4))):
        top, left = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
        bottom, right = draw(st.integers(top + 1, height)), draw(st.integers(left + 1, width))
        image[top:bottom, left:right] = draw(st.integers(INK_LEVEL, 255))
    return image


def centred(image: np.ndarray, size: int = 28) -> np.ndarray:
    return centre_by_mass(torch.from_numpy(image)[None], size)[0].numpy()


@given(ink(), st.integers(0, 30), st.integers(0, 30), st.integers(0, 10), st.integers(0, 10))
def test_it_does_not_matter_where_the_ink_lies(image, above, left, below, right):
    moved = np.pad(image, ((above, below), (left, right)))

    np.testing.assert_array_equal(centred(moved), centred(image))


@given(ink(), st.sampled_from([14, 28, 56]))
def test_the_longest_side_of_ink_becomes_twenty_of_twenty_eight(image, size):
    assert longest_side(centred(image, size)) <= size * 20 // 28


@pytest.mark.parametrize("fixture", ["optdigits", "mnist_5k"])
def test_real_digits_fill_the_box_of_twenty_pixels(request, fixture):
    images = torch.from_numpy(request.getfixturevalue(fixture).images[::20])
    sides = [longest_side(image) for image in centre_by_mass(images, 28).numpy()]

    assert max(sides) == 20
    assert min(sides) >= 18  # the faint edge of a stroke may round to nothing


@pytest.mark.parametrize("fixture", ["optdigits", "mnist_5k"])
def test_the_centre_of_mass_of_real_digits_is_in_the_middle(request, fixture):
    images = torch.from_numpy(request.getfixturevalue(fixture).images[::20])
    free = [
        image
        for image in centre_by_mass(images, 28).numpy()
        if not (image[[0, -1]].any() or image[:, [0, -1]].any())  # where ink touches an edge it was held back there
    ]
    offsets = np.abs(np.array([centre_of_mass(image) for image in free]) - 14)

    assert len(free) > 80
    assert offsets.max() <= 0.5 + 1e-9


def test_ink_is_never_cut_off():
    # A mass far from the middle of its box would push the rest over the edge: it is held back at the edge.
    lopsided = np.zeros((60, 20), np.uint8)
    lopsided[:, 9:11] = 40
    lopsided[:6] = 255

    assert longest_side(centred(lopsided)) == 20


def test_centring_what_is_centred_changes_next_to_nothing(mnist_5k):
    once = centre_by_mass(torch.from_numpy(mnist_5k.images[::50]), 28)
    twice = centre_by_mass(once, 28)

    differences = (once.int() - twice.int()).abs().float().mean(dim=(1, 2))
    assert differences.quantile(0.9) < 1
    assert differences.max() < 12  # grey levels: a digit whose faint edge rounded away grows by a pixel once more


@pytest.mark.parametrize("level", [0, INK_LEVEL - 1])
def test_an_image_without_ink_stays_empty(level):
    assert not centred(np.full((28, 28), level, np.uint8)).any()


def test_empty_images_do_not_disturb_the_others(mnist_5k):
    images = torch.from_numpy(mnist_5k.images[:3].copy())
    images[1] = 0
    together = centre_by_mass(images, 28)

    assert not together[1].any()
    assert torch.equal(together[[0, 2]], centre_by_mass(images[[0, 2]], 28))


def test_a_batch_is_centred_like_each_of_its_images(mnist_5k):
    images = torch.from_numpy(mnist_5k.images[:60])
    alone = torch.cat([centre_by_mass(image[None], 28) for image in images])

    assert torch.equal(centre_by_mass(images, 28), alone)


def test_the_proportions_of_ink_are_kept():
    image = np.zeros((100, 100), np.uint8)
    image[10:90, 30:50] = 255  # four times as high as wide
    rows, columns = (np.flatnonzero((centred(image) > 0).any(axis=axis)) for axis in (1, 0))

    assert (len(rows), len(columns)) == (20, 5)


def test_one_pixel_of_ink_becomes_a_square_of_ink():
    image = np.zeros((28, 28), np.uint8)
    image[3, 5] = 255

    assert (centred(image) == 255).sum() == 400


def test_a_picture_is_centred_like_its_pixels(mnist_5k):
    pixels = mnist_5k.images[7]

    np.testing.assert_array_equal(np.array(centre_picture(Image.fromarray(pixels), 28)), centred(pixels))
