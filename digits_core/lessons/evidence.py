"""Gather the evidence for checks: what a learner did in this app since they began a lesson."""

from __future__ import annotations

from collections.abc import Collection

from digits_core.config import NetworkConfig
from digits_core.data.handwriting_store import Handwriting
from digits_core.lessons.checks import Evidence
from digits_core.lessons.learners import Attempt
from digits_core.lessons.lesson import Lesson
from digits_core.runs.store import RunStore
from digits_core.saved_configs import SavedConfigs


def gather(
    lesson: Lesson,
    attempt: Attempt,
    sessions: Collection[str],
    runs: RunStore,
    handwriting: Handwriting,
    networks: SavedConfigs[NetworkConfig],
) -> Evidence:
    """Return what counts for this attempt at a lesson.

    Runs count if they have finished and were queued since by one of the learner's browsers, `sessions`, or by none, as
    from the shell or a notebook. Digits and networks have no recorded author: all that were added since count.
    """
    finished = [run for run in runs.runs() if run.status == "finished"]
    known = {run.id: run for run in finished}
    return Evidence(
        runs=[run for run in finished if run.created >= attempt.begun and (not run.session or run.session in sessions)],
        labels=handwriting.labels_since(attempt.begun),
        networks=[saved.config for saved in networks.all() if saved.created >= attempt.begun],
        met_by={
            step: [known[run_id] for run_id in answer.runs if run_id in known]
            for step, answer in attempt.answers.items()
        },
        titles={step.id: step.title for step in lesson},
    )
