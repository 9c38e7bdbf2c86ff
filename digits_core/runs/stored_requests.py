"""The requests for a run from the store, for a process that trains on its own, such as the shell's."""

from __future__ import annotations

import time
from contextlib import suppress

from digits_core.errors import RunError, StoreError
from digits_core.runs.heartbeat import TAKEN_OVER
from digits_core.runs.store import RunStore
from digits_core.training.control import Orders

ASK_INTERVAL_S = 0.2


class StoredOrders:
    """Returns the requests of any app on the home to a run, reading them at most five times a second.

    If `owner`, the process that trains, is given, raises `RunError` once the run is no longer its own.
    """

    def __init__(self, store: RunStore, run_id: str, owner: str = "") -> None:
        self._store = store
        self._run_id = run_id
        self._owner = owner
        self._latest = Orders()
        self._asked = -ASK_INTERVAL_S

    def __call__(self) -> Orders:
        if time.monotonic() - self._asked >= ASK_INTERVAL_S:
            with suppress(StoreError):  # a temporary read error must not end the training
                run = self._store.get(self._run_id)
                if self._owner not in ("", run.owner):
                    raise RunError(TAKEN_OVER)
                self._latest = run.orders
            self._asked = time.monotonic()
        return self._latest
