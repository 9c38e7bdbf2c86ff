"""Computations that take too long for a page: run once for all sessions, on a thread, with progress on the page."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import streamlit as st

from digits_core.dashboard.read_only import change_button
from digits_core.dashboard.widgets import show_error
from digits_core.data.statistics.chunks import Report
from digits_core.errors import DigitsError

LOG = logging.getLogger(__name__)

Result = TypeVar("Result")
JOBS = 16
"""How many finished jobs are kept; the least recently requested ones are dropped first."""
PATIENCE_S = 0.6
"""How long a page waits for a result before it shows progress: small datasets are done by then."""
POLL_S = 0.4
WAITING = -1.0
"""Reported in place of the progress by a job that has not begun."""


class _Cancelled(Exception):
    """Ends a computation from inside its own report."""


class Job(Generic[Result]):
    """One computation, as seen by the pages that wait for it."""

    def __init__(self) -> None:
        self.share = WAITING
        self.result: Result | None = None
        self.error: DigitsError | None = None
        self.cancelled = False
        self._ended = threading.Event()
        self._stop = threading.Event()

    @property
    def running(self) -> bool:
        return not self._ended.is_set()

    @property
    def stopping(self) -> bool:
        """True if the job was asked to stop."""
        return self._stop.is_set()

    def cancel(self) -> None:
        """Ask the job to stop; it does so at its next report."""
        self._stop.set()

    def wait(self, seconds: float) -> bool:
        """Wait up to this many seconds; return True if the job has ended."""
        return self._ended.wait(seconds)

    def report(self, share: float) -> None:
        if self.stopping:
            raise _Cancelled
        self.share = share

    def run(self, compute: Callable[[Report], Result]) -> None:
        try:
            self.result = compute(self.report)
        except _Cancelled:
            self.cancelled = True
        except DigitsError as error:
            self.error = error
        except Exception as error:
            LOG.error("A computation in the background failed", exc_info=error)
            self.error = DigitsError("This could not be computed: the log of the app says why. Try again.")
        finally:
            self._ended.set()


class Jobs(Generic[Result]):
    """Computations by their keys. They run one at a time, to save memory and processor time."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, Job[Result]] = OrderedDict()
        self._lock = threading.Lock()
        self._turn = threading.Lock()

    def order(self, key: str, compute: Callable[[Report], Result]) -> Job[Result]:
        """Return the job of a key without waiting: the existing one, or a new one that has just been started."""
        with self._lock:
            if job := self._jobs.get(key):
                self._jobs.move_to_end(key)
                return job
            job = self._jobs[key] = Job()
            ended = [old for old, each in self._jobs.items() if not each.running]
            for old in ended[: max(0, len(ended) - JOBS)]:
                del self._jobs[old]
        threading.Thread(
            target=job.run, args=(lambda report: self._have(key, compute, report),), name=f"compute-{key}", daemon=True
        ).start()
        return job

    def forget(self, key: str) -> None:
        """Forget the job of a key that was cancelled or failed, so that the next `order` starts a new one."""
        with self._lock:
            self._jobs.pop(key, None)

    def drop(self, key: str) -> None:
        """Cancel the job of a key, if it is running; no page waits for it any more."""
        with self._lock:
            if (job := self._jobs.get(key)) and job.running:
                job.cancel()
                del self._jobs[key]

    def _have(self, key: str, compute: Callable[[Report], Result], report: Report) -> Result:
        """Compute the result of a key when it is its turn."""
        while not self._turn.acquire(timeout=POLL_S):
            report(WAITING)  # it may be cancelled while it waits
        try:
            report(0.0)
            return compute(report)
        finally:
            self._turn.release()


def awaited(
    jobs: Jobs[Result], key: str, compute: Callable[[Report], Result], words: str, patience: float = PATIENCE_S
) -> Result | None:
    """Return the result of a key; until it is ready, draw its progress, its error, or a button to retry."""
    job = jobs.order(key, compute)
    if not job.wait(patience):
        _progress(job, words)
    elif job.cancelled or job.error:
        if job.error:
            show_error(job.error)
        else:
            st.info("Cancelled. Nothing was kept.")
        st.button("Retry", icon=":material/replay:", on_click=jobs.forget, args=(key,))
    return job.result


@st.fragment(run_every=POLL_S)
def _progress(job: Job[Any], words: str) -> None:
    if not job.running:
        st.rerun()  # the whole page: what it waited for is there
    st.progress(max(0.0, job.share), _state(job, words))
    change_button(
        "Cancel",
        icon=":material/close:",
        on_click=job.cancel,
        key="cancel_analysis",
        disabled=job.stopping,
        help="Ends it for everybody who waits for it. Nothing of it is kept.",
    )


def _state(job: Job[Any], words: str) -> str:
    if job.stopping:
        return "Cancelling …"
    if job.share == WAITING:
        return f"{words}: begins when another computation has ended."
    return f"{words}: {job.share:.0%}. You can look at other pages meanwhile; it goes on."
