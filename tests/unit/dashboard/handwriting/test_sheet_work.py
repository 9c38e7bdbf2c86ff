"""A sheet that is being labelled: every change can be taken back, and what was left out can be added."""

import io
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageDraw

from digits_core.dashboard.handwriting import marks_back
from digits_core.dashboard.handwriting.boxes import LabelledBox, sides
from digits_core.dashboard.handwriting.edits import apply_edits
from digits_core.dashboard.handwriting.sheet_work import UNDO_STEPS, Work, read_work
from digits_core.dashboard.packed import PackedSheet
from digits_core.errors import PictureError
from digits_core.recognition.segment import Box
from digits_core.recognition.turning import RIGHT, turned
from tests.pictures import as_png, sheet


@pytest.fixture(scope="module")
def found() -> Work:
    """Two rows of two digits, and a dash that is left out."""
    with Image.open(io.BytesIO(sheet([[0, 1], [7, 4]]))) as picture:
        ImageDraw.Draw(picture).line([(240, 40), (280, 40)], fill=45, width=6)
        return read_work(as_png(picture), "sheet.png", 1, 500)


@pytest.fixture
def work(found: Work) -> Work:
    """The same sheet, which nobody has changed."""
    return replace(found, past=[], ahead=[], digits={}, pictures={})


def numbered(*edits: dict) -> list[dict]:
    return [{"seq": number, **each} for number, each in enumerate(edits, 1)]


def state_of(work: Work) -> tuple:
    return work.boxes.now, work.packed


def each_edit(work: Work) -> dict[str, dict]:
    """One edit of each kind that changes something."""
    first, second = (list((box.left, box.top, box.width, box.height)) for box in work.places[:2])
    dash = (work.left_out or work.past[0].packed.unpacked().left_out)[0].box
    return {
        "move": {"kind": "move", "box": first, "to": [first[0] + 9, first[1], first[2], first[3]]},
        "resize": {"kind": "move", "box": first, "to": [first[0], first[1], first[2] + 7, first[3] - 2]},
        "add": {"kind": "add", "to": [5, 5, 30, 30], "label": None},
        "delete": {"kind": "delete", "box": first},
        "label": {"kind": "label", "box": first, "label": 8},
        "split": {"kind": "split", "box": first},
        "join": {"kind": "join", "box": first, "to": second},
        "clear": {"kind": "clear"},
        "bring back": {"kind": "bring back", "to": [dash.left, dash.top, dash.width, dash.height]},
    }


KINDS = ["move", "resize", "add", "delete", "label", "split", "join", "clear", "bring back"]


@pytest.mark.parametrize("kind", KINDS)
def test_each_edit_on_the_picture_is_taken_back_and_made_again(work, kind):
    before, left_out = state_of(work), work.left_out
    apply_edits(work, numbered(each_edit(work)[kind]))
    after = state_of(work)
    assert after != before

    work.undo()
    assert state_of(work) == before
    assert work.left_out == left_out
    work.redo()
    assert state_of(work) == after


def test_all_of_a_long_list_of_edits_is_taken_back_one_by_one(work):
    # One after the other, each from what the one before left.
    seen = [state_of(work)]
    for number, kind in enumerate(["label", "move", "add", "split", "bring back", "delete", "clear"], 1):
        apply_edits(work, [{"seq": number, **each_edit(work)[kind]}])
        seen.append(state_of(work))

    assert all(before != after for before, after in pairwise(seen))
    for before in seen[-2::-1]:
        work.undo()
        assert state_of(work) == before
    assert not work.past
    work.undo()
    assert state_of(work) == seen[0]


def test_what_was_taken_back_is_gone_after_another_change(work):
    work.change([each.labelled(3) for each in work.boxes.now])
    work.undo()
    work.change([each.labelled(4) for each in work.boxes.now])
    work.redo()

    assert {each.label for each in work.boxes.now} == {4}


def test_edits_that_come_twice_count_once_and_out_of_the_unconfirmed_list_only_the_new_ones(work):
    first = work.places[0]
    box = [first.left, first.top, first.width, first.height]
    edits = numbered({"kind": "label", "box": box, "label": 3}, {"kind": "label", "box": box, "label": 5})
    apply_edits(work, edits[:1])
    apply_edits(work, edits)
    apply_edits(work, edits)

    assert work.boxes.now[0].label == 5
    assert len(work.past) == 2
    assert work.done == 2


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "edits",
        [None],
        [{}],
        [{"seq": "1", "kind": "clear"}],
        [{"seq": 1}],
        [{"seq": 1, "kind": "delete"}],
        [{"seq": 1, "kind": "label", "box": [0, 0, 5, 5], "label": 3}],
        [{"seq": 1, "kind": "add", "to": [0, 0, 0, 0]}],
        [{"seq": 1, "kind": "split", "box": [1, 1, 4, 4]}],
    ],
)
def test_what_is_not_an_edit_of_this_sheet_changes_nothing(work, sent):
    before = state_of(work)
    apply_edits(work, sent)

    assert state_of(work) == before
    assert not work.past


def test_a_label_out_of_range_is_not_taken(work):
    box = work.places[0]
    apply_edits(work, numbered({"kind": "label", "box": [box.left, box.top, box.width, box.height], "label": 12}))

    assert work.boxes.now[0].label is None


def test_a_change_in_the_table_is_taken_back_and_leaves_the_table_in_place(work):
    table = work.table
    work.change_in_table([replace(work.boxes.now[0], keep=False), *work.boxes.now[1:]])
    assert work.table == table

    work.undo()
    assert work.boxes.now[0].keep
    assert work.table == table + 1


def test_a_proposal_for_a_new_box_is_taken_back_with_the_box(work):
    before = work.boxes.now
    apply_edits(work, numbered({"kind": "add", "to": [5, 5, 30, 30], "label": None}))
    work.change([each.labelled(7, 0.6) for each in work.boxes.now], undoable=False)
    work.undo()

    assert work.boxes.now == before


def test_the_oldest_changes_are_forgotten(work):
    for number in range(UNDO_STEPS + 3):
        work.change([each.labelled(number % 10) for each in work.boxes.now])

    assert len(work.past) == UNDO_STEPS


def test_a_mark_that_was_left_out_comes_back_with_its_ink(work):
    (mark,) = work.left_out
    assert mark.reason == "a dash"
    size = work.size
    work.bring_back(mark.box)

    assert work.left_out == ()
    assert work.boxes.now[-1] == LabelledBox(mark.box)
    assert work.digit(mark.box).max() == 255
    assert work.size > size  # the sheet from before is kept, to go back to
    work.undo()
    assert [each.box for each in work.left_out] == [mark.box]


def test_a_box_drawn_around_ink_that_was_left_out_holds_it(work):
    dash = work.left_out[0].box
    around = [dash.left - 4, dash.top - 4, dash.width + 8, dash.height + 8]
    apply_edits(work, numbered({"kind": "add", "to": around, "label": 1}))

    assert work.digit(work.places[-1]).max() == 255
    assert [each.label for each in work.to_save()] == [1]
    apply_edits(work, [{"seq": 2, "kind": "add", "to": [5, 5, 30, 30], "label": 1}])
    assert work.digit(work.places[-1]) is None


def test_a_sheet_on_its_side_is_turned_and_turned_back(work):
    with Image.open(io.BytesIO(sheet([[0, 1, 7], [7, 4, 0]]))) as picture:
        lying = read_work(as_png(picture.rotate(90, expand=True)), "lying.png", 1, 500)
    lying.change([each.labelled(3) for each in lying.boxes.now])
    before, high = state_of(lying), lying.packed.height
    lying.turn()

    assert lying.packed.width == high
    assert lying.width == 500
    assert [len(row) for row in lying.sheet.rows()] == [3, 3]
    assert [each.label for each in lying.boxes.now] == [None] * 6
    lying.undo()
    assert state_of(lying) == before
    lying.turn()
    lying.turn()
    assert (lying.packed.width, lying.packed.height) == (before[1].width, before[1].height)


def test_a_sheet_that_shows_nothing_when_turned_stays_as_it_was(work):
    empty = replace(work.sheet, ink=np.zeros_like(work.sheet.ink))
    work.packed = PackedSheet.of(empty)
    before = state_of(work)

    with pytest.raises(PictureError, match=r"sheet\.png shows no"):
        work.turn()
    assert state_of(work) == before
    assert not work.past


def test_a_turned_sheet_knows_where_its_boxes_are_in_the_photo(found):
    lying = turned(found.sheet, RIGHT)
    photo = found.sheet.in_photo(found.places[0])
    # The first digit, upper left, is now the upper right one.
    same = lying.in_photo(max(lying.boxes, key=lambda box: box.left - box.top))

    assert max(abs(np.subtract(sides(photo), sides(same)))) <= 3


@pytest.mark.parametrize(("shape", "columns"), [((20, 60), [(2, 20), (40, 55)]), ((20, 60), [(0, 31), (36, 60)])])
def test_a_box_is_cut_where_there_is_least_ink_and_its_halves_lie_close_around_theirs(shape, columns):
    ink = np.zeros(shape, dtype=np.uint8)
    for start, end in columns:
        ink[3:15, start:end] = 255

    assert marks_back.halves(ink, Box(0, 0, 60, 20)) == tuple(Box(start, 3, end - start, 12) for start, end in columns)
    assert marks_back.halves(ink.T, Box(0, 0, 20, 60)) == tuple(
        Box(3, start, 12, end - start) for start, end in columns
    )


def test_the_smallest_box_is_cut_without_an_error():
    one, other = marks_back.halves(np.full((9, 9), 255, dtype=np.uint8), Box(4, 4, 2, 2))

    assert (one, other) == (Box(4, 4, 1, 2), Box(5, 4, 1, 2))


def test_a_bridge_between_two_digits_is_cut_and_not_a_stroke():
    ink = np.zeros((40, 60), np.uint8)
    for left, top, right, bottom in ((5, 0, 11, 40), (40, 4, 46, 36), (11, 19, 40, 21)):
        ink[top:bottom, left:right] = 255
    left, right = marks_back.halves(ink, Box(0, 0, 60, 40))

    assert (left.left, left.top, left.bottom) == (5, 0, 40)
    assert (right.right, right.top, right.bottom) == (46, 4, 36)
    assert left.right == right.left
