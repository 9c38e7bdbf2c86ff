"""What a file is, its first bytes tell, not its name; and whatever happens to it, it loads or is refused in words."""

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from digits_core.data.readers.file_contents import Reading, Refusal
from tests.unit.data.readers.helpers import one_of_each, read, zipped

pytestmark = pytest.mark.usefixtures("bounded_memory")
KINDS = (
    "tensors.pkl",
    "old.pkl",
    "arrays.pkl",
    "pictures.pkl",
    "zip.pt",
    "legacy.pth",
    "arrays.npz",
    "table.npy",
    "table.csv",
    "table.csv.gz",
    "idx.zip",
    "pictures.zip",
)
FORGIVING = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture(scope="module")
def files(optdigits):
    return one_of_each(optdigits)


def outcome(data: bytes, name: str) -> Reading | None:
    """What is read, None where it is refused in words; anything else is an error of ours."""
    try:
        reading = read(data, name)
    except (Refusal, MemoryError):
        return None
    assert reading.images.dtype == np.uint8
    assert reading.images.ndim == 3
    assert len(reading.images) == len(reading.labels) > 0
    assert set(reading.labels.tolist()) <= set(range(10))
    return reading


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_known_by_its_contents(kind, files, optdigits):
    ending = kind if kind == "old.pkl" else "renamed.exe"  # the oldest pickles look like text
    reading = read(files[kind], ending)

    assert sorted(reading.labels) == sorted(optdigits.labels[:12])
    assert {image.tobytes() for image in reading.images} == {image.tobytes() for image in optdigits.images[:12]}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_cut_off_anywhere_loads_or_is_refused(kind, files):
    data = files[kind]
    read_anyway = [place for place in range(len(data)) if outcome(data[:place], kind)]

    # Rows of text end anywhere; all else says how long it is, or how it ends.
    assert not read_anyway or kind == "table.csv"


@pytest.mark.parametrize("kind", ["tensors.pkl", "legacy.pth", "table.npy", "table.csv"])
def test_a_zip_of_one_such_file_is_read_as_that_file(kind, files):
    reading = read(zipped({f"sent/{kind}": files[kind]}), "sent.zip")

    assert np.array_equal(reading.images, read(files[kind], kind).images)


@pytest.mark.parametrize("kind", KINDS)
@FORGIVING
@given(st.data())
def test_a_file_with_changed_bytes_loads_or_is_refused(kind, files, data):
    changed = bytearray(files[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(changed) - 1))
        changed[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    outcome(bytes(changed), kind)


@pytest.mark.parametrize("ending", ["pkl", "pt", "npz", "csv", "zip", "gz", "exe"])
@FORGIVING
@given(
    st.one_of(
        st.binary(max_size=300),
        st.builds(
            bytes.__add__,
            st.sampled_from(
                [b"\x80\x02", b"\x80\x04", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"\0\0\x08\x03", b"\x1f\x8b\x08"]
            ),
            st.binary(max_size=300),
        ),
        st.text("0123456789,;.\n-e\"' labelpix", max_size=300).map(str.encode),
    )
)
@example(b"")
def test_bytes_of_any_kind_are_refused(ending, data):
    outcome(data, f"digits.{ending}")


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\x7fELF\x02\x01\x01" + bytes(100), "is a program"),
        (b"MZ\x90\0" + bytes(100), "is a program"),
        (b"#!/bin/sh\nrm -rf /\n", "is a program"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "is a web page or drawing"),
        (b"<!DOCTYPE html><script>alert(1)</script>", "is a web page or drawing"),
        (b"%PDF-1.7\n", "is a PDF"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "is one picture, not a set of digits"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "is one picture, not a set of digits"),
        (bytes(100), "is not a supported file type"),
        (b"", "is empty"),
    ],
    ids=lambda part: repr(part)[:20],
)
def test_other_files_are_called_by_their_name(data, what):
    with pytest.raises(Refusal, match=what):
        read(data, "digits.csv")
