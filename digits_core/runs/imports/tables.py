"""CSV files of other programs as columns of numbers: any usual separator, gaps, and text columns."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

from digits_core.data.readers.file_contents import Refusal
from digits_core.runs.imports.records import MOST_VALUES, listed

MOST_ROWS = 200_000
MOST_COLUMNS = 600
_GAPS = {"", "-", "–", "nan", "na", "n/a", "none", "null", "inf", "-inf", "+inf", "infinity", "-infinity"}


@dataclass(frozen=True)
class Table:
    """A table of texts: the column names, and rows with one cell per column."""

    names: list[str]
    rows: list[list[str]]
    decimal_comma: bool

    def column(self, name: str) -> list[str]:
        place = self.names.index(name)
        return [row[place] for row in self.rows]

    def numbers(self, name: str) -> list[float] | None:
        """Return a column as numbers, NaN for a gap; `None` if none of its cells is a number.

        Raises:
            Refusal: If some cells are numbers and others are text.
        """
        cells = self.column(name)
        numbers = [self._number(cell) for cell in cells]
        if all(number is None or math.isnan(number) for number in numbers):
            return None
        for row, (cell, number) in enumerate(zip(cells, numbers, strict=True), 2):
            if number is None:
                raise Refusal(f"has {cell[:30]!r} in row {row:,} of the column {name[:40]!r}, which is not a number.")
        return [math.nan if number is None else number for number in numbers]

    def whole_numbers(self, name: str) -> list[int]:
        """Return a column of epochs or steps as integers.

        Raises:
            Refusal: If a cell is not a whole number, 0 or more.
        """
        found = []
        for row, cell in enumerate(self.column(name), 2):
            number = self._number(cell)
            if number is None or not number.is_integer() or number < 0:
                raise Refusal(f"has {cell[:30]!r} in row {row:,} of the column {name!r}: it must be a whole number.")
            found.append(int(number))
        return found

    def _number(self, cell: str) -> float | None:
        """Return a cell as a number, NaN for a gap, `None` for text; 97.5% is 0.975."""
        text = cell.strip()
        if text.casefold() in _GAPS:
            return math.nan
        share = text.endswith("%")
        text = text.removesuffix("%").strip()
        try:
            number = float(text.replace(",", ".") if self.decimal_comma else text)
        except ValueError:
            return None
        return number / 100 if share else number


def read_table(content: bytes) -> Table:
    """Return the table in a CSV file with a header line; lines without any value are skipped.

    Raises:
        Refusal: If it is not such a file.
    """
    text = _as_text(content)
    first = text[:100_000].lstrip().split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    # Without it, one opened quotation mark would make a cell of the rest of the file.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows: list[list[str]] = []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
            if len(rows) > MOST_ROWS + 1:
                raise Refusal(f"holds more than the {MOST_ROWS:,} rows that are read.")
    except csv.Error as error:
        raise Refusal(f"cannot be read as CSV: line {reader.line_num:,}: {error}.") from None
    if len(rows) < 2:
        raise Refusal("holds no rows: a table of epochs has a line of names, and a line for each epoch.")
    names = [name.strip() for name in rows[0]]
    _check(names, rows)
    return Table(names, [[*row, *[""] * (len(names) - len(row))] for row in rows[1:]], separator == ";")


def _check(names: Sequence[str], rows: Sequence[list[str]]) -> None:
    if len(names) > MOST_COLUMNS:
        raise Refusal(f"has {len(names):,} columns, more than the {MOST_COLUMNS} that are read.")
    if repeated := [name for place, name in enumerate(names) if name and name in names[:place]]:
        raise Refusal(f"has two columns named {repeated[0][:40]!r}. Give each a name of its own.")
    if len(names) * len(rows) > 4 * MOST_VALUES:
        raise Refusal(f"holds more than the {4 * MOST_VALUES:,} cells that are read.")
    for number, row in enumerate(rows, 1):
        if any(cell.strip() for cell in row[len(names) :]):
            raise Refusal(f"has {len(row)} cells in row {number:,}, but {len(names)} columns: {listed(names)}.")


def _as_text(content: bytes) -> str:
    for encoding in ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "latin-1"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Refusal("is not a supported file type: a CSV file, an event file of TensorBoard, or a zip of a folder.")
