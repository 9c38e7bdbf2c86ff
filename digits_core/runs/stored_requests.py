"""The wishes for a run as the store has them: for a process that trains by itself, as the shell's does."""

from __future__ import annotations

import time
from contextlib import suppress

from digits_core.errors import RunError, StoreError
from digits_core.runs.heartbeat import TAKEN_OVER
from digits_core.runs.store import RunStore
from digits_core.training.control import Orders

ASK_INTERVAL_S = 0.2


class StoredOrders:
    """What is wished of a run by any app on its home; looked up at most five times a second, however often asked.

    If the process that trains is named, `RunError` is raised once the run is no longer its own.
    """

    def __init__(self, store: RunStore, run_id: str, owner: str = "") -> None:
        self._store = store
        self._run_id = run_id
        self._owner = owner
        self._latest = Orders()
        self._asked = -ASK_INTERVAL_S

    def __call__(self) -> Orders:
        if time.monotonic() - self._asked >= ASK_INTERVAL_S:
            with suppress(StoreError):  # that it cannot be read now is no reason to end a training
                run = self._store.get(self._run_id)
                if self._owner not in ("", run.owner):
                    raise RunError(TAKEN_OVER)
                self._latest = run.orders
            self._asked = time.monotonic()
        return self._latest
