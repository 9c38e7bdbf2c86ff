"""Where the app stores its data: one folder, whose parts are named here and nowhere else."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from digits_core.app_folder import APP_FOLDER, INSTALLED
from digits_core.errors import StoreError

KEPT_S = 7 * 24 * 3600
"""How long a deleted run or dataset can be restored."""


@dataclass(frozen=True)
class Home:
    """The folder of one installation; nothing is created before `create` is called."""

    folder: Path

    @classmethod
    def from_environment(cls) -> Home:
        """Return `DIGITS_HOME`; by default `.digits` next to `app.py`, or in the user's own folder if installed."""
        usual = (Path.home() if INSTALLED else APP_FOLDER) / ".digits"
        return cls(Path(os.environ.get("DIGITS_HOME") or usual).expanduser().absolute())

    @property
    def database(self) -> Path:
        return self.folder / "digits.sqlite"

    @property
    def downloads(self) -> Path:
        return self.folder / "downloads"

    def dataset(self, name: str) -> Path:
        """Return the file of an imported dataset."""
        return self.folder / "datasets" / f"{name}.npz"

    @property
    def analyses(self) -> Path:
        """Results of slow computations about datasets: may be deleted at any time."""
        return self.folder / "analyses"

    @property
    def lessons(self) -> Path:
        """The teacher's own lessons, one Markdown file each."""
        return self.folder / "lessons"

    def run(self, run_id: str) -> Path:
        """Return the folder of one run's artifacts."""
        return self.folder / "runs" / run_id

    def create(self) -> Home:
        """Create the folder; raises `StoreError` if that is not permitted."""
        try:
            # Handwriting and notes are private; a folder that exists already keeps its permissions.
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.folder / "runs").mkdir(exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"The folder {self.folder} cannot be made ({error.strerror}). "
                "Set DIGITS_HOME to a folder that you may write to."
            ) from error
        # `mkdir` succeeds for an existing folder, even on a file system that is mounted read-only.
        if not os.access(self.folder, os.W_OK | os.X_OK):
            raise StoreError(
                f"The folder {self.folder} cannot be written to. Set DIGITS_HOME to a folder that you may write to."
            )
        return self


def beside(path: Path) -> Path:
    """Return a hidden path in the folder of `path` that no other thread, process or host uses, to write to first."""
    return path.with_name(f".{path.name}.{uuid4().hex}")
