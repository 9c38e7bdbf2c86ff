"""The table of graded hand-ins: a row for each run, for spreadsheets, for programs and to be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from digits_core.lessons.grading import Graded, remarks_of
from digits_core.lessons.hand_in_files import HandedStep
from digits_core.lessons.hand_in_report import in_words
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
"""Whether what a run says of itself is what its weights give here."""

Row = dict[str, Any]


def rows(found: Sequence[Graded]) -> list[Row]:
    """Return a row for each run, one for a hand-in without any or that could not be read; `None` is not known.

    Accuracies are fractions of 1: `hidden_accuracy` on the digits that the class never saw, `claimed_accuracy` on the
    run's own test digits as it says, `accuracy` on these as its weights give it here.
    """
    return [_row(graded, run) for graded in found for run in _runs(graded)]


def grade_files(found: Sequence[Graded], hidden: str) -> Files:
    """Return the table as CSV and HTML by their names.

    Args:
        hidden: What the hidden digits are, in a few words.
    """
    return {CSV: as_csv(COLUMNS, rows(found)), HTML: as_page(found, hidden)}


def as_page(found: Sequence[Graded], hidden: str) -> bytes:
    """Return the table, then what each learner answered, as one HTML file. What they wrote is text in it."""
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
            cell(_percent(row["accuracy"]) if run is None or run.checked else NOT_CHECKED, kind="number"),
            cell("–" if row["parameters"] is None else f"{row['parameters']:,}", kind="number"),
            cell("–" if row["seconds"] is None else f"{row['seconds']:.1f} s", kind="number"),
            cell(row["remarks"]),
        ]
    )


def _answers(graded: Graded) -> Iterator[Section]:
    examination = graded.examination
    assert examination is not None
    steps = joined(_answer(step) for step in examination.manifest.steps if step.kind in ("predict", "explain"))
    if steps:
        yield Section(f"{graded.learner}: {graded.lesson_title}", steps)


def _answer(step: HandedStep) -> Html:
    question = Html(f"<p>{bold(step.question or step.title)}</p>")
    return joined([question, paragraphs(in_words(step.answer))])


def _of(count: int | None, all_of_them: int | None) -> str:
    return "–" if count is None else f"{count} of {all_of_them}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.2%}"
