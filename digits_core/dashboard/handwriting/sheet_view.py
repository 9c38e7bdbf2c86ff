"""Upload a photo of a sheet: its digits are found, boxed, labelled, corrected by hand, and saved together."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.handwriting.box_editor import WIDTHS, show_canvas, show_table
from digits_core.dashboard.handwriting.boxes import SURE, with_line, with_lines_counted, with_proposals
from digits_core.dashboard.handwriting.left_out import left_key, show_left_out
from digits_core.dashboard.handwriting.pictures_view import PICTURE_TYPES
from digits_core.dashboard.handwriting.shared import (
    DIGITS,
    LABEL_HELP,
    choose_writer,
    current_writer,
    done,
    undo_button,
)
from digits_core.dashboard.handwriting.sheet_work import Work, read_work
from digits_core.dashboard.loaders import load_recogniser, reader
from digits_core.dashboard.pages import link
from digits_core.dashboard.read_only import change_button
from digits_core.dashboard.refused import content_of, read_once, show_refusal
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import run_label, show_error
from digits_core.data.picture import MAX_BYTES
from digits_core.errors import DigitsError
from digits_core.runs.preferred import best_of
from digits_core.runs.store import Run

_WORK, _LEFT, _REFUSED = "sheet_work", "sheet_left", "sheet_refused_turn"


@st.fragment
def show() -> None:
    work: Work | None = st.session_state.get(_WORK)
    if work is None:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            with st.container(width=300):
                choose_writer()
            _offer_last()
        _ask_for_photo()
    else:
        _edit(work)
    undo_button()


def _ask_for_photo() -> None:
    way = st.segmented_control(
        "Photo",
        ["File", "Camera"],
        default="File",
        required=True,
        key="sheet_from",
        help="A phone's photo is fine, also askew and with shadows, ruled or squared paper too. Write the digits apart "
        "from each other with a dark pen. A row or a column of the same digit can be labelled at once.",
    )
    number = st.session_state.setdefault("sheet_number", 1)
    if way == "Camera":
        file = st.camera_input("Photograph the sheet", key=f"sheet_camera_{number}", help="The browser asks first.")
    else:
        file = st.file_uploader(
            "A photo of a sheet of digits",
            PICTURE_TYPES,
            key=f"sheet_file_{number}",
            max_upload_size=MAX_BYTES // 2**20,
            help="Paper with several digits, as photo or scan. They are found; you then correct boxes and labels.",
        )
    if file is None:
        return
    best = best_of(state().runs.usable())
    read = reader(best.id) if best else None
    try:
        with st.spinner("Looking for digits …"):
            st.session_state[_WORK] = read_once(
                ("sheet", *content_of(file)), lambda: read_work(file.getvalue(), file.name, number, WIDTHS[0], read)
            )
    except DigitsError as error:
        show_refusal(error, "sheet")
        return
    st.session_state["sheet_number"] = number + 1
    st.session_state.pop(_LEFT, None)
    st.rerun()


def _offer_last() -> None:
    """Draw the button that reopens the last sheet, with its boxes and labels."""
    left: Work | None = st.session_state.get(_LEFT)
    if left is not None:
        st.button(
            f"Back to {as_plain_text(left.name)}",
            icon=":material/undo:",
            on_click=_go_back,
            key="sheet_back",
            help="Opens the sheet that you left, with its boxes and labels as they were.",
        )


def _edit(work: Work) -> None:
    _about(work)
    if (refused := st.session_state.pop(_REFUSED, None)) is not None:
        show_error(refused)
    _label_many(work)
    row = st.container(horizontal=True)
    with row.container(width="content"):
        show_canvas(work, None, with_left_out=st.session_state.get(left_key(work), False))
    with row.container(width="stretch"):
        show_table(work)
    show_left_out(work)
    _offer_to_save(work)


def _about(work: Work) -> None:
    """Draw the controls of the sheet as a whole: its writer, turning it, its width on the screen, another sheet."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=220):
            choose_writer()
        st.button(
            "Another sheet",
            icon=":material/replay:",
            on_click=_leave,
            help="Leaves this one. What is saved stays saved; you can come back until you upload another.",
        )
        st.button(
            "Turn",
            icon=":material/rotate_right:",
            on_click=_turn,
            args=(work,),
            help="For a photo that lies on its side: turns it a quarter to the right and finds its digits again. Undo "
            "brings back the boxes and labels that you have now.",
        )
        st.selectbox(
            "Picture",
            WIDTHS,
            width=110,
            key="sheet_width",
            persist_state="session",
            format_func="{} px".format,
            help="Width of the picture on the screen. Small digits are easier to box on a large one.",
        )
        st.markdown(f"**{as_plain_text(work.name)}** · {len(work.boxes.now)} boxes", width="content")


def _label_many(work: Work) -> None:
    """Draw the controls that label many boxes with one click."""
    with st.container(horizontal=True, vertical_alignment="center"):
        _offer_proposals(work)
        with st.popover(
            "Label rows and columns",
            icon=":material/table_rows:",
            help="Labels many boxes at once, where a row or a column of the sheet holds the same digit.",
        ):
            _label_lines(work)


def _label_lines(work: Work) -> None:
    from digits_core.recognition.segment import columns_of, rows_of

    rows, columns = rows_of(work.places), columns_of(work.places)
    st.button(
        "Rows are 0, 1, 2 …",
        icon=":material/table_rows:",
        on_click=lambda: _count_lines(work, rows),
        help="One label per row, from the top: the first row is all 0, the second all 1, up to 9.",
    )
    st.button(
        "Columns are 0, 1, 2 …",
        icon=":material/view_column:",
        on_click=lambda: _count_lines(work, columns),
        help="One label per column, from the left: every row reads 0 to 9.",
    )
    lines = {f"Row {number}": line for number, line in enumerate(rows, 1)}
    lines |= {f"Column {number}": line for number, line in enumerate(columns, 1)}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        line, label = f"sheet_line_{work.number}", "sheet_label"
        st.selectbox(
            "Line",
            list(lines),
            width=140,
            key=line,
            persist_state="page",
            help="A row or column of the sheet, all of whose digits are the same.",
        )
        st.selectbox(
            "Label", DIGITS, width=100, key=label, persist_state="page", help=f"{LABEL_HELP} The line gets it."
        )
        st.button(
            "Label the line",
            icon=":material/label:",
            disabled=not lines,
            help="Gives the whole line this label.",
            on_click=lambda: work.change(
                with_line(work.boxes.now, lines[st.session_state[line]], st.session_state[label])
            ),
        )


def _count_lines(work: Work, lines: Sequence[Sequence[int]]) -> None:
    work.change(with_lines_counted(work.boxes.now, lines))


def _offer_proposals(work: Work) -> None:
    run = best_of(state().runs.usable())
    if run is None:
        link("training", "Train a network, and it proposes labels")
        return
    if st.button(
        "Propose labels",
        icon=":material/auto_awesome:",
        help=f"{as_plain_text(run_label(run))}, the best run so far, reads every box. Labels that it is less than "
        f"{SURE:.0%} sure of carry a question mark. What you labelled yourself stays.",
    ):
        try:
            with st.spinner("Reading the digits …"):
                work.change(with_proposals(work.boxes.now, _proposals(work, run)))
        except DigitsError as error:
            show_error(error)


def _proposals(work: Work, run: Run) -> list[tuple[int, float] | None]:
    """Return the label and its probability for each box; `None` for one without ink."""
    from digits_core.recognition.sheet import ink_of

    with_ink = [place for place, box in enumerate(work.places) if work.digit(box) is not None]
    answers = load_recogniser(run.id).read_all([ink_of(work.sheet, work.places[place]) for place in with_ink])
    read = {place: (answer.digit, answer.probability) for place, answer in zip(with_ink, answers, strict=True)}
    return [read.get(place) for place in range(len(work.places))]


def _offer_to_save(work: Work) -> None:
    kept = [each for each in work.boxes.now if each.keep]
    unlabelled, unsure = sum(each.label is None for each in kept), sum(each.unsure for each in kept)
    empty = sum(work.digit(each.box) is None for each in kept)
    count = len(work.to_save())
    with st.container(horizontal=True, vertical_alignment="center"):
        change_button(
            f"Save {count}",
            type="primary",
            icon=":material/save:",
            disabled=not count,
            on_click=_save,
            args=(work,),
            help="Keeps all labelled digits at once. One click undoes them all.",
        )
        notes = [f"{unlabelled} without a label"] * bool(unlabelled) + [f"{unsure} to check"] * bool(unsure)
        notes += [f"{empty} without ink"] * bool(empty)
        if notes:
            st.markdown(f":orange[:material/help:] {', '.join(notes)}", width="content")


def _save(work: Work) -> None:
    done(state().handwriting.add_all(work.samples(current_writer())), **{_WORK: work})
    del st.session_state[_WORK]


def _leave() -> None:
    st.session_state[_LEFT] = st.session_state.pop(_WORK)


def _go_back() -> None:
    st.session_state[_WORK] = st.session_state.pop(_LEFT)


def _turn(work: Work) -> None:
    try:
        work.turn()
    except DigitsError as error:
        st.session_state[_REFUSED] = error
