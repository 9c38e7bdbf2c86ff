"""NumPy's files: named arrays, our own export, and headers that lie."""

import io
import struct

import numpy as np
import pytest

from digits_core.data.dataset_export import as_npz
from digits_core.data.readers.file_contents import Refusal
from tests.unit.data.readers.helpers import SMALL, npy, npz, read, zipped

pytestmark = pytest.mark.usefixtures("bounded_memory")


@pytest.fixture(scope="module")
def few(optdigits):
    return optdigits.images[:60], optdigits.labels[:60]


def test_images_and_labels_are_read(few):
    images, labels = few
    reading = read(npz(images=images, labels=labels), "digits.npz")

    assert reading.format == "NumPy arrays (.npz)"
    assert np.array_equal(reading.images, images)
    assert np.array_equal(reading.labels, labels)
    assert reading.test is None


@pytest.mark.parametrize(
    "names",
    [
        ("x_train", "y_train", "x_test", "y_test"),
        ("train_images", "train_labels", "test_images", "test_labels"),
        ("X_train", "Y_train", "X_test", "Y_test"),
    ],
)
def test_lists_for_training_and_testing_are_known_by_their_names(names, few):
    images, labels = few
    arrays = dict(zip(names, (images[:40], labels[:40], images[40:], labels[40:]), strict=True))
    reading = read(npz(**arrays), "mnist.npz")

    assert np.array_equal(reading.images, images)
    assert reading.test.tolist() == [False] * 40 + [True] * 20


@pytest.mark.parametrize(
    "form",
    [
        lambda labels: labels[:, None],
        lambda labels: np.eye(10)[labels],
        lambda labels: labels.astype(str),
        lambda labels: labels.astype("S1"),
        lambda labels: labels.astype(np.float32),
    ],
    ids=["a column", "one-hot", "texts", "bytes", "floats"],
)
def test_labels_may_have_several_forms(form, few):
    images, labels = few

    assert np.array_equal(read(npz(images=images, labels=form(labels)), "digits.npz").labels, labels)


def test_our_own_export_is_taken_as_it_is(few_optdigits):
    reading = read(as_npz(few_optdigits), "digits.npz")

    assert reading.format == "Digits Lab export (.npz)"
    assert (reading.changes, reading.problem_count) == ((), 0)
    assert reading.digits("mine").fingerprint == few_optdigits.fingerprint


@pytest.mark.parametrize(
    "change",
    [
        {"labels": np.array([3, 12])},
        {"labels": np.array([3])},
        {"test": np.array([1, 0])},
        {"test": np.array([True])},
        {"images": np.zeros((2, 8, 8))},
        {"images": np.zeros((2, 64), np.uint8)},
        {"writers": np.array(["a"])},
    ],
    ids=str,
)
def test_a_changed_export_is_refused(change):
    arrays = {
        "images": np.zeros((2, 8, 8), np.uint8),
        "labels": np.array([3, 4]),
        "test": np.array([True, False]),
        "writers": np.array(["a", "b"]),
        "digits_lab": np.array(1),
    }

    assert read(npz(**arrays), "mine.npz").writers == ("a", "b")
    with pytest.raises(Refusal, match="calls itself an export"):
        read(npz(**(arrays | change)), "mine.npz")


def test_arrays_without_labels_are_refused_with_what_there_is(few):
    with pytest.raises(Refusal, match="no images with labels that are known here: its arrays are images, other"):
        read(npz(images=few[0], other=few[1]), "digits.npz")


def test_a_table_is_read_with_its_label_first_or_last(few):
    images, labels = few
    flat = images.reshape(60, -1)

    for table in (np.column_stack([labels, flat]), np.column_stack([flat, labels])):
        reading = read(npy(table), "digits.npy")
        assert np.array_equal(reading.images, images)
        assert np.array_equal(reading.labels, labels)


@pytest.mark.parametrize("shape", [(60, 8, 8), (60,), ()])
def test_an_array_with_no_place_for_labels_is_refused(shape):
    with pytest.raises(Refusal, match="no place for labels"):
        read(npy(np.zeros(shape)), "digits.npy")


def test_arrays_of_objects_are_refused(canary):
    class Attack:
        def __reduce__(self):
            return open, (str(canary), "w")

    array = np.array([Attack()], dtype=object)

    with pytest.raises(Refusal, match="Python objects"):
        read(npy(array), "digits.npy")
    with pytest.raises(Refusal, match="Python objects"):
        read(npz(images=array, labels=array), "digits.npz")


def header(text: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


@pytest.mark.parametrize(
    "text",
    [
        "{'descr': '|u1', 'fortran_order': False, 'shape': (4000000000, 785)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-1, -64)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (10, 64)}",
        "{'descr': '|V0', 'fortran_order': False, 'shape': (10, 64)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': " + "(" * 400 + ")" * 400 + "}",
        "__import__('os').system('true')",
        "",
        "{" * 9000,
    ],
    ids=lambda text: text[:60],
)
def test_a_header_that_lies_is_refused(text):
    with pytest.raises(Refusal):
        read(header(text) + b"x" * 100, "digits.npy")


def test_an_array_larger_than_the_limit_once_unpacked_is_refused():
    bomb = zipped({"images.npy": npy(np.zeros(SMALL.unpacked_bytes, np.uint8))})

    assert len(bomb) < 100_000
    with pytest.raises(Refusal, match="unpacks to more than the 16 MiB"):
        read(bomb, "digits.npz")


def test_more_pixels_than_the_limit_are_refused():
    images = np.zeros((1500, 28, 28), np.uint8)
    file = io.BytesIO()
    np.savez_compressed(file, images=images, labels=np.zeros(1500, int))

    with pytest.raises(Refusal, match="more than the 1,000,000 pixels"):
        read(file.getvalue(), "digits.npz")
