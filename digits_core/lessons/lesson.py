"""The parts of a lesson: a title, its learning outcome, and steps to take one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from digits_core.lessons.checks import Check


@dataclass(frozen=True)
class Place:
    """A page of the app and the query of its URL, such as `training` with `recipe=Lecture`.

    A value of `query` that begins with `OF_STEP` refers to an earlier step: the link contains the id of that step's
    run.
    """

    page: str
    query: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: a title, a few sentences of Markdown, and the place where to do it, `None` if it can be anywhere.

    `id` is unique within its lesson. `recalls` are ids of earlier steps whose answers are shown again next to this one.
    `label` is the text of the button that leads to `place`.
    """

    id: str
    title: str
    text: str
    place: Place | None = None
    label: str = ""
    recalls: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """`look`, `predict`, `do`, `explain` or `goal`, the name of the fence in the file."""
        return type(self).__name__.lower()


@dataclass(frozen=True, kw_only=True)
class Look(Step):
    """A step that shows something."""


@dataclass(frozen=True, kw_only=True)
class Predict(Step):
    """A question to answer before the result can be seen; never graded.

    The answer is one of `choices`, or all of `order` put in order, or a number within `between` in `unit`: exactly one
    of the three is given. `result` is Markdown, shown once the answer is committed, that says where to see the result.
    """

    question: str
    choices: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    between: tuple[float, float] | None = None
    unit: str = ""
    result: str = ""


@dataclass(frozen=True, kw_only=True)
class Do(Step):
    """Something to do in the app, done as soon as its check is met."""

    check: Check


@dataclass(frozen=True, kw_only=True)
class Explain(Step):
    """A question to answer in one's own words; `answer`, Markdown, is shown afterwards."""

    question: str
    answer: str


@dataclass(frozen=True, kw_only=True)
class Goal(Step):
    """An open task with a measurable target. The lesson can be completed without it."""

    check: Check


@dataclass(frozen=True)
class Lesson:
    """One lesson. `name` is its file's name without the suffix; `minutes` how long it takes.

    `outcome` says in a sentence what the learner can do or say afterwards; `introduction` is Markdown. `built_in` is
    True for the app's own lessons, False for a teacher's.
    """

    name: str
    title: str
    minutes: int
    outcome: str
    introduction: str
    steps: tuple[Step, ...]
    path: Path
    built_in: bool = False

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def step(self, step_id: str) -> Step | None:
        """Return the step with the id `step_id`, or `None` if there is none."""
        return next((step for step in self.steps if step.id == step_id), None)


@dataclass(frozen=True)
class Unreadable:
    """A lesson file that cannot be read, and why, a line for each problem."""

    name: str
    path: Path
    problems: tuple[str, ...]
