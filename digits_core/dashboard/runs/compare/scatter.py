"""A scatter plot of any two settings or results of the chosen runs; each point names its run."""

from __future__ import annotations

import streamlit as st

from digits_core.dashboard.charts import CHART_CONFIG, on_projector
from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.pages import link
from digits_core.dashboard.runs.compare.differences import COLUMNS, table
from digits_core.dashboard.runs.compare.quantities import ACCURACY, BY_TITLE, SECONDS, settings_that_differ
from digits_core.figures.comparison_figures import Dot, scatter
from digits_core.figures.palette import run_colour
from digits_core.runs.store import Run


@st.fragment
def any_against_any(runs: list[Run]) -> None:
    differ = settings_that_differ(runs)
    left, right = st.columns(2)
    with left:
        across = _choose("Across", "scatter_x", differ[0].title if differ else SECONDS.title)
    with right:
        up = _choose("Up", "scatter_y", ACCURACY.title)
    x, y = BY_TITLE[across], BY_TITLE[up]
    shown, dots = [], []
    for run in runs:
        place = x.of(run), y.of(run)
        if place[0] is not None and place[1] is not None:
            shown.append(run)
            dots.append(Dot(run.title, run_colour(run.number), place[0], place[1]))
    if not shown:
        st.info(f"None of these runs has both: {x.title.lower()} and {y.title.lower()}. Train on, or choose others.")
        return
    with st.container(key="scatter"):
        event = st.plotly_chart(
            on_projector(scatter(dots, x.scale, y.scale)),
            key=f"scatter-{x.name}-{y.name}",
            config=CHART_CONFIG,
            on_select="rerun",
            selection_mode="points",
            alt=f"{y.title} of the chosen runs against {x.title.lower()}",
        )
    if len(shown) < len(runs):
        st.caption(f"{len(runs) - len(shown)} of the {len(runs)} chosen runs have no such result.")
    places = [point["customdata"] for point in event["selection"]["points"]]
    _show_chosen([shown[place] for place in places if place < len(shown)], runs)


def _choose(label: str, key: str, otherwise: str) -> str:
    """Draw the choice of a setting or a result, kept in the URL, and return its title."""
    titles = list(BY_TITLE)
    return st.selectbox(
        label,
        titles,
        titles.index(otherwise),
        key=key,
        bind="query-params",
        persist_state="session",
        help="A setting or a result. Points one above the other differ in something that this axis does not show.",
    )


def _show_chosen(chosen: list[Run], runs: list[Run]) -> None:
    if not chosen:
        st.caption("Choose a point to see which run it is.")
        return
    st.dataframe(table(chosen, settings_that_differ(runs)), hide_index=True, column_config=COLUMNS, key="scattered")
    for run in chosen[:3]:
        link("runs", f"Compare {as_plain_text(run.title)} alone", compare=run.id)
