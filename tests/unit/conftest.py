"""What the tests of the library share: a fast hypothesis, an empty store, some hundred digits."""

import os

import numpy as np
import pytest
from hypothesis import settings

from digits_core.data.builtin import read_mnist_5k, read_optdigits
from digits_core.data.catalogue import Catalogue
from digits_core.data.digits import Digits
from digits_core.database import Database
from digits_core.home import Home
from digits_core.runs.store import RunStore

# No deadline: a busy machine is no defect. The same examples everywhere, so that what fails in one place can be seen in
# another; for others: HYPOTHESIS_PROFILE=explore
settings.register_profile("digits", deadline=None, max_examples=40, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=400)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "digits"))


@pytest.fixture(scope="session")
def optdigits() -> Digits:
    return read_optdigits()


@pytest.fixture(scope="session")
def mnist_5k() -> Digits:
    return read_mnist_5k()


@pytest.fixture(scope="session")
def few_optdigits(optdigits) -> Digits:
    """330 of them, 8×8."""
    return cut(optdigits, train=250, test=80)


@pytest.fixture(scope="session")
def few_mnist(mnist_5k) -> Digits:
    """330 of them, 28×28: the size at which nothing is resized."""
    return cut(mnist_5k, train=250, test=80)


@pytest.fixture
def database(home):
    opened = Database(Home(home).create().database)
    yield opened
    opened.close()


@pytest.fixture
def store(database) -> RunStore:
    return RunStore(database)


@pytest.fixture
def catalogue(home, database) -> Catalogue:
    return Catalogue(Home(home), database)


def cut(digits: Digits, train: int, test: int) -> Digits:
    """Every so many of each split, so that all ten digits stay in it."""
    chosen = np.sort(np.concatenate([spread(digits.indices("train"), train), spread(digits.indices("test"), test)]))
    return Digits(digits.name, digits.images[chosen], digits.labels[chosen], digits.test[chosen])


def spread(places: np.ndarray, count: int) -> np.ndarray:
    return places[np.linspace(0, len(places) - 1, count).astype(int)]
