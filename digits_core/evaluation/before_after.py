"""The user's digits before and after training with them: which runs are compared, on what, and what each predicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from digits_core.config import RunConfig
from digits_core.data import handwriting_versions
from digits_core.data.digits import Digits
from digits_core.runs.preferred import best_of, candidates
from digits_core.runs.store import Run

if TYPE_CHECKING:
    from digits_core.recognition.turning import Read

HANDWRITING = handwriting_versions.NAME


@dataclass(frozen=True)
class BeforeAfter:
    """Two networks' predictions for the same held-out digits of one writer: uint8 (n, H, W), and int64 (n,) each."""

    images: np.ndarray
    labels: np.ndarray
    before: np.ndarray
    after: np.ndarray

    def right(self, answers: np.ndarray) -> int:
        return int((answers == self.labels).sum())


def with_handwriting(config: RunConfig) -> RunConfig:
    """Return the same config with the user's own digits added to the data, both for training and for testing."""
    data = config.data.replace(
        train=(*config.data.train, HANDWRITING), test=(*config.data.test, HANDWRITING), test_writers=()
    )
    return config.replace(data=data, name=f"{config.name or config.recipe or 'Run'} + my handwriting"[:120])


def learnt_from_handwriting(config: RunConfig) -> bool:
    return HANDWRITING in config.data.train


def held_out_of(digits: Digits, writer: str) -> Digits:
    """Return the writer's test samples: no run has ever trained on them, no matter whose digits it was trained with."""
    wanted = digits.test & (np.array(digits.writers) == writer)
    return Digits(digits.name, digits.images[wanted], digits.labels[wanted], digits.test[wanted])


def pair(run: Run, runs: Sequence[Run]) -> tuple[Run, Run] | None:
    """Return the runs before and after, without and with handwriting, one of them `run`; `None` without a counterpart.

    The counterpart is the best of the same recipe, else the best of all, as chosen by `best_of`: a run that was stopped
    in its third epoch would make any other look good.
    """
    mine = learnt_from_handwriting(run.config)
    others = [each for each in runs if learnt_from_handwriting(each.config) != mine]
    other = best_of([each for each in candidates(others) if each.recipe == run.recipe]) or best_of(others)
    if other is None:
        return None
    return (other, run) if mine else (run, other)


def pair_among(runs: Sequence[Run]) -> tuple[Run, Run] | None:
    """Return the earlier and the later of the runs that can predict; `None` if there are fewer than two.

    If only some of them were trained with handwriting, the first is the latest without it, the second the latest with
    it.
    """
    able = sorted((run for run in runs if _can_read(run)), key=lambda run: run.number)
    if len(able) < 2:
        return None
    with_it = [run for run in able if learnt_from_handwriting(run.config)]
    without = [run for run in able if run not in with_it]
    return (without[-1], with_it[-1]) if with_it and without else (able[0], able[-1])


def _can_read(run: Run) -> bool:
    # The config of a logged run is meaningless, and so is the data that it names.
    return run.weights is not None and not (run.live or run.is_logged)


def compare(before: Read, after: Read, digits: Digits) -> BeforeAfter:
    """Let two networks recognise the same digits, each with the transform of its own training."""
    answers = [np.array([answer.digit for answer in read(list(digits.images))], int) for read in (before, after)]
    return BeforeAfter(digits.images, digits.labels, *answers)
