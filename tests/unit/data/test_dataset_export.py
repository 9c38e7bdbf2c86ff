"""A dataset that was taken away comes back the same, and other programs read it."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from digits_core.data.dataset_export import as_npz, as_pickle
from digits_core.data.digits import Digits
from digits_core.data.readers import read_file
from digits_core.data.readers.limits import Limits
from digits_core.data.readers.parse import parse


def in_order_of_lists(digits: Digits) -> Digits:
    """The same digits, training first: a pickle has two lists."""
    order = np.concatenate([digits.indices("train"), digits.indices("test")])
    return Digits(digits.name, digits.images[order], digits.labels[order], digits.test[order])


def test_an_npz_comes_back_without_loss(tmp_path, few_mnist):
    writers = tuple(f"writer {place % 7} é" for place in range(len(few_mnist)))
    digits = Digits("mine", few_mnist.images, few_mnist.labels, few_mnist.test, writers)
    path = tmp_path / "mine.npz"
    path.write_bytes(as_npz(digits))
    back = read_file(path).digits("mine")

    assert back.fingerprint == digits.fingerprint
    assert back.writers == writers


@st.composite
def any_digits(draw) -> Digits:
    count = draw(st.integers(1, 6))
    shape = (count, draw(st.integers(2, 9)), draw(st.integers(2, 9)))
    return Digits(
        "mine",
        draw(npst.arrays(np.uint8, shape)),
        draw(npst.arrays(np.int64, count, elements=st.integers(0, 9))),
        draw(npst.arrays(np.bool_, count)),
        draw(
            st.one_of(st.just(()), st.lists(st.text("abcé 7", min_size=1), min_size=count, max_size=count).map(tuple))
        ),
    )


@settings(max_examples=60)
@given(any_digits())
def test_any_digits_come_back_from_an_npz(digits):
    """Blank ones, light ones, faint ones: in our own export nothing is guessed."""
    back = parse(as_npz(digits), "mine.npz", Limits()).digits("mine")

    assert back.fingerprint == digits.fingerprint
    assert back.writers == digits.writers


def test_other_programs_read_the_npz_as_plain_arrays(tmp_path, few_optdigits):
    path = tmp_path / "mine.npz"
    path.write_bytes(as_npz(few_optdigits))

    with np.load(path, allow_pickle=False) as arrays:
        assert np.array_equal(arrays["images"], few_optdigits.images)
        assert arrays["writers"].size == 0


@pytest.mark.parametrize("values", ["uint8", "float32"])
def test_a_pickle_comes_back_with_its_lists(values, tmp_path, few_optdigits):
    path = tmp_path / "mine.pkl"
    path.write_bytes(as_pickle(few_optdigits, values))
    back = read_file(path).digits("mine")

    assert back.fingerprint == in_order_of_lists(few_optdigits).fingerprint


def test_another_program_reads_the_pickle_by_plain_pickle_load(tmp_path, few_optdigits):
    path = tmp_path / "mine.pkl"
    path.write_bytes(as_pickle(few_optdigits))
    code = (
        f"import pickle; lists = pickle.load(open({str(path)!r}, 'rb')); image, label = lists['train'][0];"
        "print(len(lists['train']), len(lists['test']), type(image).__name__, tuple(image.shape), image.dtype,"
        "type(label).__name__)"
    )
    answer = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "250 80 Tensor (8, 8) torch.uint8 int"


def test_the_tensors_of_a_pickle_are_the_images(few_optdigits):
    lists = pickle.loads(as_pickle(few_optdigits, "float32"))
    images, labels = few_optdigits.of("test")

    assert torch.equal(torch.stack([image for image, _ in lists["test"]]), torch.from_numpy(images / np.float32(255)))
    assert [label for _, label in lists["test"]] == labels.tolist()


def test_each_tensor_of_a_pickle_holds_its_own_values_alone(few_mnist):
    """A view would be pickled with the values of all others, and the file grow with the square of the images."""
    assert len(as_pickle(few_mnist)) < len(few_mnist) * (28 * 28 + 600)
