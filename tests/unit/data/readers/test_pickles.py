"""The lecture's pickle, and the forms near it that people have."""

import gzip
import pickle

import numpy as np
import pytest
import torch
from PIL import Image

from digits_core.data.readers.file_contents import Problem, Refusal
from tests.unit.data.readers.helpers import lecture_pickle, levels, read, tuples


@pytest.fixture(scope="module")
def images(optdigits):
    return optdigits.images[:60]


@pytest.fixture(scope="module")
def labels(optdigits):
    return optdigits.labels[:60]


def same(reading, images, labels) -> bool:
    return np.array_equal(reading.images, images) and np.array_equal(reading.labels, labels)


def test_the_lectures_pickle_is_read_with_a_split_of_its_own(optdigits):
    reading = read(lecture_pickle(optdigits))

    assert reading.format == "Pickle of (image, label) tuples"
    assert reading.test is None
    assert reading.digits("mine").fingerprint == optdigits.fingerprint


def test_its_levels_of_0_to_16_become_the_digits_that_are_built_in(optdigits):
    pairs = tuples(levels(optdigits).astype(np.float32), optdigits.labels)
    reading = read(pickle.dumps(pairs))

    assert reading.digits("mine").fingerprint == optdigits.fingerprint
    assert reading.original_range == "0 to 16 (float32)"
    assert "Values from 0 to 16 (float32) are spread over 0 to 255." in reading.changes


@pytest.mark.parametrize("protocol", range(6))
def test_every_protocol_is_read(protocol, images, labels):
    things = [tuples(images, labels), list(zip(images, labels, strict=True))]

    assert all(same(read(pickle.dumps(thing, protocol)), images, labels) for thing in things)


LISTS = {
    "a pair of lists": lambda train, test: (train, test),
    "a list of two lists": lambda train, test: [train, test],
    "a dict": lambda train, test: {"train": train, "test": test},
    "a dict in other words": lambda train, test: {"Training data": train, "testing_data": test},
    "a dict with more in it": lambda train, test: {"train": train, "test": test, "classes": list("0123456789"), 7: 7},
    "lists of lists": lambda train, test: ([list(pair) for pair in train], [list(pair) for pair in test]),
}


@pytest.mark.parametrize("form", LISTS.values(), ids=LISTS)
def test_train_and_test_lists_keep_their_split(form, images, labels):
    pairs = tuples(images, labels)
    reading = read(pickle.dumps(form(pairs[:40], pairs[40:])))

    assert same(reading, images, labels)
    assert reading.test.tolist() == [False] * 40 + [True] * 20
    assert reading.found[0] == "A train list of 40 and a test list of 20 images."


ARRAYS = {
    "a pair": lambda x, y: (x, y),
    "a dict": lambda x, y: {"images": x, "labels": y},
    "as scikit-learn names them": lambda x, y: {"data": x.reshape(len(x), -1), "target": y},
    "as tensors": lambda x, y: (torch.from_numpy(x), torch.from_numpy(y)),
    "by columns": lambda x, y: (np.asfortranarray(x), y),
    "in lists": lambda x, y: (list(x), y.tolist()),
    "in lists of tensors": lambda x, y: {"x": [torch.from_numpy(i) for i in x], "y": [torch.tensor(n) for n in y]},
}


@pytest.mark.parametrize("form", ARRAYS.values(), ids=ARRAYS)
def test_images_and_labels_may_be_arrays(form, images, labels):
    assert same(read(pickle.dumps(form(images, labels))), images, labels)


def test_three_pairs_of_arrays_are_train_validation_and_test(images, labels):
    cuts = [slice(0, 40), slice(40, 50), slice(50, 60)]
    thing = tuple((images[cut].reshape(-1, 64) / np.float32(255), labels[cut]) for cut in cuts)
    reading = read(gzip.compress(pickle.dumps(thing)), "mnist.pkl.gz")

    assert same(reading, images, labels)
    assert np.flatnonzero(reading.test).tolist() == list(range(50, 60))
    assert "The validation list is used for training." in reading.changes


def coloured(image):
    return np.repeat(image[..., None], 3, axis=2)


IMAGES = {
    "a channel first": lambda image: torch.from_numpy(image[None]),
    "a channel last": lambda image: image[..., None],
    "colours first": lambda image: torch.from_numpy(coloured(image)).permute(2, 0, 1),
    "colours last": coloured,
    "a picture": Image.fromarray,
    "a picture in colours": lambda image: Image.fromarray(image).convert("RGB"),
    "a picture that was a file": lambda image: Image.fromarray(image).convert("RGBA"),
    "a view": lambda image: torch.from_numpy(image.T.copy()).T,
    "rows of numbers": lambda image: image.tolist(),
    "laid flat": lambda image: image.reshape(-1),
    "a parameter": lambda image: torch.nn.Parameter(torch.from_numpy(image / np.float32(255))),
    "half": lambda image: torch.from_numpy(image).half(),
    "bfloat16": lambda image: torch.from_numpy(image).bfloat16(),
    "int64": lambda image: image.astype(np.int64),
    "uint16": lambda image: torch.from_numpy(image.astype(np.uint16) * 257),
    "big-endian": lambda image: image.astype(">f8"),
    "-1 to 1": lambda image: image / 127.5 - 1,
}


@pytest.mark.parametrize("form", IMAGES.values(), ids=IMAGES)
@pytest.mark.parametrize("protocol", [2, 5])
def test_images_may_be_tensors_arrays_or_pictures(form, protocol, images, labels):
    # bfloat16 has 8 bits of precision from the first one on: multiples of 2 are kept.
    even = images // 2 * 2
    even[0, 0, 0], even[0, 7, 7] = 0, 254
    reading = read(pickle.dumps([(form(image), int(n)) for image, n in zip(even, labels, strict=True)], protocol))

    assert np.array_equal(reading.labels, labels)
    assert np.abs(reading.images.astype(int) - even).max() <= 1


LABELS = {
    "a NumPy number": np.int64,
    "a tensor": torch.tensor,
    "a tensor of one": lambda label: torch.tensor([label]),
    "a text": str,
    "bytes": lambda label: str(label).encode(),
    "a float": float,
}


@pytest.mark.parametrize("form", LABELS.values(), ids=LABELS)
def test_labels_may_be_whatever_says_a_digit(form, images, labels):
    pairs = [(image, form(int(label))) for image, label in zip(images, labels, strict=True)]

    assert same(read(pickle.dumps(pairs)), images, labels)


def test_tensors_that_share_their_values_are_read_alike(images, labels):
    whole = torch.from_numpy(images)
    pairs = [(whole[place], int(label)) for place, label in enumerate(labels)]

    assert same(read(pickle.dumps(pairs)), images, labels)


def test_a_tensor_of_a_class_of_its_own_is_read_as_a_tensor(images, labels):
    class Image(torch.Tensor):
        """torchvision's own images are pickled alike; importing it takes seconds."""

        def __reduce_ex__(self, protocol):
            build, args = self.as_subclass(torch.Tensor).__reduce_ex__(protocol)
            return torch._tensor._rebuild_from_type_v2, (build, torch.Tensor, args, {})

    pairs = [(torch.from_numpy(image).as_subclass(Image), int(n)) for image, n in zip(images, labels, strict=True)]

    assert same(read(pickle.dumps(pairs)), images, labels)


WRONG = {
    "a larger image": ((np.zeros((9, 9), np.uint8), 3), "it is 9 × 9 pixels, the others are 8 × 8"),
    "no digit": ((np.zeros((8, 8), np.uint8), 12), "its label is not a digit from 0 to 9"),
    "a negative label": ((np.zeros((8, 8), np.uint8), -1), "its label is not a digit from 0 to 9"),
    "a word": ((np.zeros((8, 8), np.uint8), "seven"), "its label is not a digit from 0 to 9"),
    "yes": ((np.zeros((8, 8), np.uint8), True), "its label is not a digit from 0 to 9"),
    "half a digit": ((np.zeros((8, 8), np.uint8), 3.5), "its label is not a digit from 0 to 9"),
    "no image": ((None, 3), "it has no image in the place of one"),
    "a text for an image": (("image", 3), "it has no image in the place of one"),
    "no pair": (np.zeros((8, 8), np.uint8), "it is not a pair of an image and a label"),
    "three things": ((np.zeros((8, 8), np.uint8), 3, 4), "it is not a pair of an image and a label"),
    "five dimensions": ((np.zeros((1, 1, 1, 8, 8)), 3), "it has 5 dimensions, which no image has"),
    "an odd shape": ((np.zeros((8, 8, 2)), 3), "its image has the shape (8, 8, 2) (float64), none of a digit"),
    "not a number": ((np.full((8, 8), np.nan), 3), "some of its pixels are not a number, or infinite"),
    "infinite": ((np.full((8, 8), np.inf), 3), "some of its pixels are not a number, or infinite"),
    "objects": (
        (np.full((8, 8), None), 3),
        "it is an array of Python objects, which could hold anything: save plain numbers",
    ),
}


@pytest.mark.parametrize(("entry", "reason"), WRONG.values(), ids=WRONG)
def test_an_entry_that_is_wrong_is_named_and_the_others_are_read(entry, reason, images, labels):
    train = tuples(images[:40], labels[:40])
    reading = read(pickle.dumps({"train": [*train[:17], entry, *train[17:]], "test": tuples(images[40:], labels[40:])}))

    assert same(reading, images, labels)
    assert reading.problems == (Problem("train entry 17", reason),)
    assert reading.problem_count == 1
    assert reading.test.tolist() == [False] * 40 + [True] * 20


def test_values_far_outside_those_of_the_others_are_named(images, labels):
    scaled = images / np.float32(255)
    scaled[7] *= 255
    reading = read(pickle.dumps(tuples(scaled, labels)))

    assert [problem.entry for problem in reading.problems] == ["entry 7"]
    assert "those of the others to 1" in reading.problems[0].reason
    assert same(reading, np.delete(images, 7, axis=0), np.delete(labels, 7))


def test_of_many_wrong_entries_some_are_named_and_all_counted(optdigits):
    labels = np.where(np.arange(1797) < 1500, 99, optdigits.labels)
    reading = read(pickle.dumps(tuples(optdigits.images, labels)))

    assert (len(reading.problems), reading.problem_count, len(reading.images)) == (1000, 1500, 297)


@pytest.mark.parametrize(
    "thing",
    [
        [],
        {},
        None,
        7,
        "text",
        [1, 2, 3],
        [[], []],
        {"train": [], "test": []},
        [("a", "b")],
        {"weights": np.zeros(9)},
        (np.zeros((5, 8, 8)),),
        {"images": np.zeros((5, 8, 8))},
        np.zeros((5, 8, 8)),
    ],
    ids=lambda thing: repr(thing)[:30],
)
def test_a_pickle_without_digits_says_what_is_known(thing):
    with pytest.raises(Refusal, match="holds no digits in a form that is known"):
        read(pickle.dumps(thing))


def test_a_list_with_nothing_good_in_it_is_not_passed_over(images, labels):
    reading = read(pickle.dumps({"train": tuples(images, labels), "test": [None, None]}))

    assert [problem.entry for problem in reading.problems] == ["test entry 0", "test entry 1"]


@pytest.mark.parametrize("lone", ["x_test", "y_test"])
def test_images_without_labels_and_labels_without_images_are_not_passed_over(lone, images, labels):
    arrays = {"x_train": images, "y_train": labels, lone: images if lone == "x_test" else labels}

    with pytest.raises(Refusal, match="has test images or labels without the other"):
        read(pickle.dumps(arrays))


def test_nothing_but_wrong_entries_is_refused_with_one_of_them():
    entries = [(np.full((8, 8), np.nan), 3)] * 5

    with pytest.raises(Refusal, match="no image of a digit that can be used: entry 0, for one: some of its pixels"):
        read(pickle.dumps(entries))


def test_as_many_labels_as_images_are_asked_for(images, labels):
    with pytest.raises(Refusal, match="has 60 images, but 59 labels"):
        read(pickle.dumps((images, labels[:-1])))


def test_more_entries_than_the_limit_are_refused(optdigits):
    with pytest.raises(Refusal, match="holds 3,594 entries, more than the 2,000"):
        read(pickle.dumps(tuples(optdigits.images, optdigits.labels) * 2))
