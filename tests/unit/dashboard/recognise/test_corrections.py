"""What a person changes of the digits that were found: joined, split, dropped or labelled, and undone."""

import pytest
from PIL import Image, ImageDraw

from digits_core.dashboard.recognise.photos import Photo, other_ways, read_photo
from digits_core.recognition.marks import LeftOut, reasons_of
from digits_core.recognition.recogniser import Recogniser
from digits_core.recognition.segment import Box
from tests.pictures import STROKES, as_png, sheet
from tests.unit.dashboard.recognise.test_photos import recogniser  # noqa: F401  (a fixture)


def touching() -> bytes:
    """A 1 and a 7 that touch, with another 1 further on."""
    paper = Image.new("L", (420, 200), 235)
    pen = ImageDraw.Draw(paper)
    for left, digit in ((20, 1), (70, 7), (260, 1)):
        for stroke in STROKES[digit]:
            pen.line([(left + 120 * x, 30 + 130 * y) for x, y in stroke], fill=30, width=9, joint="curve")
    pen.line([(80, 120), (130, 122)], fill=30, width=3)
    return as_png(paper)


@pytest.fixture
def photo(recogniser) -> Photo:  # noqa: F811
    found = read_photo(touching(), "photo.png", 1, "many", 500)
    return read_by(recogniser, found)


def read_by(recogniser: Recogniser, photo: Photo) -> Photo:  # noqa: F811
    photo.read(recogniser, "a", "#1")
    photo.propose()
    return photo


def test_touching_digits_are_split_read_and_joined_again(photo, recogniser):  # noqa: F811
    assert len(photo.found()) == 2
    before = photo.work.boxes.now
    photo.split(photo.found()[0][0])
    read_by(recogniser, photo)
    assert len(photo.text) == 3

    (first, _), (second, _), _ = photo.found()
    photo.join(first, second)
    read_by(recogniser, photo)
    assert len(photo.text) == 2
    for _ in range(2):
        photo.work.undo()
    assert [each.box for each in photo.work.boxes.now] == [each.box for each in before]
    assert not photo.work.past


def test_each_change_by_hand_is_undone_the_last_one_first_and_reading_anew_drops_them_all(photo, recogniser):  # noqa: F811
    box, reading = photo.found()[1]
    read = reading.answers[0].digit
    photo.relabel(box, (read + 1) % 10)
    photo.drop(photo.found()[0][0])
    assert photo.text == str((read + 1) % 10)

    photo.work.undo()
    assert len(photo.text) == 2
    assert photo.given(box)
    photo.find_again()
    read_by(recogniser, photo)
    assert not photo.given(box)
    assert photo.text[1] == str(read)
    photo.work.undo()
    assert photo.given(box)


def test_what_a_canvas_changed_is_undone_too_and_what_a_network_proposed_is_no_change(photo):
    assert not photo.work.past
    first, second = photo.work.boxes.now
    photo.work.change([first])  # as the editor does
    photo.work.undo()
    assert [each.box for each in photo.work.boxes.now] == [first.box, second.box]


def test_a_digit_that_a_person_named_is_doubted_no_more(recogniser):  # noqa: F811
    class Refuses:
        threshold = 0.0

        def accepts(self, answer) -> bool:
            return False

    photo = read_photo(sheet([[1, 0]]), "photo.png", 1, "auto", 500)
    photo.read(recogniser, "a", "#1", Refuses())
    box = photo.found()[0][0]
    assert photo.doubted(box)
    photo.relabel(box, 1)
    assert not photo.doubted(box)


def test_what_was_left_out_is_listed_by_reason_and_shown(photo):
    line, edge = "a line of the paper", "cut off at the edge"
    photo.left_out = tuple(LeftOut(Box(0, top, 50, 2), why) for top, why in ((10, edge), (20, line), (40, line)))

    assert reasons_of(photo.left_out) == f"2 × {line}, 1 × {edge}"
    assert [each.words for each in photo.boxed_left_out()] == [f"left out: {why}" for why in (edge, line, line)]
    assert [each.top for each in photo.boxed_left_out()] == [10, 20, 40]


@pytest.mark.parametrize(
    ("way", "found", "others"),
    [
        ("auto", 1, ["many"]),
        ("auto", 5, ["one"]),
        ("one", 1, ["many"]),
        ("many", 1, ["one"]),
        ("many", 4, ["one"]),
        ("auto", 0, ["one", "many"]),
        ("one", 0, ["many"]),
    ],
)
def test_the_other_reading_is_offered(way, found, others):
    assert other_ways(way, found) == others
