"""A learner's progress in a lesson, and what they do next there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digits_core.dashboard.state import state
from digits_core.lessons.checks import Evidence, Verdict
from digits_core.lessons.evidence import gather
from digits_core.lessons.learners import Answer, Attempt, Learner
from digits_core.lessons.lesson import Do, Goal, Lesson, Step


@dataclass(frozen=True)
class Progress:
    """A lesson with a learner's answers so far; without a learner or an attempt, there are none."""

    lesson: Lesson
    learner: Learner | None = None
    attempt: Attempt | None = None

    @property
    def answers(self) -> Mapping[str, Answer]:
        """The answers by the ids of their steps, without those to steps that the lesson no longer has."""
        kept = self.attempt.answers if self.attempt else {}
        return {step.id: kept[step.id] for step in self.lesson if step.id in kept}

    @property
    def is_complete(self) -> bool:
        """True if every step is answered."""
        return len(self.answers) == len(self.lesson.steps)

    @property
    def next_step(self) -> int:
        """The number of the first step without an answer, from 1; 1 if every step has one."""
        unanswered = (number for number, step in enumerate(self.lesson, 1) if step.id not in self.answers)
        return next(unanswered, 1)

    def answer(self, step: Step, value: Any = True, runs: tuple[str, ...] = (), replace: bool = False) -> None:
        """Store the learner's answer to a step; raises `StoreError` if that fails."""
        assert self.learner is not None
        state().learners.answer(self.learner, self.lesson.name, step.id, value, runs, replace)

    def judge(self, step: Do | Goal) -> Verdict:
        """Return the verdict on whether a step is done, by what the app has stored now."""
        return step.check.judge(self.evidence())

    def evidence(self) -> Evidence:
        """Return what the learner has done since they began the lesson, as far as the app stores it."""
        assert self.learner is not None
        assert self.attempt is not None
        here = state()
        sessions = here.learners.sessions(self.learner)
        return gather(self.lesson, self.attempt, sessions, here.runs, here.handwriting, here.networks)


def begun(lesson: Lesson, learner: Learner) -> Progress:
    """Return a learner's progress in a lesson, and begin the lesson if they have not begun it before."""
    attempt = state().learners.attempts(learner).get(lesson.name)
    return Progress(lesson, learner, attempt or state().learners.begin(learner, lesson.name))


def version_of_store() -> tuple[int, ...]:
    """Return a value that changes whenever any process writes into the app's database; cheap to compute."""
    database = state().home.database
    found: list[int] = []
    for path in (database, Path(f"{database}-wal")):
        with suppress(OSError):
            status = os.stat(path)
            found += status.st_mtime_ns, status.st_size
    return tuple(found)
