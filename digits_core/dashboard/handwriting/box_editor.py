"""The digits found on a photo, to be corrected by hand: their boxes on the picture, their labels in a table."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from digits_core.dashboard.handwriting.boxes import sides
from digits_core.dashboard.handwriting.edits import apply_edits
from digits_core.dashboard.handwriting.shared import DIGITS, LABEL_HELP, ROW_HEIGHT, as_address, table_height
from digits_core.dashboard.handwriting.sheet_work import Work
from digits_core.figures.palette import DIGIT_COLOURS

FOLDER = Path(__file__).parent
WIDTHS = (500, 700, 900)
SMALLEST_TABLE = 360
KEYS = (
    "**Keys**: 0–9 label · Enter accept, then next · arrows next box · Delete · S split · J join · Ctrl+Z undo · "
    "Ctrl+Y redo"
)

_editor = st.components.v2.component(
    "digits_box_editor",
    html='<div class="editor"></div>',
    css=(FOLDER / "box_editor.css").read_text(encoding="utf-8"),
    js=(FOLDER / "box_editor.js").read_text(encoding="utf-8"),
)


def show_canvas(work: Work, label: int | None, *, with_left_out: bool = False) -> None:
    """Show the sheet with its boxes, editable by mouse, finger and keys; a changed box is read again at once.

    `label` is that of newly drawn boxes; `None`: no label yet. `with_left_out` also shows the marks that are not read:
    a click adds one as a box.
    """
    width = st.session_state.get("sheet_width", WIDTHS[0])
    work.boxes = replace(work.boxes, scale=width / work.packed.width)
    with st.container(width=width, key=f"sheet_canvas_{work.number}"):
        _editor(
            data=payload(work, width, label, with_left_out), key=work.canvas_key, on_edits_change=lambda: _take(work)
        )
        st.caption(KEYS)


def payload(work: Work, width: int, label: int | None, with_left_out: bool) -> dict[str, Any]:
    """Return the data for the browser as plain values."""
    # Tuples, because Streamlit checks if a list is a table.
    return {
        "words": f"{work.name} with {len(work.boxes.now)} boxes",
        "picture": "data:image/jpeg;base64," + base64.b64encode(work.picture(width)).decode(),
        "width": int(work.packed.width),
        "height": int(work.packed.height),
        "boxes": work.boxes.sent(work.numbered()),
        "left_out": tuple({"box": sides(mark.box), "reason": mark.reason} for mark in work.left_out * with_left_out),
        "colours": DIGIT_COLOURS,
        "label": None if label is None else int(label),
        "done": int(work.done),
        "undo": bool(work.past),
        "redo": bool(work.ahead),
    }


def _take(work: Work) -> None:
    apply_edits(work, st.session_state[work.canvas_key].get("edits"))


def show_table(work: Work) -> None:
    """Show the boxes in a table, numbered as in the picture, in which their labels are edited."""
    work.order = work.numbered()
    boxes = [work.boxes.now[place] for place in work.order]
    rows = pd.DataFrame(
        {
            "number": range(1, len(boxes) + 1),
            "picture": [as_address(work.digit(each.box)) for each in boxes],
            "label": pd.array([each.label for each in boxes], dtype="Int64"),
            "sure": pd.array([each.sure and each.sure * 100 for each in boxes], dtype="Float64"),
            "keep": [each.keep for each in boxes],
        }
    )
    st.data_editor(
        rows,
        key=work.table_key,
        hide_index=True,
        row_height=ROW_HEIGHT,
        alt="The boxes",
        height=min(max(SMALLEST_TABLE, work.height(work.width)), table_height(len(rows))),
        placeholder="",
        disabled=["number", "picture", "sure"],
        on_change=_take_edits,
        args=(work,),
        column_config={
            "number": st.column_config.NumberColumn("Box", width=40, help="The number of the box in the picture."),
            "picture": st.column_config.ImageColumn("Digit", width=50, help="The digit in the box, centred."),
            "label": st.column_config.SelectboxColumn("Label", options=DIGITS, width=70, help=LABEL_HELP),
            "sure": st.column_config.NumberColumn(
                "Sure", format="%.0f %%", width=50, help="The network's probability for the label that it proposed."
            ),
            "keep": st.column_config.CheckboxColumn("Save", width=66, help="Off: this box is left out."),
        },
    )


def _take_edits(work: Work) -> None:
    """Apply the edits of the table to the boxes; the table itself stays unchanged under the cursor."""
    boxes = list(work.boxes.now)
    for row, changes in st.session_state[work.table_key]["edited_rows"].items():
        place = work.order[row]
        if "label" in changes and changes["label"] != boxes[place].label:
            boxes[place] = boxes[place].labelled(changes["label"])
        if "keep" in changes:
            boxes[place] = replace(boxes[place], keep=bool(changes["keep"]))
    work.change_in_table(boxes)
