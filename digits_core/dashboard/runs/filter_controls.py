"""Filter, order and grouping of the runs on the Runs page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from digits_core.dashboard import page_address
from digits_core.dashboard.folds import popover
from digits_core.dashboard.runs.address import controlled, keep, kept, one_of
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import show_error
from digits_core.errors import ConfigError
from digits_core.evaluation.comparison.differing_settings import varying
from digits_core.evaluation.comparison.run_groups import REPEATS
from digits_core.runs.rows import Kept, Run
from digits_core.runs.run_filters import Condition, matching, offers, parse, value_of
from digits_core.runs.run_settings import MOSTLY
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
MANY = 10
"""With more runs than this, the controls are shown in a row of their own rather than in a popover."""


@dataclass(frozen=True)
class Shown:
    """The runs that match the filters, in order; `shelf` is where they are kept, `group` the field to group by.

    `of` holds all runs of the shelf, `as_table` is True if they can be grouped and sorted, and `refused` holds the
    errors of invalid filters.
    """

    runs: list[Run]
    shelf: Kept
    group: str
    of: list[Run]
    as_table: bool
    refused: list[ConfigError]

    @property
    def many(self) -> bool:
        return len(self.of) > MANY


def filter_bar(as_table: bool = True) -> Shown:
    """Return the runs that match the filters; for few runs, also draw the popover with the controls.

    The URL keeps all of it. Grouping and order are offered only if the runs are shown as a table.
    """
    shelf: Kept = next(each for each in SHELVES if each == one_of("shelf", list(SHELVES)))
    runs = state().runs.runs(shelf)
    search, conditions = "".join(kept("q")[:1]), kept("where")
    group = one_of("group", list(_groups(runs))) if as_table else UNGROUPED
    order = one_of("sort", list(_orders(runs))) if as_table else NEWEST
    understood, refused = _understood(conditions)
    left = in_order(matching(runs, understood, search), order)
    shown = Shown(left, shelf, group, runs, as_table, refused)
    if not shown.many:
        popover(
            "Filter and sort" if as_table else "Filter",
            "runs_filter",
            lambda: _draw_controls(shown),
            icon=":material/filter_alt:",
            help_text="Search, filters, groups and order, and the archive; they have a row of their own from "
            f"{MANY + 1} runs on.",
        )
    return shown


def show_filters(shown: Shown) -> None:
    """Draw the controls in one row if there are many runs, then errors of filters, or a hint if no run matches."""
    if shown.many:
        with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", key="runs_filters"):
            _draw_controls(shown)
    for error in shown.refused:
        show_error(error)
    if shown.of and not shown.runs:
        st.info("No run fits these filters.")
        st.button("Clear filters", icon=":material/filter_alt_off:", on_click=clear)


def filters_in_words() -> str:
    """Return the active search and filters as text; "" if there are none."""
    search = [f"“{typed}”" for typed in kept("q")[:1] if typed]
    return ", ".join([*search, *map(_as_words, kept("where"))])


def _draw_controls(shown: Shown) -> None:
    _search()
    _conditions(shown.of)
    if shown.as_table:
        _group(shown.of)
        _order(shown.of)
    _shelf(shown.shelf)


def clear() -> None:
    with page_address.changed():
        keep("q", [])
        keep("where", [])


def in_order(runs: Sequence[Run], order: str) -> list[Run]:
    """Sort the runs, given newest first, by a field, descending with a leading minus; runs without a value go last."""
    if order == NEWEST:
        return list(runs)
    field, downwards = order.removeprefix("-"), order.startswith("-")
    values = [(value_of(run, field), run) for run in runs]
    with_value = [each for each in values if each[0] is not None]
    with_value.sort(key=lambda each: _sortable(each[0]), reverse=downwards)
    return [run for _, run in with_value] + [run for value, run in values if value is None]


def _sortable(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _search() -> None:
    st.text_input(
        "Search",
        **controlled("q", "".join(kept("q")[:1]), lambda text: [text] if text else []),
        placeholder="name, tag, note …",
        icon=":material/search:",
        width=190,
        max_chars=100,
        help="Words that stand in the name, number, id, recipe, tags, note or datasets of a run. All must be there.",
    )


def _conditions(runs: Sequence[Run]) -> None:
    chosen = kept("where")
    offered = [condition.text for condition in offers(runs, varying(runs))]
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


def _canonical(texts: Sequence[str]) -> list[str]:
    """Return the conditions in the form used in the URL; invalid ones stay as typed."""
    return list(dict.fromkeys(_condition_or(text, lambda condition: condition.text) for text in texts))


def _as_words(text: str) -> str:
    return _condition_or(text, lambda condition: condition.words)


def _condition_or(text: str, read: Callable[[Condition], str]) -> str:
    try:
        return read(parse(text))
    except ConfigError:
        return text


def _understood(texts: Sequence[str]) -> tuple[list[Condition], list[ConfigError]]:
    """Parse the conditions; return the valid ones, and the errors of the others."""
    understood, refused = [], []
    for text in texts:
        try:
            understood.append(parse(text))
        except ConfigError as error:
            refused.append(error)
    return understood, refused


def _groups(runs: Sequence[Run]) -> dict[str, str]:
    fields = list(dict.fromkeys([*MOSTLY, "recipe", "tag", *varying(runs)]))
    return {UNGROUPED: "no grouping", REPEATS: "all but the seed"} | {field: name_of(field) for field in fields}


def _group(runs: Sequence[Run]) -> None:
    words = _groups(runs)
    st.selectbox(
        "Group by",
        list(words),
        **controlled("group", one_of("group", list(words)), lambda field: [field] if field != UNGROUPED else []),
        format_func=words.__getitem__,
        width=160,
        help="One row for all runs with the same value: mean ± standard deviation of their results. One run proves "
        "little, for another seed gives other numbers: repeat it, and group by all but the seed.",
    )


def _orders(runs: Sequence[Run]) -> dict[str, str]:
    return ORDERS | {field: name_of(field) for field in varying(runs)}


def _order(runs: Sequence[Run]) -> None:
    words = _orders(runs)
    st.selectbox(
        "Sort by",
        list(words),
        **controlled("sort", one_of("sort", list(words)), lambda order: [order] if order != NEWEST else []),
        format_func=words.__getitem__,
        width=170,
        help="The order of all runs, and what is on the first page of a long list. A click on the head of a column "
        "sorts what is on the page.",
    )


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
