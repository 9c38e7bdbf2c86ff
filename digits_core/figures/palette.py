"""One colour per digit, one per run, and one plotly template: the same on every page.

The ten colours are the `chartCategoricalColors` of the theme in `.streamlit/config.toml`.
"""

from __future__ import annotations

import plotly.graph_objects as go

import digits_core.figures.half_imports  # noqa: F401 - makes plotly safe on threads

DIGIT_COLOURS = (
    "#3472ff",
    "#a07031",
    "#523ed7",
    "#6b666b",
    "#9b96df",
    "#a92a43",
    "#f06ca2",
    "#9ca000",
    "#7c447f",
    "#1aa86d",
)

# Ink on paper, as networks see it: bright ink on a dark ground, in both themes.
INK_SCALE = "gray"

PERCENT_RANGE = {"clipmin": -0.02, "clipmax": 1.02}
"""Keeps an axis of shares between 0 and 100 %, with room for a marker: plotly gives one value a span of 2."""

TRAIN_DASH = "dot"
"""Training curves are dotted, test curves solid: a run's two curves share its colour."""

TEMPLATE = go.layout.Template(
    layout={
        "margin": {"l": 8, "r": 8, "t": 48, "b": 8},
        "title": {"font": {"size": 15}, "x": 0, "xanchor": "left"},
        "legend": {
            "orientation": "h",
            "y": 1.02,
            "yanchor": "bottom",
            "x": 1,
            "xanchor": "right",
            "title": {"text": ""},
        },
        "xaxis": {"automargin": True, "zeroline": False},
        "yaxis": {"automargin": True, "zeroline": False},
        "hovermode": "closest",
        "colorway": list(DIGIT_COLOURS),
        "bargap": 0.25,
    }
)


def run_colour(number: int) -> str:
    """The colour of the run with this number; the eleventh run has the first one's again."""
    return DIGIT_COLOURS[(number - 1) % len(DIGIT_COLOURS)]


def figure(title: str, height: int, **layout: object) -> go.Figure:
    """An empty figure with our template, to add traces to."""
    # All at once: plotly takes three times as long to update a layout as to make one.
    return go.Figure(layout={"template": TEMPLATE, "title": {"text": title}, "height": height, **layout})
