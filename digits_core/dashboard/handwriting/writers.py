"""Who wrote what: digits per writer, and their names."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.handwriting.browse import SOURCE_TITLES
from digits_core.dashboard.handwriting.shared import ROW_HEIGHT, done, undo_button
from digits_core.dashboard.read_only import change_button
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import SPLIT_HELP
from digits_core.data.handwriting_store import WRITER_LENGTH, HandwrittenSample, writer_problem
from digits_core.figures.handwriting_figures import writers


@st.fragment
def show() -> None:
    samples = state().handwriting.samples()
    if samples:
        by_writer = {
            name: [sample for sample in samples if sample.writer == name] for name, _ in state().handwriting.writers()
        }
        counts = {
            name: np.bincount([each.label for each in theirs], minlength=10) for name, theirs in by_writer.items()
        }
        show_chart(writers(counts), "writers", "How many of each digit every writer has given")
        st.dataframe(
            pd.DataFrame([_row(name, theirs) for name, theirs in by_writer.items()]),
            hide_index=True,
            row_height=ROW_HEIGHT,
            alt="Samples per writer",
            column_config=_columns(),
        )
        _rename(list(by_writer))
    else:
        st.info("Nobody has written anything yet. Draw digits, or upload them: each sample carries its writer.")
    undo_button()


def _row(name: str, theirs: list[HandwrittenSample]) -> dict[str, object]:
    test = sum(sample.test for sample in theirs)
    sources = Counter(SOURCE_TITLES.get(sample.source, sample.source) for sample in theirs)
    return {
        "writer": name,
        "digits": len(theirs),
        "fewest": ", ".join(str(digit) for digit in _fewest(theirs)),
        "train": len(theirs) - test,
        "test": test,
        "sources": ", ".join(f"{count} {source}" for source, count in sources.most_common()),
        "last": pd.to_datetime(max(sample.created for sample in theirs), unit="s", utc=True),
    }


def _fewest(theirs: list[HandwrittenSample]) -> np.ndarray:
    """Return the digits of which this writer has the fewest; none if all are equal."""
    counts = np.bincount([sample.label for sample in theirs], minlength=10)
    return np.flatnonzero(counts == counts.min()) if counts.min() < counts.max() else np.array([], dtype=int)


def _columns() -> dict[str, Any]:
    column = st.column_config
    return {
        "writer": column.TextColumn("Writer", pinned=True, width=150, help="Whose hand it is."),
        "digits": column.NumberColumn("Digits", width=70, help="All samples of this writer."),
        "fewest": column.TextColumn(
            "Fewest of", help="What this writer could give more of, to balance the ten digits."
        ),
        "train": column.NumberColumn("Training", width=80, help=SPLIT_HELP),
        "test": column.NumberColumn("Test", width=70, help=SPLIT_HELP),
        "sources": column.TextColumn("Sources", help="How the samples came here."),
        "last": column.DatetimeColumn("Last", format="YYYY-MM-DD HH:mm", help="When the newest was saved."),
    }


def _rename(names: list[str]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        old = st.selectbox(
            "Rename",
            names,
            key="rename_from",
            persist_state="page",
            width=240,
            help="A name is a label like any other: it can be corrected.",
        )
        new = st.text_input(
            "to",
            key="rename_to",
            persist_state="session",
            width=240,
            help=f"Up to {WRITER_LENGTH} characters. The name of another writer joins the two: right where one person "
            "is here under two names.",
        )
        problem = writer_problem(new)
        change_button(
            "Rename",
            icon=":material/edit:",
            on_click=_do_rename,
            disabled=not new.strip() or new.strip() == old or bool(problem),
            help="Gives all samples of the first name to the second.",
        )
    if problem:
        st.caption(f":red[{problem}]")


def _do_rename() -> None:
    old, new = st.session_state["rename_from"], st.session_state["rename_to"]
    if not new.strip() or new.strip() == old or writer_problem(new):
        return  # the page says why
    done(state().handwriting.rename_writer(old, new))
    st.session_state["rename_to"] = ""
    if st.session_state.get("writer") == old:
        st.session_state["writer"] = new
