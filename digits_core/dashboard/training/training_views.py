"""What a run shows of its learning: two permanent charts, and one more view of the user's choice."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.live import lecture_lines
from digits_core.dashboard.state import state
from digits_core.dashboard.training.run_controls import FOLLOWED
from digits_core.dashboard.training.run_feed import Feed, batches_per_epoch
from digits_core.entries.losses import LOSSES
from digits_core.figures import training_figures as figures
from digits_core.figures.basic_charts import Curve
from digits_core.figures.palette import run_colour
from digits_core.figures.training_figures import Line, Mark
from digits_core.runs.rows import Run

LOG_HEIGHT = 340
VIEW_HELP = (
    "Log: the lecture's line per epoch. Learning rate: how far steps went, with what was changed by hand. Norms: how "
    "strong each layer is pulled, and how large its weights are. Confusion: which digits are taken for which. Images: "
    "ten test images and what the network makes of them after each epoch."
)


def choose_view() -> str:
    """Draw the choice of the view below the charts; it is in the URL."""
    return st.segmented_control(
        "View",
        list(VIEWS),
        default="Log",
        required=True,
        key="training_view",
        bind="query-params",
        persist_state="session",
        help=VIEW_HELP,
        label_visibility="collapsed",
    )


def show_charts(run: Run, feed: Feed, log: bool) -> None:
    """Draw loss and accuracy next to each other, with `log` loss and error; room is reserved before the first epoch."""
    left, right = st.columns(2)
    with left:
        alt = "Loss per epoch, training and test, and of each batch"
        _show(run, feed, "loss", alt, figures.CURVES_HEIGHT, partial(_loss, log=log), log)
    with right:
        alt = f"{'Error' if log else 'Accuracy'} per epoch, training and test"
        _show(run, feed, "accuracy", alt, figures.CURVES_HEIGHT, partial(_accuracy, log=log), log)


def show_view(name: str, run: Run, feed: Feed) -> None:
    VIEWS[name](run, feed)


def _log(run: Run, feed: Feed) -> None:
    st.code(lecture_lines(run, feed.epochs), language=None, height=LOG_HEIGHT, wrap_lines=True)


def _rate(run: Run, feed: Feed) -> None:
    _show(run, feed, "rate", "Learning rate over the training", figures.HEIGHT, _rate_figure)


def _norms(run: Run, feed: Feed) -> None:
    _show(run, feed, "gradients", "Gradient norm per layer and epoch", figures.HEIGHT, _gradients)
    _show(run, feed, "weights", "Weight norm per layer and epoch", figures.HEIGHT, _weights)


def _confusion(run: Run, feed: Feed) -> None:
    if _nothing_yet(run, feed):
        return
    _show(run, feed, "confusion", "Test images by true digit and answer", figures.MATRIX_HEIGHT, _confusion_figure)


def _images(run: Run, feed: Feed) -> None:
    if _nothing_yet(run, feed):
        return
    _show(run, feed, "watched", "Ten test images and their probabilities", figures.MATRIX_HEIGHT, _watched_now)
    _show(run, feed, "right", "Probability of the right digit per epoch", figures.HEIGHT, _watched_over_time)


VIEWS: dict[str, Callable[[Run, Feed], None]] = {
    "Log": _log,
    "Learning rate": _rate,
    "Norms": _norms,
    "Confusion": _confusion,
    "Images": _images,
}


def _nothing_yet(run: Run, feed: Feed) -> bool:
    """Return True if there is no epoch to show yet, and say so in the room that the view will take."""
    if feed.details:
        return False
    with st.container(height=figures.MATRIX_HEIGHT, border=False):
        st.info("It appears with the first epoch." if run.live else "No epoch was finished: there is nothing to show.")
    return True


def _show(
    run: Run,
    feed: Feed,
    name: str,
    alt: str,
    height: int,
    build: Callable[[Run, Feed], go.Figure],
    log: bool = False,
) -> None:
    """Draw a figure with a key for its run and name; it is rebuilt only if there is new data, or for another scale."""
    news = (len(feed.epochs), len(feed.details), len(feed.batches), len(feed.changes), run.planned_epochs)
    by_batch = name in ("loss", "rate")
    version = news if by_batch else (*news[:2], *news[3:])
    awaited = run.id if name == "loss" and st.session_state.get(FOLLOWED) == run.id else None
    show_chart(
        _json(_Figure(run, feed, build), run.id, name, (version, log)), f"live_{name}", alt, height, awaited=awaited
    )


class _Figure:
    """A figure that is yet to be built; equal to any other, so that the cache depends on the other arguments only."""

    def __init__(self, run: Run, feed: Feed, build: Callable[[Run, Feed], go.Figure]) -> None:
        self.build = lambda: build(run, feed).to_json()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Figure)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=64)
def _json(figure: _Figure, run_id: str, name: str, version: Any) -> str:
    """Return the figure as JSON, cached: pages are drawn more often than runs change, and building is slow."""
    return figure.build()


def _loss(run: Run, feed: Feed, log: bool) -> go.Figure:
    per_epoch = batches_per_epoch(run, feed)
    line = Line(
        [row.epoch - 1 + row.batch / per_epoch for row in feed.batches], [round(row.loss, 5) for row in feed.batches]
    )
    guessing = LOSSES[run.config.training.loss].guessing
    return figures.live_loss(_curve(run, feed), line, run.planned_epochs, guessing, _marks(run, feed), log)


def _accuracy(run: Run, feed: Feed, log: bool) -> go.Figure:
    return figures.live_accuracy(_curve(run, feed), run.planned_epochs, _marks(run, feed), log)


def _curve(run: Run, feed: Feed) -> Curve:
    epochs = feed.epochs
    return Curve(
        "",
        run_colour(run.number),
        epochs.epoch.tolist(),
        epochs.train_accuracy.tolist(),
        epochs.test_accuracy.tolist(),
        epochs.train_loss.tolist(),
        epochs.test_loss.tolist(),
    )


def _rate_figure(run: Run, feed: Feed) -> go.Figure:
    per_epoch = batches_per_epoch(run, feed)
    line = Line(
        [row.epoch - 1 + row.batch / per_epoch for row in feed.batches], [row.learning_rate for row in feed.batches]
    )
    return figures.learning_rate(line, run.planned_epochs, run.config.training.learning_rate, _marks(run, feed))


def _marks(run: Run, feed: Feed) -> list[Mark]:
    """Return a mark for each change of the learning rate, at its position in epochs."""
    per_epoch = batches_per_epoch(run, feed)
    return [
        Mark(change.epoch - 1 + change.batch / per_epoch, f"rate {change.value:g}")
        for change in feed.changes
        if change.what == "learning_rate"
    ]


def _gradients(run: Run, feed: Feed) -> go.Figure:
    rows = {row.epoch: row.gradient_norms for row in feed.details}
    return figures.norms(list(rows), _by_layer(list(rows.values())), "gradient", run.planned_epochs)


def _weights(run: Run, feed: Feed) -> go.Figure:
    rows = {row.epoch: row.weight_norms for row in feed.details}
    return figures.norms(list(rows), _by_layer(list(rows.values())), "weight", run.planned_epochs)


def _by_layer(rows: list[dict[str, float]]) -> dict[str, list[float]]:
    return {layer: [row[layer] for row in rows] for layer in (rows[0] if rows else {})}


def _confusion_figure(run: Run, feed: Feed) -> go.Figure:
    last = feed.details[-1]
    images = sum(sum(row) for row in last.confusion)
    return figures.confusion(last.confusion, f"Test images after epoch {last.epoch} (n = {images:,})")


def _watched_now(run: Run, feed: Feed) -> go.Figure:
    import numpy as np

    last, watched = feed.details[-1], state().artifacts(run.id).load_watched()
    labels = watched.labels.tolist() if watched else list(range(len(last.watched)))
    images = watched.images if watched else np.zeros((0, 28, 28), np.uint8)
    title = f"Test images after epoch {last.epoch} (n = {len(labels)})"
    return figures.watched_now(images, labels, np.array(last.watched), title)


def _watched_over_time(run: Run, feed: Feed) -> go.Figure:
    watched = state().artifacts(run.id).load_watched()
    labels = watched.labels.tolist() if watched else list(range(len(feed.details[-1].watched)))
    right = {label: [row.watched[place][label] for row in feed.details] for place, label in enumerate(labels)}
    return figures.watched_over_time([row.epoch for row in feed.details], right, run.planned_epochs)
