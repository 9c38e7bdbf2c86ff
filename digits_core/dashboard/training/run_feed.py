"""The history of a run for the pages that show it: read once, then incrementally, and shared by all sessions."""

from __future__ import annotations

import math
import threading
import time
from functools import lru_cache

from digits_core.dashboard.state import state
from digits_core.runs.epoch_feed import NONE_YET, Epochs
from digits_core.runs.rows import BatchRow, ChangeRow, DetailRow, Run
from digits_core.training.hints import Hint, History, hints

BATCHES_EVERY_S = 1.0
"""How often new batch losses are read: each time there are some, the chart is redrawn."""


class Feed:
    """Epochs, batch losses, details and changes of one run so far. The lists are replaced, never changed in place."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._lock = threading.Lock()
        self._looked = 0.0
        self.epochs: Epochs = NONE_YET
        self.batches: list[BatchRow] = []
        self.details: list[DetailRow] = []
        self.changes: list[ChangeRow] = []

    def refresh(self, run: Run) -> None:
        """Read what is new. Everything that belongs to an epoch arrives together with it."""
        store = state().runs
        with self._lock:
            before = self.epochs
            (self.epochs,) = state().epochs.of([self._run_id])
            now = time.monotonic()
            if self.epochs is not before or now - self._looked > BATCHES_EVERY_S or not run.live:
                self._looked = now
                newer = self.batches[-1].sequence if self.batches else 0
                self.batches = [*self.batches, *store.batches(self._run_id, newer)]
                later = self.details[-1].epoch if self.details else 0
                self.details = [*self.details, *store.details(self._run_id, later)]
                self.changes = store.changes(self._run_id)


def feed_of(run: Run) -> Feed:
    """Return the current history of a run."""
    feed = _feed(str(state().home.folder), run.id)
    feed.refresh(run)
    return feed


def train_images(run: Run) -> int:
    """Return how many images a run trains on; 0 before it has reported that."""
    return run.environment.get("images", {}).get("train", 0)


def batches_per_epoch(run: Run, feed: Feed) -> int:
    """Return the number of batches per epoch; before the run has reported its number of images, the most seen."""
    if images := train_images(run):
        return math.ceil(images / run.config.training.batch_size)
    return max((row.batch for row in feed.batches), default=1)


def hints_for(run: Run, feed: Feed) -> list[Hint]:
    losses = [row.loss for row in feed.batches[-20:]]
    return hints(History(run.plan, run.status, feed.epochs, losses, train_images(run)))


@lru_cache(maxsize=32)
def _feed(folder: str, run_id: str) -> Feed:
    return Feed(run_id)
