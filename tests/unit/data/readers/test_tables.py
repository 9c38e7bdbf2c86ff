"""CSV files as Kaggle's digit recogniser has them, and as people break them."""

import gzip

import numpy as np
import pytest

from digits_core.data.readers.file_contents import Problem, Refusal
from tests.unit.data.readers.helpers import csv, read

pytestmark = pytest.mark.usefixtures("bounded_memory")


@pytest.fixture(scope="module")
def few(optdigits):
    return optdigits.images[:60], optdigits.labels[:60]


def lines(few) -> list[str]:
    """The lines of a good file, the names first."""
    return csv(*few).decode().splitlines()


def read_lines(lines: list[str]):
    return read("\n".join(lines).encode(), "train.csv")


@pytest.mark.parametrize("names", [True, False])
@pytest.mark.parametrize("packed", [True, False])
def test_a_table_with_or_without_names_is_read(names, packed, few):
    data = csv(*few, names=names)
    reading = read(gzip.compress(data) if packed else data, "train.csv.gz" if packed else "train.csv")

    assert reading.format == "CSV"
    assert np.array_equal(reading.images, few[0])
    assert np.array_equal(reading.labels, few[1])
    assert reading.original_range == "0 to 255 (uint8)"


VARIANTS = {
    "Windows line ends": lambda data: data.replace(b"\n", b"\r\n"),
    "old Mac line ends": lambda data: data.replace(b"\n", b"\r"),
    "a byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "semicolons": lambda data: data.replace(b",", b";"),
    "tabs": lambda data: data.replace(b",", b"\t"),
    "quotes": lambda data: b"\n".join(b'"' + line.replace(b",", b'","') + b'"' for line in data.split(b"\n")[:-1]),
    "spaces": lambda data: data.replace(b",", b" , "),
    "no last line end": lambda data: data.rstrip(),
    "blank lines at the end": lambda data: data + b"\n\n\n",
    "decimals": lambda data: data.split(b"\n", 1)[0] + b"\n" + data.split(b"\n", 1)[1].replace(b",", b".0,"),
}


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_dialects_are_read_alike(variant, few):
    reading = read(variant(csv(*few)), "train.csv")

    assert np.array_equal(reading.images, few[0])
    assert reading.problem_count == 0


def test_the_label_may_stand_anywhere_when_it_is_named(few):
    rows = [line.split(",") for line in lines(few)]
    reading = read_lines([",".join([*row[1:6], row[0], *row[6:]]) for row in rows])

    assert np.array_equal(reading.images, few[0])
    assert np.array_equal(reading.labels, few[1])


def test_without_names_the_label_is_first_or_last(few):
    rows = [line.split(",") for line in lines(few)[1:]]
    reading = read_lines([",".join([*row[1:], row[0]]) for row in rows])

    assert np.array_equal(reading.labels, few[1])


def spoilt(line: str, place: int, value: str) -> str:
    fields = line.split(",")
    fields[place] = value
    return ",".join(fields)


WRONG = {
    "a missing column": (lambda line: line.rsplit(",", 1)[0], "it has 64 columns, the first line 65"),
    "a column too many": (lambda line: line + ",0", "it has 66 columns, the first line 65"),
    "a word": (lambda line: spoilt(line, 4, "dark"), "column 5 ('dark') is not a number"),
    "nothing": (lambda line: spoilt(line, 4, ""), "column 5 (empty) is not a number"),
    "nan": (lambda line: spoilt(line, 4, "nan"), "column 5 ('nan') is not a number"),
    "inf": (lambda line: spoilt(line, 4, "-inf"), "column 5 ('-inf') is not a number"),
    "1e300": (lambda line: spoilt(line, 4, "1e300"), "column 5 ('1e300') is not a number"),
    "a label that is none": (lambda line: spoilt(line, 0, "11"), "its label is not a digit from 0 to 9"),
    "half a label": (lambda line: spoilt(line, 0, "3.5"), "its label is not a digit from 0 to 9"),
    "a blank line": (lambda line: "", "it has 1 columns, the first line 65"),
    "a formula": (lambda line: spoilt(line, 0, "=1+1"), "column 1 ('=1+1') is not a number"),
}


@pytest.mark.parametrize(("spoil", "reason"), WRONG.values(), ids=WRONG)
def test_a_row_that_is_wrong_is_named_as_a_spreadsheet_counts_it(spoil, reason, few):
    table = lines(few)
    table[11] = spoil(table[11])
    reading = read_lines(table)

    assert reading.problems == (Problem("row 12", reason),)
    assert np.array_equal(reading.images, np.delete(few[0], 10, axis=0))


REFUSED = {
    "no label": (lambda rows: [row.split(",", 1)[1] for row in rows], "no column named label"),
    "pixels that fill no square": (lambda rows: [row.rsplit(",", 3)[0] for row in rows], "61 pixels in a row"),
    "names alone": (lambda rows: rows[:1], "only names of columns"),
    "prose": (lambda rows: ["These are my digits."], "not a table of digits"),
    "two labels": (lambda rows: [rows[0].replace("pixel3", "digit"), *rows[1:]], "2 columns that could be the label"),
    "a million columns": (lambda rows: [",".join("0" * 400_000)] * 3, "400,000 columns"),
    "a line of many megabytes": (lambda rows: [",".join("0" * 1_000_000)] * 3, "more than a million characters"),
    "more rows than are read": (lambda rows: rows + rows[1:] * 40, "holds 2,460 rows"),
    "nothing but commas": (lambda rows: ["," * 64] * 5, "no column named label"),
}


@pytest.mark.parametrize(("change", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_table_of_something_else_is_refused(change, reason, few):
    with pytest.raises(Refusal, match=reason):
        read_lines(change(lines(few)))
