"""A learner's answers in a lesson, as sections of a printable document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from numbers import Real
from typing import Any

from digits_core.lessons.learners import Answer
from digits_core.lessons.lesson import Do, Explain, Goal, Lesson, Predict, Step
from digits_core.markup import Html, bold, joined
from digits_core.reports.document import Section, paragraphs
from digits_core.runs.rows import Run

NOT_ANSWERED = "Not answered."


def lesson_sections(lesson: Lesson, answers: Mapping[str, Answer], runs: Sequence[Run]) -> list[Section]:
    """Return the lesson's outcome, then a section for each step with its question, its answer and the model answer.

    A lesson's text is Markdown and is shown unrendered.
    """
    titles = {run.id: run.title for run in runs}
    done = sum(step.id in answers for step in lesson)
    first = joined([paragraphs(lesson.outcome), Html(f"<p>{done} of {len(lesson.steps)} steps are done.</p>")])
    return [
        Section("", first),
        *(
            Section(f"{number}. {step.title}", joined(_step(step, answers.get(step.id), titles)))
            for number, step in enumerate(lesson, start=1)
        ),
    ]


def in_words(value: Any, unit: str = "") -> str:
    """Return an answer's value as text: a choice, an ordered list, a number with its unit, a text."""
    if value is None:
        return NOT_ANSWERED
    if isinstance(value, bool):
        return "Done." if value else NOT_ANSWERED
    if isinstance(value, Real):
        return f"{float(value):g} {unit}".strip()
    return " → ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _step(step: Step, answer: Answer | None, titles: Mapping[str, str]) -> Iterator[Html]:
    if isinstance(step, Predict | Explain):
        yield paragraphs(step.question)
    else:
        yield paragraphs(step.text)
    words = in_words(answer.value if answer else None, step.unit if isinstance(step, Predict) else "")
    yield _labelled("Prediction" if isinstance(step, Predict) else "Answer", words)
    if isinstance(step, Do | Goal) and answer:
        names = [titles.get(run, f"{run} (deleted since)") for run in answer.runs]
        if names:
            yield _labelled("Runs" if len(names) > 1 else "Run", ", ".join(names))
    if isinstance(step, Explain) and answer:
        yield _labelled("Model answer", step.answer)
    if isinstance(step, Predict) and answer and step.result:
        yield _labelled("Result", step.result)


def _labelled(label: str, text: str) -> Html:
    return joined([Html("<p>"), bold(label), Html("</p>"), paragraphs(text)])
