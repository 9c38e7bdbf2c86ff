"""Versions of the handwriting: its samples at one moment, each with the label, split and writer that it had then.

Runs refer to a version, so that samples that are added, relabelled, moved or deleted later change nothing about them.
One row holds a version, as JSON, and all runs that were trained on it share that row. A table with a row for each
sample of each run would hold a million rows for a sweep of a hundred trials on 10,000 samples; here it is one row of
some 100 kB. Pixels are not copied: those of a sample never change, and a sample that a version holds is not purged.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from typing import Any

import numpy as np

from digits_core.data import papers
from digits_core.data.digits import Digits
from digits_core.errors import DatasetError, HandwritingChanged

NAME = "handwriting"
COLUMNS = "id, label, test, writer"


def current(db: sqlite3.Connection) -> str:
    """Return the current samples as JSON; an empty string if there are none."""
    return as_json(db.execute(f"SELECT {COLUMNS} FROM samples WHERE deleted IS NULL ORDER BY id").fetchall())


def as_json(rows: Sequence[sqlite3.Row]) -> str:
    """Return rows of `COLUMNS` as the JSON of a version, empty if there are none; equal samples give equal JSON."""
    if not rows:
        return ""
    names = list(dict.fromkeys(row["writer"] for row in rows))
    place = {name: number for number, name in enumerate(names)}
    return json.dumps(
        {
            "side": papers.SIDE,
            "ids": [row["id"] for row in rows],
            "labels": "".join(str(row["label"]) for row in rows),
            "test": "".join("01"[bool(row["test"])] for row in rows),
            "writers": names,
            "written_by": [place[row["writer"]] for row in rows],
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def version_of(samples: str) -> str:
    """Return the name of a version: sixteen hex digits of the hash of its content."""
    return hashlib.sha256(samples.encode()).hexdigest()[:16]


def note(db: sqlite3.Connection, run_id: str, samples: str) -> str:
    """Record that a run is trained on these samples, which `current` or `as_json` returned; returns the version."""
    version = version_of(samples)
    db.execute("INSERT OR IGNORE INTO handwriting_versions (version, samples) VALUES (?, ?)", (version, samples))
    db.execute("INSERT OR REPLACE INTO run_handwriting (run, version) VALUES (?, ?)", (run_id, version))
    return version


def inherit(db: sqlite3.Connection, run_id: str, other: str) -> bool:
    """Copy the version of the run `other` to a run; returns False if `other` has none."""
    query = "INSERT INTO run_handwriting (run, version) SELECT ?, version FROM run_handwriting WHERE run = ?"
    return bool(db.execute(query, (run_id, other)).rowcount)


def noted(db: sqlite3.Connection, run_id: str) -> str:
    """Return the version that a run was trained on, or an empty string if none was recorded."""
    row = db.execute("SELECT version FROM run_handwriting WHERE run = ?", (run_id,)).fetchone()
    return row["version"] if row else ""


def samples_of(db: sqlite3.Connection, version: str) -> str:
    """Return the samples of a version as JSON, if it is recorded or current.

    Raises `HandwritingChanged` if it is neither.
    """
    row = db.execute("SELECT samples FROM handwriting_versions WHERE version = ?", (version,)).fetchone()
    if row:
        return row["samples"]
    samples = current(db)
    if version_of(samples) != version:
        raise HandwritingChanged("The handwriting has just changed. Try again.")
    return samples


def centred(samples: str) -> str:
    """Return the same samples in the form used before paper was stored: centred, of 28×28 pixels."""
    kept = {name: value for name, value in json.loads(samples).items() if name != "side"}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def read(db: sqlite3.Connection, samples: str) -> Digits:
    """Return these samples as a dataset; raises `DatasetError` if some are no longer on disk."""
    kept = json.loads(samples)
    on_paper = "side" in kept
    columns = "id, image, drawing, source, paper" if on_paper else "id, image"
    rows = db.execute(
        f"SELECT {columns} FROM samples WHERE id IN (SELECT value FROM json_each(?, '$.ids'))", (samples,)
    )
    images: dict[int, Any] = {row["id"]: papers.of_row(row) if on_paper else row["image"] for row in rows}
    if gone := [number for number in kept["ids"] if number not in images]:
        raise DatasetError(
            f"{len(gone)} of the {len(kept['ids'])} handwritten samples are not on disk any more: put a copy of "
            "digits.sqlite that has them in its place, or train again with the digits of today."
        )
    # A single, writable copy, which PyTorch can use as it is.
    pixels = bytearray().join(images[number] for number in kept["ids"])
    size = papers.SIDE if on_paper else papers.CENTRED_SIDE
    return Digits(
        name=NAME,
        images=np.frombuffer(pixels, dtype=np.uint8).reshape(-1, size, size),
        labels=np.array([int(label) for label in kept["labels"]], dtype=np.int64),
        test=np.array([each == "1" for each in kept["test"]]),
        writers=tuple(kept["writers"][place] for place in kept["written_by"]),
    )


def purge(db: sqlite3.Connection, deleted_before: float) -> int:
    """Remove the samples that were deleted before `deleted_before` and that no run refers to; returns how many.

    While there is a run whose samples were never recorded, none is removed: it may have been trained on any.
    """
    db.execute("DELETE FROM handwriting_versions WHERE version NOT IN (SELECT version FROM run_handwriting)")
    return db.execute(
        "DELETE FROM samples WHERE deleted < ? "
        "AND id NOT IN (SELECT ids.value FROM handwriting_versions, json_each(samples, '$.ids') AS ids) "
        "AND NOT EXISTS (SELECT 1 FROM runs WHERE json_extract(environment, '$.datasets.handwriting') IS NOT NULL "
        "AND id NOT IN (SELECT run FROM run_handwriting))",
        (deleted_before,),
    ).rowcount
