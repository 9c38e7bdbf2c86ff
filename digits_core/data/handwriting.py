"""The users' own digits: each with its label, writer, source and time, kept in the database."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Literal

import numpy as np

from digits_core.data.digits import CLASSES, Digits
from digits_core.database import Database
from digits_core.errors import DatasetError

SIZE = 28
EVERY_NTH_IS_TEST = 5
WRITER_LENGTH = 60
Source = Literal["canvas", "upload", "sheet"]


@dataclass(frozen=True)
class HandwrittenSample:
    """One digit of someone: `image` uint8 (28, 28) as networks get it; `created` in seconds since 1970."""

    id: int
    label: int
    writer: str
    source: str
    test: bool
    image: np.ndarray
    created: float


class Handwriting:
    """Add, list, relabel and delete the samples of one database; they serve as the dataset `handwriting`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, image: np.ndarray, label: int, writer: str, source: Source, drawing: bytes = b"") -> int:
        """Keep a digit and return its id.

        image: uint8 (28, 28), ink bright; drawing: the picture it was made from, as PNG. Every fifth sample of a digit
        is for testing, decided here once, so that a growing set never moves an image from one split to the other.
        """
        if image.shape != (SIZE, SIZE) or image.dtype != np.uint8:
            raise DatasetError(f"A handwritten digit is kept as uint8 (28, 28), not {image.dtype} {image.shape}.")
        if not 0 <= label < CLASSES:
            raise DatasetError(f"The label {label} is not a digit from 0 to 9.")
        writer = " ".join(writer.split())[:WRITER_LENGTH] or "me"
        with self._database.write() as db:
            earlier = db.execute("SELECT count(*) FROM samples WHERE label = ?", (label,)).fetchone()[0]
            test = earlier % EVERY_NTH_IS_TEST == EVERY_NTH_IS_TEST - 1
            row = (label, writer, source, test, image.tobytes(), drawing, time.time())
            return db.execute(
                "INSERT INTO samples (label, writer, source, test, image, drawing, created) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            ).lastrowid

    def samples(self) -> list[HandwrittenSample]:
        """All that is not deleted, newest first."""
        with self._database.read() as db:
            rows = db.execute(
                "SELECT id, label, writer, source, test, image, created FROM samples "
                "WHERE deleted IS NULL ORDER BY id DESC"
            ).fetchall()
        return [
            HandwrittenSample(
                row["id"], row["label"], row["writer"], row["source"], bool(row["test"]),
                np.frombuffer(row["image"], dtype=np.uint8).reshape(SIZE, SIZE), row["created"],
            )
            for row in rows
        ]  # fmt: skip

    def count(self) -> int:
        with self._database.read() as db:
            return db.execute("SELECT count(*) FROM samples WHERE deleted IS NULL").fetchone()[0]

    def version(self) -> str:
        """Changes with every sample added, relabelled, deleted or restored; the same again where all that is undone."""
        with self._database.read() as db:
            rows = db.execute("SELECT id, label FROM samples WHERE deleted IS NULL ORDER BY id").fetchall()
        return hashlib.sha256(repr([tuple(row) for row in rows]).encode()).hexdigest()[:16]

    def relabel(self, sample: int, label: int) -> None:
        if not 0 <= label < CLASSES:
            raise DatasetError(f"The label {label} is not a digit from 0 to 9.")
        self._update("label = ?", label, sample)

    def delete(self, sample: int) -> None:
        """Take a sample out of the dataset; `restore` brings it back."""
        self._update("deleted = ?", time.time(), sample)

    def restore(self, sample: int) -> None:
        self._update("deleted = ?", None, sample)

    def digits(self) -> Digits:
        """The samples as a dataset, in the order in which they were written; `DatasetError` when there are none."""
        samples = self.samples()[::-1]
        if not samples:
            raise DatasetError("There is no handwriting yet: draw some digits on the Handwriting page first.")
        return Digits(
            name="handwriting",
            images=np.stack([sample.image for sample in samples]),
            labels=np.array([sample.label for sample in samples], dtype=np.int64),
            test=np.array([sample.test for sample in samples]),
            writers=tuple(sample.writer for sample in samples),
        )

    def _update(self, assignment: str, value: float | None, sample: int) -> None:
        with self._database.write() as db:
            if not db.execute(f"UPDATE samples SET {assignment} WHERE id = ?", (value, sample)).rowcount:
                raise DatasetError(f"There is no handwritten sample {sample}.")
