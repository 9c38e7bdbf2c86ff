"""Write to the store again and again while it is busy or its disk is full, so that nothing trained is lost to that."""

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
    """Return what `action` returns, once the store can be used.

    The `StoreError` is raised if it is not one that passes, or if `wait` gives up.
    """
    while True:
        try:
            return action()
        except StoreError as error:
            if not error.passing or wait(error):
                raise


def store_event(apply: Callable[[], Result], event: Event, wait: Wait) -> Result | None:
    """Have an event applied, like `keep_trying`; `None` for one that could not be stored and need not be.

    Only reports of progress need not: the next one says more.
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
    """Wait until the store may be tried again; what keeps it from being used is said once on standard error."""

    def __init__(self) -> None:
        self._said = False

    def __call__(self, error: StoreError) -> bool:
        if not self._said:
            print(f"digits_core: {error} Waiting until it can be written; Ctrl-C twice ends that.", file=sys.stderr)
            self._said = True
        time.sleep(RETRY_S)
        return False


def log_wait(error: StoreError) -> None:
    """Log that the store is tried again later; with a traceback if waiting alone will not help."""
    if error.passing:
        log.warning("%s Waiting until it can be written.", error)
    else:
        log.error("The store could not be used", exc_info=error)
