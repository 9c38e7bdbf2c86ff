"""The app's figures of one run, by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import plotly.graph_objects as go

from digits_core.api.lab import Lab
from digits_core.errors import RunError
from digits_core.evaluation.calibration import BINS, coverage_curve, reliability
from digits_core.evaluation.metrics import Answers
from digits_core.evaluation.test_set import test_set_of_run
from digits_core.figures import basic_charts, evaluation_figures, training_figures
from digits_core.figures.basic_charts import Curve
from digits_core.figures.palette import run_colour
from digits_core.runs.epoch_feed import NONE_YET, Epochs
from digits_core.runs.rows import NOT_TRAINED_HERE, DetailRow, EpochRow, Run

MOST_MISTAKES = 24


@dataclass(frozen=True)
class Kept:
    """What is kept of one run, each part read when a figure asks for it."""

    lab: Lab
    run: Run

    @cached_property
    def rows(self) -> list[EpochRow]:
        """Its epochs; `RunError` if it has none."""
        rows = self.lab.store.epochs([self.run.id])[self.run.id]
        if not rows:
            raise RunError(f"{self.run.title} has not finished an epoch: there is nothing to draw.")
        return rows

    @property
    def epochs(self) -> Epochs:
        return NONE_YET.followed_by(self.rows)

    @property
    def curve(self) -> Curve:
        return curve_of(self.epochs, self.run.number)

    @property
    def planned(self) -> int:
        return max(self.run.planned_epochs, self.rows[-1].epoch)

    @cached_property
    def answers(self) -> Answers:
        """What it said of its test images; `RunError` if that is not there, or not numbers any more."""
        self.check_trained()
        answers = Answers.of(self.lab.artifacts(self.run.id).load_test_result())
        if not np.isfinite(answers.logits).all():
            raise RunError(f"{self.run.title} diverged (NaN), so there is nothing to evaluate.")
        return answers

    @cached_property
    def details(self) -> list[DetailRow]:
        """What was looked at after each epoch; `RunError` if there is nothing of it."""
        self.check_trained()
        details = self.lab.store.details(self.run.id)
        if not details:
            raise RunError(f"{self.run.title} has not finished an epoch: there is nothing to draw.")
        return details

    def check_trained(self) -> None:
        """Raise `RunError` for a run that was only logged."""
        if self.run.is_logged:
            raise RunError(f"{self.run.title} has nothing of the kind. {NOT_TRAINED_HERE}")


def curve_of(epochs: Epochs, number: int) -> Curve:
    """Return epochs as the charts take them, in the colour of the run of that number."""
    return Curve(
        "",
        run_colour(number),
        epochs.epoch.tolist(),
        epochs.train_accuracy.tolist(),
        epochs.test_accuracy.tolist(),
        epochs.train_loss.tolist(),
        epochs.test_loss.tolist(),
    )


def draw(run: Run, lab: Lab, name: str) -> go.Figure:
    """Return a figure of a run; `RunError` for an unknown name, or if the run has not what it shows."""
    if name not in FIGURES:
        raise RunError(f"There is no figure {name!r:.60}. There are: {', '.join(FIGURES)}.")
    return FIGURES[name](Kept(lab, run))


def _curves(kept: Kept) -> go.Figure:
    return basic_charts.loss_and_accuracy(kept.curve, kept.planned, kept.run.title)


def _loss(kept: Kept) -> go.Figure:
    return basic_charts.curves([kept.curve], "loss", kept.planned)


def _accuracy(kept: Kept) -> go.Figure:
    return basic_charts.curves([kept.curve], "accuracy", kept.planned)


def _learning_rate(kept: Kept) -> go.Figure:
    known = [(row.epoch, row.learning_rate) for row in kept.rows if np.isfinite(row.learning_rate)]
    if not known:
        raise RunError(f"{kept.run.title} has not logged how far its steps went.")
    epochs, rates = zip(*known, strict=True)
    return training_figures.learning_rate(training_figures.Line(epochs, rates), kept.planned, max(rates))


def _confusion(kept: Kept) -> go.Figure:
    return evaluation_figures.confusion(kept.answers.confusion, shares=False)


def _mistakes(kept: Kept) -> go.Figure:
    answers = kept.answers
    images = test_set_of_run(kept.run, kept.lab.run_data.lenient_loader(kept.run.id))
    places = answers.where(wrong=True)[:MOST_MISTAKES]
    return evaluation_figures.mistakes(
        [images.image(int(place)) for place in places],
        answers.labels[places].tolist(),
        answers.digits[places].tolist(),
        answers.confidence[places].tolist(),
        int((~answers.right).sum()),
        len(answers),
    )


def _reliability(kept: Kept) -> go.Figure:
    found = reliability(kept.answers.confidence, kept.answers.right)
    colour = run_colour(kept.run.number)
    return evaluation_figures.reliability(found.edges, found.counts, found.confidence, found.accuracy, colour)


def _confidences(kept: Kept) -> go.Figure:
    sure, right = kept.answers.confidence, kept.answers.right
    edges = reliability(sure, right).edges
    return evaluation_figures.confidences(
        edges, *(reliability(sure[chosen], right[chosen], BINS).counts for chosen in (right, ~right))
    )


def _coverage(kept: Kept) -> go.Figure:
    found = coverage_curve(kept.answers.confidence, kept.answers.right)
    chosen = (float(found.coverage[-1]), float(found.accuracy[-1]))
    colour, images = run_colour(kept.run.number), len(kept.answers)
    return evaluation_figures.coverage(found.coverage, found.accuracy, found.threshold, chosen, images, colour)


def _gradients(kept: Kept) -> go.Figure:
    return _norms(kept, [row.gradient_norms for row in kept.details], "gradient")


def _weights(kept: Kept) -> go.Figure:
    return _norms(kept, [row.weight_norms for row in kept.details], "weight")


def _norms(kept: Kept, rows: Sequence[Mapping[str, float]], what: str) -> go.Figure:
    by_layer = {layer: [row[layer] for row in rows] for layer in rows[0]}
    return training_figures.norms([row.epoch for row in kept.details], by_layer, what, kept.planned)


def _watched(kept: Kept) -> go.Figure:
    last, watched = kept.details[-1], kept.lab.artifacts(kept.run.id).load_watched()
    if watched is None:
        raise RunError(f"The test images that {kept.run.title} watched are not here.")
    title = f"Test images after epoch {last.epoch} (n = {len(watched.labels)})"
    return training_figures.watched_now(watched.images, watched.labels.tolist(), np.array(last.watched), title)


FIGURES: dict[str, Callable[[Kept], go.Figure]] = {
    "curves": _curves,
    "loss": _loss,
    "accuracy": _accuracy,
    "learning_rate": _learning_rate,
    "confusion": _confusion,
    "mistakes": _mistakes,
    "reliability": _reliability,
    "confidences": _confidences,
    "coverage": _coverage,
    "gradients": _gradients,
    "weights": _weights,
    "watched": _watched,
}
