"""The out-of-distribution threshold of each run, computed in the background for all sessions and retried on failure."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from digits_core.errors import DigitsError

if TYPE_CHECKING:
    from digits_core.recognition.out_of_distribution import Refusal

LOG = logging.getLogger(__name__)

RUNS = 16
"""How many runs' thresholds are cached: each takes about ten megabytes."""
RETRY_S = 20.0
"""A failed computation is retried on the first request after this time."""

Key = tuple[str, str, float]
"""Home folder, run, and when the run ended: a resumed run has other weights."""


@dataclass(frozen=True)
class Threshold:
    """What is known of a run at this moment: its `refusal`, that it is being computed, or why there is none."""

    refusal: Refusal | None = None
    pending: bool = False
    problem: str = ""


@dataclass
class _Entry:
    data: str | None = None
    refusal: Refusal | None = None
    problem: str = ""
    failed: float = 0.0
    at_work: bool = False
    done: threading.Event = field(default_factory=threading.Event)


class Thresholds:
    """The thresholds of runs by their keys. Every request returns at once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()
        self._lock = threading.Lock()
        # One at a time: the page and the training runs need the processor.
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="thresholds")
        self._clock = clock

    def get(self, key: Key, data: str, work_out: Callable[[], Refusal]) -> Threshold:
        """Return what is known, and compute in the background what is unknown, is of other `data`, or failed a while
        ago.

        A threshold of other data stays in use until the new one is ready, so that no verdict comes and goes.
        """
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            if not entry.at_work and (entry.data != data or self._to_be_tried_again(entry)):
                entry.at_work, entry.data = True, data
                entry.done.clear()
                self._pool.submit(self._work, entry, work_out)
            for old in [old for old, each in self._entries.items() if not each.at_work][: max(0, self._excess)]:
                del self._entries[old]
            return Threshold(entry.refusal, entry.at_work and entry.refusal is None, entry.problem)

    def wait(self, key: Key, seconds: float) -> bool:
        """Wait until nothing is being computed for `key`; return False if that takes longer than `seconds`."""
        with self._lock:
            entry = self._entries.get(key)
        return entry is None or entry.done.wait(seconds)

    @property
    def _excess(self) -> int:
        return len(self._entries) - RUNS

    def _to_be_tried_again(self, entry: _Entry) -> bool:
        return bool(entry.problem) and self._clock() - entry.failed >= RETRY_S

    def _work(self, entry: _Entry, work_out: Callable[[], Refusal]) -> None:
        refusal, problem = None, ""
        try:
            refusal = work_out()
        except DigitsError as error:
            problem = str(error)
            LOG.info("What is not a digit is unknown: %s", error)
        except Exception:
            problem = "It could not be worked out; the log of the app has the details."
            LOG.exception("What is not a digit could not be worked out")
        with self._lock:
            entry.refusal, entry.problem, entry.failed = refusal or entry.refusal, problem, self._clock()
            entry.at_work = False
            entry.done.set()
