"""Statistics about datasets, computed in the background and cached.

A result is a few named arrays. Its key begins with the fingerprint of the dataset, so that it never becomes outdated;
results that took seconds are also stored in the home folder.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import time
import zipfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import numpy as np

from digits_core.dashboard.background_jobs import Jobs
from digits_core.data.statistics.chunks import Report
from digits_core.home import beside

LOG = logging.getLogger(__name__)

Arrays = dict[str, np.ndarray]
Compute = Callable[[Report], Arrays]

KEPT_ON_DISK_AFTER_S = 2.0
FILES = 40
ABANDONED_AFTER_S = 3600


class Workshop(Jobs[Arrays]):
    """The computations about the datasets of one home folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def _have(self, key: str, compute: Compute, report: Report) -> Arrays:
        """Return the arrays from the disk, or compute them now."""
        kept = self._read(key)
        if kept is not None:
            return kept
        began = 0.0

        def timed(report: Report) -> Arrays:
            nonlocal began
            began = time.monotonic()  # excludes the time it waited for its turn
            return compute(report)

        arrays = super()._have(key, timed, report)
        if time.monotonic() - began > KEPT_ON_DISK_AFTER_S:
            self._keep(key, arrays)
        return arrays

    def _read(self, key: str) -> Arrays | None:
        """Return what was stored; `None` if there is nothing, or the file is damaged."""
        try:
            with np.load(self._folder / f"{key}.npz", allow_pickle=False) as file:
                return dict(file)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
            LOG.warning("%s.npz is damaged and is computed again: %s", key, error)
            return None

    def _keep(self, key: str, arrays: Arrays) -> None:
        """Write to a temporary file and rename it, so that readers find all of it or nothing; on a full disk, only log
        it.
        """
        part = beside(self._folder / f"{key}.npz")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                np.savez(file, **cast("dict[str, Any]", arrays))
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._folder / f"{key}.npz")
            self._tidy()
        except OSError as error:
            LOG.warning("%s could not be kept: %s", key, error)
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)

    def _tidy(self) -> None:
        """Delete the oldest results above the limit, and unfinished files that a killed app left behind."""
        by_age = sorted(self._folder.glob("*.npz"), key=_written)
        left = [path for path in self._folder.glob(".*.npz.*") if time.time() - _written(path) > ABANDONED_AFTER_S]
        for path in [*by_age[:-FILES], *left]:
            path.unlink(missing_ok=True)


def _written(path: Path) -> float:
    """Return when a file was last written, in seconds since 1970; infinity if another writer has just renamed it."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return math.inf


@lru_cache(maxsize=4)
def workshop(folder: Path) -> Workshop:
    """Return the only workshop of this process that stores its results in `folder`."""
    return Workshop(folder)
