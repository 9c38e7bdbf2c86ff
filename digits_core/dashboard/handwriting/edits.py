"""Apply the edits made on the picture in the browser to the sheet.

The browser keeps a list of its edits, each with a number, and sends all that the server has not confirmed: however fast
keys are pressed, each edit counts once, in its order, and can be undone on its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from digits_core.dashboard.handwriting import boxes
from digits_core.dashboard.handwriting.boxes import LabelledBox, box_of
from digits_core.dashboard.handwriting.marks_back import halves
from digits_core.dashboard.handwriting.sheet_work import Work
from digits_core.dashboard.numbered_log import entries_after

if TYPE_CHECKING:
    from digits_core.recognition.segment import Box


def apply_edits(work: Work, sent: object) -> None:
    """Apply the edits with a higher number than the last one applied; invalid edits change nothing.

    sent: a list of `{"seq": number, "kind": name, "box": [left, top, width, height], …}`, as box_editor.js sends it.
    """
    for edit in entries_after(work.done, sent):
        work.done = edit["seq"]
        _apply(work, edit)


def _apply(work: Work, edit: Mapping[str, Any]) -> None:
    box, to = (box_of(edit.get(name), work.packed.width, work.packed.height) for name in ("box", "to"))
    now, label = work.boxes.now, edit.get("label")
    label = label if label in range(10) else None
    match edit.get("kind"):
        case "undo":
            work.undo()
        case "redo":
            work.redo()
        case "clear":
            work.change([])
        case "delete" if box:
            work.change(boxes.without(now, box))
        case "label" if box and label is not None:
            work.change(boxes.relabelled(now, box, label))
        case "accept" if box:
            work.change(boxes.accepted(now, box))
        case "move" if box and to and to not in work.places:
            work.change(boxes.moved(now, box, to))
        case "join" if box and to:
            work.change(boxes.joined(now, box, to))
        case "split" if box in work.places:
            work.change(boxes.split(now, box, halves(work.sheet.ink, box)))
        case "bring back" if to:
            work.bring_back(to)
        case "add" if to and to not in work.places:
            _add(work, to, label)


def _add(work: Work, box: Box, label: int | None) -> None:
    """Add a box that was drawn; the ink in it may have been left out before."""
    if work.digit(box) is None:
        work.bring_back(box, label)
    else:
        work.change([*work.boxes.now, LabelledBox(box, label)])
