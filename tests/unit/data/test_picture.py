"""What a person may rely on when they hand over a file: it becomes a picture, or a sentence says why not."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from digits_core.data.picture import MAX_BYTES, _quantiles, decode, read_picture
from digits_core.errors import PictureError
from digits_core.recognition.prepare import to_ink
from tests.unit.helpers import children_running, wait_for

pytestmark = pytest.mark.filterwarnings("ignore:::PIL.TiffImagePlugin")


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


@pytest.fixture(scope="module")
def large() -> bytes:
    """A PNG of 16.8 million pixels with a drawing in a corner, which a phone has turned."""
    paper, exif = Image.new("L", (4200, 4000), 255), Image.Exif()
    paper.paste(drawing(), (900, 800))
    exif[0x0112] = 6
    return file(paper, compress_level=1, exif=exif)


def test_a_large_picture_is_the_same_as_one_that_is_decoded_here(large: bytes) -> None:
    read = read_picture(large, "large.png")
    assert read.size == (4000, 4200)
    assert np.array_equal(read, decode(large, "large.png"))


@pytest.mark.parametrize("name", ["large.png", "--help", "große\n\0\udce9.png"])
def test_a_large_picture_that_is_damaged_is_refused_by_name(large: bytes, name: str) -> None:
    with pytest.raises(PictureError, match="damaged or cut off") as refusal:
        read_picture(large[: len(large) // 2], name)
    assert str(refusal.value).startswith(name)


def test_one_whose_reading_the_system_ends_is_said_to_be_too_much_for_the_machine(large: bytes) -> None:
    with ThreadPoolExecutor(1) as threads:
        read = threads.submit(read_picture, large, "large.png")
        reading = wait_for(lambda: children_running("digits_core.data.large_picture"), what="the process that reads")
        reading.pop().kill()

        with pytest.raises(PictureError, match=r"^large\.png could not be read: .* short of memory"):
            read.result()


@given(st.lists(st.integers(0, 255), min_size=1), st.floats(0, 1))
def test_quantiles_of_counts_are_those_of_the_values(values: list[int], share: float) -> None:
    counts = np.bincount(values, minlength=256)
    assert _quantiles(counts, (share,)) == pytest.approx([np.quantile(values, share)])


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
