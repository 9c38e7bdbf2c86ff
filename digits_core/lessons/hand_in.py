"""Create a hand-in: one zip with a learner's answers in a lesson, and the runs that they refer to."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from digits_core.errors import ExportError, RunError
from digits_core.home import Home
from digits_core.lessons.checks import Evidence
from digits_core.lessons.hand_in_files import (
    CONFIG,
    FORMAT,
    HISTORY,
    KEPT_FILES,
    LESSON,
    MANIFEST,
    MOST_LABELS,
    MOST_NETWORKS,
    MOST_RUNS,
    REPORT,
    VERSION,
    folder_of,
)
from digits_core.lessons.hand_in_report import lesson_sections
from digits_core.lessons.learners import Answer
from digits_core.lessons.lesson import Explain, Lesson, Predict, Step
from digits_core.reports.document import Section, document
from digits_core.reports.run_sections import ReportedRun, reported, run_sections
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.export.files import Files, as_zip
from digits_core.runs.export.run_history import History, as_json
from digits_core.runs.rows import Run
from digits_core.runs.run_data import RunData
from digits_core.runs.store import RunStore

NO_EVIDENCE = Evidence()


def file_name(lesson: Lesson, learner: str) -> str:
    """Return the file name of a hand-in, in characters that every system accepts."""
    words = re.sub(r"[^\w-]+", "-", learner).strip("-_")[:60]
    return f"{lesson.name}-{words or 'learner'}.zip"


def make_hand_in(
    lesson: Lesson,
    learner: str,
    answers: Mapping[str, Answer],
    store: RunStore,
    home: Home,
    data: RunData,
    evidence: Evidence = NO_EVIDENCE,
) -> bytes:
    """Create the zip described in `hand_in_files`.

    Runs that steps refer to and that have since been deleted are left out; the report still mentions them.

    Args:
        learner: The name of the learner.
        answers: By the ids of the lesson's steps, as `Learners.answers` returns them.
        data: Finds the digits that the runs were tested on, for the pictures in the report.
        evidence: What the learner did besides training: the digits they wrote and the networks they saved.

    Raises:
        ExportError: There are more runs than a hand-in may have.
    """
    runs = _runs(store, answers)
    shown = [reported(run, store, Artifacts(home.run(run.id)), data.loader(run.id)) for run in runs]
    files: Files = {
        MANIFEST: _as_json(_manifest(lesson, learner, answers, runs, evidence)),
        REPORT: document(lesson.title, learner, [*lesson_sections(lesson, answers, runs), *_run_sections(shown)]),
    }
    with suppress(OSError):  # the file may have been deleted since the lesson was read
        files[LESSON] = lesson.path.read_bytes()
    for place, each in enumerate(shown):
        files |= {folder_of(place) + name: content for name, content in _run_files(each.history, home).items()}
    return as_zip(files)


def _runs(store: RunStore, answers: Mapping[str, Answer]) -> list[Run]:
    """Return the runs that answers refer to, in the order of the answers, each once."""
    wanted = dict.fromkeys(run_id for answer in answers.values() for run_id in answer.runs)
    if len(wanted) > MOST_RUNS:
        raise ExportError(f"This lesson has {len(wanted)} runs, more than the {MOST_RUNS} that can be handed in.")
    found = []
    for run_id in wanted:
        with suppress(RunError):  # it was deleted
            found.append(store.get(run_id))
    return found


def _manifest(
    lesson: Lesson, learner: str, answers: Mapping[str, Answer], runs: Iterable[Run], evidence: Evidence
) -> dict[str, object]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "learner": learner,
        "lesson": lesson.name,
        "lesson_title": lesson.title,
        "made": time.time(),
        "steps": [_step(step, answers.get(step.id)) for step in lesson],
        "runs": [{"id": run.id, "origin": run.origin} for run in runs],
        "labels": list(evidence.labels)[:MOST_LABELS],
        "networks": [config.model_dump(mode="json") for config in evidence.networks[:MOST_NETWORKS]],
    }


def _step(step: Step, answer: Answer | None) -> dict[str, object]:
    return {
        "id": step.id,
        "title": step.title,
        "kind": step.kind,
        "question": step.question if isinstance(step, Predict | Explain) else "",
        "answer": answer.value if answer else None,
        "runs": list(answer.runs) if answer else [],
    }


def _run_sections(shown: Sequence[ReportedRun]) -> list[Section]:
    """Return the sections of the runs, if any; the heading of the first separates them from the steps above."""
    if not shown:
        return []
    first, *rest = run_sections(shown)
    return [replace(first, title="Runs" if len(shown) > 1 else "Run"), *rest]


def _run_files(history: History, home: Home) -> Files:
    run = history.run
    kept = Artifacts(home.run(run.id)).contents(KEPT_FILES)
    return {CONFIG: _as_json(run.plan.model_dump(mode="json")), HISTORY: as_json(history), **kept}


def _as_json(content: object) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "replace")
