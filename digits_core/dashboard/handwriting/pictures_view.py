"""Upload pictures of one digit each: read, labelled by their names, corrected in a table, saved together."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from digits_core.dashboard import packed
from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.handwriting.shared import (
    DIGITS,
    LABEL_HELP,
    ROW_HEIGHT,
    as_address,
    as_drawing,
    choose_writer,
    current_writer,
    done,
    table_height,
    undo_button,
)
from digits_core.dashboard.read_only import change_button
from digits_core.dashboard.state import state
from digits_core.data.file_labels import label_in
from digits_core.data.handwriting_store import WRITER_LENGTH, NewSample, tidy_writer, writer_problem
from digits_core.data.picture import MAX_BYTES, read_picture
from digits_core.errors import DigitsError

PICTURE_TYPES = ["png", "jpg", "jpeg", "heic", "heif", "webp", "bmp", "gif", "tif", "tiff"]
SHOWN_ROWS = 10
_TRAY = "pictures_tray"


@dataclass(frozen=True)
class Picture:
    """A picture that was read: its file, what will be stored, the original, and its entries in the table.

    `file` distinguishes it from other uploads of the same name.
    """

    file: str
    name: str
    image: np.ndarray
    paper: bytes
    drawing: bytes
    label: int | None
    writer: str | None = None
    """The writer if the row names another one than is chosen above the table."""
    include: bool = True

    @property
    def size(self) -> int:
        """How many bytes it takes in the session."""
        return self.image.nbytes + len(self.paper) + len(self.drawing)


@dataclass(frozen=True)
class Tray:
    """Pictures that were uploaded and are not saved yet. They outlive the uploader, which is reset by another input
    method.
    """

    pictures: tuple[Picture, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    """Pairs of a file and the reason."""
    files_seen: frozenset[str] = field(default_factory=frozenset)
    in_uploader: frozenset[str] = field(default_factory=frozenset)
    generation: int = 0
    """Number of the uploader and the table: with a new number, they start empty."""
    removals: int = 0
    """Number of the table: edits belong to row numbers, so a table with fewer rows needs a new one."""

    @property
    def waiting(self) -> int:
        """How many files in the uploader are not read yet, because the session has reached its limit."""
        return len(self.in_uploader - self.files_seen)

    def emptied(self, left: tuple[Picture, ...] = ()) -> Tray:
        """Start a new table with the pictures in `left`, and an empty uploader unless files wait in it."""
        if self.waiting:
            return replace(self, pictures=left, refused=(), removals=self.removals + 1)
        return Tray(left, generation=self.generation + 1)

    @property
    def size(self) -> int:
        """How many bytes it takes in the session."""
        return sum(each.size for each in self.pictures)

    @property
    def to_save(self) -> list[Picture]:
        return [each for each in self.pictures if each.include and each.label is not None]


@st.fragment
def show() -> None:
    tray = st.session_state.setdefault(_TRAY, Tray())
    with st.container(width=300):
        writer = choose_writer()
    uploader = f"pictures_{tray.generation}"
    stayed = uploader in st.session_state
    files = st.file_uploader(
        "Pictures of one digit each",
        PICTURE_TYPES,
        accept_multiple_files=True,
        key=uploader,
        max_upload_size=MAX_BYTES // 2**20,
        help="Photos, scans or drawings, dark ink on light paper or light on dark. A name such as 7.png, anna-3.png or "
        "digit_7_03.jpg says the label; you can correct it below before anything is saved.",
    )
    there = frozenset(file.file_id for file in files)
    if stayed:  # a new uploader has lost its files: they were not removed by the user
        tray = _without(tray, tray.in_uploader - there)
    tray = st.session_state[_TRAY] = replace(_with_files(tray, files), in_uploader=there)
    if tray.refused:
        lines = "".join(f"\n- {reason}" for _, reason in tray.refused)
        st.error(f"Not read, all others are below:{lines}", icon=":material/error:")
    if tray.waiting:
        st.info(
            f"{tray.waiting} more of these files will be read after you save or clear those below.",
            icon=":material/hourglass_top:",
        )
    if tray.pictures:
        tray = st.session_state[_TRAY] = _corrected(tray, writer)
        _offer_to_save(tray)
    undo_button()


def _without(tray: Tray, files: Collection[str]) -> Tray:
    """Return the tray without the files that were removed from the uploader."""
    if not files:
        return tray
    pictures = tuple(each for each in tray.pictures if each.file not in files)
    refused = tuple((file, reason) for file, reason in tray.refused if file not in files)
    return replace(tray, pictures=pictures, refused=refused, removals=tray.removals + 1)


def _with_files(tray: Tray, files: Iterable[Any]) -> Tray:
    """Return the tray with the new files; a file that cannot be read is listed as refused, and the others are read."""
    new = [file for file in files if file.file_id not in tray.files_seen]
    if not new:
        return tray
    from digits_core.recognition.sample import kept_paper, photographed, sample_of  # loads torch

    pictures, refused, size = list(tray.pictures), list(tray.refused), tray.size
    seen = set(tray.files_seen)
    with st.spinner(f"Reading {len(new)} pictures …"):
        for file in new:
            if size > packed.TRAY_BYTES:
                break
            seen.add(file.file_id)
            try:
                picture = read_picture(file.getvalue(), file.name)
                ink = photographed(picture, file.name)
            except DigitsError as error:
                refused.append((file.file_id, as_plain_text(str(error))))
            else:
                drawing, label = as_drawing(picture), label_in(file.name)
                pictures.append(Picture(file.file_id, file.name, sample_of(ink), kept_paper(ink), drawing, label))
                size += pictures[-1].size
    return replace(tray, pictures=tuple(pictures), refused=tuple(refused), files_seen=frozenset(seen))


def _corrected(tray: Tray, writer: str) -> Tray:
    """Draw the table and return the tray with its edits."""
    rows = pd.DataFrame(
        {
            "picture": [as_address(each.image) for each in tray.pictures],
            "label": pd.array([each.label for each in tray.pictures], dtype="Int64"),
            "include": [each.include for each in tray.pictures],
            "writer": [each.writer or writer for each in tray.pictures],
            "file": [each.name for each in tray.pictures],
        }
    )
    st.data_editor(
        rows,
        key=_table_of(tray),
        alt="Pictures to save",
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=table_height(min(len(rows), SHOWN_ROWS)),
        disabled=["picture", "file"],
        placeholder="choose",
        column_config={
            "picture": st.column_config.ImageColumn("Digit", width=60, help="The digit that was found, centred."),
            "label": st.column_config.SelectboxColumn("Label", options=DIGITS, width=70, help=LABEL_HELP),
            "include": st.column_config.CheckboxColumn("Save", width=60, help="Off: this one is left out."),
            "writer": st.column_config.TextColumn(
                "Writer", help=f"Whose hand this one is, in up to {WRITER_LENGTH} characters."
            ),
            "file": st.column_config.TextColumn("File", help="The name of the uploaded file."),
        },
    )
    return _as_edited(tray, writer)


def _table_of(tray: Tray) -> str:
    return f"pictures_table_{tray.generation}_{tray.removals}"


def _as_edited(tray: Tray, writer: str) -> Tray:
    """Return the tray with the edits in its table, also in a callback, before the table is drawn with them."""
    pictures = list(tray.pictures)
    for place, edited in st.session_state[_table_of(tray)]["edited_rows"].items():
        if "writer" in edited:
            edited = edited | {"writer": _other_than(writer, edited["writer"] or "")}
        pictures[place] = replace(pictures[place], **edited)
    return replace(tray, pictures=tuple(pictures))


def _other_than(chosen: str, typed: str) -> str | None:
    """Return the writer of a row, `None` for the one above the table; a name that is too long stays as typed."""
    writer = typed if writer_problem(typed) else tidy_writer(typed)
    return None if writer == chosen else writer


def _offer_to_save(tray: Tray) -> None:
    count = len(tray.to_save)
    waiting = sum(each.include and each.label is None for each in tray.pictures)
    problem = _writers_problem(tray)
    with st.container(horizontal=True, vertical_alignment="center"):
        change_button(
            f"Save {count}",
            type="primary",
            icon=":material/save:",
            on_click=_save,
            disabled=not count or bool(problem),
            help="Keeps all labelled pictures at once. One click undoes them all.",
        )
        st.button(
            "Clear", icon=":material/delete:", on_click=_clear, help="Empties the table. Nothing that is saved is lost."
        )
        if problem:
            st.markdown(f":red[:material/error:] Writer: {problem}", width="content")
        if waiting:
            st.markdown(f":orange[:material/help:] {waiting} without a label: choose it in the table.", width="content")


def _writers_problem(tray: Tray) -> str:
    return next((found for each in tray.to_save if (found := writer_problem(each.writer or ""))), "")


def _save() -> None:
    writer = current_writer()
    tray = _as_edited(st.session_state[_TRAY], writer)
    if not tray.to_save or _writers_problem(tray):
        return  # the page says why
    samples = [
        NewSample(each.image, each.label, each.writer or writer, "upload", each.drawing, paper=each.paper)
        for each in tray.to_save
        if each.label is not None
    ]
    done(state().handwriting.add_all(samples), **{_TRAY: tray})
    left = tuple(each for each in tray.pictures if each.include and each.label is None)
    st.session_state[_TRAY] = tray.emptied(left)


def _clear() -> None:
    st.session_state[_TRAY] = st.session_state[_TRAY].emptied()
