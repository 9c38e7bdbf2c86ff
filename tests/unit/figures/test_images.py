"""Pictures of images show the pixels that they were given."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from digits_core.figures.images import pixels
from digits_core.markup import as_png


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (5, 8, 8), dtype=np.uint8)


def test_pixels_are_square_with_row_0_on_top_and_their_values_on_hover(images):
    picture = pixels(images[0], "One", height=200)
    np.testing.assert_array_equal(picture.data[0].z, images[0])
    assert picture.layout.yaxis.autorange == "reversed"
    assert picture.layout.yaxis.scaleanchor == "x"
    assert (picture.data[0].zmin, picture.data[0].zmax) == (0, 255)


def test_values_are_written_into_the_cells_where_that_is_asked_for(images):
    assert pixels(images[0], "One", height=200, written=True).data[0].texttemplate == "%{z}"
    assert pixels(images[0], "One", height=200).data[0].texttemplate is None


def test_an_image_in_a_chart_is_enlarged_without_smoothing(images):
    content = base64.b64decode(as_png(images[0]).split(",", 1)[1])
    np.testing.assert_array_equal(np.array(Image.open(io.BytesIO(content)))[::7, ::7], images[0])
