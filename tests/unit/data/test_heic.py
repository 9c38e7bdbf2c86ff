"""Photos as an iPhone keeps them: read like any other picture, and like any other file not trusted."""

from __future__ import annotations

import io
import signal
import struct
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from digits_core.data.picture import read_picture, read_picture_here
from digits_core.data.readers import read_file
from digits_core.errors import PictureError
from digits_core.recognition.prepare import to_ink
from tests.unit.data.test_picture import drawing, file
from tests.unit.helpers import children_running, wait_for

ROOT = Path(__file__).resolve().parents[3]


@cache
def heic(orientation: int = 1, mode: str = "RGB", size: tuple[int, int] = (200, 300)) -> bytes:
    """A seven in a HEIC whose pixels are stored as they are, to be shown in an orientation of EXIF's 1 to 8.

    As a phone does, it says so twice: for the decoder, which turns the pixels, and once more in the EXIF data.
    """
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = pillow_heif.from_pillow(drawing(*size).convert(mode))
    image.info["exif"] = None
    buffer = io.BytesIO()
    image.save(buffer, quality=90, exif=exif.tobytes())
    return buffer.getvalue()


def sized(data: bytes, width: int, height: int) -> bytes:
    """The same file, whose header says that it has another size."""
    place = data.index(b"ispe") + 8
    return data[:place] + struct.pack(">II", width, height) + data[place + 8 :]


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_a_photo_of_an_iphone_is_read_as_grey(mode: str) -> None:
    picture = read_picture_here(heic(mode=mode))

    assert (picture.mode, picture.size) == ("L", (200, 300))
    assert abs(np.asarray(picture, float) - np.asarray(drawing(200, 300), float)).mean() < 3
    assert to_ink(picture).any()


def test_the_process_of_its_own_reads_the_same() -> None:
    assert np.array_equal(read_picture(heic(6)), read_picture_here(heic(6)))


def test_a_zip_of_such_photos_is_a_dataset(tmp_path: Path) -> None:
    path = tmp_path / "phone.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for label in (3, 7):
            archive.writestr(f"{label}/IMG_{label}.HEIC", heic())

    reading = read_file(path)

    assert (reading.labels.tolist(), reading.images.shape, reading.problems) == ([3, 7], (2, 300, 200), ())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_that_was_taken_with_the_phone_turned_is_turned_once(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    as_png = read_picture(file(drawing(200, 300), exif=exif))

    read = read_picture_here(heic(orientation))

    assert read.size == as_png.size
    assert abs(np.asarray(read, float) - np.asarray(as_png, float)).mean() < 3


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (heic()[:-200], "damaged or cut off"),
        (heic()[:300], "damaged or cut off|is not a picture"),
        (sized(heic(), 20_000, 20_000), "million pixels"),
        (sized(heic(), 3, 3), "too small"),
        (b"\0\0\0\x18ftypavif\0\0\0\0mif1avif", "is not a picture that can be read. Use a PNG, JPEG, HEIC"),
    ],
    ids=["cut off", "nothing but a header", "too large", "too small", "another format of the same kind"],
)
def test_a_bad_heic_is_refused_by_name_in_one_line(data: bytes, words: str) -> None:
    with pytest.raises(PictureError, match=words) as refusal:
        read_picture(data, "IMG_0001.HEIC")
    assert str(refusal.value).startswith("IMG_0001.HEIC ")
    assert "\n" not in str(refusal.value)


def test_a_picture_that_is_larger_than_its_header_says_is_not_read_beyond_the_limit() -> None:
    with pytest.raises(PictureError):
        read_picture(sized(heic(size=(900, 1200)), 64, 64), max_pixels=500_000)


def test_a_file_that_breaks_its_decoder_is_refused_and_breaks_nothing_else() -> None:
    with ThreadPoolExecutor(1) as threads:
        read = threads.submit(read_picture, heic(size=(2000, 3000)), "IMG_0001.HEIC")
        reading = wait_for(lambda: children_running("digits_core.data.large_picture"), what="the process that reads")
        reading.pop().send_signal(signal.SIGSEGV)

        with pytest.raises(PictureError, match=r"^IMG_0001\.HEIC is damaged or cut off"):
            read.result()


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60), st.integers(0, len(heic())))
def test_arbitrary_bytes_in_a_heic_are_read_or_refused(noise: bytes, place: int) -> None:
    with suppress(PictureError):
        assert read_picture_here(heic()[:place] + noise + heic()[place + len(noise) :]).mode == "L"


def test_the_process_that_asks_never_loads_the_library_that_reads_heic(tmp_path: Path) -> None:
    (tmp_path / "seven.heic").write_bytes(heic())
    program = (
        "import sys; from pathlib import Path; from digits_core.data.picture import read_picture\n"
        "read_picture(Path(sys.argv[1]).read_bytes()); print([name for name in sys.modules if 'heif' in name])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "seven.heic")], cwd=ROOT, capture_output=True, text=True
    )
    assert (answer.stdout, answer.stderr) == ("[]\n", "")
