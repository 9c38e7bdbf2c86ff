"""The table of graded hand-ins: a row for each run, for spreadsheets, programs and people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from digits_core.lessons.grading import Graded, remarks_of
from digits_core.lessons.hand_in_files import HandedStep
from digits_core.lessons.hand_in_report import in_words
from digits_core.lessons.lesson import Lesson, Predict
from digits_core.lessons.run_examiner import ExaminedRun
from digits_core.markup import Html, as_html, bold, joined
from digits_core.reports.document import Section, cell, document, paragraphs, table
from digits_core.runs.export.files import Files
from digits_core.runs.export.run_history import as_csv

CSV, HTML = "grades.csv", "grades.html"
COLUMNS = (
    "file",
    "learner",
    "lesson",
    "steps_done",
    "steps",
    "goals_met",
    "goals",
    "run",
    "hidden_accuracy",
    "claimed_accuracy",
    "accuracy",
    "parameters",
    "seconds",
    "checked",
    "remarks",
)
AGREES, DISAGREES, NOT_CHECKED = "agrees", "does not agree", "not checked"
"""Whether a run's claimed results match those computed here from its weights."""

Row = dict[str, Any]


def rows(found: Sequence[Graded]) -> list[Row]:
    """Return a row per run, and one per hand-in that has no runs or could not be read; `None` stands for unknown.

    Accuracies are fractions of 1: `hidden_accuracy` on the digits that the class never saw, `claimed_accuracy` as the
    run claims it on its own test digits, `accuracy` on these as computed here from its weights.
    """
    return [_row(graded, run) for graded in found for run in _runs(graded)]


def grade_files(found: Sequence[Graded], hidden: str) -> Files:
    """Return the table as CSV and HTML, by file name.

    Args:
        hidden: A description of the hidden digits, in a few words.
    """
    return {CSV: as_csv(COLUMNS, rows(found)), HTML: as_page(found, hidden)}


def as_page(found: Sequence[Graded], hidden: str) -> bytes:
    """Return the table, followed by each learner's answers, as one HTML file. What they wrote is plain text."""
    head = joined(
        cell(title, "th", kind)
        for title, kind in (
            ("Learner", ""),
            ("Lesson", ""),
            ("Steps", "number"),
            ("Goals", "number"),
            ("Run", ""),
            ("Hidden digits", "number"),
            ("Claimed", "number"),
            ("Computed again", "number"),
            ("Parameters", "number"),
            ("Training", "number"),
            ("Remarks", ""),
        )
    )
    body = [_cells(graded, run) for graded in found for run in _runs(graded)]
    note = (
        f"Hidden digits: {hidden}. Claimed: accuracy on its own test digits as the run says; computed again: the same "
        "from its weights. Training times are as claimed."
    )
    first = joined([table(head, body), Html(f'<p class="quiet">{as_html(note)}</p>')])
    answers = [section for graded in found if graded.examination for section in _answers(graded)]
    return document("Grades", f"{len(found):,} hand-ins", [Section("", first), *answers])


def _runs(graded: Graded) -> Sequence[ExaminedRun | None]:
    return (graded.examination.runs if graded.examination else ()) or (None,)


def _row(graded: Graded, run: ExaminedRun | None) -> Row:
    goals = graded.goals
    known = graded.examination is not None
    return {
        "file": graded.file,
        "learner": graded.learner,
        "lesson": graded.lesson_title,
        "steps_done": len(graded.done) if known else None,
        "steps": len(graded.steps) if known else None,
        "goals_met": len(graded.done.intersection(goals)) if known else None,
        "goals": len(goals) if known else None,
        "run": run.title if run else "",
        "hidden_accuracy": run.hidden_accuracy if run else None,
        "claimed_accuracy": run.claimed_accuracy if run else None,
        "accuracy": run.accuracy if run else None,
        "parameters": run.parameters if run else None,
        "seconds": run.history.seconds if run and run.history else None,
        "checked": _checked(run) if run else "",
        "remarks": " ".join(remarks_of(graded, run)),
    }


def _checked(run: ExaminedRun) -> str:
    if not run.fits:
        return DISAGREES
    return AGREES if run.checked else NOT_CHECKED


def _cells(graded: Graded, run: ExaminedRun | None) -> Html:
    row = _row(graded, run)
    return joined(
        [
            cell(row["learner"] or row["file"], "th"),
            cell(row["lesson"]),
            cell(_of(row["steps_done"], row["steps"]), kind="number"),
            cell(_of(row["goals_met"], row["goals"]), kind="number"),
            cell(row["run"]),
            *(cell(_percent(row[name]), kind="number") for name in ("hidden_accuracy", "claimed_accuracy")),
            cell(_computed(row), kind="number"),
            cell("–" if row["parameters"] is None else f"{row['parameters']:,}", kind="number"),
            cell("–" if row["seconds"] is None else f"{row['seconds']:.1f} s", kind="number"),
            cell(row["remarks"]),
        ]
    )


def _computed(row: Row) -> Html:
    """Return the accuracy computed on a run's own test digits, in bold if something that the run claims is wrong."""
    words = NOT_CHECKED if row["accuracy"] is None and row["run"] else _percent(row["accuracy"])
    return bold(words) if row["checked"] == DISAGREES else as_html(words)


def _answers(graded: Graded) -> Iterator[Section]:
    examination = graded.examination
    assert examination is not None
    steps = joined(
        _answer(step, graded.lesson) for step in examination.manifest.steps if step.kind in ("predict", "explain")
    )
    if steps:
        yield Section(f"{graded.learner}: {graded.lesson_title}", steps)


def _answer(step: HandedStep, lesson: Lesson | None) -> Html:
    own = lesson.step(step.id) if lesson else None
    question = Html(f"<p>{bold(step.question or step.title)}</p>")
    return joined([question, paragraphs(in_words(step.answer, own.unit if isinstance(own, Predict) else ""))])


def _of(count: int | None, all_of_them: int | None) -> str:
    return "–" if count is None else f"{count} of {all_of_them}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.2%}"
