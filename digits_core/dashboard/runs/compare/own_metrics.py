"""A chart for each metric that only logged runs have, updated while they log."""

from __future__ import annotations

import zlib
from functools import lru_cache
from html import escape

import numpy as np
import streamlit as st

from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.live import POLL_S
from digits_core.dashboard.runs.compare.choice import Choice, smoothed
from digits_core.dashboard.state import state
from digits_core.figures.comparison_figures import Scale
from digits_core.figures.palette import run_colour
from digits_core.figures.run_curves import RunLine, curves_height, run_curves
from digits_core.runs.store import Run

AT_ONCE = 8
"""The most charts drawn by default: each costs the browser time."""


def show_own_metrics(runs: list[Run], choice: Choice) -> None:
    """Draw the additional metrics of the logged runs; nothing if there are none."""
    logged = [run for run in runs if run.is_logged]
    if logged:
        alive = any(run.live for run in logged)
        st.fragment(_draw, run_every=POLL_S if alive else None)(logged, choice)


def _draw(runs: list[Run], choice: Choice) -> None:
    newest, folder = state().runs.logged.newest(), str(state().home.folder)
    names = _names(tuple(run.id for run in runs), newest, folder)
    if not names:
        return
    st.subheader("Other metrics")
    shown = names
    if len(names) > AT_ONCE:
        shown = st.multiselect(
            "Metrics",
            names,
            names[:AT_ONCE],
            key="own_metrics",
            help=f"{len(names):,} metrics were logged: choose those to look at.",
        )
    drawn = tuple((run.id, run.title, run.number) for run in runs)
    for first in range(0, len(shown), 2):
        for place, name in zip(st.columns(2), shown[first : first + 2], strict=False):
            with place:
                chart, height = _chart(name, drawn, choice, newest, folder)
                show_chart(chart, chart_key(name), f"{as_plain_text(name)} of the chosen runs, step by step", height)


def chart_key(name: str) -> str:
    """Return the key of a metric's chart, hashed: names may hold any character, but keys become CSS classes."""
    return f"own_metric_{zlib.crc32(name.encode()):08x}"


# As cache keys, the newest sequence number identifies the content and the folder the home.
@lru_cache(maxsize=8)
def _names(run_ids: tuple[str, ...], newest: int, folder: str) -> list[str]:
    logged = state().runs.logged
    return list(dict.fromkeys(name for run_id in run_ids for name in logged.metric_names(run_id)))


@lru_cache(maxsize=64)
def _chart(
    name: str, runs: tuple[tuple[str, str, int], ...], choice: Choice, newest: int, folder: str
) -> tuple[str, int]:
    """Return the chart as JSON, and its height in pixels."""
    lines = []
    for run_id, title, number in runs:
        metric = state().runs.logged.metric(run_id, name)
        there = np.isfinite(metric.values)
        if len(metric.steps):
            steps, values = metric.steps[there], metric.values[there]
            lines.append(
                RunLine(title, "", run_colour(number), steps, steps, values, smoothed(values, choice.smoothing))
            )
    words = escape(name)  # plotly interprets some HTML as markup
    scale = Scale(words, log=choice.log and all((line.values > 0).all() for line in lines))
    return run_curves(lines, words, scale).to_json(), curves_height(len(lines))
