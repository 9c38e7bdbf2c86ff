"""Handwriting on its paper: kept small, read back as it was, and had from what older samples have kept."""

import io
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageDraw

from digits_core.data import papers
from digits_core.errors import DatasetError

CENTRED = np.zeros((28, 28), np.uint8)
CENTRED[4:24, 12:16] = 255


@given(arrays(np.uint8, (112, 112), elements=st.integers(0, 255), fill=st.just(0)))
def test_what_was_packed_comes_back(paper):
    np.testing.assert_array_equal(papers.unpacked(papers.packed(paper)), paper)


@pytest.mark.parametrize("content", [b"", b"ink", zlib.compress(bytes(100)), zlib.compress(bytes(10**8))])
def test_anything_else_is_refused_without_being_unpacked_whole(content):
    with pytest.raises(DatasetError, match="damaged"):
        papers.unpacked(content)


def as_png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def canvas(box: tuple[int, int, int, int], size: tuple[int, int] = (280, 280)) -> bytes:
    """A drawing as the canvas leaves it: black on white."""
    picture = Image.new("L", size, 255)
    ImageDraw.Draw(picture).rectangle(box, fill=0)
    return as_png(picture)


def test_an_older_drawing_is_had_where_it_was_on_the_paper():
    paper = papers.carried_over(CENTRED.tobytes(), canvas((10, 20, 49, 99)), "canvas")

    rows, columns = np.nonzero(paper > 128)
    assert (rows.min(), rows.max() + 1) == (8, 40)
    assert (columns.min(), columns.max() + 1) == (4, 20)
    assert paper.max() == 255


def test_one_that_is_not_square_is_put_into_the_middle_of_a_square():
    paper = papers.carried_over(CENTRED.tobytes(), canvas((0, 0, 139, 279), (140, 280)), "canvas")

    rows, columns = np.nonzero(paper > 128)
    assert (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1) == (0, 112, 28, 84)


@pytest.mark.parametrize(
    ("drawing", "source"),
    [
        (canvas((10, 20, 49, 99)), "upload"),
        (canvas((10, 20, 49, 99)), "sheet"),
        (b"", "canvas"),
        (b"\x89PNG\r\n\x1a\nnothing", "canvas"),
        (as_png(Image.new("L", (280, 280), 255)), "canvas"),
    ],
    ids=["picture", "sheet", "no drawing", "damaged", "empty paper"],
)
def test_of_any_other_the_centred_digit_is_enlarged(drawing, source):
    paper = papers.carried_over(CENTRED.tobytes(), drawing, source)

    rows, columns = np.nonzero(paper > 128)
    assert (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1) == (16, 96, 48, 64)
