"""Charts of handwriting: digits per writer."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import numpy as np
import plotly.graph_objects as go

from digits_core.figures.palette import DIGIT_COLOURS, figure

ROW_HEIGHT = 44


def digit_counts(counts: np.ndarray, writer: str, height: int = 150) -> go.Figure:
    """Draw the number of samples of each digit from one writer; int (10,)."""
    chart = figure(f"Saved by {escape(writer)} (n = {int(counts.sum()):,})", height)
    chart.add_bar(
        x=[str(digit) for digit in range(10)],
        y=counts.tolist(),
        marker={"color": DIGIT_COLOURS},
        hovertemplate="digit %{x}: %{y}<extra></extra>",
    )
    chart.update_xaxes(title="digit", type="category")
    chart.update_yaxes(
        title="samples", rangemode="tozero", nticks=4, tickformat="d", range=[0, max(5, counts.max()) * 1.1]
    )
    chart.update_layout(dragmode=False)
    return chart


def writers(counts: Mapping[str, np.ndarray]) -> go.Figure:
    """Draw a bar for each writer, stacked from the ten digits in their colours; int (10,) for each name."""
    names = [_shortened(name) for name in counts]
    total = sum(int(each.sum()) for each in counts.values())
    chart = figure(f"Digits per writer (n = {total:,})", 130 + ROW_HEIGHT * len(names), barmode="stack")
    table = np.array(list(counts.values()))  # (writers, 10)
    for digit, colour in enumerate(DIGIT_COLOURS):
        chart.add_bar(
            y=list(range(len(names))),
            x=table[:, digit].tolist(),
            orientation="h",
            name=str(digit),
            marker={"color": colour},
            text=[str(digit) if count else "" for count in table[:, digit]],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            hovertemplate=f"digit {digit}: %{{x}}<extra>%{{customdata}}</extra>",
            customdata=names,
        )
    chart.update_xaxes(title="samples", rangemode="tozero", tickformat="d")
    # By number, because two long names may be shortened to the same text.
    chart.update_yaxes(title="writer", tickvals=list(range(len(names))), ticktext=names, autorange="reversed")
    chart.update_layout(showlegend=False, dragmode=False, uniformtext={"minsize": 9, "mode": "hide"})
    return chart


def _shortened(name: str) -> str:
    return escape(name if len(name) <= 18 else f"{name[:17]}…")
