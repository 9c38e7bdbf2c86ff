"""Runs as sections of a document: results, curves, settings and notes. What users wrote is text in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import median
from typing import Any

from digits_core.colours import run_colour
from digits_core.evaluation.metrics import Answers
from digits_core.evaluation.test_set import TestSet
from digits_core.markup import Html, as_html, joined
from digits_core.reports.document import Section, cell, document, table
from digits_core.reports.svg import SvgCurve, chart
from digits_core.runs.export.run_history import History
from digits_core.runs.run_settings import settings_of
from digits_core.runs.store import Run
from digits_core.settings import title_of, written

WIDE = 10


@dataclass(frozen=True)
class ReportedRun:
    """A run with what a report shows of it: its epochs, its answers to its test images, and these images.

    `problem` says in a sentence why answers or images are missing.
    """

    history: History
    answers: Answers | None = None
    images: TestSet | None = None
    problem: str = ""

    @property
    def run(self) -> Run:
        return self.history.run


def run_report(runs: Sequence[ReportedRun]) -> bytes:
    """Return a report of these runs, one or more, as one HTML file."""
    title = f"Comparison of {len(runs)} runs" if len(runs) != 1 else f"The run {runs[0].run.title}"
    return document(title, "", run_sections(runs))


def run_sections(reported: Sequence[ReportedRun]) -> list[Section]:
    """Return what a document says of these runs, one or more: results, curves, settings and notes."""
    histories = [each.history for each in reported]
    runs = [history.run for history in histories]
    different, common = _settings(runs)
    curves = joined([Html("<p>Solid: test images. Dotted: training images.</p>"), _charts(histories)])
    sections = [Section("Results", _results(histories)), Section("Curves", curves)]
    if len(runs) > 1:
        sections.append(Section("Settings that differ", _differences(runs, different)))
    sections.append(Section(f"Settings{' in common' if len(runs) > 1 else ''}", _in_common(common)))
    if any(run.note or run.tags or run.message for run in runs):
        sections.append(Section("Notes", _notes(runs)))
    return sections


def _results(histories: Sequence[History]) -> Html:
    """A row a run; the best accuracy, loss and time stand out where there is something to be better than."""
    columns: list[tuple[str, Callable[[Run], float | None], Callable[[float], str], Callable[..., float]]] = [
        ("Accuracy", lambda run: run.test_accuracy, "{:.2%}".format, max),
        ("Loss", lambda run: run.test_loss, "{:.4f}".format, min),
        ("Time", lambda run: run.seconds, "{:.1f} s".format, min),
    ]
    best = {
        name: choose(values)
        for name, value, _, choose in columns
        if len(values := [figure for each in histories if (figure := value(each.run)) is not None]) > 1
    }
    rows = []
    for history in histories:
        cells = [cell(_name(history.run), "th"), cell(history.run.status), cell(_epochs(history), kind="number")]
        for name, value, words, _ in columns:
            figure = value(history.run)
            mark = " best" if figure is not None and best.get(name) == figure else ""
            cells.append(cell("–" if figure is None else words(figure), kind=f"number{mark}"))
        rows.append(joined(cells))
    names = ["Epochs", *(column[0] for column in columns)]
    head = joined([cell("Run", "th"), cell("Status", "th"), *(cell(name, "th", "number") for name in names)])
    caption = '<p class="quiet">Accuracy and loss on the test images, after the run.</p>'
    return joined([table(head, rows), Html(caption)])


def _epochs(history: History) -> str:
    """How many epochs are done, and of how many where that is not all."""
    done, planned = len(history.epochs), history.run.planned_epochs
    return f"{done}" if done == planned else f"{done} of {planned}"


def _charts(histories: Sequence[History]) -> Html:
    def curves(measure: str) -> list[SvgCurve]:
        return [
            SvgCurve(
                f"{history.run.title}, {words}",
                run_colour(history.run.number),
                [row.epoch for row in history.epochs],
                [getattr(row, f"{split}_{measure}") for row in history.epochs],
                split == "train",
            )
            for history in histories
            for split, words in (("train", "training"), ("test", "test"))
        ]

    losses = curves("loss")
    log = _is_wide([value for curve in losses for value in curve.values])
    loss = chart(f"Loss per epoch (mean per image{', log' if log else ''})", losses, "{:.4g}".format, log=log)
    accuracy = chart("Accuracy per epoch", curves("accuracy"), lambda value: f"{100 * value:.4g} %", most=1.0)
    return Html(f'<div class="charts"><div>{loss}</div><div>{accuracy}</div></div>')


def _is_wide(values: Sequence[float]) -> bool:
    """Whether a few losses are so high that all others would lie on the ground of the chart."""
    known = [value for value in values if isfinite(value)]
    return bool(known) and min(known) > 0 and max(known) > WIDE * median(known)


def _settings(runs: Sequence[Run]) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    """Settings by name: those that differ with a value for each run, and those that all share with that one."""
    each = [settings_of(run) for run in runs]
    different: dict[str, list[Any]] = {}
    common: dict[str, Any] = {}
    for name, value in each[0].items():
        values = [one[name] for one in each]
        if any(one != value for one in values):
            different[name] = values
        else:
            common[name] = value
    return different, common


def _differences(runs: Sequence[Run], different: dict[str, list[Any]]) -> Html:
    if not different:
        return Html("<p>None: these runs have the same settings.</p>")
    rows = [
        joined([cell(title_of(name), "th"), *(cell(written(name, value)) for value in values)])
        for name, values in different.items()
    ]
    return table(joined([cell("Setting", "th"), *(cell(_name(run), "th") for run in runs)]), rows)


def _in_common(common: dict[str, Any]) -> Html:
    rows = [joined([cell(title_of(name), "th"), cell(written(name, value))]) for name, value in common.items()]
    settings = table(joined([cell("Setting", "th"), cell("Value", "th")]), rows)
    return Html(f"<details><summary>{len(rows)} settings</summary>{settings}</details>")


def _notes(runs: Sequence[Run]) -> Html:
    rows = [
        joined(
            [
                cell(_name(run), "th"),
                cell(", ".join(run.tags)),
                cell(" ".join(part for part in (run.note, run.message) if part)),
            ]
        )
        for run in runs
        if run.note or run.tags or run.message
    ]
    return table(joined(cell(name, "th") for name in ("Run", "Tags", "Note")), rows)


def _name(run: Run) -> Html:
    return Html(f'<span class="run"><i style="background:{run_colour(run.number)}"></i>{as_html(run.title)}</span>')
