"""The files of a run: weights, the test set's logits, and the checkpoint that a training goes on from.

Each file is written beside its place and renamed, so that a full disk or a killed process leaves the earlier one.
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
"""What a training leaves, and all that it needs to go on."""
READING_S = 2.0
"""Longer than reading one of a run's files takes."""


@dataclass(frozen=True)
class TestResult:
    """What a run said about its test set: logits float32 (N, 10), labels int64 (N,), in the order of its datasets."""

    logits: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Watched:
    """The test images that a run watches: uint8 (n, S, S) as the network sees them, and their labels int64 (n,)."""

    images: np.ndarray
    labels: np.ndarray


class Artifacts:
    """The folder of one run.

    `check` is called before each file is put in its place, and raises what speaks against that.
    """

    def __init__(self, folder: Path, check: Callable[[], None] = lambda: None) -> None:
        self._folder = folder
        self._check = check

    @property
    def weights_path(self) -> Path:
        return self._folder / WEIGHTS_FILE

    def save_weights(self, weights: Weights, config_json: str) -> None:
        """Keep weights with the config that they belong to."""
        # Contiguous, because safetensors keeps memory as it lies and channels-last weights lie differently.
        plain = {name: np.ascontiguousarray(values) for name, values in weights.items()}
        self._write("weights.safetensors", save(plain, metadata={"config": config_json}))

    def load_weights(self) -> Weights:
        """Return the weights; raises `RunError` if there are none, or none that can be read."""
        try:
            return load_file(self.weights_path)
        except FileNotFoundError as error:
            raise RunError("This run has no weights: it ended before any were kept.") from error
        except (SafetensorError, OSError) as error:
            raise RunError(f"The weights of this run cannot be read ({error}). Train it again.") from error

    @property
    def has_program(self) -> bool:
        """Whether the network was traced from somebody else's code; its weights alone say nothing then."""
        return (self._folder / PROGRAM_FILE).exists()

    def load_kept(self) -> Weights | TracedProgram:
        """Return what the network of the run can be restored from: its weights, or its program with them.

        Raises:
            RunError: There is nothing, or nothing that can be read.
            NetworkError: The program is not one.
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
        """Return the watched test images, or `None` if the training is yet to start."""
        try:
            with (self._folder / "watched.npz").open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                return Watched(file["images"], file["labels"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
            return None

    def save_refusal(self, report: dict[str, Any], references: dict[str, np.ndarray]) -> None:
        """Keep what "not a digit" needs: numbers for JSON and arrays, in one file, so that they fit each other."""
        buffer = io.BytesIO()
        arrays: dict[str, Any] = {"report": np.array(json.dumps(report)), **references}
        np.savez_compressed(buffer, **arrays)
        self._write("refusal.npz", buffer.getvalue())

    @property
    def has_refusal(self) -> bool:
        """Whether `save_refusal` was called."""
        return (self._folder / "refusal.npz").exists()

    def load_refusal(self) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
        """Return what `save_refusal` was given, or `None` if it cannot be read: it can be worked out again."""
        try:
            with (self._folder / "refusal.npz").open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                return json.loads(str(file["report"])), {name: file[name] for name in file.files if name != "report"}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
            return None

    def save_changes(self, changes: list[dict[str, Any]]) -> None:
        """Keep what was changed by hand, so that a training that goes on makes the same changes at the same places."""
        self._write("changes.json", json.dumps(changes).encode())

    def load_changes(self) -> list[dict[str, Any]]:
        """Return the changes; raises `RunError` if they cannot be read: without them, the numbers would differ."""
        try:
            return json.loads((self._folder / "changes.json").read_bytes())
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            raise RunError(
                "What was changed in this run cannot be read: the file is damaged. Train it again."
            ) from error

    def save_evaluation(self, name: str, content: dict[str, Any]) -> None:
        """Keep what was found out about this run afterwards, under a name of letters and dashes; plain JSON."""
        self._write(f"{name}.json", json.dumps(content).encode())

    def load_evaluation(self, name: str) -> dict[str, Any] | None:
        """Return what was stored under that name, or `None` if it is missing or unreadable: it can be made again."""
        try:
            content = json.loads((self._folder / f"{name}.json").read_bytes())
        except (OSError, ValueError):
            return None
        return content if isinstance(content, dict) else None

    def weights_fingerprint(self) -> str:
        """Return sixteen hex digits that change with any weight; raises `RunError` if there are none."""
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
        # From here on a run that continues another goes on from its own.
        (self._folder / "start.pt").unlink(missing_ok=True)

    def load_checkpoint(self) -> dict[str, Any] | None:
        """Return the last checkpoint, or `None` before the first epoch is done; raises `RunError` for a broken one."""
        return self._load_torch("checkpoint.pt")

    def load_start(self) -> dict[str, Any] | None:
        """Return the checkpoint of the run that this one continues, or `None` if it continues none."""
        return self._load_torch("start.pt")

    def has_checkpoint(self) -> bool:
        """Return whether another run can go on from here: after an epoch of its own, or where this one began."""
        return any((self._folder / name).exists() for name in ("checkpoint.pt", "start.pt"))

    def start_from(self, parent: Artifacts, epochs_done: int) -> None:
        """Let a new run begin at the checkpoint of `parent`, after that many epochs; `RunError` where it has none."""
        try:
            own = parent._folder / "checkpoint.pt"
            # A run that ended in its first own epoch still has where it began.
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
        """Return the files of these names, as far as they exist; by default what a training has left here so far, to be
        taken to another machine and back."""
        return {name: path.read_bytes() for name in names if (path := self._folder / name).exists()}

    def put(self, contents: Mapping[str, bytes]) -> None:
        """Take what `contents` returned; `RunError` for a name that no training gives a file."""
        if unknown := set(contents) - set(TRAINING_FILES):
            raise RunError(f"A training sent files that none writes: {', '.join(sorted(unknown))[:200]}.")
        self.save_files(contents)
        if "checkpoint.pt" in contents:
            (self._folder / "start.pt").unlink(missing_ok=True)

    def save_files(self, contents: Mapping[str, bytes]) -> None:
        """Keep whole files by their names, as another folder of a run holds them."""
        for name, content in contents.items():
            self._write(name, content)

    def tidy(self) -> None:
        """Remove what a process that was killed has left half written; nothing may be writing here."""
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
        # What torch raises for a broken file is not documented, and has changed with its versions.
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
            with suppress(OSError):  # a folder that is not there, or is not ours, holds nothing to tidy
                part.unlink(missing_ok=True)


def _put_in_place(part: Path, place: Path) -> None:
    """Rename; Windows refuses that while somebody reads what is there, which takes a moment."""
    end = time.monotonic() + READING_S
    while True:
        try:
            part.replace(place)
            return
        except PermissionError:
            if os.name != "nt" or time.monotonic() > end:
                raise
            time.sleep(0.02)
