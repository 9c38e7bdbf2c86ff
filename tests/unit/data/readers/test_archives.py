"""Zip and gzip files that lie, lead out of themselves or grow: refused as a whole, with nothing unpacked."""

import gzip
import io
import stat
import struct
import zipfile

import numpy as np
import pytest

from digits_core.data.readers.archives import Archive, gunzipped
from digits_core.data.readers.file_contents import Problem, Refusal
from tests.unit.data.readers.helpers import SMALL, png, read, zipped

pytestmark = pytest.mark.usefixtures("bounded_memory")
PICTURE = png(np.eye(28, dtype=np.uint8) * 255)


@pytest.mark.parametrize("name", ["../0/a.png", "0/../../a.png", "/0/a.png", "C:/0/a.png", "0\\..\\..\\a.png", "..\\a"])
def test_names_that_lead_out_of_the_archive_are_refused(name):
    with pytest.raises(Refusal, match="leads out of the archive"):
        read(zipped({"0/good.png": PICTURE, name: PICTURE}), "digits.zip")


def with_member(change) -> bytes:
    """A zip with one good picture and one whose entry was changed."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("0/good.png", PICTURE)
        member = zipfile.ZipInfo("0/other.png")
        change(member)
        archive.writestr(member, PICTURE)
    return file.getvalue()


def test_links_are_refused():
    def as_link(member):
        member.create_system = 3
        member.external_attr = (stat.S_IFLNK | 0o777) << 16

    with pytest.raises(Refusal, match="holds a link"):
        read(with_member(as_link), "digits.zip")


def test_encrypted_archives_are_refused():
    data = bytearray(zipped({"0/a.png": PICTURE}))
    data[6] |= 1  # the flags of the member, and of its entry in the directory
    data[data.index(b"PK\x01\x02") + 8] |= 1

    with pytest.raises(Refusal, match="is encrypted"):
        read(bytes(data), "digits.zip")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_ways_of_packing_that_are_not_read_are_named(method):
    with pytest.raises(Refusal, match=r"packs '0/a\.png' in a way that is not read"):
        read(zipped({"0/a.png": PICTURE}, method), "digits.zip")


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    bomb = zipped({f"0/{n}.png": bytes(SMALL.unpacked_bytes // 4) for n in range(5)})

    with pytest.raises(Refusal, match="unpacks to more than the 16 MiB"):
        read(bomb, "digits.zip")


def test_a_member_that_is_larger_than_it_says_is_refused():
    data = bytearray(zipped({"0/a.png": bytes(100_000)}))
    entry = data.index(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<I", 100)

    archive = Archive(bytes(data), SMALL)
    with pytest.raises(Refusal, match=r"'0/a\.png' inside it cannot be unpacked"):
        archive.read("0/a.png")


def test_a_damaged_picture_leaves_the_others(optdigits):
    pictures = {f"0/{place}.png": png(image) for place, image in enumerate(optdigits.images[:5])}
    data = bytearray(zipped(pictures, zipfile.ZIP_STORED))
    data[data.index(pictures["0/2.png"]) + 50] ^= 0xFF
    reading = read(bytes(data), "digits.zip")

    assert len(reading.images) == 4
    assert reading.problems == (Problem("0/2.png", "it is damaged: it cannot be unpacked"),)


def test_a_member_that_lies_beyond_all_bytes_is_refused():
    data = bytearray(zipped({"0/a.png": PICTURE}))
    entry = data.index(b"PK\x01\x02")
    data[entry + 42 : entry + 46] = b"\xff\xff\xff\x7f"  # where it begins

    with pytest.raises(Refusal, match=r"0/a\.png, for one: it is damaged"):
        read(bytes(data), "digits.zip")


def test_a_member_that_is_read_again_counts_again():
    archive = Archive(zipped({"a": bytes(SMALL.unpacked_bytes // 2)}), SMALL)

    assert len(archive.read("a")) == len(archive.read("a")) == SMALL.unpacked_bytes // 2
    with pytest.raises(Refusal, match="unpacks to more"):
        archive.read("a")


def test_more_files_than_the_limit_are_refused():
    with pytest.raises(Refusal, match="holds 2,001 files"):
        read(zipped({f"0/{n}.png": b"" for n in range(2001)}), "digits.zip")


def test_a_gzip_bomb_is_refused():
    with pytest.raises(Refusal, match="unpacks to more than the 16 MiB"):
        gunzipped(gzip.compress(bytes(SMALL.unpacked_bytes + 1)), SMALL)


def test_archives_in_archives_are_refused():
    for inner in (gzip.compress(b"1,2"), zipped({"0/a.png": PICTURE})):
        for outer in (gzip.compress(inner), zipped({"digits": inner})):
            with pytest.raises(Refusal, match="archive inside an archive"):
                read(outer, "digits.csv.gz")


@pytest.mark.parametrize(
    "data", [b"PK\x03\x04", b"PK\x05\x06" + bytes(10), b"\x1f\x8b\x08", b"\x1f\x8b\xff" + bytes(20)]
)
def test_a_stump_is_refused(data):
    with pytest.raises(Refusal, match="damaged"):
        read(data, "digits.zip")


def test_an_empty_archive_is_refused():
    with pytest.raises(Refusal, match="empty archive"):
        read(zipped({}), "digits.zip")
