"""Retries of writes while the store is busy or its disk is full, so that no training results are lost."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from typing import TypeVar

from digits_core.errors import StoreError
from digits_core.training.events import Event, Progress

RETRY_S = 1.0

log = logging.getLogger(__name__)

Wait = Callable[[StoreError], bool]
"""Called after each failure: waits for about `RETRY_S`, or returns true to give up."""

Result = TypeVar("Result")


def keep_trying(action: Callable[[], Result], wait: Wait) -> Result:
    """Call `action` until the store can be used, and return its result.

    Raises the `StoreError` if it is not temporary, or if `wait` gives up.
    """
    while True:
        try:
            return action()
        except StoreError as error:
            if not error.passing or wait(error):
                raise


def store_event(apply: Callable[[], Result], event: Event, wait: Wait) -> Result | None:
    """Apply an event, retrying like `keep_trying`; return `None` if it was dropped because the store was unavailable.

    Only reports of progress are dropped: the next one supersedes them.
    """
    if not isinstance(event, Progress):
        return keep_trying(apply, wait)
    try:
        return apply()
    except StoreError as error:
        if not error.passing:
            raise
        return None


class WaitForStore:
    """Waits before the next attempt, and prints the reason once on standard error."""

    def __init__(self) -> None:
        self._said = False

    def __call__(self, error: StoreError) -> bool:
        if not self._said:
            print(f"digits_core: {error} Waiting until it can be written; Ctrl-C twice ends that.", file=sys.stderr)
            self._said = True
        time.sleep(RETRY_S)
        return False


def log_wait(error: StoreError) -> None:
    """Log that the write will be retried; with a traceback if waiting alone will not help."""
    if error.passing:
        log.warning("%s Waiting until it can be written.", error)
    else:
        log.error("The store could not be used", exc_info=error)
