"""Charts of a training while it runs: the same axes from the first batch to the last, so that nothing moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10

import numpy as np
import plotly.graph_objects as go

from digits_core.figures.basic_charts import Curve, curves
from digits_core.figures.error_scale import accuracy_range, errors_of, log_axis, on_log
from digits_core.figures.palette import DIGIT_COLOURS, figure
from digits_core.markup import as_png

HEIGHT = 340
CURVES_HEIGHT = 290
"""The height of loss and accuracy, with the controls of a run above them and its log below."""
MATRIX_HEIGHT = 420
MARGIN = {"l": 58, "r": 10, "t": 66, "b": 46, "autoexpand": False}
"""Fixed: a legend or a longer number must not move the axes."""
RANGE_HEIGHT = 280
BATCH_POINTS = 800
"""Points of the line of batch losses at most: a chart does not have the pixels to show more."""
LAYER_COLOURS = ("#2a9d8f", "#4f8ff7", "#8b6be0", "#d0578e", "#e08a3c")
"""From the input to the output; distinct from the colours of digits and runs."""
RIGHT = ((0, "rgba(52,114,255,0)"), (1, "rgba(52,114,255,0.75)"))
WRONG = ((0, "rgba(220,60,60,0)"), (1, "rgba(220,60,60,0.8)"))
EXPLODED = 100
"""A loss of this many times the loss of guessing has diverged."""
NICE = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)


@dataclass(frozen=True)
class Line:
    """Values over the training: `x` in epochs, 1.5 for the middle of the second one."""

    x: Sequence[float]
    y: Sequence[float]


@dataclass(frozen=True)
class Mark:
    """A change by the user at `x` epochs."""

    x: float
    text: str


def live_loss(
    curve: Curve, batches: Line, planned: int, guessing: float, marks: Sequence[Mark] = (), log: bool = False
) -> go.Figure:
    """Draw loss per epoch, and of single batches as a faint line; `guessing` is the loss of a network that guesses.

    A loss that has exploded is drawn on a logarithmic axis: on a linear one, nothing else would be visible.
    """
    chart = curves([curve], "loss", planned)
    chart.update_layout(height=CURVES_HEIGHT)
    x, y = _thinned(batches)
    chart.add_scatter(
        x=x,
        y=y,
        mode="lines",
        name="each batch",
        line={"color": curve.colour, "width": 1},
        opacity=0.3,
        hoverinfo="skip",
        showlegend=False,
    )
    chart.update_layout(title={"text": "Loss (faint: batch)"})
    highest = max([*curve.train_loss, *curve.test_loss], default=0.0)
    top = max(highest, min(max(y, default=guessing), 1.5 * max(guessing, highest)))
    if log and top < EXPLODED * guessing:
        # Single batches reach far below the losses of epochs, and would compress these.
        chart.update_yaxes(
            title="loss (log)", **log_axis([guessing, *curve.train_loss, *curve.test_loss, guessing / 10])
        )
    elif top < EXPLODED * guessing:
        chart.update_yaxes(range=[0, nice_above(top * 1.02)])
    else:
        lowest = min(value for value in (guessing, *curve.train_loss, *curve.test_loss, *y) if value > 0)
        chart.update_yaxes(
            type="log",
            range=[floor(log10(lowest)), -floor(-log10(top))],
            title="loss (log)",
            nticks=6,
            exponentformat="power",
        )
    return _legend_beside_title(_along_training(chart, planned, marks), log)


def live_accuracy(curve: Curve, planned: int, marks: Sequence[Mark] = (), log: bool = False) -> go.Figure:
    """Draw accuracy per epoch, on an axis fitted to the last ones; or with `log` the error, 1 − accuracy."""
    chart = curves([curve], "accuracy", planned)
    chart.update_layout(height=CURVES_HEIGHT, title={"text": "Accuracy"})
    if log:
        errors = [errors_of(values) for values in (curve.train_accuracy, curve.test_accuracy)]
        axis = log_axis([value for each in errors for value in each] or [0.01, 1.0], percent=True)
        for trace, each in zip(chart.data, errors, strict=True):
            trace.update(y=on_log(each, axis).tolist(), customdata=each.tolist(), hovertemplate="%{customdata:.2%}")
        chart.update_layout(title={"text": "Error"})
        chart.update_yaxes(title="error (1 − accuracy, log)", **axis)
    else:
        chart.update_yaxes(range=accuracy_range([curve.train_accuracy, curve.test_accuracy]))
    return _legend_beside_title(_along_training(chart, planned, marks), log)


def learning_rate(rates: Line, planned: int, configured: float, marks: Sequence[Mark] = ()) -> go.Figure:
    """Draw the learning rate over the training; `configured` is the highest in the config."""
    chart = figure("Learning rate", HEIGHT, hovermode="x unified", showlegend=False)
    x, y = _thinned(rates)
    chart.add_scatter(
        x=x,
        y=y,
        mode="lines",
        line={"color": LAYER_COLOURS[1], "width": 2, "shape": "hv"},
        hovertemplate="%{y:.4g}<extra></extra>",
    )
    chart.update_yaxes(title="learning rate", range=[0, nice_above(1.02 * max([configured, *y]))], tickformat="~g")
    return _along_training(chart, planned, marks)


def range_of_rates(
    rates: Sequence[float], losses: Sequence[float], smoothed: Sequence[float], suggestion: float | None
) -> go.Figure:
    """Draw the loss of each batch of a learning-rate range test, faint, and smoothed; a line marks the suggestion."""
    chart = figure("Loss by learning rate (faint: batch)", RANGE_HEIGHT, hovermode="x unified", showlegend=False)
    colour = LAYER_COLOURS[1]
    chart.add_scatter(
        x=rates, y=losses, mode="lines", line={"color": colour, "width": 1}, opacity=0.3, hoverinfo="skip"
    )
    chart.add_scatter(
        x=rates,
        y=smoothed,
        mode="lines",
        line={"color": colour, "width": 2},
        hovertemplate="loss %{y:.3f}<extra></extra>",
    )
    if suggestion is not None:
        chart.add_vline(suggestion, line={"color": LAYER_COLOURS[3], "width": 2, "dash": "dot"})
    # The explosion at the end would flatten all before it.
    chart.update_yaxes(title="loss", range=[0, 1.15 * max(smoothed[0], min(max(smoothed), 2 * smoothed[0]))])
    chart.update_xaxes(title="learning rate", type="log", tickformat="~g", hoverformat=".2g")
    return chart


def norms(epochs: Sequence[int], layers: Mapping[str, Sequence[float]], what: str, planned: int) -> go.Figure:
    """Draw the norm of each layer's gradient or weights per epoch, on a logarithmic axis."""
    chart = figure(f"{what.capitalize()} norm per layer", HEIGHT, hovermode="x unified")
    for (name, values), colour in zip(layers.items(), LAYER_COLOURS, strict=False):
        chart.add_scatter(
            x=list(epochs),
            y=list(values),
            name=name,
            mode="lines+markers",
            line={"color": colour, "width": 2},
            marker={"size": 6},
            hovertemplate="%{y:.3g}",
        )
    positive = [value for values in layers.values() for value in values if value > 0] or [0.1, 10]
    chart.update_yaxes(
        title="norm (log)",
        type="log",
        dtick=1,
        range=[floor(log10(min(positive))), -floor(-log10(max(positive)))],
    )
    return _legend_beside(_along_training(chart, planned))


def confusion(matrix: Sequence[Sequence[int]], title: str) -> go.Figure:
    """Draw a confusion matrix, true digits in rows: right answers blue, mistakes red, by their share of the row."""
    counts = np.array(matrix)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    chart = _matrix(title, share, [f"{count}" if count else "" for count in counts.ravel()], 0.1)
    chart.data[-1].update(customdata=share.ravel().tolist(), hovertemplate="%{y} read as %{x}: %{text}<extra></extra>")
    chart.update_yaxes(title="true digit")
    chart.update_xaxes(title="answer")
    return chart


def watched_now(images: np.ndarray, labels: Sequence[int], probabilities: np.ndarray, title: str) -> go.Figure:
    """Draw test images uint8 (n, S, S), and for each the ten probabilities, float (n, 10)."""
    texts = [f"{100 * value:.0f}" if value >= 0.005 else "" for value in probabilities.ravel()]
    chart = _matrix(title, probabilities, texts, 1.0, labels)
    chart.data[-1].update(hovertemplate="image of a %{y} · %{x}: %{text} %<extra></extra>")
    for row, image in enumerate(images):
        chart.add_layout_image(
            source=as_png(image), xref="x", yref="y", x=-1.45, y=row - 0.42, sizex=0.84, sizey=0.84, layer="above"
        )
    chart.update_xaxes(range=[-1.6, 9.5], title="probability of each digit (%)", tickvals=list(range(10)))
    chart.update_yaxes(visible=False)
    return chart


def watched_over_time(epochs: Sequence[int], right: Mapping[int, Sequence[float]], planned: int) -> go.Figure:
    """Draw the probability of the right digit for each watched image per epoch; `right` has them by digit."""
    chart = figure("Probability of the right digit", HEIGHT, hovermode="x unified")
    for digit, values in right.items():
        chart.add_scatter(
            x=list(epochs),
            y=list(values),
            name=str(digit),
            mode="lines+markers",
            marker={"size": 6},
            line={"color": DIGIT_COLOURS[digit], "width": 2},
            hovertemplate="%{y:.0%}",
        )
    chart.update_yaxes(title="probability", range=[0, 1.03], tickformat="~%")
    return _legend_beside(_along_training(chart, planned))


def nice_above(value: float) -> float:
    """Return the next larger round number: 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 or 10 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** floor(log10(value))
    return power * next(step for step in NICE if step * power >= value * 0.999999)


def _along_training(chart: go.Figure, planned: int, marks: Sequence[Mark] = ()) -> go.Figure:
    """Set an axis with room for all planned epochs, and add a line for each change by the user."""
    chart.update_xaxes(title="epoch", range=[0, planned * 1.03 + 0.1], tickmode="auto" if planned > 12 else "linear")
    if planned <= 12:
        chart.update_xaxes(dtick=1)
    for mark in marks:
        chart.add_vline(
            x=mark.x,
            line={"dash": "dash", "width": 1, "color": "#8a8fa3"},
            annotation_text=mark.text,
            annotation_position="top right",
            annotation_font_size=11,
        )
    chart.update_xaxes(automargin=False, title_standoff=6)
    chart.update_yaxes(automargin=False)
    chart.update_layout(
        uirevision="training",
        transition={"duration": 0},
        margin=MARGIN,
        title={"y": 0.97, "yanchor": "top"},
        legend={"x": 0, "xanchor": "left", "y": 1.01, "yanchor": "bottom"},
    )
    return chart


def _legend_beside_title(chart: go.Figure, log: bool) -> go.Figure:
    """Put the legend next to the title, which has room for two names; a change of scale resets the zoom."""
    chart.update_layout(
        margin={**MARGIN, "t": 34, "b": 40},
        title={"y": 1, "yanchor": "top", "yref": "container", "pad": {"t": 8}},
        legend={"x": 1, "xanchor": "right", "y": 1.01, "yanchor": "bottom", "orientation": "h"},
        uirevision=f"training{log}",
    )
    return chart


def _legend_beside(chart: go.Figure) -> go.Figure:
    """Put the legend next to the chart, if it has too many names for a line above."""
    chart.update_layout(
        margin={**MARGIN, "t": 44, "r": 84},
        legend={"orientation": "v", "x": 1.02, "y": 1, "yanchor": "top", "itemwidth": 30, "font": {"size": 11}},
    )
    return chart


def _matrix(
    title: str,
    values: np.ndarray,
    texts: Sequence[str],
    wrong_at_most: float,
    labels: Sequence[int] | None = None,
) -> go.Figure:
    """Draw a matrix with a column per digit: the right answer of a row blue, the others red up to `wrong_at_most`.

    `labels` are the digits of the rows, by default 0 to 9.
    """
    truth = list(labels) if labels is not None else list(range(10))
    is_right = np.array(truth)[:, None] == np.arange(10)[None, :]  # (n, 10)
    chart = figure(title, MATRIX_HEIGHT, showlegend=False, margin={"l": 8, "r": 8, "t": 48, "b": 8})
    places = list(range(len(truth)))
    for mask, scale, most in ((is_right, RIGHT, 1.0), (~is_right, WRONG, wrong_at_most)):
        chart.add_heatmap(
            z=[[float(v) if m else None for v, m in zip(*row, strict=True)] for row in zip(values, mask, strict=True)],
            x=list(range(10)),
            y=places,
            zmin=0,
            zmax=most,
            colorscale=scale,
            showscale=False,
            hoverinfo="skip",
            xgap=2,
            ygap=2,
        )
    chart.add_scatter(
        x=[column for _ in places for column in range(10)],
        y=[row for row in places for _ in range(10)],
        mode="text",
        text=list(texts),
        textfont={"size": 11},
    )
    chart.update_xaxes(range=[-0.5, 9.5], dtick=1, showgrid=False, side="bottom")
    chart.update_yaxes(
        range=[len(truth) - 0.5, -0.5], tickvals=places, ticktext=[str(digit) for digit in truth], showgrid=False
    )
    chart.update_layout(uirevision="matrix", transition={"duration": 0})
    return chart


def _thinned(line: Line) -> tuple[list[float], list[float]]:
    """Return at most about `BATCH_POINTS` points of a line, evenly spaced, always including the last."""
    stride = max(1, -(-len(line.x) // BATCH_POINTS))
    x, y = list(line.x[::stride]), list(line.y[::stride])
    if line.x and x[-1] != line.x[-1]:
        x.append(line.x[-1])
        y.append(line.y[-1])
    return x, y
