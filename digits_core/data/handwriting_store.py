"""The users' own digits: each with its label, writer, source and time, stored in the database."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from digits_core.data import handwriting_versions, papers
from digits_core.data.digits import CLASSES, Digits
from digits_core.database import Database
from digits_core.errors import DatasetError
from digits_core.home import KEPT_S

SIZE = 28
"""The side of the small image of a sample: the ink centred by its mass, as MNIST's digits are."""
EVERY_NTH_IS_TEST = 5
WRITER_LENGTH = 60
AT_ONCE = 200
NOBODY_NAMED = "me"
Source = Literal["canvas", "upload", "sheet"]
SOURCES: tuple[str, ...] = get_args(Source)


@dataclass(frozen=True)
class NewSample:
    """A digit to be stored.

    image: uint8 (28, 28), its ink centred, for display; drawing: the picture it was made from, as PNG; paper: the ink
    where it was written, as `papers.packed` returns it, which is what networks train on; empty for a sample from before
    paper was stored. `test` and `created` are set when it is stored, unless they are given, as for a sample imported
    from another home.
    """

    image: np.ndarray
    label: int
    writer: str
    source: Source
    drawing: bytes = b""
    test: bool | None = None
    created: float | None = None
    paper: bytes = b""


@dataclass(frozen=True)
class HandwrittenSample:
    """A stored digit: `image` uint8 (28, 28), its ink centred; `created` in seconds since 1970."""

    id: int
    label: int
    writer: str
    source: str
    test: bool
    image: np.ndarray
    created: float


Row = tuple[int, int, str, float | None]
"""The id of a sample and all that can be changed of it: label, writer, deleted."""


@dataclass(frozen=True)
class Change:
    """An edit of some samples, with all that `Handwriting.undo` needs to revert it.

    before, after: (id, label, writer, deleted) of each sample; one that the edit added counts as deleted before it.
    """

    words: str
    before: tuple[Row, ...]
    after: tuple[Row, ...]

    @property
    def samples(self) -> list[int]:
        return [row[0] for row in self.before]


class Handwriting:
    """The handwritten samples of one database, which serve as a dataset; each edit is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, image: np.ndarray, label: int, writer: str, source: Source, drawing: bytes = b"", paper: bytes = b""
    ) -> int:
        """Store a digit and return its id; see `NewSample`."""
        return self.add_all([NewSample(image, label, writer, source, drawing, paper=paper)]).samples[0]

    def add_all(self, samples: Sequence[NewSample]) -> Change:
        """Store several digits, or none of them if one is invalid.

        One sample in five of each digit is for testing, decided here once, so that a growing dataset never moves
        an image from one split to the other.
        """
        for sample in samples:
            _check(sample)
        with self._database.write() as db:
            earlier = _ever_written(db)
            added = tuple(_insert(db, sample, earlier) for sample in samples)
        return Change(f"Saved {counted_digits(len(samples))}", added, tuple(_not_deleted(row) for row in added))

    def add_missing(self, samples: Sequence[NewSample]) -> Change:
        """Store the samples that are missing, as `add_all` does; restore deleted ones with the label and writer given.

        Samples with the same image, drawing and time of creation are the same sample, even if one was relabelled.
        """
        for sample in samples:
            _check(sample)
        with self._database.write() as db:
            known: dict[bytes, list[sqlite3.Row]] = {}
            query = "SELECT id, label, writer, image, drawing, created, deleted FROM samples ORDER BY deleted IS NULL"
            for row in db.execute(query):
                known.setdefault(_identity(row["image"], row["drawing"], row["created"]), []).append(row)
            before, after, earlier = [], [], _ever_written(db)
            for sample in samples:
                same = known.get(_identity(sample.image.tobytes(), sample.drawing, sample.created))
                row = same.pop() if same else None  # those that are not deleted come first
                if row is None:
                    before.append(_insert(db, sample, earlier))
                    after.append(_not_deleted(before[-1]))
                elif row["deleted"] is not None:
                    before.append((row["id"], row["label"], row["writer"], row["deleted"]))
                    after.append((row["id"], sample.label, tidy_writer(sample.writer), None))
                    _put(db, *after[-1])
            return Change(f"Added {counted_digits(len(before))}", tuple(before), tuple(after))

    def samples(self, deleted: bool = False) -> list[HandwrittenSample]:
        """Return all samples that are not deleted, or all that are; newest first."""
        with self._database.read() as db:
            rows = db.execute(
                "SELECT id, label, writer, source, test, image, created FROM samples "
                f"WHERE deleted IS {'NOT ' if deleted else ''}NULL ORDER BY id DESC"
            ).fetchall()
        return [
            HandwrittenSample(
                row["id"],
                row["label"],
                row["writer"],
                row["source"],
                bool(row["test"]),
                np.frombuffer(row["image"], dtype=np.uint8).reshape(SIZE, SIZE),
                row["created"],
            )
            for row in rows
        ]

    def everything(self) -> list[NewSample]:
        """Return every sample that is not deleted, with its drawing and paper, in the order of insertion."""
        query = (
            "SELECT label, writer, source, test, image, drawing, created, paper FROM samples WHERE deleted IS NULL "
            "ORDER BY id"
        )
        with self._database.read() as db:
            return [
                NewSample(
                    np.frombuffer(row["image"], dtype=np.uint8).reshape(SIZE, SIZE),
                    row["label"],
                    row["writer"],
                    row["source"],
                    row["drawing"],
                    bool(row["test"]),
                    row["created"],
                    row["paper"] or b"",
                )
                for row in db.execute(query)
            ]

    def carry_over(self) -> int:
        """Reconstruct and store the paper of samples from before it was stored; returns the number of samples.

        Until then it is computed whenever the dataset is read: the same pixels, but slower.
        """
        done = 0
        while True:
            with self._database.write() as db:
                rows = db.execute(
                    "SELECT id, image, drawing, source FROM samples WHERE paper IS NULL ORDER BY id LIMIT ?", (AT_ONCE,)
                ).fetchall()
                for row in rows:
                    paper = papers.carried_over(row["image"], row["drawing"], row["source"])
                    db.execute("UPDATE samples SET paper = ? WHERE id = ?", (papers.packed(paper), row["id"]))
            done += len(rows)
            if len(rows) < AT_ONCE:
                return done

    def paper(self, sample: int) -> np.ndarray:
        """Return a sample as it was written, uint8 (112, 112)."""
        with self._database.read() as db:
            row = db.execute("SELECT image, drawing, source, paper FROM samples WHERE id = ?", (sample,)).fetchone()
        if row is None:
            raise DatasetError(f"There is no handwritten sample {sample}.")
        return papers.of_row(row)

    def drawing(self, sample: int) -> bytes:
        """Return the picture that a sample was made from, as PNG; empty if none was stored."""
        with self._database.read() as db:
            row = db.execute("SELECT drawing FROM samples WHERE id = ?", (sample,)).fetchone()
        if row is None:
            raise DatasetError(f"There is no handwritten sample {sample}.")
        return row["drawing"]

    def count(self) -> int:
        with self._database.read() as db:
            return db.execute("SELECT count(*) FROM samples WHERE deleted IS NULL").fetchone()[0]

    def labels_since(self, when: float) -> list[int]:
        """Return the labels of the digits stored since `when`, in seconds since 1970, without reading the digits."""
        with self._database.read() as db:
            rows = db.execute("SELECT label FROM samples WHERE deleted IS NULL AND created >= ?", (when,))
            return [row["label"] for row in rows]

    def counts(self, writer: str | None = None) -> np.ndarray:
        """Return how many samples of each digit there are, int64 (10,); of one writer if one is named."""
        query = (
            "SELECT label, count(*) FROM samples WHERE deleted IS NULL AND (?1 IS NULL OR writer = ?1) GROUP BY label"
        )
        counts = np.zeros(CLASSES, dtype=np.int64)
        with self._database.read() as db:
            for label, count in db.execute(query, (None if writer is None else tidy_writer(writer),)):
                counts[label] = count
        return counts

    def writers(self) -> list[tuple[str, int]]:
        """Return every writer with their number of samples, the most prolific first."""
        query = "SELECT writer, count(*) FROM samples WHERE deleted IS NULL GROUP BY writer ORDER BY 2 DESC, 1"
        with self._database.read() as db:
            return [tuple(row) for row in db.execute(query)]

    def version(self) -> str:
        """Return a value that changes with each edit of the samples, and changes back if the edit is undone."""
        with self._database.read() as db:
            return handwriting_versions.version_of(handwriting_versions.current(db))

    def relabel(self, samples: int | Sequence[int], label: int) -> Change:
        """Set the label of these samples; their split does not change."""
        _check_label(label)
        return self._change(samples, f"Relabelled {{}} as {label}", label=label)

    def move(self, samples: int | Sequence[int], writer: str) -> Change:
        """Set the writer of these samples."""
        writer = tidy_writer(writer)
        return self._change(samples, f"Moved {{}} to {_braced(writer)}", writer=writer)

    def rename_writer(self, old: str, new: str) -> Change:
        """Rename a writer in all samples; if `new` is another writer, the two are merged."""
        new = tidy_writer(new)
        with self._database.write() as db:
            query = "SELECT id FROM samples WHERE writer = ? AND deleted IS NULL"
            samples = [row["id"] for row in db.execute(query, (old,))]
            if not samples:
                raise DatasetError(f"There is no writer {old!r}.")
            return _change(db, samples, f"Moved {{}} to {_braced(new)}", writer=new)

    def delete(self, samples: int | Sequence[int]) -> Change:
        """Delete samples from the dataset; `restore` or `undo` brings them back."""
        return self._change(samples, "Deleted {}", deleted=time.time())

    def restore(self, samples: int | Sequence[int]) -> Change:
        return self._change(samples, "Restored {}", deleted=None)

    def undo(self, change: Change) -> None:
        """Revert a change, except for values that were changed again since."""
        with self._database.write() as db:
            for before, after in zip(change.before, change.after, strict=True):
                query = "SELECT id, label, writer, deleted FROM samples WHERE id = ?"
                now = db.execute(query, (before[0],)).fetchone()
                if now is not None:
                    columns = zip(before, after, now, strict=True)
                    row: list[Any] = [old if current == new else current for old, new, current in columns]
                    _put(db, *row)

    def purge(self) -> int:
        """Remove the samples that were deleted longer than `KEPT_S` ago; returns how many.

        Samples that a run was trained or tested on are kept.
        """
        with self._database.write() as db:
            return handwriting_versions.purge(db, time.time() - KEPT_S)

    def digits(self, version: str = "") -> Digits:
        """Return the samples as a dataset, in the order of insertion; raises `DatasetError` if there are none.

        With a `version`, return the samples of that time, with the labels and writers that they had then.
        """
        with self._database.read() as db:
            samples = handwriting_versions.samples_of(db, version) if version else handwriting_versions.current(db)
            if not samples:
                raise DatasetError("There is no handwriting yet: draw some digits on the Handwriting page first.")
            return handwriting_versions.read(db, samples)

    def _change(self, samples: int | Sequence[int], words: str, **values: object) -> Change:
        """Set the columns that `values` names in all of these samples, or in none if one does not exist."""
        with self._database.write() as db:
            return _change(db, [samples] if isinstance(samples, int) else samples, words, **values)


def tidy_writer(name: str) -> str:
    """Reduce a writer's name to at most `WRITER_LENGTH` visible characters and single spaces; never empty."""
    return _visible(name)[:WRITER_LENGTH].rstrip() or NOBODY_NAMED


def writer_problem(name: str) -> str:
    """Return an error message if a writer's name is too long, else ""."""
    length = len(_visible(name))
    return f"The name has {length} characters, but {WRITER_LENGTH} are the limit." if length > WRITER_LENGTH else ""


def _visible(name: str) -> str:
    return " ".join("".join(mark if mark.isprintable() else " " for mark in name).split())


def _check(sample: NewSample) -> None:
    image = sample.image
    if image.shape != (SIZE, SIZE) or image.dtype != np.uint8:
        raise DatasetError(f"A handwritten digit is kept as uint8 (28, 28), not {image.dtype} {image.shape}.")
    if sample.paper:
        papers.unpacked(sample.paper)
    _check_label(sample.label)


def _check_label(label: int) -> None:
    if not 0 <= label < CLASSES:
        raise DatasetError(f"The label {label} is not a digit from 0 to 9.")


def _ever_written(db: sqlite3.Connection) -> Counter[int]:
    """Return how many samples of each digit there are, deleted ones included."""
    return Counter(dict(db.execute("SELECT label, count(*) FROM samples GROUP BY label").fetchall()))


def _insert(db: sqlite3.Connection, sample: NewSample, earlier: Counter[int]) -> tuple[int, int, str, float]:
    """Insert a sample and count it in `earlier`; returns its row for `Change.before`, in which it counts as deleted."""
    label, writer, test = int(sample.label), tidy_writer(sample.writer), sample.test
    if test is None:
        test = _is_for_testing(label, earlier[label])
    earlier[label] += 1
    now = time.time()
    created = now if sample.created is None else sample.created
    row = (label, writer, sample.source, test, sample.image.tobytes(), sample.drawing, created, sample.paper or None)
    number = db.execute(
        "INSERT INTO samples (label, writer, source, test, image, drawing, created, paper) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        row,
    ).lastrowid
    assert number is not None
    return number, label, writer, now


def _is_for_testing(label: int, earlier: int) -> bool:
    """Return True for one in five samples of a digit, never its first; which of the five depends on the label.

    If it were always the fifth, forty digits, four of each, would leave nothing to test on.
    """
    return earlier % EVERY_NTH_IS_TEST == 1 + label % (EVERY_NTH_IS_TEST - 1)


def _change(db: sqlite3.Connection, samples: Sequence[int], words: str, **values: object) -> Change:
    before, after = [], []
    for sample in samples:
        row = db.execute("SELECT id, label, writer, deleted FROM samples WHERE id = ?", (sample,)).fetchone()
        if row is None:
            raise DatasetError(f"There is no handwritten sample {sample}.")
        before.append(tuple(row))
        after.append(tuple((dict(row) | values).values()))
        _put(db, *after[-1])
    return Change(words.format(counted_digits(len(before))), tuple(before), tuple(after))


def _not_deleted(row: Row) -> Row:
    return (*row[:3], None)


def _put(db: sqlite3.Connection, id: int, label: int, writer: str, deleted: float | None) -> None:
    db.execute("UPDATE samples SET label = ?, writer = ?, deleted = ? WHERE id = ?", (label, writer, deleted, id))


def _identity(image: bytes, drawing: bytes, created: float | None) -> bytes:
    return hashlib.sha256(b"%r %d " % (created, len(drawing)) + drawing + image).digest()


def counted_digits(count: int) -> str:
    """Format a number of digits in words: "1 digit", "2,000 digits"."""
    return f"{count:,} digit{'s' * (count != 1)}"


def _braced(text: str) -> str:
    """Escape `text` for `str.format`, which then returns it unchanged."""
    return text.replace("{", "{{").replace("}", "}}")
