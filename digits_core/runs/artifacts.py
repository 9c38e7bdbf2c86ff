"""The files of a run: weights, the test set's logits, and the checkpoint from which training resumes.

Each file is written under a temporary name and renamed, so that a full disk or a killed process leaves the earlier one.
Reading needs no torch, except for the checkpoint.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import time
import zipfile
import zlib
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from digits_core.errors import RunError, StoreError
from digits_core.home import beside

if TYPE_CHECKING:
    from digits_core.network.traced_program import TracedProgram

Weights = dict[str, np.ndarray]
WEIGHTS_FILE, TEST_FILE, PROGRAM_FILE = "weights.safetensors", "test.npz", "program.json"

TRAINING_FILES = ("weights.safetensors", TEST_FILE, "watched.npz", "changes.json", "checkpoint.pt", "start.pt")
"""The files that training writes, which are also all that it needs to resume."""
READING_S = 2.0
"""Upper bound of the time that reading one of a run's files takes."""


@dataclass(frozen=True)
class TestResult:
    """Test set predictions of a run: logits float32 (N, 10), labels int64 (N,), in the order of its datasets."""

    logits: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Watched:
    """The test images that a run watches: uint8 (n, S, S) as the network sees them, and their labels int64 (n,)."""

    images: np.ndarray
    labels: np.ndarray


class Artifacts:
    """The folder of one run.

    `check` is called before each file is moved into place, and raises an error if it must not be.
    """

    def __init__(self, folder: Path, check: Callable[[], None] = lambda: None) -> None:
        self._folder = folder
        self._check = check

    @property
    def weights_path(self) -> Path:
        return self._folder / WEIGHTS_FILE

    def save_weights(self, weights: Weights, config_json: str) -> None:
        """Save weights with the config that they belong to."""
        # Contiguous, because safetensors saves the memory as it is, and channels-last weights have another layout.
        plain = {name: np.ascontiguousarray(values) for name, values in weights.items()}
        self._write("weights.safetensors", save(plain, metadata={"config": config_json}))

    def load_weights(self) -> Weights:
        """Return the weights; raises `RunError` if they are missing or cannot be read."""
        try:
            return load_file(self.weights_path)
        except FileNotFoundError as error:
            raise RunError("This run has no weights: it ended before any were kept.") from error
        except (SafetensorError, OSError) as error:
            raise RunError(f"The weights of this run cannot be read ({error}). Train it again.") from error

    @property
    def has_program(self) -> bool:
        """Whether the network was traced from custom code, so that its weights alone do not define it."""
        return (self._folder / PROGRAM_FILE).exists()

    def load_kept(self) -> Weights | TracedProgram:
        """Return the weights of the run, or its traced program with the weights if it has one.

        Raises:
            RunError: If the files are missing or cannot be read.
            NetworkError: If the program is invalid.
        """
        if not self.has_program:
            return self.load_weights()
        from digits_core.network.traced_program import TracedProgram

        try:
            return TracedProgram.from_files(
                {name: (self._folder / name).read_bytes() for name in (PROGRAM_FILE, WEIGHTS_FILE)}
            )
        except OSError as error:
            raise RunError(f"The network of this run cannot be read ({error}). Log it again.") from error

    def save_test_result(self, result: TestResult) -> None:
        buffer = io.BytesIO()
        np.savez(buffer, logits=result.logits, labels=result.labels)
        self._write(TEST_FILE, buffer.getvalue())

    def load_test_result(self) -> TestResult:
        """Return the test result; raises `RunError` if the run was never evaluated."""
        try:
            with (self._folder / TEST_FILE).open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                return TestResult(file["logits"], file["labels"])
        except FileNotFoundError as error:
            raise RunError("This run has no test result: it ended before its first epoch did.") from error
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise RunError(f"The test result of this run cannot be read ({error}). Train it again.") from error

    def save_watched(self, images: np.ndarray, labels: np.ndarray) -> None:
        buffer = io.BytesIO()
        np.savez(buffer, images=images, labels=labels)
        self._write("watched.npz", buffer.getvalue())

    def load_watched(self) -> Watched | None:
        """Return the watched test images, or `None` if training has not started or they cannot be read."""
        try:
            with (self._folder / "watched.npz").open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                return Watched(file["images"], file["labels"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
            return None

    def save_refusal(self, report: dict[str, Any], references: dict[str, np.ndarray]) -> None:
        """Save the data of "not a digit" detection, JSON and arrays, in one file, so that they stay consistent."""
        buffer = io.BytesIO()
        arrays: dict[str, Any] = {"report": np.array(json.dumps(report)), **references}
        np.savez_compressed(buffer, **arrays)
        self._write("refusal.npz", buffer.getvalue())

    @property
    def has_refusal(self) -> bool:
        """Whether `save_refusal` was called."""
        return (self._folder / "refusal.npz").exists()

    def load_refusal(self) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
        """Return the arguments of `save_refusal`, or `None` if they cannot be read: they can be computed again."""
        try:
            with (self._folder / "refusal.npz").open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                return json.loads(str(file["report"])), {name: file[name] for name in file.files if name != "report"}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
            return None

    def save_changes(self, changes: list[dict[str, Any]]) -> None:
        """Save the changes made by hand, so that a resumed training repeats them at the same batches."""
        self._write("changes.json", json.dumps(changes).encode())

    def load_changes(self) -> list[dict[str, Any]]:
        """Return the changes; raises `RunError` if they cannot be read, because results would differ without them."""
        try:
            return json.loads((self._folder / "changes.json").read_bytes())
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            raise RunError(
                "What was changed in this run cannot be read: the file is damaged. Train it again."
            ) from error

    def save_evaluation(self, name: str, content: dict[str, Any]) -> None:
        """Save a later evaluation of this run as plain JSON, under a name of letters and dashes."""
        self._write(f"{name}.json", json.dumps(content).encode())

    def load_evaluation(self, name: str) -> dict[str, Any] | None:
        """Return the evaluation of this name, or `None` if it is missing or unreadable: it can be computed again."""
        try:
            content = json.loads((self._folder / f"{name}.json").read_bytes())
        except (OSError, ValueError):
            return None
        return content if isinstance(content, dict) else None

    def weights_fingerprint(self) -> str:
        """Return a hash of the weights, 16 hex digits; raises `RunError` if they are missing or cannot be read."""
        try:
            return hashlib.sha256(self.weights_path.read_bytes()).hexdigest()[:16]
        except FileNotFoundError as error:
            raise RunError("This run has no weights: it ended before any were kept.") from error
        except OSError as error:
            raise RunError(f"The weights of this run cannot be read ({error}). Train it again.") from error

    def save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        import torch

        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        self._write("checkpoint.pt", buffer.getvalue())
        # From here on, a run that continues another one resumes from its own checkpoint.
        (self._folder / "start.pt").unlink(missing_ok=True)

    def load_checkpoint(self) -> dict[str, Any] | None:
        """Return the last checkpoint, or `None` before the first epoch ends; raises `RunError` if it is damaged."""
        return self._load_torch("checkpoint.pt")

    def load_start(self) -> dict[str, Any] | None:
        """Return the checkpoint of the run that this one continues, or `None` if it does not continue any."""
        return self._load_torch("start.pt")

    def has_checkpoint(self) -> bool:
        """Return True if another run can continue this one, from its own checkpoint or the one that it started from."""
        return any((self._folder / name).exists() for name in ("checkpoint.pt", "start.pt"))

    def start_from(self, parent: Artifacts, epochs_done: int) -> None:
        """Start a new run from the checkpoint of `parent` after that many epochs; raises `RunError` if it has none."""
        try:
            own = parent._folder / "checkpoint.pt"
            # A run that ended in its first own epoch still has the checkpoint that it started from.
            content = (own if own.exists() else parent._folder / "start.pt").read_bytes()
        except OSError as error:
            raise RunError(
                "This run has no checkpoint to continue from: it ended before its first epoch did."
            ) from error
        made = [
            each for each in parent.load_changes() if each["what"] == "learning_rate" and each["epoch"] <= epochs_done
        ]
        if made:
            self.save_changes(made)
        self._write("start.pt", content)

    def contents(self, names: Collection[str] = TRAINING_FILES) -> dict[str, bytes]:
        """Return the existing files of these names; by default those that training has written, for a transfer between
        machines."""
        return {name: path.read_bytes() for name in names if (path := self._folder / name).exists()}

    def put(self, contents: Mapping[str, bytes]) -> None:
        """Save the files that `contents` returned; raises `RunError` for a name that training never writes."""
        if unknown := set(contents) - set(TRAINING_FILES):
            raise RunError(f"A training sent files that none writes: {', '.join(sorted(unknown))[:200]}.")
        self.save_files(contents)
        if "checkpoint.pt" in contents:
            (self._folder / "start.pt").unlink(missing_ok=True)

    def save_files(self, contents: Mapping[str, bytes]) -> None:
        """Save files by name, as they are in another run's folder."""
        for name, content in contents.items():
            self._write(name, content)

    def tidy(self) -> None:
        """Remove partly written files of a killed process; do not call it while anything is writing here."""
        for left in self._folder.glob(".*.*"):
            with suppress(OSError):
                left.unlink()

    def _load_torch(self, name: str) -> dict[str, Any] | None:
        path = self._folder / name
        if not path.exists():
            return None
        import torch

        try:
            checkpoint = torch.load(path, weights_only=True, map_location="cpu")
            return {"training": checkpoint["training"], "epochs": checkpoint["epochs"]}
        # The errors that torch raises for a damaged file are undocumented, and have changed between versions.
        except Exception as error:
            raise RunError("The checkpoint of this run cannot be read: it is damaged. Train it again.") from error

    def _write(self, name: str, content: bytes) -> None:
        part = beside(self._folder / name)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            self._check()
            _put_in_place(part, self._folder / name)
        except OSError as error:
            raise StoreError(
                f"{self._folder / name} could not be written ({error.strerror}). What was there before is intact; "
                "make room or choose another DIGITS_HOME, then continue."
            ) from error
        finally:
            with suppress(OSError):  # nothing to remove if the folder is missing or not accessible
                part.unlink(missing_ok=True)


def _put_in_place(part: Path, place: Path) -> None:
    """Rename `part` to `place`, retrying on Windows, which refuses while another process reads the old file."""
    end = time.monotonic() + READING_S
    while True:
        try:
            part.replace(place)
            return
        except PermissionError:
            if os.name != "nt" or time.monotonic() > end:
                raise
            time.sleep(0.02)
