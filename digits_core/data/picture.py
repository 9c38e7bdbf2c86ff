"""Any picture as 8-bit greyscale, upright. Uploads are not trusted: each is read within limits or refused by name.

HEIC, the format of iPhone photos, is never opened in the calling process: its decoder is a large C++ library that
parses nested boxes of any shape. `large_picture` opens it, in a process of its own whose memory is bounded.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from digits_core.errors import PictureError

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
_HEIC_FORMATS = ("HEIF",)
MAX_BYTES = 20 * 2**20
MAX_PIXELS = 50_000_000
MIN_SIDE = 4
LARGE_PIXELS = 16_000_000
"""More than a usual phone photo has: a larger picture is decoded in a process of its own, one at a time."""
LARGE_WEBP_PIXELS = 2_000_000
"""The same for WebP, whose decoder blocks all other Python threads until it has finished."""

_BAND_PIXELS = 2**20
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Decoders warn about metadata that does not matter here. Set once for the process: `catch_warnings` would need a lock,
# and decoding one photo would block all others.
warnings.filterwarnings("ignore", module=r"PIL\.")


def read_picture(data: bytes, name: str = "the picture", max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Decode a file's bytes to a picture: greyscale (mode "L"), upright, the first frame of an animation.

    Raises `PictureError`, whose text begins with `name`, if anything is wrong with the bytes. The number of
    pixels is read from the header: a picture with more than `max_pixels` is refused before memory is
    allocated for it.
    """
    _check_bytes(data, name)
    if _is_heic(data) or _is_slow(data, _size(data, name, max_pixels)):
        from digits_core.data.large_picture import read_large_picture

        return read_large_picture(data, name, max_pixels)
    return decode(data, name, max_pixels)


def file_content(path: str) -> bytes:
    """Return the bytes of a picture's file; raises `PictureError` if it cannot be opened."""
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:  # a path with a zero byte is a `ValueError`
        reason = error.strerror if isinstance(error, OSError) else "it is not a path"
        raise PictureError(f"{path} cannot be opened: {reason}.") from error


def read_picture_here(data: bytes, name: str = "the picture", max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Decode a picture as `read_picture` does, but always in this process, which should be confined already."""
    _check_bytes(data, name)
    return decode(data, name, max_pixels)


def decode(data: bytes, name: str, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Decode a picture on this thread; raises `PictureError` if it is damaged, too large or too small."""
    with _refusals(name, max_pixels), _opened(data, name) as image:
        _check_dimensions(image, name, max_pixels)
        image.load()
        _check_dimensions(image, name, max_pixels)  # again: what is in a HEIC may be larger than its header says
        return _upright(grey(image), _orientation(image))


def _check_bytes(data: bytes, name: str) -> None:
    if not data:
        raise PictureError(f"{beginning(name)} is empty. Choose a file that holds a picture.")
    if len(data) > MAX_BYTES:
        raise PictureError(
            f"{beginning(name)} has {len(data) / 2**20:.0f} MiB, more than the {MAX_BYTES // 2**20} MiB "
            "that are read. Save it smaller or as JPEG."
        )


def _opened(data: bytes, name: str) -> Image.Image:
    """Open a picture: its header is read, its pixels are not decoded yet."""
    if not _is_heic(data):
        return Image.open(io.BytesIO(data), formats=FORMATS)
    # Here and not above: only the process that decodes a HEIC loads the library for it.
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=2)
    try:
        return Image.open(io.BytesIO(data), formats=_HEIC_FORMATS)
    except UnidentifiedImageError:  # its first bytes say that it is a HEIC
        raise PictureError(damaged(name)) from None


def _is_heic(data: bytes) -> bool:
    return data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS


def _is_slow(data: bytes, pixels: int) -> bool:
    """Return True if decoding would hold up the other threads of this process, or take much of its memory."""
    return pixels > LARGE_PIXELS or (pixels > LARGE_WEBP_PIXELS and data[8:12] == b"WEBP")


def _size(data: bytes, name: str, max_pixels: int) -> int:
    """Return the number of pixels by the header of a picture; raises `PictureError` if it is too large or too small."""
    with _refusals(name, max_pixels), _opened(data, name) as image:
        _check_dimensions(image, name, max_pixels)
        return image.width * image.height


@contextmanager
def _refusals(name: str, max_pixels: int = MAX_PIXELS) -> Iterator[None]:
    """Turn any exception of a decoder into a `PictureError`: on damaged pixels, decoders raise nearly anything."""
    try:
        yield
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(_too_many_pixels(name, max_pixels)) from None
    except UnidentifiedImageError:
        raise PictureError(
            f"{beginning(name)} is not a picture that can be read. Use a PNG, JPEG, HEIC, WebP, BMP, GIF or TIFF file."
        ) from None
    except Exception:
        raise PictureError(damaged(name)) from None


def damaged(name: str) -> str:
    return f"{beginning(name)} is damaged or cut off. Save or copy it again, or take another picture."


def as_picture(picture: Image.Image | np.ndarray, name: str) -> Image.Image:
    """Return a Pillow image as it is, or convert an array (H, W), (H, W, 3) or (H, W, 4) to one.

    Raises `PictureError` for an array of another shape.
    """
    if isinstance(picture, Image.Image):
        return picture
    if picture.size == 0 or picture.ndim not in (2, 3) or (picture.ndim == 3 and picture.shape[2] not in (3, 4)):
        raise PictureError(f"{beginning(name)} has the shape {picture.shape}, which is not one of a picture.")
    if picture.ndim == 2:
        return Image.fromarray(_eight_bits(picture))
    return Image.fromarray(np.ascontiguousarray(picture, dtype=np.uint8))


def grey(image: Image.Image) -> Image.Image:
    """Convert the picture to mode "L", at the same size.

    A transparent picture is put on a background on which the ink stays visible; values of more than 8 bits are
    scaled by their range.
    """
    if image.mode == "L" and "transparency" not in image.info:
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_eight_bits(np.asarray(image)))
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        return _on_background(image.convert("RGBA"))
    return (image if image.mode == "RGB" else image.convert("RGB")).convert("L")


def beginning(name: str) -> str:
    """Capitalise `name` for the beginning of a sentence; a file's name keeps its case."""
    return "The" + name[3:] if name.startswith("the ") else name


def _check_dimensions(image: Image.Image, name: str, max_pixels: int) -> None:
    width, height = image.size
    if width * height > max_pixels:
        raise PictureError(_too_many_pixels(f"{name} ({width:,} × {height:,})", max_pixels))
    if min(width, height) < MIN_SIDE:
        raise PictureError(
            f"{beginning(name)} is {width} × {height} pixels, too small for a digit. "
            f"Use a picture of at least {MIN_SIDE} × {MIN_SIDE} pixels."
        )


def _too_many_pixels(name: str, max_pixels: int) -> str:
    return f"{beginning(name)} has more than {max_pixels // 10**6} million pixels. Scale it down and try again."


def _eight_bits(values: np.ndarray) -> np.ndarray:
    """Convert grey values of any kind to uint8 of the same shape.

    The range is the narrowest of 0…1 (for fractions), 8, 10, 12, 14 and 16 bits that holds all values, else
    the one they have: scaling to the darkest and brightest value found would blow the noise of an empty page
    up to ink.
    """
    if values.dtype == np.uint8:
        return values
    if values.dtype == bool:
        return values.astype(np.uint8) * 255
    fractions = np.issubdtype(values.dtype, np.floating)
    values = np.nan_to_num(values.astype(np.float64), posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    ends = [1.0] * fractions + [2.0**bits - 1 for bits in (8, 10, 12, 14, 16)]
    end = next((end for end in ends if high <= end), None)
    if low < 0 or end is None:
        values, end = values - low, (high - low) or 1.0
    return np.rint(values * (255 / end)).astype(np.uint8)


def _on_background(image: Image.Image) -> Image.Image:
    """Put an RGBA picture on an opaque background, in mode "L".

    If most of the picture is visible and its tones vary, it is taken for paper, and the background gets the paper's
    tone. Else what is visible is ink: dark ink is put on white, light ink on black.
    """
    opacity, light = image.getchannel("A"), image.convert("RGB").convert("L")
    counts = _visible_tones(light, opacity, above=127)
    if not counts.any():
        counts = _visible_tones(light, opacity, above=0)
    visible = counts.sum()
    if not visible:
        return Image.new("L", image.size, 255)
    # Quantiles of the visible tones, from their counts: the tones themselves may be fifty million.
    low, middle, high = _quantiles(counts, (0.02, 0.5, 0.98))
    is_paper = visible > image.width * image.height / 2 and high - low > 48
    background = middle if is_paper else 255.0 * (counts @ np.arange(256) / visible < 128)
    alpha, tones = np.asarray(opacity), np.array(light)
    rows = max(1, _BAND_PIXELS // image.width)
    for top in range(0, len(tones), rows):  # band by band: as fractions, all of it would take eight times the memory
        band = slice(top, top + rows)
        opaque = alpha[band].astype(np.float32) / 255
        tones[band] = np.rint(background + (tones[band].astype(np.float32) - background) * opaque)
    return Image.fromarray(tones)


def _visible_tones(light: Image.Image, opacity: Image.Image, above: int) -> np.ndarray:
    """Return how often each tone occurs among pixels of opacity greater than `above`, int64 (256,)."""
    return np.array(light.histogram(opacity.point(lambda value: 255 * (value > above))))


def _quantiles(counts: np.ndarray, shares: tuple[float, ...]) -> list[float]:
    """Return the quantiles, as `np.quantile` does, of values 0, 1, … that occur `counts` times each."""
    ends = np.cumsum(counts)
    places = (ends[-1] - 1) * np.array(shares)
    below, above = (np.searchsorted(ends, whole, side="right") for whole in (np.floor(places), np.ceil(places)))
    return (below + (above - below) * (places - np.floor(places))).tolist()


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; 1 (upright) if there is none or it cannot be read.

    HEIC is rotated by its decoder, as the file specifies; its EXIF data only repeat that (ISO/IEC 23008-12).
    """
    if image.format in _HEIC_FORMATS:
        return 1
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # broken metadata is no reason to refuse the pixels
        return 1


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else image.copy()
