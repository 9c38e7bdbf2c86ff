"""The colours of digits and runs, and one plotly template: the same on every page."""

from __future__ import annotations

import plotly.graph_objects as go

import digits_core.figures.half_imports  # noqa: F401 - makes plotly safe on threads
from digits_core.colours import DIGIT_COLOURS, run_colour

__all__ = ["DIGIT_COLOURS", "INK_SCALE", "PERCENT_RANGE", "TEMPLATE", "TRAIN_DASH", "figure", "run_colour"]

# As networks see digits: bright ink on a dark background, in both themes.
INK_SCALE = "gray"

PERCENT_RANGE = {"clipmin": -0.02, "clipmax": 1.02}
"""Keeps an axis of fractions between 0 and 100 %, with room for a marker: plotly gives a single value a span of 2."""

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


def figure(title: str, height: int, **layout: object) -> go.Figure:
    """Return an empty figure with our template, to add traces to."""
    # In one call: plotly takes three times as long to update a layout as to create one.
    return go.Figure(layout={"template": TEMPLATE, "title": {"text": title}, "height": height, **layout})
