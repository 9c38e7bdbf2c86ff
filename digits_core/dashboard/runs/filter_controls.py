"""Which runs the Runs page shows, in which order, and by what they are grouped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from digits_core.dashboard.runs.address import controlled, keep, kept, one_of
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import show_error
from digits_core.errors import ConfigError
from digits_core.runs.groups import REPEATS
from digits_core.runs.rows import Kept, Run
from digits_core.runs.run_filters import Condition, matching, offers, parse, value_of
from digits_core.runs.run_settings import MOSTLY, varying
from digits_core.settings import name_of

SHELVES: dict[Kept, str] = {"current": "Current", "archived": "Archive", "deleted": "Deleted"}
NEWEST = "newest"
ORDERS = {
    NEWEST: "newest first",
    "-accuracy": "accuracy, best first",
    "test_loss": "test loss, least first",
    "seconds": "time, least first",
    "-images_per_second": "images/s, most first",
    "name": "name",
}
UNGROUPED = "none"


@dataclass(frozen=True)
class Shown:
    """The runs that fit the filters, in their order; `shelf` says where they are kept, `group` by what to group."""

    runs: list[Run]
    shelf: Kept
    group: str


def filter_bar(as_table: bool = True) -> Shown:
    """The controls, and what they leave of the runs. All of it is in the address.

    Group and order are offered where the runs are shown as a table, and mean nothing elsewhere.
    """
    shelf = one_of("shelf", list(SHELVES))
    runs = state().runs.runs(shelf)
    with st.container(horizontal=True, vertical_alignment="bottom", key="runs_filters"):
        search = _search()
        conditions = _conditions(runs)
        if not as_table:
            _shelf(shelf)
    group, order = UNGROUPED, NEWEST
    if as_table:
        with st.container(horizontal=True, vertical_alignment="bottom", key="runs_order"):
            group, order = _group(runs), _order(runs)
            _shelf(shelf)
    shown = in_order(matching(runs, _understood(conditions), search), order)
    if runs and not shown:
        st.info("No run fits these filters.")
        st.button("Clear filters", icon=":material/filter_alt_off:", on_click=clear)
    return Shown(shown, shelf, group)


def clear() -> None:
    keep("q", [])
    keep("where", [])


def in_order(runs: Sequence[Run], order: str) -> list[Run]:
    """The runs, given newest first, by a field; a minus for the highest first. Runs without a value come last."""
    if order == NEWEST:
        return list(runs)
    field, downwards = order.removeprefix("-"), order.startswith("-")
    values = [(value_of(run, field), run) for run in runs]
    with_value = [each for each in values if each[0] is not None]
    with_value.sort(key=lambda each: _sortable(each[0]), reverse=downwards)
    return [run for _, run in with_value] + [run for value, run in values if value is None]


def _sortable(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _search() -> str:
    typed = "".join(kept("q")[:1])
    st.text_input(
        "Search",
        **controlled("q", typed, lambda text: [text] if text else []),
        placeholder="name, tag, note …",
        icon=":material/search:",
        width=230,
        max_chars=100,
        help="Words that stand in the name, number, id, recipe, tags, note or datasets of a run. All must be there.",
    )
    return typed


def _conditions(runs: Sequence[Run]) -> list[str]:
    chosen = kept("where")
    offered = [condition.text for condition in offers(runs)]
    st.multiselect(
        "Filter",
        list(dict.fromkeys([*chosen, *offered])),
        **controlled("where", chosen, _canonical),
        format_func=_as_words,
        accept_new_options=True,
        placeholder="setting, status, tag … or type accuracy > 97 %",
        width="stretch",
        help="Show only runs with these settings, status or tags. Values of one setting are alternatives; different "
        "ones must hold together. Type what is not in the list: accuracy > 97 %, seconds <= 20, seed != 0.",
    )
    return chosen


def _canonical(texts: Sequence[str]) -> list[str]:
    """Conditions as the address has them; what is none stays as it was typed."""
    return list(dict.fromkeys(_condition_or(text, lambda condition: condition.text) for text in texts))


def _as_words(text: str) -> str:
    return _condition_or(text, lambda condition: condition.words)


def _condition_or(text: str, read: Callable[[Condition], str]) -> str:
    try:
        return read(parse(text))
    except ConfigError:
        return text


def _understood(texts: Sequence[str]) -> list[Condition]:
    """The conditions that are some; what is wrong with the others is said."""
    understood = []
    for text in texts:
        try:
            understood.append(parse(text))
        except ConfigError as error:
            show_error(error)
    return understood


def _group(runs: Sequence[Run]) -> str:
    fields = list(dict.fromkeys([*MOSTLY, "recipe", "tag", *varying(runs)]))
    words = {UNGROUPED: "no grouping", REPEATS: "all but the seed"} | {field: name_of(field) for field in fields}
    chosen = one_of("group", list(words))
    st.selectbox(
        "Group by",
        list(words),
        **controlled("group", chosen, lambda field: [field] if field != UNGROUPED else []),
        format_func=words.__getitem__,
        width=190,
        help="One row for all runs with the same value: mean ± standard deviation of their results. One run proves "
        "little, for another seed gives other numbers: repeat it, and group by all but the seed.",
    )
    return chosen


def _order(runs: Sequence[Run]) -> str:
    words = ORDERS | {field: name_of(field) for field in varying(runs)}
    chosen = one_of("sort", list(words))
    st.selectbox(
        "Sort by",
        list(words),
        **controlled("sort", chosen, lambda order: [order] if order != NEWEST else []),
        format_func=words.__getitem__,
        width=210,
        help="The order of all runs, and what is on the first page of a long list. A click on the head of a column "
        "sorts what is on the page.",
    )
    return chosen


def _shelf(shelf: Kept) -> None:
    st.selectbox(
        "Show",
        list(SHELVES),
        **controlled("shelf", shelf, lambda each: [each] if each != "current" else []),
        format_func=SHELVES.__getitem__,
        width=120,
        help="The archive holds runs that are of no interest at present: no other page offers them. Deleted runs can "
        "be brought back for seven days.",
    )
