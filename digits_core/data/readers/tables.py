"""Tables with one row per image: its label, then its pixels row by row, as in Kaggle's Digit Recognizer."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable

import numpy as np

from digits_core.data.digits import CLASSES
from digits_core.data.readers.columns import CHUNK
from digits_core.data.readers.file_contents import Contents, Part, Refusal, Unusable
from digits_core.data.readers.limits import Limits

MAX_COLUMNS = 128 * 128 + 1
_LABELS = ("label", "labels", "digit", "class", "target", "y")
_NO_SQUARE = "pixels in a row, which fill no square. A row has the label and the pixels of a square image, as 1 + 784."
_LONGEST_LINE = 2**20
_LARGEST = 1e30
"""Larger values cannot be pixels, and would not stay finite as float32."""


def read_csv(data: bytes, limits: Limits) -> Contents:
    """Read a CSV file with or without a header line; invalid rows become problems."""
    data = data.removeprefix(b"\xef\xbb\xbf").replace(b'"', b"").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    data = data.lstrip(b"\n")
    first = data[: _LONGEST_LINE + 1].split(b"\n", 1)[0]
    if len(first) > _LONGEST_LINE:
        raise Refusal("has a first line of more than a million characters: too long for the pixels of a digit.")
    separator = max(b",;\t", key=lambda each: first.count(each)).to_bytes()
    fields = [field.strip() for field in first.split(separator)]
    if len(fields) > MAX_COLUMNS:
        raise Refusal(f"has {len(fields):,} columns, more than the {MAX_COLUMNS:,} that are read.")
    if len(fields) < 5:
        raise Refusal("is not a table of digits: a row holds a label and the pixels of an image, separated by commas.")
    names = [] if all(_is_number(field) for field in fields) else [field.decode(errors="replace") for field in fields]
    label = _label_column(names)
    table, bad = _rows(data[len(first) + 1 :] if names else data, separator, len(fields), limits)
    if not len(table):
        raise Refusal("holds no rows, only names of columns." if names else "holds no rows.")
    first_row = 2 if names else 1
    return Contents("CSV", [table_part(table, lambda index: f"row {index + first_row}", label, bad)])


def table_part(
    table: np.ndarray, place: Callable[[int], str], label: int | None = None, bad: dict[int, str] | None = None
) -> Part:
    """Convert a table (N, 1 + H·W) to one part.

    label: the index of the label's column; if None, the first or else the last column is detected. bad: rows that could
    not be read, with the reason.
    """
    side = round(max(table.shape[1] - 1, 0) ** 0.5)
    if side < 2 or side * side != table.shape[1] - 1:
        raise Refusal(f"has {table.shape[1] - 1:,} {_NO_SQUARE}")
    label = _found_label(table) if label is None else label
    if label not in (0, table.shape[1] - 1):
        table = np.concatenate([table[:, label : label + 1], np.delete(table, label, axis=1)], axis=1)
        label = 0
    pixels = _small(table[:, 1:] if label == 0 else table[:, :-1])
    images = pixels.reshape(len(table), side, side)
    if not bad:
        return Part("", images, table[:, label], place)
    listed = [Unusable(bad[row]) if row in bad else image for row, image in enumerate(images)]
    labels = [int(value) if np.isfinite(value) and value == int(value) else None for value in table[:, label].tolist()]
    return Part("", listed, labels, place)


def _small(pixels: np.ndarray) -> np.ndarray:
    """Convert the values to uint8 if they fit: tables do not state types."""
    with np.errstate(invalid="ignore"):
        parts = np.array_split(pixels, len(pixels) // CHUNK + 1)
        fits = all(bool((part == part.astype(np.uint8)).all()) for part in parts)
    return pixels.astype(np.uint8) if fits else pixels


def _label_column(names: list[str]) -> int | None:
    """Return the index of the label by the columns' names; None if there are no names."""
    if not names:
        return None
    lower = [name.lower() for name in names]
    found = [place for place, name in enumerate(lower) if name in _LABELS]
    if len(found) != 1:
        what = "no column named label" if not found else f"{len(found)} columns that could be the label"
        raise Refusal(f"has {what}. Its columns are {', '.join(name[:20] for name in names[:5])}, …")
    return found[0]


def _found_label(table: np.ndarray) -> int:
    """Return the index of the first or the last column, whichever has digits in most rows and at least two of them.

    0 if neither has.
    """
    for place in (0, -1):
        column = table[:, place]
        digits = np.isin(column, np.arange(CLASSES))
        if 2 * digits.sum() > len(table) and len(np.unique(column[digits])) > 1:
            return place % table.shape[1]
    return 0


def _rows(data: bytes, separator: bytes, columns: int, limits: Limits) -> tuple[np.ndarray, dict[int, str]]:
    """Return all rows as float32 (N, columns), and the reason for each invalid one."""
    count = data.count(b"\n") + 1
    if count > limits.entries + 1:
        raise Refusal(f"holds {count:,} rows, more than the {limits.entries:,} that are read.")
    if count * columns > limits.pixels + count:
        raise Refusal(f"holds more than the {limits.pixels:,} pixels that are read.")
    table = _clean_rows(data, separator, columns)
    return (table, {}) if table is not None else _each_row(data, separator, columns)


def _clean_rows(data: bytes, separator: bytes, columns: int) -> np.ndarray | None:
    """Parse all rows at once; return None if anything in the file is invalid."""
    import pandas as pd

    try:
        with np.errstate(over="ignore"):
            table = pd.read_csv(
                io.BytesIO(data),
                sep=separator.decode(),
                header=None,
                dtype=np.float32,
                engine="c",
                na_filter=False,
                skip_blank_lines=False,
                quoting=3,
            ).to_numpy()
    except MemoryError:
        raise
    except Exception:  # whatever it is, parsing row by row reports it better
        return None
    return table if table.shape[1] == columns and np.isfinite(table.sum()) else None


def _each_row(data: bytes, separator: bytes, columns: int) -> tuple[np.ndarray, dict[int, str]]:
    """Parse the rows one by one, which takes four times as long. Blank lines at the end are ignored."""
    lines = data.rstrip(b"\n \t").split(b"\n") if data.strip() else []
    table = np.zeros((len(lines), columns), dtype=np.float32)
    bad: dict[int, str] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # NumPy warns if text follows the last number
        for row, line in enumerate(lines):
            fields = line.count(separator) + 1
            if fields != columns:
                bad[row] = f"it has {fields:,} columns, the first line {columns:,}"
                continue
            try:
                values = np.fromstring(line.decode("latin1"), sep=separator.decode())
                if len(values) != columns or not abs(values).max() <= _LARGEST:
                    raise ValueError
                table[row] = values
            except (ValueError, DeprecationWarning):
                bad[row] = f"{_culprit(line, separator)} is not a number"
    return table, bad


def _culprit(line: bytes, separator: bytes) -> str:
    for place, field in enumerate(line.split(separator), 1):
        if not _is_number(field):
            text = field.strip()[:30].decode(errors="replace")
            return f"column {place} ({text!r})" if text else f"column {place} (empty)"
    return "a column"


def _is_number(field: bytes) -> bool:
    try:
        return abs(float(field)) <= _LARGEST  # false for nan too
    except ValueError:
        return False
