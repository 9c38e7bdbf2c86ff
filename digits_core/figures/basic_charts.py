"""Charts: class balance, curves of runs, probabilities of a prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

import numpy as np
import plotly.graph_objects as go

from digits_core.figures.palette import DIGIT_COLOURS, PERCENT_RANGE, TRAIN_DASH, figure

Measure = Literal["loss", "accuracy"]
CURVE_HEIGHT = 340
MEASURES: tuple[Measure, Measure] = ("loss", "accuracy")
PANES = ((0, 0.46), (0.56, 1))
"""Where two charts side by side begin and end, as fractions of the width."""


@dataclass(frozen=True)
class Curve:
    """One run's metrics per epoch: a name (empty for a single run), a colour, and a value for each epoch."""

    name: str
    colour: str
    epochs: Sequence[int]
    train_accuracy: Sequence[float]
    test_accuracy: Sequence[float]
    train_loss: Sequence[float]
    test_loss: Sequence[float]

    def values(self, measure: Measure) -> tuple[Sequence[float], Sequence[float]]:
        """Return training and test values."""
        if measure == "loss":
            return self.train_loss, self.test_loss
        return self.train_accuracy, self.test_accuracy


def class_balance(train: np.ndarray, test: np.ndarray, height: int = 300) -> go.Figure:
    """Draw the number of training and test images of each digit; int (10,) each."""
    chart = figure(f"Images per digit (n = {train.sum() + test.sum():,})", height, barmode="stack")
    digits = [str(digit) for digit in range(10)]
    for name, counts, opacity in (("training", train, 1.0), ("test", test, 0.45)):
        chart.add_bar(
            x=digits,
            y=counts,
            name=name,
            marker={"color": DIGIT_COLOURS, "opacity": opacity},
            hovertemplate="digit %{x}: %{y} " + name + "<extra></extra>",
        )
    chart.update_xaxes(title="digit", type="category")
    chart.update_yaxes(title="images")
    # A legend would show the first digit's colour for a whole split; the text says what full and pale mean.
    chart.update_layout(showlegend=False)
    chart.add_annotation(
        text="full: training · pale: test",
        xref="paper",
        yref="paper",
        x=1,
        y=1.02,
        xanchor="right",
        yanchor="bottom",
        showarrow=False,
    )
    return chart


def curves(runs: Sequence[Curve], measure: Measure, epochs: int | None = None) -> go.Figure:
    """Draw loss or accuracy per epoch of one or more runs, training dotted and test solid.

    `epochs` reserves the axis for epochs yet to come, so that nothing moves while points arrive.
    """
    title = "Loss" if measure == "loss" else "Accuracy"
    chart = figure(f"{title} per epoch", CURVE_HEIGHT, hovermode="x unified")
    form = ".4f" if measure == "loss" else ".2%"
    for run in runs:
        train, test = run.values(measure)
        for split, values, dash in (("training", train, TRAIN_DASH), ("test", test, "solid")):
            chart.add_scatter(
                x=list(run.epochs),
                y=list(values),
                mode="lines+markers",
                name=escape(f"{run.name} {split}".strip()),
                line={"color": run.colour, "dash": dash, "width": 2.5},
                marker={"size": 7},
                hovertemplate=f"%{{y:{form}}}",
            )
    last = max([epochs or 1, *(max(run.epochs, default=1) for run in runs)])
    chart.update_xaxes(title="epoch", range=[0.5, last + 0.5], tickmode="auto" if last > 12 else "linear", dtick=None)
    chart.update_yaxes(title="loss (mean per image)" if measure == "loss" else "accuracy")
    if measure == "accuracy":
        chart.update_yaxes(tickformat="~%", autorangeoptions=PERCENT_RANGE)
    # The same value on each update preserves the user's zoom and hidden curves.
    chart.update_layout(uirevision="curves", legend={"y": -0.28, "yanchor": "top", "x": 0, "xanchor": "left"})
    return chart


def loss_and_accuracy(run: Curve, epochs: int, title: str) -> go.Figure:
    """Draw loss and accuracy per epoch of one run side by side, training dotted, test solid, on an axis of `epochs`.

    Size and axes stay the same from the first epoch to the last, so that nothing moves while points arrive.
    """
    chart = figure(f"{escape(title)}: loss and accuracy per epoch", CURVE_HEIGHT)
    for place, measure in enumerate(MEASURES):
        part = curves([run], measure, epochs)
        axes = {"xaxis": f"x{place + 1}", "yaxis": f"y{place + 1}"}
        chart.add_traces([trace.update(axes, showlegend=place == 0) for trace in part.data])
        left, right = PANES[place]
        chart.update_layout(
            {
                f"xaxis{place + 1}": {**part.layout.xaxis.to_plotly_json(), "domain": [left, right]},
                f"yaxis{place + 1}": {**part.layout.yaxis.to_plotly_json(), "anchor": f"x{place + 1}"},
            }
        )
    chart.update_layout(hovermode="x", uirevision="curves", legend={"y": 1.02, "yanchor": "bottom"})
    return chart


def probabilities(values: np.ndarray, title: str, height: int = 340) -> go.Figure:
    """Draw the ten probabilities of a prediction, float (10,), highlighting the highest; those from 1 % have labels."""
    chart = figure(title, height)
    best = int(values.argmax())
    chart.add_bar(
        y=[str(digit) for digit in range(10)],
        x=values.tolist(),
        orientation="h",
        marker={"color": DIGIT_COLOURS, "opacity": [1.0 if digit == best else 0.55 for digit in range(10)]},
        text=[f"{value:.1%}" if value >= 0.01 else "" for value in values],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{x:.3%}<extra></extra>",
    )
    chart.update_xaxes(title="probability", range=[0, 1.12], tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1])
    chart.update_yaxes(title="digit", type="category", autorange="reversed")
    chart.update_layout(transition={"duration": 0}, uirevision="probabilities")
    return chart
