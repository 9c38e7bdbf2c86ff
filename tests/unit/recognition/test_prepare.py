"""What a person may rely on when they hand over a picture: it becomes ink, or a sentence says why not."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from digits_core.errors import PictureError
from digits_core.recognition.prepare import (
    INK_SHARE,
    MAX_BYTES,
    WORKING_SIDE,
    cut_out,
    read_picture,
    to_ink,
    whole_square,
)


def drawing(width: int = 280, height: int = 280, brush: int = 20, paper: int = 255, ink: int = 0) -> Image.Image:
    """A seven, with a soft edge, in the upper left of the picture."""
    large = Image.new("L", (width * 2, height * 2), paper)
    corners = [(width * 0.4, height * 0.4), (width * 1.1, height * 0.4), (width * 0.6, height * 1.3)]
    ImageDraw.Draw(large).line(corners, fill=ink, width=brush * 2, joint="curve")
    return large.resize((width, height), Image.Resampling.BOX)


def file(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that says how large it is, with next to no pixels in it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def paper_with_noise(height: int = 300, width: int = 400, deviation: float = 5.0) -> np.ndarray:
    rng = np.random.default_rng(0)
    shadow = np.linspace(230, 120, width)[None, :] + np.linspace(0, -30, height)[:, None]
    return np.clip(shadow + rng.normal(0, deviation, (height, width)), 0, 255).astype(np.uint8)


# Files that are read ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
def test_every_promised_format_is_read_as_grey(kind: str) -> None:
    picture = read_picture(file(drawing(), kind))
    assert (picture.mode, picture.size) == ("L", (280, 280))
    assert abs(np.asarray(picture, float) - np.asarray(drawing(), float)).mean() < 3


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_turned_by_exif_comes_out_upright(orientation: int) -> None:
    upright = drawing(200, 300)
    turned_back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(turned_back[orientation]) if orientation in turned_back else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert np.array_equal(read_picture(file(stored, "PNG", exif=exif)), upright)


def test_broken_exif_does_not_stop_a_picture_from_being_read() -> None:
    assert read_picture(file(drawing(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f")).size == (280, 280)


@pytest.mark.parametrize("ink", [0, 255])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_ink_on_a_transparent_background_stays_visible(mode: str, ink: int) -> None:
    mask = Image.fromarray(255 - np.asarray(drawing()))
    picture = Image.merge("LA", (Image.new("L", mask.size, ink), mask)).convert(mode)
    assert np.array_equal(to_ink(read_picture(file(picture))), to_ink(drawing()))


def test_a_palette_with_a_transparent_colour_is_read() -> None:
    palette = drawing().point(lambda tone: 255 * (tone > 127)).convert("P")
    transparent = file(palette, "PNG", transparency=palette.getpixel((0, 0)))
    assert to_ink(read_picture(transparent))[56, 60:150].min() == 255


def test_paper_with_transparent_corners_keeps_its_own_tone() -> None:
    picture = drawing(paper=200, ink=30).convert("LA")
    alpha = np.full((280, 280), 255, np.uint8)
    alpha[:20, :20] = alpha[-20:, -20:] = 0
    picture.putalpha(Image.fromarray(alpha))
    assert np.asarray(read_picture(file(picture)))[5, 5] == 200


@pytest.mark.parametrize("highest", [65535, 4095, 1000])
def test_sixteen_bit_grey_is_scaled_not_clipped(highest: int) -> None:
    deep = np.asarray(drawing(), np.float64) / 255 * highest
    tones = np.asarray(read_picture(file(Image.fromarray(deep.astype(np.uint16)))))
    assert tones.min() == 0
    assert 230 <= tones.max() <= 255
    assert abs(to_ink(tones).astype(int) - to_ink(drawing())).max() <= 3


@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_thirty_two_bit_grey_is_scaled_by_its_range(kind: type) -> None:
    deep = (np.asarray(drawing(), np.float64) * 1000 - 5000).astype(kind)
    tones = np.asarray(read_picture(file(Image.fromarray(deep), "TIFF")))
    assert (tones.min(), tones.max()) == (0, 255)


def test_floating_point_grey_may_hold_values_that_are_no_numbers() -> None:
    tones = np.asarray(drawing(), np.float32) / 255
    tones[:3] = np.nan
    tones[3:6] = np.inf
    assert read_picture(file(Image.fromarray(tones), "TIFF")).getextrema() == (0, 255)


def test_of_an_animation_the_first_frame_is_read() -> None:
    blank = Image.new("L", (280, 280), 255)
    animation = file(drawing(), "GIF", save_all=True, append_images=[blank, blank])
    assert to_ink(read_picture(animation)).any()


# Files that are refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"%PDF-1.7 not an image", "is not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is not a picture"),
        (b"\0" * (MAX_BYTES + 1), "MiB"),
        (file(Image.new("L", (1, 1), 255)), "too small"),
        (file(Image.new("L", (900, 3), 255)), "too small"),
        (png_header(20_000, 20_000), "million pixels"),
        (png_header(10_000, 10_000), "million pixels"),
        (png_header(2_000_000_000, 2_000_000_000), "million pixels"),
        (png_header(300, 300), "damaged or cut off"),
        (file(drawing(), "JPEG")[:900], "damaged or cut off"),
        (file(drawing())[:-400], "damaged or cut off"),
    ],
)
def test_a_bad_file_is_refused_by_name_in_one_line(data: bytes, words: str) -> None:
    warnings.simplefilter("error")  # pytest restores the filters after each test
    with pytest.raises(PictureError, match=words) as refusal:
        read_picture(data, "seven.png")
    assert str(refusal.value).startswith("seven.png ")
    assert "\n" not in str(refusal.value)


def test_a_format_that_is_not_promised_is_refused() -> None:
    with pytest.raises(PictureError, match="PNG, JPEG"):
        read_picture(file(drawing(), "PPM"))


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from(["", "PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"]),
    st.integers(0, 400),
)
def test_arbitrary_bytes_are_read_or_refused(noise: bytes, kind: str, place: int) -> None:
    good = file(drawing(40, 40, 5), kind) if kind else b""
    with suppress(PictureError):
        assert read_picture(good[:place] + noise + good[place + len(noise) // 2 :]).mode == "L"


# Pictures to ink --------------------------------------------------------------------------------------------


def test_ink_is_bright_on_exactly_nothing_and_keeps_its_soft_edge() -> None:
    ink = to_ink(drawing())
    expected = 255 - np.asarray(drawing())
    assert ink.dtype == np.uint8
    assert np.array_equal(ink, expected)
    assert ((ink > 0) & (ink < 255)).any()


@pytest.mark.parametrize(
    "picture",
    [
        Image.new("L", (280, 280), 255),
        Image.new("L", (1, 1), 0),
        Image.new("RGBA", (280, 280), (0, 0, 0, 0)),
        np.zeros((280, 280, 4), np.uint8),
        np.zeros((28, 28)),
        paper_with_noise(),
        paper_with_noise(deviation=12),
        paper_with_noise(40, 30),
    ],
    ids=["white", "one pixel", "transparent", "empty canvas", "zeros", "noise", "more noise", "small noise"],
)
def test_an_empty_picture_shows_no_ink(picture: Image.Image | np.ndarray) -> None:
    with pytest.raises(PictureError, match=r"seven\.png shows no ink"):
        to_ink(picture, "seven.png")


@pytest.mark.parametrize("shape", [(0, 0), (5,), (4, 4, 2), (2, 4, 4, 3)])
def test_an_array_that_is_no_picture_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(PictureError, match="shape"):
        to_ink(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("of", [lambda tones: tones, lambda tones: 255 - tones], ids=["dark on light", "light on dark"])
def test_ink_is_found_under_a_shadow_with_noise(of: Callable[[np.ndarray], np.ndarray]) -> None:
    truth = 1 - np.asarray(drawing(400, 300, 16), np.float64) / 255
    photo = of(np.rint(paper_with_noise() * (1 - 0.7 * truth)).astype(np.uint8))
    found = to_ink(photo) >= 128
    assert (found & (truth > 0.5)).sum() / (found | (truth > 0.5)).sum() > 0.9


@pytest.mark.parametrize("softness", [2, 10, 30], ids="soft {}".format)
def test_the_edge_of_a_shadow_is_no_ink(softness: int) -> None:
    truth = 1 - np.asarray(drawing(400, 300, 16), np.float64) / 255
    y, x = np.mgrid[:300, :400]
    shadow = 1 - 0.3 / (1 + np.exp(-(x + y - 520) / softness))
    found = to_ink(np.rint(220 * shadow * (1 - 0.8 * truth)).astype(np.uint8)) >= 128
    assert (found & (truth > 0.5)).sum() / (found | (truth > 0.5)).sum() > 0.9


@pytest.mark.parametrize("negative", [False, True])
def test_a_digit_cut_out_small_is_read_as_it_is(negative: bool) -> None:
    zero = np.zeros((8, 8), np.uint8)
    zero[:, 2:6] = 230
    zero[2:6, 3:5] = 0
    ink = to_ink(255 - zero if negative else zero)
    assert np.array_equal(ink >= 128, zero >= 128)


def test_dust_is_left_out() -> None:
    picture = np.array(drawing())
    picture[250:253, 250:253] = 0
    assert np.array_equal(to_ink(picture), to_ink(drawing()))


def test_a_large_photo_is_scaled_down_once() -> None:
    assert max(to_ink(drawing(2400, 1800, 120)).shape) == WORKING_SIDE


@settings(max_examples=40, deadline=None)
@given(st.integers(40, 330), st.integers(40, 330), st.integers(0, 90), st.integers(150, 255))
def test_a_picture_and_its_negative_give_the_same_ink(width: int, height: int, dark: int, light: int) -> None:
    picture = np.asarray(drawing(width, height, max(3, min(width, height) // 14), light, dark))
    difference = abs(to_ink(picture).astype(int) - to_ink(255 - picture))
    assert difference.max() <= 2


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 140), st.integers(0, 140), st.integers(140, 400))
def test_place_and_margin_do_not_change_the_cut_out(left: int, top: int, room: int) -> None:
    digit = drawing(140, 140, 12)
    page = Image.new("L", (140 + room, 140 + room), 255)
    page.paste(digit, (left, top))
    assert np.array_equal(cut_out(to_ink(page)), cut_out(to_ink(digit)))


# Ink to a square --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("height", "width"), [(100, 40), (40, 100), (1, 1), (300, 300)])
def test_a_cut_out_is_square_with_the_margin_of_mnist(height: int, width: int) -> None:
    ink = np.zeros((400, 400), np.uint8)
    ink[20 : 20 + height, 50 : 50 + width] = 200
    square = cut_out(ink)
    assert square.shape == (round(max(height, width) / INK_SHARE),) * 2
    assert square.sum() == ink.sum()
    rows = np.flatnonzero(square.any(axis=1))
    assert abs(rows[0] - (square.shape[0] - 1 - rows[-1])) <= 1


def test_nothing_cannot_be_cut_out() -> None:
    with pytest.raises(PictureError, match="no ink"):
        cut_out(np.zeros((28, 28), np.uint8))


def test_a_square_canvas_stays_as_it_is() -> None:
    ink = to_ink(drawing())
    assert whole_square(ink) is ink


def test_a_wide_canvas_becomes_square_with_the_ink_in_the_middle() -> None:
    ink = np.full((20, 50), 9, np.uint8)
    square = whole_square(ink)
    assert square.shape == (50, 50)
    assert np.array_equal(square[15:35], ink)
    assert square.sum() == ink.sum()
