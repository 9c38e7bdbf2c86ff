"""Boxes on a sheet: what the browser is sent, and how each edit changes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digits_core.dashboard.handwriting import boxes as edits
from digits_core.dashboard.handwriting.boxes import (
    Boxes,
    LabelledBox,
    box_of,
    sides,
    with_line,
    with_lines_counted,
    with_proposals,
)
from digits_core.figures.palette import DIGIT_COLOURS
from digits_core.recognition.segment import Box

TWO = (Box(10, 20, 30, 40), Box(100, 20, 30, 40))
SEVEN, ONE = LabelledBox(TWO[0], 7), LabelledBox(TWO[1], 1, sure=0.5)


@given(st.builds(Box, *[st.integers(0, 1600)] * 2, *[st.integers(1, 400)] * 2))
def test_a_box_comes_back_from_the_browser_as_it_was_sent(box):
    assert box_of(list(sides(box)), 2000, 2000) == box


@pytest.mark.parametrize(
    ("sent", "box"),
    [
        ([-5, -5, 20, 30], Box(0, 0, 15, 25)),
        ([90, 190, 50, 50], Box(90, 190, 10, 10)),
        ([2.4, 3.6, 10.2, 10], Box(2, 4, 11, 10)),
        ([200, 10, 20, 20], None),
        ([10, 10, 0, 20], None),
        ([1, 2, 3], None),
        (["1", 2, 3, 4], None),
        (None, None),
    ],
)
def test_a_drawn_box_is_cut_to_the_sheet_and_anything_else_is_no_box(sent, box):
    assert box_of(sent, 100, 200) == box


def test_boxes_are_numbered_in_the_order_of_the_table():
    sent = Boxes((SEVEN, ONE), 0.5).sent([1, 0])

    assert [(each["number"], each["box"], each["words"]) for each in sent] == [
        (1, sides(TWO[1]), "1?"),
        (2, sides(TWO[0]), "7"),
    ]
    assert [each["name"] for each in sent] == ["Box 1: 1 proposed, 50% sure", "Box 2: labelled 7"]


def test_labels_are_written_and_coloured_by_what_is_known():
    every = [
        LabelledBox(TWO[0], 7),
        LabelledBox(TWO[0], 7, 0.99),
        LabelledBox(TWO[0], 7, 0.3),
        LabelledBox(TWO[0]),
        LabelledBox(TWO[0], 7, keep=False),
    ]

    assert [each.words for each in every] == ["7", "7", "7?", "?", "×"]
    assert [each.colour == DIGIT_COLOURS[7] for each in every] == [True, True, True, False, False]


def test_moving_and_resizing_keep_the_label_and_its_probability():
    there = Box(120, 60, 60, 60)

    assert edits.moved((SEVEN, ONE), TWO[1], there) == [SEVEN, LabelledBox(there, 1, sure=0.5)]


def test_a_label_by_key_is_a_persons_and_saves_a_box_that_was_left_out():
    left_out = LabelledBox(TWO[1], 1, sure=0.5, keep=False)

    assert edits.relabelled((SEVEN, left_out), TWO[1], 4) == [SEVEN, LabelledBox(TWO[1], 4)]


def test_an_accepted_proposal_is_a_persons_label():
    assert edits.accepted((SEVEN, ONE), TWO[1]) == [SEVEN, LabelledBox(TWO[1], 1)]


def test_an_edit_of_a_box_that_is_gone_changes_nothing():
    gone = Box(1, 1, 1, 1)

    assert edits.moved((SEVEN,), gone, TWO[1]) == [SEVEN]
    assert edits.relabelled((SEVEN,), gone, 4) == [SEVEN]
    assert edits.without((SEVEN,), gone) == [SEVEN]
    assert edits.joined((SEVEN,), TWO[0], gone) == [SEVEN]
    assert edits.joined((SEVEN,), TWO[0], TWO[0]) == [SEVEN]


def test_two_boxes_become_one_without_a_label_and_one_becomes_two():
    assert edits.joined((SEVEN, ONE), TWO[1], TWO[0]) == [LabelledBox(Box(10, 20, 120, 40))]
    assert edits.split((SEVEN, ONE), TWO[0], [TWO[0], Box(50, 20, 5, 5)]) == [
        LabelledBox(TWO[0]),
        LabelledBox(Box(50, 20, 5, 5)),
        ONE,
    ]


def test_lines_are_labelled_in_their_order():
    four = [LabelledBox(TWO[0], sure=None) for _ in range(4)]

    assert [each.label for each in with_lines_counted(four, [[0, 2], [1], []])] == [0, 1, 0, None]
    assert with_lines_counted(four, [[0]] * 11)[0].label == 0
    assert [each.label for each in with_line(four, [1], 5)] == [None, 5, None, None]


def test_a_network_does_not_overrule_a_person():
    by_hand, proposed, empty = LabelledBox(TWO[0], 7), LabelledBox(TWO[0], 1, sure=0.5), LabelledBox(TWO[0])
    read = with_proposals([by_hand, proposed, empty, empty], [(1, 0.9), (2, 0.8), (3, 0.7), None])

    assert read == [by_hand, proposed.labelled(2, 0.8), empty.labelled(3, 0.7), empty]
