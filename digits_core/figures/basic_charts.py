"""Charts: balance of the classes, curves of runs, probabilities of an answer."""

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
"""Where two charts beside each other begin and end, as shares of the width."""


@dataclass(frozen=True)
class Curve:
    """One run's figures per epoch: a name (empty where there is one run), a colour, and a value for each epoch."""

    name: str
    colour: str
    epochs: Sequence[int]
    train_accuracy: Sequence[float]
    test_accuracy: Sequence[float]
    train_loss: Sequence[float]
    test_loss: Sequence[float]

    def values(self, measure: Measure) -> tuple[Sequence[float], Sequence[float]]:
        """Training and test values."""
        if measure == "loss":
            return self.train_loss, self.test_loss
        return self.train_accuracy, self.test_accuracy


def class_balance(train: np.ndarray, test: np.ndarray, height: int = 300) -> go.Figure:
    """How many images of each digit are for training and for testing; int (10,) each."""
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
    # A legend would take the first digit's colour for all of a split; the words say what full and pale mean.
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
    """Loss or accuracy per epoch of one or more runs, training dotted and test solid.

    `epochs` reserves the axis for a training that is still to come, so that nothing moves while points arrive.
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
    # The same value on each update keeps zoom and hidden curves as the person left them.
    chart.update_layout(uirevision="curves", legend={"y": -0.28, "yanchor": "top", "x": 0, "xanchor": "left"})
    return chart


def loss_and_accuracy(run: Curve, epochs: int, title: str) -> go.Figure:
    """Loss and accuracy per epoch of one run beside each other, training dotted and test solid, on an axis of `epochs`.

    Its size and axes stay from the first epoch to the last, so that nothing moves while points arrive.
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
    """The ten probabilities of an answer, float (10,), the highest one written out."""
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
