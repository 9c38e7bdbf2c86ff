"""What can be chosen: built-in sets, one's own, imported ones."""

import pytest

from digits_core.errors import DatasetError


def test_every_entry_can_be_asked_for(catalogue):
    there = {entry.name: catalogue.available(entry.name) for entry in catalogue.entries()}

    assert there == {"optdigits": True, "mnist-5k": True, "strokes": True, "mnist": False, "handwriting": False}


def test_a_set_that_does_not_exist_is_refused_with_those_that_do(catalogue):
    with pytest.raises(
        DatasetError, match=r"no dataset 'emnist'\. There are: optdigits, mnist-5k, strokes, mnist, handwriting"
    ):
        catalogue.load("emnist")
    assert not catalogue.available("emnist")


@pytest.mark.parametrize("name", ["mnist", "handwriting"])
def test_a_set_that_is_not_here_yet_says_where_to_get_it(catalogue, name):
    with pytest.raises(DatasetError, match="page"):
        catalogue.load(name)
