"""Your digits: browse, correct, move, delete and restore them; export and import them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.handwriting.shared import (
    DIGITS,
    LABEL_HELP,
    ROW_HEIGHT,
    WRITER_HELP,
    as_address,
    done,
    table_height,
    undo_button,
)
from digits_core.dashboard.hiding import is_hidden
from digits_core.dashboard.read_only import change_button, explained, is_read_only
from digits_core.dashboard.refused import content_of, read_once
from digits_core.dashboard.state import state
from digits_core.dashboard.tiles import Tile, show_tiles
from digits_core.dashboard.widgets import SPLIT_HELP, show_error
from digits_core.data.handwriting_archive import MAX_BYTES, pack, unpack
from digits_core.data.handwriting_store import Change, HandwrittenSample, counted_digits, writer_problem
from digits_core.data.picture import read_picture
from digits_core.errors import DigitsError
from digits_core.figures.images import pixels
from digits_core.home import KEPT_S

COLUMNS, ROWS = 10, 4
SHOWN_ROWS = 10
SOURCE_TITLES = {"canvas": "drawn", "upload": "picture", "sheet": "sheet"}
DETAIL_SIDE = 220
DAYS = KEPT_S // 86_400
EVERYONE = "everyone"
LABEL, WRITER = "own_label", "own_new_writer"


@st.fragment
def show() -> None:
    fits = _filters()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        view = st.segmented_control(
            "View",
            ["Pictures", "Table"],
            default="Pictures",
            required=True,
            key="own_view",
            bind="query-params",
            persist_state="session",
            help="Pictures: press those that you want to change. Table: with writer, source and time.",
        )
        deleted = st.toggle(
            "Deleted",
            key="own_deleted",
            bind="query-params",
            persist_state="session",
            help="Show what was deleted, to bring it back. It is in no dataset, and is permanently removed after "
            f"{DAYS} days, unless a run was trained or tested on it.",
        )
        samples = [sample for sample in state().handwriting.samples(deleted) if fits(sample)]
        shown, everything = _page(samples)
    if samples:
        places = (_grid if view == "Pictures" else _table)(shown)
        chosen = samples if everything else [shown[place] for place in places]
        _act(chosen, deleted)
        if len(chosen) == 1:
            _detail(chosen[0])
    else:
        _nothing(deleted)
    undo_button()
    if not is_hidden("export"):
        _archive()


def _filters() -> Callable[[HandwrittenSample], bool]:
    """Draw the filters; return a function that tells if a sample is to be shown."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        digits = st.pills(
            "Digits",
            DIGITS,
            selection_mode="multi",
            key="own_digits",
            bind="query-params",
            persist_state="session",
            wrap=True,
            help="Show only samples with these labels; none chosen shows all.",
        )
        writers = [name for name, _ in state().handwriting.writers()]
        writer = st.selectbox(
            "Written by",
            [EVERYONE, *writers],
            key="own_writer",
            bind="query-params",
            persist_state="session",
            width=160,
            help=WRITER_HELP,
        )
        source = st.selectbox(
            "Source",
            ["all", *SOURCE_TITLES.values()],
            key="own_source",
            bind="query-params",
            persist_state="session",
            width=110,
            help="How a sample came here. A network may read drawings well and photos of paper badly.",
        )
        split = st.selectbox(
            "Split",
            ["all", "train", "test"],
            key="own_split",
            bind="query-params",
            persist_state="session",
            width=100,
            help=SPLIT_HELP,
        )
    return lambda sample: (
        (not digits or sample.label in digits)
        and writer in (EVERYONE, sample.writer)
        and source in ("all", SOURCE_TITLES.get(sample.source))
        and split in ("all", "test" if sample.test else "train")
    )


def _page(samples: list[HandwrittenSample]) -> tuple[list[HandwrittenSample], bool]:
    """Draw the choice of the page; return its samples, and True if all samples are selected."""
    pages = max(1, -(-len(samples) // (COLUMNS * ROWS)))
    everything = st.toggle(
        "Select all", key="own_all", help=f"All {len(samples):,} samples that fit the filters, on every page."
    )
    page = st.number_input("Page", 1, pages, 1, key=f"own_page_of_{pages}", width=130, help=f"1 to {pages}.")
    test = sum(sample.test for sample in samples)
    st.caption(f"{counted_digits(len(samples))}, newest first · {len(samples) - test:,} training, {test:,} test")
    return samples[(page - 1) * COLUMNS * ROWS : page * COLUMNS * ROWS], everything


def _nothing(deleted: bool) -> None:
    if deleted:
        st.info("Nothing that was deleted fits here.")
    elif state().handwriting.count():
        st.info("No digit fits these filters. Choose fewer of them.")
    else:
        st.info("Nothing saved yet. Ten of each digit are a good start: they become the dataset “Handwriting”.")


def _grid(shown: Sequence[HandwrittenSample]) -> list[int]:
    """Draw the samples as tiles, which are selected by a press; return the indices of the selected ones."""
    selected = st.session_state.setdefault("own_selected", set())
    tiles = [Tile(each.label, each.id, name=f"A {each.label} by {each.writer}") for each in shown]
    show_tiles(
        np.stack([each.image for each in shown]),
        tiles,
        "own_grid",
        words="Your digits: press those to change",
        chosen=selected,
        on_choose=lambda number: selected.symmetric_difference_update({number}),
    )
    return [place for place, each in enumerate(shown) if each.id in selected]


def _table(shown: Sequence[HandwrittenSample]) -> list[int]:
    rows = pd.DataFrame(
        {
            "picture": [as_address(each.image) for each in shown],
            "label": [each.label for each in shown],
            "writer": [each.writer for each in shown],
            "split": ["test" if each.test else "train" for each in shown],
            "source": [SOURCE_TITLES.get(each.source, each.source) for each in shown],
            "when": pd.to_datetime([each.created for each in shown], unit="s", utc=True),
        }
    )
    event = st.dataframe(
        rows,
        key=_key("table", shown),
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=table_height(min(len(rows), SHOWN_ROWS)),
        alt="Your digits",
        column_config={
            "picture": st.column_config.ImageColumn("Digit", width=60, help="The digit, its ink centred."),
            "label": st.column_config.NumberColumn("Label", width=60, help=LABEL_HELP),
            "writer": st.column_config.TextColumn("Writer", help="Whose hand it is."),
            "split": st.column_config.TextColumn("Split", width=70, help=SPLIT_HELP),
            "source": st.column_config.TextColumn("Source", width=80, help="How it came here."),
            "when": st.column_config.DatetimeColumn("When", format="YYYY-MM-DD HH:mm", help="When it was saved."),
        },
    )
    return sorted(event.selection.rows)


def _key(name: str, shown: Sequence[HandwrittenSample]) -> str:
    """Return the key of a widget whose selection is only valid for these samples."""
    return f"own_{name}_{abs(hash(tuple(each.id for each in shown)))}"


def _act(chosen: list[HandwrittenSample], deleted: bool) -> None:
    """Draw the actions on the selected samples."""
    numbers, nothing = [each.id for each in chosen], not chosen
    handwriting = state().handwriting
    with st.container(horizontal=True, vertical_alignment="bottom", key="own_actions"):
        if deleted:
            change_button(
                f"Restore {len(chosen)}",
                icon=":material/restore_from_trash:",
                disabled=nothing,
                type="primary",
                on_click=lambda: done(handwriting.restore(numbers)),
                help="Brings the selected samples back.",
            )
            return
        st.selectbox("New label", DIGITS, key=LABEL, persist_state="page", width=100, help=LABEL_HELP)
        change_button(
            f"Relabel {len(chosen)}",
            icon=":material/label:",
            disabled=nothing,
            on_click=lambda: done(handwriting.relabel(numbers, st.session_state[LABEL])),
            help="Gives the selected samples this label. They stay in their split.",
        )
        names = [name for name, _ in handwriting.writers()]
        writer = st.selectbox(
            "New writer", names, key=WRITER, persist_state="page", width=180, accept_new_options=True, help=WRITER_HELP
        )
        problem = writer_problem(writer or "")
        change_button(
            f"Move {len(chosen)}",
            icon=":material/person:",
            disabled=nothing or not writer or bool(problem),
            on_click=lambda: _move(numbers),
            help=f"Gives the selected samples to this writer. {problem}".rstrip(),
        )
        change_button(
            f"Delete {len(chosen)}",
            icon=":material/delete:",
            disabled=nothing,
            on_click=lambda: done(handwriting.delete(numbers)),
            help="Takes the selected samples out of the dataset. Undo, or “Deleted” above, brings them back within "
            f"{DAYS} days. Runs that were trained on them keep them.",
        )
    if problem:
        st.caption(f":red[{problem}]")


def _move(numbers: list[int]) -> None:
    writer = st.session_state[WRITER] or ""
    if writer and not writer_problem(writer):
        done(state().handwriting.move(numbers, writer))


def _detail(sample: HandwrittenSample) -> None:
    """Draw the stored image of a sample next to what it was made from."""
    with st.container(horizontal=True, gap="large"):
        with st.container(width=DETAIL_SIDE):
            paper = state().handwriting.paper(sample.id)
            chart = pixels(paper, f"Stored: a {sample.label}", height=DETAIL_SIDE + 32)
            show_chart(chart, "own_stored", f"The stored image of a {sample.label}")
        with st.container(width=DETAIL_SIDE):
            st.caption("Made from")
            try:
                st.image(read_picture(state().handwriting.drawing(sample.id), "the drawing"), width=DETAIL_SIDE)
            except DigitsError:
                st.caption("Nothing was kept of it.")


def _archive() -> None:
    """Draw the export of all samples as one file, and the import of such a file."""
    st.subheader("Export and import")
    with st.container(horizontal=True, gap="large"):
        with st.container(width=260):
            st.download_button(
                "Export all",
                lambda: pack(state().handwriting.everything()),
                "handwriting.npz",
                "application/zip",
                icon=":material/download:",
                disabled=not state().handwriting.count(),
                on_click="ignore",
                help="Digits as written, labels, writers, split, times, drawings: one file, which `numpy.load` reads.",
            )
            st.caption("One file, `handwriting.npz`, with everything that belongs to your digits.")
        with st.container(width="stretch"):
            file = st.file_uploader(
                "Import an export",
                ["npz"],
                key="own_import",
                max_upload_size=MAX_BYTES // 2**20,
                disabled=is_read_only(),
                help=explained(
                    "Adds what is not here yet: the same file adds nothing the second time. Samples keep their writer "
                    "and their place in the split."
                ),
            )
            if file is not None and not is_read_only() and file.file_id != st.session_state.get("own_imported"):
                try:
                    samples = read_once(("archive", *content_of(file)), lambda: unpack(file.getvalue(), file.name))
                    change = state().handwriting.add_missing(samples)
                except DigitsError as error:
                    show_error(error)
                else:
                    st.session_state["own_imported"] = file.file_id
                    done(_counted(change, len(samples)))
                    st.rerun()


def _counted(change: Change, read: int) -> Change:
    there = read - len(change.samples)
    return replace(change, words=f"{change.words}, {there:,} {'was' if there == 1 else 'were'} here already")
