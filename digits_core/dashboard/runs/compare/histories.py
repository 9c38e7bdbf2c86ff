"""The epochs of any number of runs, read once and then only what is new, shared by all who look."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from digits_core.dashboard.state import state
from digits_core.runs.rows import EpochRow
from digits_core.runs.store import RunStore

KEPT = 512
"""Histories in memory: of a run of 5,000 epochs, each takes about a quarter of a megabyte."""


@dataclass(frozen=True, eq=False)
class History:
    """A run's epochs so far, each array (n,). Replaced when there are more, never changed: the object is its version.

    `seconds` is the training time since the run began, evaluation included; accuracies are fractions of 1.
    """

    sequence: int
    epochs: np.ndarray
    seconds: np.ndarray
    train_loss: np.ndarray
    test_loss: np.ndarray
    train_accuracy: np.ndarray
    test_accuracy: np.ndarray

    def followed_by(self, rows: Sequence[EpochRow]) -> History:
        newer = [row for row in rows if row.sequence > self.sequence]
        if not newer:
            return self
        spent = self.seconds[-1] if len(self.seconds) else 0.0
        return History(
            newer[-1].sequence,
            np.append(self.epochs, [row.epoch for row in newer]).astype(np.int64),
            np.append(self.seconds, spent + np.cumsum([row.seconds for row in newer])),
            np.append(self.train_loss, [row.train_loss for row in newer]),
            np.append(self.test_loss, [row.test_loss for row in newer]),
            np.append(self.train_accuracy, [row.train_accuracy for row in newer]),
            np.append(self.test_accuracy, [row.test_accuracy for row in newer]),
        )


NOTHING = History(0, np.empty(0, np.int64), *(np.empty(0) for _ in range(5)))


class Histories:
    """What is known of the epochs of some runs; asks the store for what it has not seen."""

    def __init__(self, store: RunStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._cursor = store.cursor()
        self._known: dict[str, History] = {}

    def of(self, run_ids: Sequence[str]) -> list[History]:
        """The history of each of these runs by now; empty for one that has finished no epoch."""
        with self._lock:
            self._follow()
            unknown = [run_id for run_id in run_ids if run_id not in self._known]
            if unknown:
                # The latest to be asked for stay; whoever is forgotten is read again.
                for forgotten in list(self._known)[: max(0, len(self._known) + len(unknown) - KEPT)]:
                    if forgotten not in run_ids:
                        del self._known[forgotten]
                rows = self._store.epochs(unknown)
                self._known |= {run_id: NOTHING.followed_by(rows[run_id]) for run_id in unknown}
            return [self._known[run_id] for run_id in run_ids]

    def _follow(self) -> None:
        news = self._store.news(self._cursor)
        self._cursor = news.cursor
        for run_id in {row.run for row in news.epochs} & set(self._known):
            self._known[run_id] = self._known[run_id].followed_by([row for row in news.epochs if row.run == run_id])


def histories(run_ids: Sequence[str]) -> list[History]:
    return _histories(str(state().home.folder)).of(run_ids)


@lru_cache(maxsize=4)
def _histories(folder: str) -> Histories:
    return Histories(state().runs)
