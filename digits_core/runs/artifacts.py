"""The files of a run: weights, the test set's logits, and the checkpoint that a training goes on from.

Each file is written beside its place and renamed, so that a full disk or a killed process leaves the earlier one.
Reading needs no torch, except for the checkpoint.
"""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from digits_core.errors import RunError, StoreError

Weights = dict[str, np.ndarray]


@dataclass(frozen=True)
class TestResult:
    """What a run said about its test set: logits float32 (N, 10), labels int64 (N,), in the order of its datasets."""

    logits: np.ndarray
    labels: np.ndarray


class Artifacts:
    """The folder of one run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def weights_path(self) -> Path:
        return self._folder / "weights.safetensors"

    def save_weights(self, weights: Weights, config_json: str) -> None:
        """Keep weights with the config that they belong to."""
        # Contiguous, because safetensors keeps memory as it lies and channels-last weights lie differently.
        plain = {name: np.ascontiguousarray(values) for name, values in weights.items()}
        self._write("weights.safetensors", save(plain, metadata={"config": config_json}))

    def load_weights(self) -> Weights:
        """Raises `RunError` where there are none, or none that can be read."""
        try:
            return load_file(self.weights_path)
        except FileNotFoundError as error:
            raise RunError("This run has no weights: it ended before its first epoch did.") from error
        except (SafetensorError, OSError) as error:
            raise RunError(f"The weights of this run cannot be read ({error}). Train it again.") from error

    def save_test_result(self, result: TestResult) -> None:
        buffer = io.BytesIO()
        np.savez(buffer, logits=result.logits, labels=result.labels)
        self._write("test.npz", buffer.getvalue())

    def load_test_result(self) -> TestResult:
        """Raises `RunError` where the run was never evaluated."""
        try:
            with (self._folder / "test.npz").open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                return TestResult(file["logits"], file["labels"])
        except FileNotFoundError as error:
            raise RunError("This run has no test result: it ended before its first epoch did.") from error
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise RunError(f"The test result of this run cannot be read ({error}). Train it again.") from error

    def save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        import torch

        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        self._write("checkpoint.pt", buffer.getvalue())

    def load_checkpoint(self) -> dict[str, Any] | None:
        """The last checkpoint, or `None` where the training is yet to finish an epoch; `RunError` for a broken one."""
        path = self._folder / "checkpoint.pt"
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
        beside = self._folder / f".{name}.{os.getpid()}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._folder / name)
        except OSError as error:
            with suppress(OSError):  # a folder that is not there, or is not ours, holds nothing to tidy
                beside.unlink(missing_ok=True)
            raise StoreError(
                f"{self._folder / name} could not be written ({error.strerror}). What was there before is intact; "
                "make room or choose another DIGITS_HOME, then continue."
            ) from error
