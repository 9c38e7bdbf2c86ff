"""The pieces of HTML that notebooks show: text is never markup, and pictures are inside."""

import base64
import io
import math
import re

import numpy as np
import pytest
from PIL import Image

from digits_core.markup import Html, as_html, as_png, bar, curve, heading, joined, picture, table

HOSTILE = '<script>alert("x")</script>'


@pytest.mark.parametrize(
    "made",
    [
        as_html(HOSTILE),
        joined([HOSTILE]),
        heading(HOSTILE, HOSTILE),
        table([[HOSTILE]], [HOSTILE]),
        curve([1, 2], HOSTILE),
        picture(np.zeros((8, 8), np.uint8), HOSTILE),
    ],
)
def test_text_is_escaped_wherever_it_comes_in(made):
    assert isinstance(made, Html)
    assert "<script" not in made
    assert "&lt;script&gt;" in made
    assert re.search(r'="[^"]*alert\("', made) is None


def test_what_is_html_already_is_not_escaped_again():
    assert table([[Html("<b>x</b>")]]).count("<b>x</b>") == 1


def test_a_picture_has_the_pixels_of_the_image():
    image = np.arange(64, dtype=np.uint8).reshape(8, 8)
    content = base64.b64decode(as_png(image).split(",")[1])

    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(content)))[::7, ::7], image)


def test_a_curve_leaves_out_what_is_no_number_and_marks_its_end():
    drawn = curve([0.1, math.nan, 0.9], "accuracy")

    assert len(re.search('points="([^"]*)"', drawn)[1].split()) == 2
    assert "<circle" in drawn
    assert curve([], "accuracy") == curve([math.nan], "accuracy") == ""
    assert "<circle" in curve([0.5], "accuracy")


@pytest.mark.parametrize("share", [-1.0, 0.0, 0.5, 1.0, 7.0])
def test_a_bar_stays_in_its_room(share):
    assert 0 <= float(re.search("width:([0-9.]+)px", bar(share))[1]) <= 160
