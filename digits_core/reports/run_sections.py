"""Runs as sections of a document: difference, results, curves, mistakes, settings. User input is plain text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import median
from typing import Any

import numpy as np

from digits_core.colours import run_colour
from digits_core.errors import DigitsError
from digits_core.evaluation.comparison.difference_sentence import difference_in_words
from digits_core.evaluation.comparison.differing_settings import differing_and_common
from digits_core.evaluation.comparison.tested_images import share_test_images
from digits_core.evaluation.metrics import DIVERGED, Answers
from digits_core.evaluation.test_set import Load, TestSet, test_set_of_run
from digits_core.markup import Html, as_html, joined
from digits_core.reports.digit_pictures import IN_ALL, MOST_PICTURES, OwnDigits, mistakes, only_one_right, own_digits
from digits_core.reports.document import Section, cell, document, paragraphs, table
from digits_core.reports.svg import SvgCurve, chart
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.export.run_history import History
from digits_core.runs.rows import NOT_TRAINED_HERE
from digits_core.runs.store import Run, RunStore
from digits_core.settings import title_of, written

WIDE = 10
"""The axis is logarithmic if any loss exceeds this many times the median."""
FEWEST_PICTURES = 8
RUNS_ACROSS = 3
"""The most runs that get a column of settings each: more would not fit on paper."""
MOST_LABELS = 8
"""The most curves that are labelled at their ends; more labels would overlap."""
NO_ANSWERS = "The answers of this run are not part of the report."
OTHER_IMAGES = "The test images of this run cannot be shown: they have changed since it was trained."


@dataclass(frozen=True)
class ReportedRun:
    """A run with what a report shows of it: its epochs, its predictions for its test images, and these images.

    `problem` says in a sentence why predictions or images are missing.
    """

    history: History
    answers: Answers | None = None
    images: TestSet | None = None
    problem: str = ""

    @property
    def run(self) -> Run:
        return self.history.run


def reported(run: Run, store: RunStore, artifacts: Artifacts, load: Load) -> ReportedRun:
    """Load what a report shows of a run; anything missing or unreadable becomes its `problem`, never an error.

    Args:
        load: Loads the datasets of the run by name, as `RunData.loader` does.
    """
    history = History(run, store.epochs([run.id])[run.id], store.changes(run.id))
    if run.is_logged:
        return ReportedRun(history, problem=NOT_TRAINED_HERE)
    if run.live:
        return ReportedRun(history, problem="This run still trains: its answers are there when it has ended.")
    try:
        answers = Answers.of(artifacts.load_test_result())
    except DigitsError as error:
        return ReportedRun(history, problem=str(error))
    if not np.isfinite(answers.logits).all():
        return ReportedRun(history, problem=DIVERGED)
    try:
        images = test_set_of_run(run, load)
    except DigitsError as error:
        return ReportedRun(history, answers, problem=str(error))
    if not np.array_equal(images.labels, answers.labels):
        return ReportedRun(history, answers, problem=OTHER_IMAGES)
    return ReportedRun(history, answers, images)


def run_report(
    runs: Sequence[ReportedRun], author: str = "", text: str = "", own: Sequence[OwnDigits] = (), note: str = ""
) -> bytes:
    """Return a report on one or more runs as a single HTML file.

    Args:
        author: The name of the author, as plain text.
        text: The author's own words, plain text in paragraphs.
        own: Own digits before and after, of one or more writers.
        note: A sentence on why there are no own digits; if empty, the report does not mention them.
    """
    title = f"Comparison of {len(runs)} runs" if len(runs) != 1 else f"The run {runs[0].run.title}"
    return document(title, author, run_sections(runs, text, own, note))


def run_sections(
    reported: Sequence[ReportedRun], text: str = "", own: Sequence[OwnDigits] = (), note: str = ""
) -> list[Section]:
    """Return the sections of a document on one or more runs; the arguments are those of `run_report`.

    The first section has no title: it is the difference in one sentence.
    """
    histories = [each.history for each in reported]
    runs = [history.run for history in histories]
    different, common = differing_and_common(runs)
    answers = {each.run.id: each.answers for each in reported if each.answers is not None}
    sections = [Section("", Html(f'<p class="lead">{as_html(difference_in_words(runs, answers))}</p>'))]
    if text.strip():
        sections.append(Section("Conclusions", paragraphs(text)))
    sections += [Section("Results", _results(histories)), Section("Curves", _charts(histories))]
    sections.append(Section("Mistakes", _mistakes(reported)))
    sections += [own_digits(each) for each in own]
    if note and not own:
        sections.append(Section("Own digits before and after", Html(f"<p>{as_html(note)}</p>")))
    if len(runs) > 1:
        sections.append(Section("Settings that differ", _differences(runs, different)))
    if any(run.note or run.tags or run.message for run in runs):
        sections.append(Section("Notes", _notes(runs)))
    sections.append(Section(f"Settings{' in common' if len(runs) > 1 else ''}", _in_common(common)))
    return sections


def _mistakes(reported: Sequence[ReportedRun]) -> Html:
    """Show each run's most confident mistakes; for two runs, also the images that only one recognises."""
    most = max(FEWEST_PICTURES, min(MOST_PICTURES, IN_ALL // len(reported)))
    parts = [
        Html(f"<h3>{_name(each.run)}</h3>{mistakes(each.answers, each.images, most)}")
        for each in reported
        if each.answers is not None and each.images is not None
    ]
    missing: dict[str, list[str]] = {}
    for each in reported:
        if each.answers is None or each.images is None:
            missing.setdefault(each.problem or NO_ANSWERS, []).append(each.run.title)
    gaps = (f"No pictures of {', '.join(titles)}. {problem}" for problem, titles in missing.items())
    return joined([*parts, _only_one_right(reported), *(Html(f'<p class="gap">{as_html(gap)}</p>') for gap in gaps)])


def _only_one_right(reported: Sequence[ReportedRun]) -> Html:
    if len(reported) != 2:
        return Html("")
    first, second = reported
    if first.images is None or first.answers is None or second.answers is None:
        return Html("")
    if not share_test_images(first.run, second.run):
        return Html("")
    try:
        content = only_one_right(first.run, second.run, (first.answers, second.answers), first.images)
    except ValueError:
        return Html("")
    return Html(f"<h3>Where the two differ</h3>{content}")


def _results(histories: Sequence[History]) -> Html:
    """Return a table with a row per run; the best accuracy, loss and time are highlighted if two or more have one."""
    columns: list[tuple[str, Callable[[Run], float | None], Callable[[float], str], Callable[..., float]]] = [
        ("Accuracy", lambda run: run.test_accuracy, lambda share: f"{100 * share:.2f} %", max),
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
    """Format the number of finished epochs, with the planned number if it differs."""
    done, planned = len(history.epochs), history.run.planned_epochs
    return f"{done}" if done == planned else f"{done} of {planned}"


def _charts(histories: Sequence[History]) -> Html:
    labelled = 1 < len(histories) <= MOST_LABELS

    def curves(measure: str) -> list[SvgCurve]:
        return [
            SvgCurve(
                f"{history.run.title}, {words}",
                run_colour(history.run.number),
                [row.epoch for row in history.epochs],
                [getattr(row, f"{split}_{measure}") for row in history.epochs],
                split == "train",
                f"#{history.run.number}" if labelled and split == "test" else "",
            )
            for history in histories
            for split, words in (("train", "training"), ("test", "test"))
        ]

    losses = curves("loss")
    log = _is_wide([value for curve in losses for value in curve.values])
    loss = chart(f"Loss per epoch (mean per image{', log' if log else ''})", losses, "{:.4g}".format, log=log)
    accuracy = chart("Accuracy per epoch", curves("accuracy"), lambda value: f"{100 * value:.4g} %", most=1.0)
    names = joined(_name(history.run) for history in histories)
    key = '<span class="key"><b></b>test images</span><span class="key dotted"><b></b>training images</span>'
    return Html(
        f'<div class="whole"><div class="legend">{names}{key}</div>'
        f'<div class="charts"><div>{loss}</div><div>{accuracy}</div></div></div>'
    )


def _is_wide(values: Sequence[float]) -> bool:
    """Return True if a few losses are so high that all others would lie at the bottom of the chart."""
    known = [value for value in values if isfinite(value)]
    return bool(known) and min(known) > 0 and max(known) > WIDE * median(known)


def _differences(runs: Sequence[Run], different: dict[str, list[Any]]) -> Html:
    """Return a table with a column per run; with many runs, each value with the numbers of the runs that have it."""
    if not different:
        return Html("<p>None: these runs have the same settings.</p>")
    if len(runs) > RUNS_ACROSS:
        rows = [
            joined([cell(title_of(name), "th"), cell(_values_with_runs(name, runs, values))])
            for name, values in different.items()
        ]
        return table(joined([cell("Setting", "th"), cell("Values and their runs", "th")]), rows)
    rows = [
        joined([cell(title_of(name), "th"), *(cell(written(name, value)) for value in values)])
        for name, values in different.items()
    ]
    return table(joined([cell("Setting", "th"), *(cell(_name(run), "th") for run in runs)]), rows)


def _values_with_runs(name: str, runs: Sequence[Run], values: Sequence[Any]) -> Html:
    numbers: dict[str, list[str]] = {}
    for run, value in zip(runs, values, strict=True):
        numbers.setdefault(written(name, value), []).append(f"#{run.number}")
    return joined(
        (
            Html(f'<span class="value">{as_html(value)} <small>{", ".join(those)}</small></span>')
            for value, those in numbers.items()
        ),
        " ",
    )


def _in_common(common: dict[str, Any]) -> Html:
    """Return the settings as a multi-column list, which fits all of them on paper in little space."""
    known = {title_of(name): written(name, value) for name, value in common.items() if value is not None}
    if not known:
        return Html("<p>None that is known.</p>")
    lines = (Html(f"<div><dt>{as_html(title)}</dt><dd>{as_html(value)}</dd></div>") for title, value in known.items())
    return Html(f'<dl class="settings">{joined(lines)}</dl>')


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
