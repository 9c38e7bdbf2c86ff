"""The epochs of any number of runs, read incrementally; all curves and logs are drawn from them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, overload

import numpy as np

from digits_core.runs.rows import EpochRow
from digits_core.runs.store import RunStore

KEPT = 512
"""Runs whose epochs stay in memory: 5,000 epochs of one take about a quarter of a megabyte."""


class Epoch(NamedTuple):
    """The figures of one epoch; `seconds` is the training time since the run began, evaluation included."""

    epoch: int
    seconds: float
    train_loss: float
    train_accuracy: float
    test_loss: float
    test_accuracy: float


MEASURES = ("train_loss", "train_accuracy", "test_loss", "test_accuracy")


@dataclass(frozen=True, eq=False)
class Epochs(Sequence[Epoch]):
    """The finished epochs of a run, also by column: each array (n,). Accuracies are fractions of 1, NaN if unknown.

    Immutable: new epochs make a new object, so its identity serves as its version.
    """

    sequence: int
    epoch: np.ndarray
    seconds: np.ndarray
    train_loss: np.ndarray
    train_accuracy: np.ndarray
    test_loss: np.ndarray
    test_accuracy: np.ndarray

    def followed_by(self, rows: Sequence[EpochRow]) -> Epochs:
        """Return these epochs extended by the newer `rows`, each epoch once; this object itself if none are newer."""
        newer = [row for row in rows if row.sequence > self.sequence]
        if not newer:
            return self
        epoch = np.append(self.epoch, [row.epoch for row in newer]).astype(np.int64)
        each = [row.seconds for row in newer]
        measures = [np.append(getattr(self, name), [getattr(row, name) for row in newer]) for name in MEASURES]
        sequence = max(row.sequence for row in newer)
        if (np.diff(epoch[max(0, len(self) - 1) :]) > 0).all():
            spent = self.seconds[-1] if len(self) else 0.0
            return Epochs(sequence, epoch, np.append(self.seconds, spent + np.cumsum(each)), *measures)
        # A loop may log an epoch again, and in any order: keep the last figures of each.
        last = len(epoch) - 1 - np.unique(epoch[::-1], return_index=True)[1]
        seconds = np.cumsum(np.append(np.diff(self.seconds, prepend=0.0), each)[last])
        return Epochs(sequence, epoch[last], seconds, *(values[last] for values in measures))

    def __len__(self) -> int:
        return len(self.epoch)

    def __iter__(self) -> Iterator[Epoch]:
        return iter(self._rows(slice(None)))

    @overload
    def __getitem__(self, index: int) -> Epoch: ...
    @overload
    def __getitem__(self, index: slice) -> list[Epoch]: ...
    def __getitem__(self, index: int | slice) -> Epoch | list[Epoch]:
        if isinstance(index, slice):
            return self._rows(index)
        return Epoch(*(getattr(self, name)[index].item() for name in Epoch._fields))

    def _rows(self, places: slice) -> list[Epoch]:
        columns = (getattr(self, name)[places].tolist() for name in Epoch._fields)
        return [Epoch(*row) for row in zip(*columns, strict=True)]


NONE_YET = Epochs(0, np.empty(0, np.int64), *(np.empty(0) for _ in range(5)))


class EpochFeed:
    """Reads epochs from a store with one cursor for all runs. May be shared by threads."""

    def __init__(self, store: RunStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._cursor = store.cursor()
        self._known: dict[str, Epochs] = {}

    def of(self, run_ids: Sequence[str]) -> list[Epochs]:
        """Return the finished epochs of each of these runs so far, which may be none."""
        with self._lock:
            self._follow()
            unknown = [run_id for run_id in run_ids if run_id not in self._known]
            if unknown:
                # Keep the most recently requested runs; the others are read again when needed.
                for forgotten in list(self._known)[: max(0, len(self._known) + len(unknown) - KEPT)]:
                    if forgotten not in run_ids:
                        del self._known[forgotten]
                rows = self._store.epochs(unknown)
                self._known |= {run_id: NONE_YET.followed_by(rows[run_id]) for run_id in unknown}
            return [self._known[run_id] for run_id in run_ids]

    def _follow(self) -> None:
        news = self._store.news(self._cursor)
        self._cursor = news.cursor
        for run_id in {row.run for row in news.epochs} & set(self._known):
            self._known[run_id] = self._known[run_id].followed_by([row for row in news.epochs if row.run == run_id])
