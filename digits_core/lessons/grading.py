"""Grade many hand-ins: examine each in a separate process, judge its steps again, and find runs that are in several."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from digits_core.data.readers.file_contents import Refusal
from digits_core.data.readers.sandbox import shown_name
from digits_core.errors import DatasetError, LogError
from digits_core.lessons.checks import Evidence, Verdict
from digits_core.lessons.examination import Examination, examine_apart
from digits_core.lessons.hand_in_files import HandedHistory, HandedStep, tidy_text
from digits_core.lessons.lesson import Do, Goal, Lesson, Predict, Step
from digits_core.lessons.run_examiner import ExaminedRun
from digits_core.runs.logged_config import tidy_config
from digits_core.runs.rows import Run

SIDE_BY_SIDE = 4
"""Maximum number of hand-ins examined at once: each may take gigabytes."""
NAMED = 3
"""Maximum number of other hand-ins that remarks on a run name."""


@dataclass(frozen=True)
class Graded:
    """The grade of a hand-in. `problem` says in a sentence why it could not be read; then all else is empty.

    done: the ids of the completed steps, as far as that can be judged here; remarks: on the whole hand-in, a sentence
    each; run_remarks: by the ids of runs, on what other hand-ins have in common with them.
    """

    file: str
    problem: str = ""
    examination: Examination | None = None
    lesson: Lesson | None = None
    done: frozenset[str] = frozenset()
    remarks: tuple[str, ...] = ()
    run_remarks: Mapping[str, tuple[str, ...]] | None = None

    @property
    def learner(self) -> str:
        return self.examination.manifest.learner if self.examination else ""

    @property
    def lesson_title(self) -> str:
        """The title of the lesson here; if there is none of that name, the title in the hand-in."""
        if self.lesson:
            return self.lesson.title
        manifest = self.examination.manifest if self.examination else None
        return (manifest.lesson_title or manifest.lesson) if manifest else ""

    @property
    def steps(self) -> Sequence[Step | HandedStep]:
        """The steps of the lesson here; if there is none of that name, those of the hand-in."""
        if self.lesson:
            return self.lesson.steps
        return self.examination.manifest.steps if self.examination else ()

    @property
    def goals(self) -> list[str]:
        """The ids of the steps that are goals."""
        return [step.id for step in self.steps if step.kind == "goal"]


def hand_ins_in(folder: Path) -> list[Path]:
    """Return the zips in a folder and its subfolders, sorted by path; raise `DatasetError` if there are none."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".zip" and path.is_file())
    if not found:
        raise DatasetError(f"{folder} holds no hand-ins: files whose names end in .zip.")
    return found


def grade(
    paths: Sequence[Path],
    folder: Path,
    digits: Path,
    lesson: Callable[[str], Lesson | None],
    report: Callable[[], None] = lambda: None,
) -> list[Graded]:
    """Examine and judge the hand-ins, in the order of `paths`. One that cannot be read does not affect the others.

    Args:
        paths: The zips.
        folder: The folder that shown file names are relative to.
        digits: The folder with the digits, as `examination.write_digits` puts them there.
        lesson: Finds a lesson of the teacher's by name.
        report: Called after each of them.
    """
    with ThreadPoolExecutor(min(SIDE_BY_SIDE, os.cpu_count() or 1)) as pool:
        found = []
        for each in pool.map(partial(_grade, folder=folder, digits=digits, lesson=lesson), paths):
            found.append(each)
            report()
    return in_common(found)


def judge(file: str, examination: Examination, lesson: Lesson | None) -> Graded:
    """Grade a hand-in by the teacher's own lesson, `None` if there is none of that name."""
    manifest = examination.manifest
    handed = {step.id: step for step in manifest.steps if step.answer is not None}
    if lesson is None:
        remark = f"There is no lesson “{manifest.lesson}” here: what it asks to do was not checked."
        answered = frozenset(step.id for step in handed.values() if step.kind not in ("do", "goal"))
        return Graded(file, examination=examination, done=answered, remarks=(remark,))
    remarks = [] if _is_same_text(lesson, examination.lesson) else ["Its lesson has another text than the one here."]
    runs = {each.id: run for each in examination.runs if (run := as_run(each)) is not None}
    met_by: dict[str, list[Run]] = {}
    done: set[str] = set()
    for step in lesson:
        if step.id not in handed:
            continue
        if not isinstance(step, Do | Goal):
            if _is_answer(step, handed[step.id]):
                done.add(step.id)
            else:
                remarks.append(f"The answer to “{step.title}” is not one that the step offers.")
            continue
        claimed = [runs[run_id] for run_id in handed[step.id].runs if run_id in runs]
        verdict = _verdict(step, claimed, examination, met_by)
        if verdict.met:
            done.add(step.id)
            met_by[step.id] = [runs[run_id] for run_id in verdict.runs]
            if not step.check.judge(Evidence(runs=claimed, met_by=met_by)).met:
                remarks.append(f"“{step.title}” is only claimed: what it asks for is not in a hand-in.")
        else:
            remarks.append(f"“{step.title}” is not met: {verdict.missing}")
    return Graded(file, "", examination, lesson, frozenset(done), tuple(remarks))


def as_run(examined: ExaminedRun) -> Run | None:
    """Return a run as checks see it, with its accuracy as computed here; `None` if it does not count.

    Runs do not count if they have not finished, if their network was not handed in, or if they contradict themselves
    and their accuracy cannot be recomputed.
    """
    history = examined.history
    if history is None or history.status != "finished" or examined.hidden_accuracy is None:
        return None
    if not examined.fits and not examined.checked:
        return None
    return Run(
        id=examined.id,
        number=history.number,
        name=history.name,
        recipe=history.recipe,
        status=history.status,
        config_json=examined.config_json,
        environment_json=json.dumps({"datasets": history.environment.datasets}),
        owner="",
        created=history.created,
        started=None,
        finished=history.finished,
        progress=1.0,
        images_per_second=None,
        seconds=history.seconds,
        test_loss=history.test_loss,
        test_accuracy=examined.accuracy if examined.checked else history.test_accuracy,
        message="",
        parent="",
        session="",
        position=0,
        epochs=len(history.epochs),
        orders_json="{}",
        note="",
        tags_json="[]",
        archived=None,
        deleted=None,
        sweep="",
        by_hand_json="[]",
        weights=len(history.epochs),
        stop_reason="",
        origin=examined.origin,
        logged_config_json=_logged_config(history) if examined.origin else "{}",
    )


def in_common(found: Sequence[Graded]) -> list[Graded]:
    """Return the same hand-ins with remarks on runs that are in several of them, or several times in one."""
    by_weights: dict[str, list[tuple[Graded, ExaminedRun]]] = defaultdict(list)
    for each in found:
        for run in each.examination.runs if each.examination else ():
            if run.fingerprint:
                by_weights[run.fingerprint].append((each, run))
    remarks: dict[int, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for group in by_weights.values():
        for each, run in group:
            others = [(other, its) for other, its in group if its is not run]
            if others:
                remarks[id(each)][run.id] = tuple(_same_weights(run, other, its) for other, its in others[:NAMED])
    return [replace(each, run_remarks=remarks[id(each)]) for each in found]


def _grade(path: Path, folder: Path, digits: Path, lesson: Callable[[str], Lesson | None]) -> Graded:
    file = shown_name(path.relative_to(folder).as_posix())
    try:
        examination = examine_apart(path, digits)
    except Refusal as refusal:
        return Graded(file, f"{file} {refusal}")
    return judge(file, examination, lesson(examination.manifest.lesson))


def _verdict(
    step: Do | Goal, claimed: Sequence[Run], examination: Examination, met_by: Mapping[str, list[Run]]
) -> Verdict:
    manifest = examination.manifest
    return step.check.judge(Evidence(claimed, manifest.labels, manifest.networks, met_by))


def _is_answer(step: Step, handed: HandedStep) -> bool:
    value = handed.answer
    if not isinstance(step, Predict):
        return True
    if step.choices:
        return value in step.choices
    if step.order:
        return isinstance(value, tuple) and sorted(value) == sorted(step.order)
    low, high = step.between or (0, 0)
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _is_same_text(lesson: Lesson, text: str) -> bool:
    try:
        own = lesson.path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return False
    return tidy_text(own).split() == text.split()


def _logged_config(history: HandedHistory) -> str:
    try:
        return json.dumps(tidy_config(history.config))
    except LogError:
        return "{}"


def _same_weights(run: ExaminedRun, other: Graded, its: ExaminedRun) -> str:
    if its.id == run.id:
        return f"The same run is in the hand-in of {other.learner} ({other.file})."
    which = f"Its weights are also those of {its.title} of {other.learner} ({other.file})"
    if its.config_json == run.config_json:
        return f"{which}: the same settings give the same weights on the same machine."
    return f"{which}, a run with other settings."


def remarks_of(graded: Graded, run: ExaminedRun | None) -> Iterator[str]:
    """Yield all remarks on a run of a hand-in, or on a hand-in without runs."""
    if graded.problem:
        yield graded.problem
    yield from graded.remarks
    if run is not None:
        yield from run.remarks
        yield from (graded.run_remarks or {}).get(run.id, ())
