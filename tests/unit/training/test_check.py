"""What cannot be trained is refused before anything is started, with what to do instead."""

import numpy as np
import pytest

from digits_core.config import DataConfig
from digits_core.data.digits import Digits
from digits_core.data.strokes import read_strokes
from digits_core.errors import DatasetError
from digits_core.training.check import check_data, choose_digits
from tests.unit.helpers import run_config


def digits(train: int, test: int, name: str = "few") -> Digits:
    """Images that are all different, also from those under another name."""
    count = train + test
    images = np.random.default_rng(list(name.encode())).integers(0, 256, (count, 8, 8), np.uint8)
    return Digits(name, images, np.zeros(count, np.int64), np.arange(count) >= train)


def test_a_batch_of_all_training_images_is_allowed():
    assert check_data(run_config(batch_size=16), lambda _: digits(16, 1)) is None


def test_a_batch_larger_than_the_data_is_refused_with_both_numbers():
    with pytest.raises(DatasetError, match=r"batch size 17 is larger than the 16 training images of few\. Choose"):
        check_data(run_config(batch_size=17), lambda _: digits(16, 1))


def test_all_training_sets_together_must_fill_a_batch():
    config = run_config(batch_size=20)
    both = config.replace(data=config.data.replace(train=("a", "b")))

    assert check_data(both, lambda name: digits(10, 1, name)) is None
    with pytest.raises(DatasetError, match=r"20 is larger than the 18 training images of a \+ b"):
        check_data(both, lambda name: digits(9, 1, name))


class TestATestImageOfAnotherDataset:
    """MNIST holds the images of its samples, whose test would be one of memory."""

    @pytest.fixture
    def sets(self, few_mnist):
        everything = Digits("all", few_mnist.images, few_mnist.labels, np.zeros(len(few_mnist), bool))
        return {"all": everything, "few": Digits("few", few_mnist.images, few_mnist.labels, few_mnist.test)}

    def test_is_not_trained_on(self, sets):
        (train,), (test,) = choose_digits(DataConfig(train=("all",), test=("few",)), sets.__getitem__)

        assert (train.test == sets["few"].test).all()
        assert not {x.tobytes() for x in train.of("train")[0]} & {x.tobytes() for x in test.of("test")[0]}
        assert train.images is sets["all"].images

    def test_is_not_counted_as_a_training_image(self, sets):
        data = DataConfig(train=("all",), test=("few",))
        too_many = int((~sets["few"].test).sum()) + 1

        with pytest.raises(DatasetError, match=f"larger than the {too_many - 1} training images of all"):
            check_data(run_config(data, batch_size=too_many), sets.__getitem__)

    def test_keeps_its_place_in_its_own_dataset(self, sets):
        """Also if that is tested on itself: within a dataset, its own split decides."""
        train, test = choose_digits(DataConfig(train=("few", "all"), test=("few",)), sets.__getitem__)

        assert train[0] is test[0] is sets["few"]

    def test_of_another_size_is_another_image(self):
        sets = {"wide": black("wide", (8, 8), False), "tall": black("tall", (4, 16), True)}

        (train,), _ = choose_digits(DataConfig(train=("wide",), test=("tall",)), sets.__getitem__)

        assert train is sets["wide"]

    def test_of_the_sets_that_are_built_in_there_is_none_but_in_mnist(self, optdigits, mnist_5k):
        built_in = {"optdigits": optdigits, "mnist-5k": mnist_5k, "strokes": read_strokes()}
        data = DataConfig(train=tuple(built_in), test=tuple(built_in))

        train, _ = choose_digits(data, built_in.__getitem__)

        assert all(each is built_in[each.name] for each in train)


def black(name: str, shape: tuple[int, int], test: bool) -> Digits:
    return Digits(name, np.zeros((4, *shape), np.uint8), np.zeros(4, np.int64), np.full(4, test))


def test_no_training_images_are_refused_as_such():
    with pytest.raises(DatasetError, match="few holds no training images"):
        check_data(run_config(), lambda _: digits(0, 5))


def test_no_test_images_are_refused_as_such():
    with pytest.raises(DatasetError, match=r"few holds no test images\. Choose another dataset") as refused:
        check_data(run_config(), lambda _: digits(20, 0))
    assert "handwrit" not in str(refused.value), "the dataset is somebody's file"


def test_handwriting_without_test_images_says_how_it_gets_some():
    with pytest.raises(DatasetError, match=r"handwriting holds no test images\. Save more .* one in five samples"):
        check_data(run_config(), lambda _: digits(20, 0, "handwriting"))


def test_a_dataset_that_does_not_exist_is_refused(catalogue):
    config = run_config()

    with pytest.raises(DatasetError, match="no dataset 'emnist'"):
        check_data(config.replace(data=config.data.replace(train=("emnist",))), catalogue.load)


def hands(name: str = "handwriting") -> Digits:
    """Twenty digits of anna, ten of ben; every fifth is for testing."""
    writers = ("anna",) * 20 + ("ben",) * 10
    return Digits(name, np.zeros((30, 8, 8), np.uint8), np.zeros(30, np.int64), np.arange(30) % 5 == 4, writers)


def test_training_on_some_writers_and_testing_on_another():
    data = DataConfig(train=("handwriting",), test=("handwriting",), test_writers=("ben",))

    (train,), (test,) = choose_digits(data, hands)

    assert set(np.array(train.writers)[train.indices("train")]) == {"anna"}
    assert train.counts("train").sum() == 16
    assert set(np.array(test.writers)[test.indices("test")]) == {"ben"}
    assert test.counts("test").sum() == 10


def test_a_writer_whom_no_dataset_knows_is_refused_by_name():
    data = DataConfig(train=("handwriting",), test=("handwriting",), test_writers=("ben", "carl"))

    with pytest.raises(DatasetError, match="written by carl"):
        choose_digits(data, hands)


def test_holding_out_the_only_writer_leaves_nothing_to_train_on():
    data = DataConfig(train=("handwriting",), test=("handwriting",), test_writers=("anna", "ben"))

    with pytest.raises(DatasetError, match="handwriting holds no training images"):
        check_data(run_config().replace(data=data), hands)
