"""How far a learner is in a lesson, and what they do next there."""

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
    """A lesson as a learner has answered it so far; without a learner, or an attempt, as nobody has yet."""

    lesson: Lesson
    learner: Learner | None = None
    attempt: Attempt | None = None

    @property
    def answers(self) -> Mapping[str, Answer]:
        """Return the answers by the ids of their steps, those left out that the lesson's file no longer has."""
        kept = self.attempt.answers if self.attempt else {}
        return {step.id: kept[step.id] for step in self.lesson if step.id in kept}

    @property
    def is_complete(self) -> bool:
        """Return whether every step is answered."""
        return len(self.answers) == len(self.lesson.steps)

    @property
    def next_step(self) -> int:
        """Return the number of the first step without an answer, from 1; 1 where each has one."""
        unanswered = (number for number, step in enumerate(self.lesson, 1) if step.id not in self.answers)
        return next(unanswered, 1)

    def answer(self, step: Step, value: Any = True, runs: tuple[str, ...] = (), replace: bool = False) -> None:
        """Keep the learner's answer to a step; `StoreError` where that cannot be kept."""
        assert self.learner is not None
        state().learners.answer(self.learner, self.lesson.name, step.id, value, runs, replace)

    def judge(self, step: Do | Goal) -> Verdict:
        """Return whether a step is done by what the app keeps now."""
        return step.check.judge(self.evidence())

    def evidence(self) -> Evidence:
        """Return what the learner has done since they began the lesson, as far as the app keeps it."""
        assert self.learner is not None
        assert self.attempt is not None
        here = state()
        sessions = here.learners.sessions(self.learner)
        return gather(self.lesson, self.attempt, sessions, here.runs, here.handwriting, here.networks)


def begun(lesson: Lesson, learner: Learner) -> Progress:
    """Return a learner's progress in a lesson, which begins with that unless it has begun before."""
    attempt = state().learners.attempts(learner).get(lesson.name)
    return Progress(lesson, learner, attempt or state().learners.begin(learner, lesson.name))


def version_of_store() -> tuple[int, ...]:
    """Return what is another as soon as anything was written into the app's database, by whatever process: cheap."""
    database = state().home.database
    found: list[int] = []
    for path in (database, Path(f"{database}-wal")):
        with suppress(OSError):
            status = os.stat(path)
            found += status.st_mtime_ns, status.st_size
    return tuple(found)
