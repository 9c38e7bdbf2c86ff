"""The digits found on a photo, to be corrected by hand: their boxes on a canvas, their labels in a table."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st
from streamlit_drawable_canvas import st_canvas

from digits_core.dashboard.handwriting.boxes import CLEAR
from digits_core.dashboard.handwriting.shared import DIGITS, LABEL_HELP, ROW_HEIGHT, as_address, table_height
from digits_core.dashboard.handwriting.sheet_work import Work
from digits_core.figures.palette import DIGIT_COLOURS

WIDTHS = (500, 700, 900)
CHIP_SIZE = 12
SMALLEST_TABLE = 360


def show_canvas(work: Work, label: int | None) -> None:
    """The sheet with its boxes, to be changed by mouse; a changed box is read anew at once.

    `label` is what a box that is drawn now gets; `None`: nothing yet.
    """
    width = st.session_state.get("sheet_width", WIDTHS[0])
    scale = width / work.packed.width
    # A canvas that is new on the page has forgotten what was done on it, and one of another size shows it elsewhere.
    if scale != work.boxes.scale or (work.canvas_key not in st.session_state and work.boxes.now != work.boxes.sent):
        work.boxes = replace(work.boxes, scale=scale).resent(work.boxes.now)
    with st.container(width=width + 4, key=f"sheet_canvas_{work.number}"):
        result = st_canvas(
            background_image=work.picture(width), width=width, height=work.height(width), drawing_mode="labeled_rect",
            initial_drawing=work.boxes.drawing(DIGIT_COLOURS, CHIP_SIZE), key=work.canvas_key, stroke_width=2,
            label="?" if label is None else str(label), font_size=CHIP_SIZE, fill_color=CLEAR,
            stroke_color=DIGIT_COLOURS[label or 0],
        )  # fmt: skip
    if result.json_data != work.seen:
        work.seen = result.json_data
        if work.draw(result.json_data):
            st.rerun()


def show_table(work: Work) -> None:
    from digits_core.recognition.segment import rows_of

    work.order = [place for row in rows_of(work.places) for place in row]
    boxes = [work.boxes.now[place] for place in work.order]
    rows = pd.DataFrame(
        {
            "picture": [as_address(work.digit(each.box)) for each in boxes],
            "label": pd.array([each.label for each in boxes], dtype="Int64"),
            "sure": pd.array([each.sure and each.sure * 100 for each in boxes], dtype="Float64"),
            "keep": [each.keep for each in boxes],
        }
    )
    st.data_editor(
        rows, key=work.table_key, hide_index=True, row_height=ROW_HEIGHT, alt="The boxes",
        height=min(max(SMALLEST_TABLE, work.height(work.width)), table_height(len(rows))),
        placeholder="", disabled=["picture", "sure"],
        on_change=_take_edits, args=(work,),
        column_config={
            "picture": st.column_config.ImageColumn("Digit", width=50, help="The digit in the box, centred."),
            "label": st.column_config.SelectboxColumn("Label", options=DIGITS, width=50, help=LABEL_HELP),
            "sure": st.column_config.NumberColumn(
                "Sure", format="%.0f %%", width=50, help="The network's probability for the label that it proposed."
            ),
            "keep": st.column_config.CheckboxColumn("Save", width=50, help="Off: this box is left out."),
        },
    )  # fmt: skip


def _take_edits(work: Work) -> None:
    """What was changed in the table is shown on the canvas; the table itself stays as it is, under the cursor."""
    boxes = list(work.boxes.now)
    for row, changes in st.session_state[work.table_key]["edited_rows"].items():
        place = work.order[row]
        if "label" in changes and changes["label"] != boxes[place].label:
            boxes[place] = boxes[place].labelled(changes["label"])
        if "keep" in changes:
            boxes[place] = replace(boxes[place], keep=bool(changes["keep"]))
    work.boxes = work.boxes.changed(boxes)
