"""Your own digits: kept, relabelled, deleted and brought back, each with its place in the split for good."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digits_core.data import papers
from digits_core.data.handwriting_store import EVERY_NTH_IS_TEST, Handwriting, NewSample
from digits_core.database import Database
from digits_core.errors import DatasetError


def image(value: int = 255) -> np.ndarray:
    drawn = np.zeros((28, 28), np.uint8)
    drawn[4:24, 12:16] = value
    return drawn


@pytest.fixture
def handwriting(database) -> Handwriting:
    return Handwriting(database)


def test_a_sample_is_listed_as_it_was_added(handwriting):
    before = time.time()
    number = handwriting.add(image(200), 7, "Ada", "canvas", b"png")
    (sample,) = handwriting.samples()

    assert (sample.id, sample.label, sample.writer, sample.source) == (number, 7, "Ada", "canvas")
    np.testing.assert_array_equal(sample.image, image(200))
    assert before <= sample.created <= time.time()


def test_the_newest_sample_is_listed_first(handwriting):
    numbers = [handwriting.add(image(), label, "Ada", "canvas") for label in (1, 2, 3)]

    assert [sample.id for sample in handwriting.samples()] == numbers[::-1]


def test_samples_are_there_when_the_home_is_opened_again(handwriting, database):
    handwriting.add(image(99), 7, "Ada", "sheet")
    database.close()
    reopened = Database(database.path)
    (sample,) = Handwriting(reopened).samples()

    assert (sample.label, sample.source, sample.image.max()) == (7, "sheet", 99)
    reopened.close()


def test_one_sample_of_a_digit_in_five_is_for_testing_and_never_its_first(handwriting):
    handwriting.add_all([NewSample(image(), label, "Ada", "canvas") for label in range(10) for _ in range(15)])
    digits = handwriting.digits()

    for label in range(10):
        in_fives = digits.test[digits.labels == label].reshape(-1, EVERY_NTH_IS_TEST)
        assert in_fives.sum(axis=1).tolist() == [1, 1, 1]
        assert not in_fives[0, 0]


def test_forty_digits_four_of_each_hold_a_fifth_for_testing(handwriting):
    """As the Handwriting page suggests labels: the digits stay balanced."""
    handwriting.add_all([NewSample(image(), label, "Ada", "canvas") for label in [*range(10)] * 4])

    assert handwriting.digits().test.sum() == 8


def test_a_sample_never_changes_its_split(handwriting):
    numbers = [handwriting.add(image(), 3, "Ada", "canvas") for _ in range(10)]
    before = {sample.id: sample.test for sample in handwriting.samples()}
    handwriting.delete(numbers[0])
    handwriting.relabel(numbers[4], 5)
    handwriting.add(image(), 3, "Ada", "canvas")
    handwriting.restore(numbers[0])
    after = {sample.id: sample.test for sample in handwriting.samples()}

    assert {number: after[number] for number in numbers} == before


def test_relabelling_changes_the_label_alone(handwriting):
    number = handwriting.add(image(), 1, "Ada", "canvas")
    handwriting.relabel(number, 7)
    (sample,) = handwriting.samples()

    assert (sample.id, sample.label, sample.writer) == (number, 7, "Ada")


def test_a_deleted_sample_is_gone_from_list_and_dataset(handwriting):
    kept, gone = (handwriting.add(image(), label, "Ada", "canvas") for label in (1, 2))
    handwriting.delete(gone)

    assert [sample.id for sample in handwriting.samples()] == [kept]
    assert handwriting.count() == 1
    assert handwriting.digits().labels.tolist() == [1]


def test_a_deleted_sample_can_be_brought_back(handwriting):
    number = handwriting.add(image(77), 1, "Ada", "canvas")
    handwriting.delete(number)
    handwriting.restore(number)
    (sample,) = handwriting.samples()

    assert (sample.id, sample.image.max()) == (number, 77)


@pytest.mark.parametrize("change", [lambda h: h.delete(5), lambda h: h.restore(5), lambda h: h.relabel(5, 1)])
def test_changing_a_sample_that_is_not_there_is_refused(handwriting, change):
    with pytest.raises(DatasetError, match="no handwritten sample 5"):
        change(handwriting)


@pytest.mark.parametrize("label", [-1, 10])
def test_a_label_that_is_no_digit_is_refused_and_nothing_written(handwriting, label):
    number = handwriting.add(image(), 1, "Ada", "canvas")

    with pytest.raises(DatasetError, match="not a digit from 0 to 9"):
        handwriting.add(image(), label, "Ada", "canvas")
    with pytest.raises(DatasetError, match="not a digit from 0 to 9"):
        handwriting.relabel(number, label)
    assert [sample.label for sample in handwriting.samples()] == [1]


@pytest.mark.parametrize("wrong", [np.zeros((8, 8), np.uint8), np.zeros((28, 28), np.float32)])
def test_an_image_of_another_shape_or_type_is_refused(handwriting, wrong):
    with pytest.raises(DatasetError, match=r"uint8 \(28, 28\)"):
        handwriting.add(wrong, 1, "Ada", "canvas")


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("", "me"),
        ("  Ada \n L. ", "Ada L."),
        ("x" * 99, "x" * 60),
        ("A\0da\ud800", "A da"),
        ("x" * 59 + " y", "x" * 59),
    ],
)
def test_a_writers_name_is_tidied(handwriting, given_name, kept):
    handwriting.add(image(), 1, given_name, "canvas")

    assert handwriting.samples()[0].writer == kept


def test_the_dataset_is_in_the_order_of_writing_with_its_writers(handwriting):
    for label, writer in ((4, "Ada"), (2, "Bob")):
        handwriting.add(image(), label, writer, "canvas")
    digits = handwriting.digits()

    assert (digits.labels.tolist(), digits.writers) == ([4, 2], ("Ada", "Bob"))


def test_no_samples_are_no_dataset(handwriting, catalogue):
    number = handwriting.add(image(), 1, "Ada", "canvas")
    handwriting.delete(number)

    assert not catalogue.available("handwriting")
    with pytest.raises(DatasetError, match="no handwriting yet"):
        handwriting.digits()


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["add", "relabel", "delete", "restore"]), st.integers(0, 3), st.integers(0, 9)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=15)
@given(ACTIONS)
def test_two_states_of_the_samples_never_share_a_version(tmp_path_factory, actions):
    database = Database(tmp_path_factory.mktemp("versions") / "digits.sqlite")
    handwriting = Handwriting(database)
    numbers = [handwriting.add(image(), 0, "Ada", "canvas")]
    seen: dict[str, list] = {}
    for action, which, label in actions:
        number = numbers[which % len(numbers)]
        match action:
            case "add":
                numbers.append(handwriting.add(image(), label, "Ada", "canvas"))
            case "relabel":
                handwriting.relabel(number, label)
            case _:
                getattr(handwriting, action)(number)
        state = [(sample.id, sample.label) for sample in handwriting.samples()]
        assert seen.setdefault(handwriting.version(), state) == state
    database.close()


def test_two_relabellings_that_balance_each_other_change_the_version(handwriting):
    first, second = (handwriting.add(image(), label, "Ada", "canvas") for label in (2, 0))
    before = handwriting.version()
    handwriting.relabel(first, 0)
    handwriting.relabel(second, 1)

    assert handwriting.version() != before


def rows(handwriting) -> list[tuple]:
    return [(each.id, each.label, each.writer, each.test) for each in handwriting.samples()]


def test_a_batch_keeps_to_the_split_as_single_samples_do(handwriting):
    handwriting.add(image(), 3, "Ada", "canvas")
    handwriting.add_all([NewSample(image(), 3, "Ada", "sheet") for _ in range(9)])

    assert handwriting.digits().test.tolist() == ([False] * 4 + [True]) * 2


def test_a_batch_with_a_wrong_label_is_refused_whole(handwriting):
    with pytest.raises(DatasetError, match="not a digit from 0 to 9"):
        handwriting.add_all([NewSample(image(), 3, "Ada", "sheet"), NewSample(image(), 12, "Ada", "sheet")])
    assert handwriting.count() == 0


def test_a_change_of_several_with_one_that_is_not_there_changes_none(handwriting):
    number = handwriting.add(image(), 3, "Ada", "canvas")
    before = rows(handwriting)

    with pytest.raises(DatasetError, match="no handwritten sample 99"):
        handwriting.move([number, 99], "Bob")
    assert rows(handwriting) == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda h, chosen: h.relabel(chosen, 8), "Relabelled 2 digits as 8"),
        (lambda h, chosen: h.move(chosen, "Eve {0}"), "Moved 2 digits to Eve {0}"),
        (lambda h, chosen: h.delete(chosen), "Deleted 2 digits"),
        (lambda h, _: h.rename_writer("Bob", "Ada"), "Moved 1 digit to Ada"),
        (lambda h, _: h.add_all([NewSample(image(), 5, "Eve", "upload")]), "Saved 1 digit"),
    ],
)
def test_a_whole_action_is_undone_at_once(handwriting, change, words):
    added = handwriting.add_all(
        [NewSample(image(), label, writer, "upload") for label, writer in ((1, "Ada"), (2, "Bob"))]
    )
    before, version = rows(handwriting), handwriting.version()
    done = change(handwriting, added.samples)

    assert done.words == words
    assert rows(handwriting) != before
    assert handwriting.version() != version
    handwriting.undo(done)
    assert rows(handwriting) == before
    assert handwriting.version() == version


def test_deleted_samples_are_listed_apart(handwriting):
    kept, gone = (handwriting.add(image(), label, "Ada", "canvas") for label in (1, 2))
    handwriting.delete(gone)

    assert [sample.id for sample in handwriting.samples(deleted=True)] == [gone]
    assert [sample.id for sample in handwriting.samples()] == [kept]


def test_writers_and_their_digits_are_counted_without_what_is_deleted(handwriting):
    for label, writer in ((1, "Ada"), (1, "Bob"), (7, "Bob"), (7, "Eve")):
        number = handwriting.add(image(), label, writer, "canvas")
    handwriting.delete(number)

    assert handwriting.writers() == [("Bob", 2), ("Ada", 1)]
    assert handwriting.counts().tolist() == [0, 2, 0, 0, 0, 0, 0, 1, 0, 0]
    assert handwriting.counts("Bob").tolist() == [0, 1, 0, 0, 0, 0, 0, 1, 0, 0]


def test_a_writer_that_is_not_there_cannot_be_renamed(handwriting):
    with pytest.raises(DatasetError, match="no writer 'Ada'"):
        handwriting.rename_writer("Ada", "Bob")


def test_the_original_drawing_is_kept(handwriting):
    number = handwriting.add(image(), 1, "Ada", "canvas", b"a picture")

    assert handwriting.drawing(number) == b"a picture"
    with pytest.raises(DatasetError, match="no handwritten sample 99"):
        handwriting.drawing(99)


def paper(place: int = 0) -> np.ndarray:
    written = np.zeros((112, 112), np.uint8)
    written[place : place + 40, 10:20] = 255
    return written


def test_the_dataset_has_the_ink_where_it_was_written(handwriting):
    for place in (0, 30, 60):
        handwriting.add(image(), 7, "Ada", "canvas", paper=papers.packed(paper(place)))

    np.testing.assert_array_equal(handwriting.digits().images, np.stack([paper(place) for place in (0, 30, 60)]))
    np.testing.assert_array_equal(handwriting.paper(2), paper(30))
    assert [sample.image.shape for sample in handwriting.samples()] == [(28, 28)] * 3


def test_older_samples_are_carried_over_once_and_stay_the_same_dataset(handwriting, database):
    handwriting.add(image(99), 7, "Ada", "sheet")
    handwriting.add(image(), 3, "Ada", "canvas", paper=papers.packed(paper()))
    before, version = handwriting.digits(), handwriting.version()

    assert handwriting.carry_over() == 1
    assert handwriting.carry_over() == 0
    assert handwriting.digits().fingerprint == before.fingerprint
    assert (handwriting.version(), before.shape) == (version, (112, 112))
    assert all(sample.paper for sample in handwriting.everything())


def test_paper_that_is_none_is_refused(handwriting):
    with pytest.raises(DatasetError, match="damaged"):
        handwriting.add(image(), 7, "Ada", "canvas", paper=b"ink")
    assert handwriting.count() == 0
