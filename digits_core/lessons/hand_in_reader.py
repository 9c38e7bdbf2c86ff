"""Read an untrusted hand-in: no name in it is trusted, nothing is unpacked to disk, and nothing is run.

A problem with the hand-in as a whole is a `Refusal`; a problem with one file of a run is a remark on that run, and the
rest of the hand-in is still read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError
from safetensors.numpy import load

from digits_core.config import RunConfig
from digits_core.data.digits import CLASSES
from digits_core.data.readers.archives import Archive
from digits_core.data.readers.file_contents import Refusal
from digits_core.data.readers.limits import MIB, Limits
from digits_core.data.readers.numpy_files import array_in
from digits_core.errors import ConfigError, NetworkError
from digits_core.lessons.hand_in_files import (
    CONFIG,
    HISTORY,
    LESSON,
    LIMITS,
    MANIFEST,
    TEXT_BYTES,
    HandedHistory,
    Manifest,
    RunPlace,
    folder_of,
    tidy_text,
)
from digits_core.network.traced_program import TracedProgram
from digits_core.runs.artifacts import PROGRAM_FILE, TEST_FILE, WEIGHTS_FILE, TestResult, Weights

ADVICE = "Hand in fewer runs."
ANSWERS_LIMITS = Limits(unpacked_bytes=64 * MIB, entries=10)
LONGEST_PROBLEM = 300

Data = TypeVar("Data", bound=BaseModel)
Content = TypeVar("Content")


@dataclass(frozen=True)
class HandedRun:
    """A run as it was handed in: `None` for each part that is missing or cannot be read.

    missing: the names of missing files, as a run that ended early lacks some; problems: what is wrong with others, a
    sentence each.
    """

    place: RunPlace
    config: RunConfig | None
    history: HandedHistory | None
    kept: Weights | TracedProgram | None
    answers: TestResult | None
    missing: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class HandIn:
    """A whole hand-in; `lesson` is the text of the lesson's file as the learner had it, "" if it is missing."""

    manifest: Manifest
    lesson: str
    runs: tuple[HandedRun, ...]


def read_hand_in(content: bytes, limits: Limits = LIMITS) -> HandIn:
    """Read the zip of a hand-in.

    Raises:
        Refusal: It is not a hand-in, or cannot be read; the message continues after its name.
    """
    files = _Files(Archive(content, limits, ADVICE))
    try:
        manifest = _parsed(files.bytes(MANIFEST, TEXT_BYTES), Manifest)
    except Refusal as refusal:
        raise Refusal(f"has a {MANIFEST} that {refusal}") from None
    if len({run.id for run in manifest.runs}) < len(manifest.runs):
        raise Refusal(f"names a run twice in {MANIFEST}. Hand it in again.")
    lesson = files.text(LESSON) if files.has(LESSON) else ""
    runs = tuple(_run(files, place, folder_of(number)) for number, place in enumerate(manifest.runs))
    return HandIn(manifest, lesson, runs)


class _Files:
    """The files of a hand-in by name; if repacking put a folder around all of them, it is stripped from the names."""

    def __init__(self, archive: Archive) -> None:
        found = [name for name in archive.names if name == MANIFEST or name.endswith(f"/{MANIFEST}")]
        if len(found) != 1:
            many = "several hand-ins" if found else f"no {MANIFEST}"
            raise Refusal(f"is not a hand-in of Digits Lab: it holds {many}.")
        if archive.repeated:
            name = min(archive.repeated)[:100]
            raise Refusal(f"holds two files named {name!r}: programs disagree on which of them counts.")
        self._archive = archive
        self._before = found[0].removesuffix(MANIFEST)

    def has(self, name: str) -> bool:
        return self._before + name in self._archive.names

    def bytes(self, name: str, most: int | None = None) -> bytes:
        """Return a file's content; raise `Refusal` if it is missing, damaged or larger than `most` bytes."""
        if self.has(name) and most and self._archive.names[self._before + name].file_size > most:
            raise Refusal(f"has more than {most // MIB} MiB.")
        return self._archive.read(self._before + name)

    def text(self, name: str) -> str:
        return tidy_text(self.bytes(name, TEXT_BYTES).decode("utf-8", "replace"))


def _parsed(content: bytes, form: type[Data]) -> Data:
    """Parse JSON, validated against a model and its bounds."""
    try:
        return form.model_validate_json(content)
    except ValidationError as error:
        raise Refusal(f"cannot be read: {_words(error)}.") from None
    except ConfigError as error:
        raise Refusal(f"cannot be read: {error}") from None


def _run(files: _Files, place: RunPlace, folder: str) -> HandedRun:
    missing: list[str] = []
    problems: list[str] = []

    def attempt(name: str, read: Callable[[str], Content]) -> Content | None:
        if not files.has(folder + name):
            missing.append(name)
            return None
        try:
            return read(folder + name)
        except (Refusal, ConfigError, NetworkError) as error:
            problems.append(_short(f"{name} {error}" if isinstance(error, Refusal) else f"{name}: {error}"))
            return None

    config = attempt(CONFIG, lambda name: RunConfig.from_json(files.bytes(name, TEXT_BYTES)))
    history = attempt(HISTORY, lambda name: _parsed(files.bytes(name, TEXT_BYTES), HandedHistory))
    if history is not None and history.id != place.id:
        problems.append(f"{HISTORY} is that of another run.")
        history = None
    kept: Weights | TracedProgram | None
    if files.has(folder + PROGRAM_FILE):
        kept = attempt(PROGRAM_FILE, lambda _: _program(files, folder))
    else:
        kept = attempt(WEIGHTS_FILE, lambda name: _weights(files.bytes(name)))
    answers = attempt(TEST_FILE, lambda name: _answers(files.bytes(name)))
    return HandedRun(place, config, history, kept, answers, tuple(missing), tuple(problems))


def _program(files: _Files, folder: str) -> TracedProgram:
    return TracedProgram.from_files({name: files.bytes(folder + name) for name in (PROGRAM_FILE, WEIGHTS_FILE)})


def _weights(content: bytes) -> Weights:
    """Return tensors by name, all of them finite float32 or int64."""
    try:
        weights = load(content)
    except MemoryError:
        raise
    except Exception:  # an untrusted header, and types that NumPy lacks
        raise Refusal("cannot be read: it is not a file of weights (safetensors).") from None
    for name, values in weights.items():
        if values.dtype not in (np.float32, np.int64):
            raise Refusal(f"has {str(values.dtype)[:20]} in {name[:60]!r}, where a network has float32.")
        if not np.isfinite(values).all():
            raise Refusal(f"has values in {name[:60]!r} that are not numbers (NaN or infinite).")
    return weights


def _answers(content: bytes) -> TestResult:
    archive = Archive(content, ANSWERS_LIMITS)
    logits, labels = (array_in(archive.read(f"{name}.npy")) for name in ("logits", "labels"))
    kinds = logits.dtype == np.float32 and labels.dtype == np.int64
    if not kinds or labels.ndim != 1 or logits.shape != (len(labels), CLASSES):
        raise Refusal("does not hold the logits of ten digits, and a label, for each image.")
    if not len(labels) or not 0 <= labels.min() <= labels.max() < CLASSES:
        raise Refusal("has labels that are not digits from 0 to 9.")
    if not np.isfinite(logits).all():
        raise Refusal("has logits that are not numbers (NaN or infinite).")
    return TestResult(logits, labels)


def _words(error: ValidationError) -> str:
    """Return the first problem, without the file's value, which may be as long as the file."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return _short(f"{where}: {first['msg']}" if where else first["msg"])


def _short(text: str) -> str:
    line = " ".join(tidy_text(text).split())
    return line if len(line) <= LONGEST_PROBLEM else f"{line[: LONGEST_PROBLEM - 1]}…"
