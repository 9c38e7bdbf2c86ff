"""One colour per digit and one per run: the same on every page, in every figure and in every report.

The ten colours are the `chartCategoricalColors` of the theme in `.streamlit/config.toml`.
"""

from __future__ import annotations

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


def run_colour(number: int) -> str:
    """Return the colour of the run with this number; the colours repeat from the eleventh run on."""
    return DIGIT_COLOURS[(number - 1) % len(DIGIT_COLOURS)]
