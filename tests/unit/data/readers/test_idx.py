"""IDX files, as MNIST comes: two that belong together, in one zip."""

import gzip
import struct

import numpy as np
import pytest

from digits_core.data.readers.file_contents import Refusal
from tests.unit.data.readers.helpers import idx, read, zipped

pytestmark = pytest.mark.usefixtures("bounded_memory")


@pytest.fixture(scope="module")
def files(optdigits):
    images, labels = optdigits.images[:60], optdigits.labels[:60].astype(np.uint8)
    return {
        "train-images-idx3-ubyte": idx(images[:40]),
        "train-labels-idx1-ubyte": idx(labels[:40]),
        "t10k-images-idx3-ubyte": idx(images[40:]),
        "t10k-labels-idx1-ubyte": idx(labels[40:]),
    }


@pytest.mark.parametrize("packed", [True, False])
def test_mnists_four_files_are_read_with_their_split(packed, files, optdigits):
    members = {f"raw/{name}.gz": gzip.compress(data) for name, data in files.items()} if packed else files
    reading = read(zipped(members), "mnist.zip")

    assert reading.format == "IDX"
    assert np.array_equal(reading.images, optdigits.images[:60])
    assert np.array_equal(reading.labels, optdigits.labels[:60])
    assert reading.test.tolist() == [False] * 40 + [True] * 20


def test_one_pair_is_read_too(files, optdigits):
    reading = read(zipped({name: data for name, data in files.items() if "train" in name}), "mnist.zip")

    assert np.array_equal(reading.images, optdigits.images[:40])
    assert reading.test is None


@pytest.mark.parametrize(("name", "what"), [("images-idx3", "images without"), ("labels-idx1", "labels without")])
@pytest.mark.parametrize("packed", [True, False])
def test_one_file_alone_says_what_is_missing(name, what, packed, files):
    data = files[f"train-{name}-ubyte"]

    with pytest.raises(Refusal, match=f"one IDX file: .*{what} their .* into one zip"):
        read(gzip.compress(data) if packed else data, "train-ubyte")


def header(kind: int, *sizes: int) -> bytes:
    return bytes([0, 0, kind, len(sizes)]) + struct.pack(f">{len(sizes)}I", *sizes)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (header(8, 10, 8, 8) + b"x" * 639, "10 × 8 × 8 values, but 639 bytes"),
        (header(8, 10, 8, 8) + b"x" * 641, "damaged or cut off"),
        (header(8, 2**32 - 1, 2**32 - 1, 2**32 - 1), "damaged or cut off"),
        (header(8, 10, 8, 8)[:9], "damaged or cut off"),
        (header(7, 10, 8, 8) + b"x" * 640, "IDX files of images and"),
        (header(8, 3, 3, 3, 3, 3) + b"x" * 243, "IDX files of images and"),
        (header(8, 41, 4, 4) + b"x" * 656, "has 41 images, but 40 labels"),
    ],
    ids=lambda part: repr(part)[:40],
)
def test_a_wrong_header_is_refused(data, reason, files):
    members = {name: files[name] for name in files if "train" in name} | {"train-images-idx3-ubyte": data}

    with pytest.raises(Refusal, match=reason):
        read(zipped(members), "mnist.zip")


def test_files_that_do_not_belong_together_are_refused(files):
    with pytest.raises(Refusal, match="do not belong together"):
        read(zipped({name: data for name, data in files.items() if "labels" in name}), "mnist.zip")
    with pytest.raises(Refusal, match="several IDX files of one kind"):
        read(zipped({f"{place}-ubyte": files["train-labels-idx1-ubyte"] for place in "ab"}), "mnist.zip")
