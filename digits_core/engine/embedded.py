"""The embedded cluster's process, as the app that started it holds it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from distributed.security import Security

from digits_core.errors import EngineError

ROOT = Path(__file__).resolve().parents[2]
"""The folder from which `digits_core` can be imported."""
END_TIMEOUT_S = 10


class EmbeddedCluster:
    """A running `python -m digits_core.engine`; `EngineError` if it does not start.

    `ended` is called, on a thread of its own, when the process ends without having been asked to.
    """

    def __init__(self, folder: Path, workers: int, ended: Callable[[], None]) -> None:
        command = [sys.executable, "-m", "digits_core.engine", str(workers), str(folder)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests = self._process.stdin
        with self._process.stdout as said:
            line = said.readline()
        if not line:
            raise EngineError("The training processes could not be started. The log of the app says why.")
        handshake = json.loads(line)
        self.address: str = handshake["address"]
        self.security = Security(require_encryption=True, **handshake["credentials"])
        self._closing = threading.Event()
        threading.Thread(target=self._watch, args=(ended,), name="engine-watch", daemon=True).start()

    @property
    def has_ended(self) -> bool:
        """True if the process has ended."""
        return self._process.poll() is not None

    def scale(self, workers: int) -> None:
        """Set the number of workers; returns at once, while new ones take a moment to start."""
        with suppress(OSError):  # it has just ended, as its watcher is about to say
            self._requests.write(f"{workers}\n")
            self._requests.flush()

    def close(self) -> None:
        """End the process and its workers, and wait until they have ended."""
        self._closing.set()
        with suppress(OSError):  # what could not be written to a process that has ended
            self._requests.close()
        try:
            self._process.wait(timeout=END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _watch(self, ended: Callable[[], None]) -> None:
        self._process.wait()
        if not self._closing.is_set():
            ended()
