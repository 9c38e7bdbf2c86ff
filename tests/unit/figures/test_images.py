"""Pictures of images show the pixels that they were given."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from digits_core.figures.images import pixels, sample_grid


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (5, 8, 8), dtype=np.uint8)


def decoded(source: str) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(base64.b64decode(source.split(",", 1)[1]))))


def test_each_tile_is_its_image_enlarged_without_smoothing(images):
    grid = sample_grid(images, np.arange(5), np.arange(5), 3, "Samples")
    assert len(grid.layout.images) == 5
    for image, tile in zip(images, grid.layout.images, strict=True):
        np.testing.assert_array_equal(decoded(tile.source)[::7, ::7], image)


def test_tiles_fill_row_after_row_and_tell_their_label_and_index(images):
    grid = sample_grid(images, np.array([3, 1, 4, 1, 5]), np.array([90, 91, 92, 93, 94]), 3, "Samples")
    assert [tile.x for tile in grid.layout.images] == [0, 1, 2, 0, 1]
    assert grid.layout.images[3].y > grid.layout.images[2].y
    assert grid.data[0].customdata.tolist() == [[3, 90], [1, 91], [4, 92], [1, 93], [5, 94]]
    assert list(grid.data[1].text) == ["3", "1", "4", "1", "5"]


def test_pixels_are_square_with_row_0_on_top_and_their_values_on_hover(images):
    picture = pixels(images[0], "One", height=200)
    np.testing.assert_array_equal(picture.data[0].z, images[0])
    assert picture.layout.yaxis.autorange == "reversed"
    assert picture.layout.yaxis.scaleanchor == "x"
    assert (picture.data[0].zmin, picture.data[0].zmax) == (0, 255)
