"""Boxes on a sheet: to the canvas and back without loss, whatever is done to them there."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digits_core.dashboard.handwriting.boxes import (
    HEADROOM,
    Boxes,
    LabelledBox,
    with_line,
    with_lines_counted,
    with_proposals,
)
from digits_core.recognition.segment import Box

COLOURS = [f"#00000{digit}" for digit in range(10)]
TWO = (Box(10, 20, 30, 40), Box(100, 20, 30, 40))


@pytest.fixture
def boxes() -> Boxes:
    return Boxes.found(TWO, 0.5).changed(
        [LabelledBox(TWO[0], 7), LabelledBox(TWO[1], 1, sure=0.5)],
    )


def reported(boxes: Boxes) -> dict:
    """What the canvas reports of the boxes that it was given, while nobody has touched them: to four decimals."""
    drawing = json.loads(json.dumps(boxes.drawing(COLOURS, 16)), parse_float=lambda text: round(float(text), 4))
    for each in drawing["objects"]:
        each |= {"scaleX": 1, "scaleY": 1, "angle": 0}
    return drawing


@given(
    st.lists(st.builds(Box, *[st.integers(0, 1600)] * 2, *[st.integers(10, 400)] * 2), max_size=6),
    st.floats(0.5, 2),
    st.sampled_from([(None, None, True), (3, None, True), (3, 0.4, True), (3, 0.99, False)]),
)
def test_what_nobody_touched_comes_back_as_it_was(places, scale, attributes):
    boxes = Boxes.found([], scale).changed(LabelledBox(place, *attributes) for place in places)

    assert boxes.as_drawn(reported(boxes)) == boxes


def test_moving_and_resizing_keep_the_label_and_its_probability(boxes):
    drawing = reported(boxes)
    drawing["objects"][1] |= {"left": 60, "top": 30 + HEADROOM, "scaleX": 2, "scaleY": 1.5}

    assert boxes.as_drawn(drawing).now == (boxes.now[0], LabelledBox(Box(120, 60, 60, 60), 1, sure=0.5))


@pytest.mark.parametrize(("words", "label"), [("4", 4), (" 8?", 8), ("", None), ("?", None), ("x", None)])
def test_a_label_typed_on_the_canvas_is_a_persons(boxes, words, label):
    drawing = reported(boxes)
    drawing["objects"][1]["label"] = words

    assert boxes.as_drawn(drawing).now[1] == LabelledBox(TWO[1], label)


def test_boxes_are_added_and_removed_on_the_canvas(boxes):
    drawing = reported(boxes)
    drawn = {
        "type": "LabeledRect",
        "label": "3",
        "left": 5,
        "top": 50 + HEADROOM,
        "width": 20,
        "height": 25,
        "strokeDashOffset": 0,
    }
    drawing["objects"] = [drawing["objects"][1], drawn]

    assert boxes.as_drawn(drawing).now == (boxes.now[1], LabelledBox(Box(10, 100, 40, 50), 3))
    assert boxes.as_drawn({"objects": []}).now == ()


def test_a_click_adds_no_box_and_is_taken_off_the_canvas(boxes):
    drawing = reported(boxes)
    click = {
        "type": "LabeledRect",
        "label": "3",
        "left": 5,
        "top": 50 + HEADROOM,
        "width": 2,
        "height": 2,
        "strokeDashOffset": 0,
    }
    drawing["objects"].append(click)
    read = boxes.as_drawn(drawing)

    assert read.now == boxes.now
    assert read.drawing(COLOURS, 16) != boxes.drawing(COLOURS, 16)


def test_what_comes_back_late_does_not_undo_what_was_changed_since(boxes):
    late = reported(boxes)
    changed = boxes.changed(with_line(boxes.now, [0, 1], 5))

    assert changed.as_drawn(late) == changed
    assert [each.label for each in changed.as_drawn(reported(changed)).now] == [5, 5]


def test_labels_are_written_and_coloured_by_what_is_known(boxes):
    every = [LabelledBox(TWO[0], 7), LabelledBox(TWO[0], 7, 0.99), LabelledBox(TWO[0], 7, 0.3), LabelledBox(TWO[0]),
             LabelledBox(TWO[0], 7, keep=False)]  # fmt: skip
    drawn = boxes.changed(every).drawing(COLOURS, 16)["objects"]

    assert [each["label"] for each in drawn] == ["7", "7", "7?", "?", "×"]
    assert [each["stroke"] == COLOURS[7] for each in drawn] == [True, True, True, False, False]


def test_lines_are_labelled_in_their_order(boxes):
    four = [LabelledBox(TWO[0], sure=None) for _ in range(4)]

    assert [each.label for each in with_lines_counted(four, [[0, 2], [1], []])] == [0, 1, 0, None]
    assert with_lines_counted(four, [[0]] * 11)[0].label == 0


def test_a_network_does_not_overrule_a_person(boxes):
    by_hand, proposed, empty = LabelledBox(TWO[0], 7), LabelledBox(TWO[0], 1, sure=0.5), LabelledBox(TWO[0])
    read = with_proposals([by_hand, proposed, empty, empty], [(1, 0.9), (2, 0.8), (3, 0.7), None])

    assert read == [by_hand, proposed.labelled(2, 0.8), empty.labelled(3, 0.7), empty]
