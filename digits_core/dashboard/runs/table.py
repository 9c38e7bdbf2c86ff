"""The table of runs, which updates while runs train, and the runs chosen in it."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from digits_core.dashboard import page_address
from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.live import POLL_S
from digits_core.dashboard.runs.address import keep, kept
from digits_core.dashboard.runs.choice import CHOSEN, choose
from digits_core.dashboard.runs.editing import show_last_action
from digits_core.dashboard.runs.filter_controls import UNGROUPED, Shown, filters_in_words
from digits_core.dashboard.runs.frames import Columns, group_columns, group_table, run_columns, run_table
from digits_core.dashboard.state import state
from digits_core.evaluation.comparison.differing_settings import varying
from digits_core.evaluation.comparison.run_groups import group_by
from digits_core.runs.store import Run

PAGE_ROWS = 200
ROWS_IN_SIGHT = 5
ROW_HEIGHT = 35

Rows = tuple[tuple[str, ...], ...]
"""The ids of the runs in each row: one, or those of a group."""


def show_table(shown: Shown, chosen: Sequence[Run]) -> None:
    """Draw the table, and below it the number of chosen runs and the last action on them."""
    table = st.container(key="main_action")
    page = _below(shown, chosen)
    with table, st.container(key="runs_table"):
        _show(shown, page)


def _show(shown: Shown, page: list[Run]) -> None:
    if shown.group != UNGROUPED:
        groups = group_by(shown.runs, shown.group)
        rows = tuple(tuple(run.id for run in group.runs) for group in groups)
        _draw(group_table(groups, shown.group), group_columns(shown.group), rows)
    else:
        fields = tuple(varying(shown.runs))
        live = state().runs.live() if shown.shelf == "current" else []
        poll = st.fragment(_follow, run_every=POLL_S if live else None)
        poll(tuple(run.id for run in page), fields, kept(CHOSEN), _standing(), shown.shelf == "deleted")


def _follow(
    run_ids: tuple[str, ...], fields: Sequence[str], chosen: list[str], standing: tuple[Any, ...], deleted: bool
) -> None:
    """Draw the current rows of these runs; a fragment that reruns while one trains.

    Reruns the whole page when the choice changes and when a run starts, ends or is added.
    """
    if kept(CHOSEN) != chosen or _standing() != standing:
        st.rerun()
    store = state().runs
    by_id = {run.id: run for run in (store.runs("deleted") if deleted else store.some(run_ids))}
    runs = [by_id[run_id] for run_id in run_ids if run_id in by_id]
    curves = store.small_curves([run.id for run in runs])
    _draw(run_table(runs, curves, fields), run_columns(curves), tuple((run.id,) for run in runs))


def _standing() -> tuple[Any, ...]:
    """Return the ids and statuses of the live runs, which change when rows do but not with each batch."""
    return tuple((run.id, run.status) for run in state().runs.live())


def _draw(table: pd.DataFrame, columns: Columns, rows: Rows) -> None:
    """Draw the table and select the rows whose runs are all chosen."""
    chosen = set(kept(CHOSEN))
    marked = [place for place, ids in enumerate(rows) if chosen.issuperset(ids)]
    # A selection is by row position: other rows need a table of their own, with another key.
    mark = zlib.crc32(repr((rows, st.session_state.get("runs_tables", 0))).encode())
    key = f"runs_table_{mark:08x}"
    st.dataframe(
        table,
        hide_index=True,
        key=key,
        on_select=lambda: _choose_rows(key, rows),
        selection_mode="multi-row",
        selection_default={"selection": {"rows": marked}},
        column_config=columns,
        row_height=ROW_HEIGHT,
        height=(min(max(len(rows), 1), ROWS_IN_SIGHT) + 1) * ROW_HEIGHT + 3,
        alt="Runs with their settings and results",
        placeholder="–",
    )


def _choose_rows(key: str, rows: Rows) -> None:
    """Store the selected rows as the choice; chosen runs that are not in this table stay chosen."""
    marked = [run_id for place in st.session_state[key].selection.rows if place < len(rows) for run_id in rows[place]]
    in_table = {run_id for ids in rows for run_id in ids}
    with page_address.changed():
        keep(CHOSEN, list(dict.fromkeys([*marked, *(each for each in kept(CHOSEN) if each not in in_table)])))


def _below(shown: Shown, chosen: Sequence[Run]) -> list[Run]:
    """Draw the number of chosen runs and the page control of a long list; return the runs of the chosen page."""
    here = {run.id for run in shown.runs}
    hidden = sum(run.id not in here for run in chosen)
    words = f"{len(chosen):,} chosen of {len(shown.runs):,} runs" + (f", {hidden:,} not shown" if hidden else "")
    if filters := filters_in_words():
        words += f" · filtered: {as_plain_text(filters)}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="runs_chosen"):
        first = _first_row(len(shown.runs)) if shown.group == UNGROUPED else 0
        st.caption(words, width="content", help="The address holds choice and filters: send it to show what you see.")
        st.button(
            "Choose all",
            icon=":material/select_all:",
            type="tertiary",
            on_click=choose,
            disabled=not shown.runs,
            args=([run.id for run in shown.runs],),
            help="All runs that fit the filters, on every page.",
        )
        st.button(
            "Choose none",
            icon=":material/deselect:",
            type="tertiary",
            on_click=choose,
            args=([],),
            disabled=not chosen,
            help="Takes all marks away.",
        )
        show_last_action()
    return shown.runs[first : first + PAGE_ROWS]


def _first_row(total: int) -> int:
    """Draw the page control if there are several pages; return the index of the chosen page's first row."""
    pages = max(1, -(-total // PAGE_ROWS))
    if pages == 1:
        return 0
    page = st.number_input(
        f"Page of {pages}",
        1,
        pages,
        1,
        key=f"runs_page_of_{pages}",
        width=130,
        help=f"{PAGE_ROWS} runs each, in the order of “Sort by”.",
    )
    return (page - 1) * PAGE_ROWS
