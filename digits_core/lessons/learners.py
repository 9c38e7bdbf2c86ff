"""Learners and their answers, stored in the database until a lesson is reset."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from digits_core.database import Database
from digits_core.errors import StoreError

NAME_LENGTH = 60
LONGEST_ANSWER = 10_000
"""In characters."""


@dataclass(frozen=True)
class Learner:
    """A person, with the name that they chose or that of their login."""

    id: int
    name: str


@dataclass(frozen=True)
class Answer:
    """The answer to a step, and `when`, in seconds since 1970.

    `value` is a choice, an ordered list, a number or a text, as the step requires; `True` for a step that was seen or
    done. `runs` are the ids of the runs that met the step's check.
    """

    value: Any
    when: float
    runs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attempt:
    """A learner's attempt at one lesson: `begun` in seconds since 1970, `answers` by the ids of steps."""

    begun: float
    answers: dict[str, Answer]


class Learners:
    """Stores learners and their answers. A browser's `session` identifies who uses it, and whose runs it queues."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, session: str) -> Learner | None:
        """Return the learner who uses this browser, or `None` if none has been chosen yet."""
        with self._database.read() as db:
            row = db.execute(
                "SELECT id, name FROM learners JOIN learner_sessions ON learner = id WHERE session = ?", (session,)
            ).fetchone()
        return Learner(row["id"], row["name"]) if row else None

    def join(self, session: str, name: str) -> Learner:
        """Register this browser for the learner called `name`, who is created if new.

        Raises `StoreError` if the name is empty or too long.
        """
        tidied = " ".join("".join(mark if mark.isprintable() else " " for mark in name).split())
        if not tidied:
            raise StoreError("Write a name, so that your progress can be found again.")
        if len(tidied) > NAME_LENGTH:
            raise StoreError(f"The name has {len(tidied)} characters, but {NAME_LENGTH} are the limit.")
        with self._database.write() as db:
            db.execute("INSERT OR IGNORE INTO learners (name, created) VALUES (?, ?)", (tidied, time.time()))
            row = db.execute("SELECT id, name FROM learners WHERE name = ?", (tidied,)).fetchone()
            db.execute("INSERT OR REPLACE INTO learner_sessions VALUES (?, ?)", (session, row["id"]))
        return Learner(row["id"], row["name"])

    def leave(self, session: str) -> None:
        """Unlink this browser from its learner; progress is kept."""
        with self._database.write() as db:
            db.execute("DELETE FROM learner_sessions WHERE session = ?", (session,))

    def names(self) -> list[str]:
        """Return the names of all learners, in alphabetical order."""
        with self._database.read() as db:
            return [row["name"] for row in db.execute("SELECT name FROM learners ORDER BY name")]

    def sessions(self, learner: Learner) -> frozenset[str]:
        """Return the browsers that this learner uses."""
        with self._database.read() as db:
            rows = db.execute("SELECT session FROM learner_sessions WHERE learner = ?", (learner.id,))
            return frozenset(row["session"] for row in rows)

    def begin(self, learner: Learner, lesson: str) -> Attempt:
        """Begin a lesson, or continue it."""
        with self._database.write() as db:
            _begun(db, learner, lesson)
            return _attempts(db, learner)[lesson]

    def attempts(self, learner: Learner) -> dict[str, Attempt]:
        """Return every attempt that was begun and not reset, by the lesson's name."""
        with self._database.read() as db:
            return _attempts(db, learner)

    def answers(self, learner: Learner, lesson: str) -> dict[str, Answer]:
        """Return the answers in a lesson, by the ids of its steps."""
        attempt = self.attempts(learner).get(lesson)
        return attempt.answers if attempt else {}

    def answer(
        self, learner: Learner, lesson: str, step: str, value: Any, runs: Sequence[str] = (), replace: bool = False
    ) -> None:
        """Store an answer. An earlier answer is kept, as a prediction must be, unless `replace`.

        Raises `StoreError` for a text that is too long.
        """
        if isinstance(value, str) and len(value) > LONGEST_ANSWER:
            raise StoreError(f"The answer has {len(value):,} characters, but {LONGEST_ANSWER:,} are the limit.")
        verb = "REPLACE" if replace else "IGNORE"
        with self._database.write() as db:
            attempt = _begun(db, learner, lesson)
            row = (attempt, step, json.dumps(value), json.dumps(list(runs)), time.time())
            db.execute(f"INSERT OR {verb} INTO lesson_answers VALUES (?, ?, ?, ?, ?)", row)

    def reset(self, learner: Learner, lesson: str) -> None:
        """Reset the lesson, so that it starts over; `undo_reset` restores the answers."""
        with self._database.write() as db:
            db.execute(
                "UPDATE lesson_attempts SET reset = ? WHERE learner = ? AND lesson = ? AND reset IS NULL",
                (time.time(), learner.id, lesson),
            )

    def undo_reset(self, learner: Learner, lesson: str) -> None:
        """Restore the attempt that was reset last; an attempt begun since is reset in exchange."""
        with self._database.write() as db:
            latest = db.execute(
                "SELECT id FROM lesson_attempts WHERE learner = ? AND lesson = ? AND reset IS NOT NULL "
                "ORDER BY reset DESC LIMIT 1",
                (learner.id, lesson),
            ).fetchone()
            if latest is None:
                return
            db.execute(
                "UPDATE lesson_attempts SET reset = ? WHERE learner = ? AND lesson = ? AND reset IS NULL",
                (time.time(), learner.id, lesson),
            )
            db.execute("UPDATE lesson_attempts SET reset = NULL WHERE id = ?", (latest["id"],))


def _begun(db: sqlite3.Connection, learner: Learner, lesson: str) -> int:
    """Return the id of the current attempt; start a new one if there is none."""
    row = db.execute(
        "SELECT id FROM lesson_attempts WHERE learner = ? AND lesson = ? AND reset IS NULL", (learner.id, lesson)
    ).fetchone()
    if row is not None:
        return row["id"]
    number = db.execute(
        "INSERT INTO lesson_attempts (learner, lesson, begun) VALUES (?, ?, ?)", (learner.id, lesson, time.time())
    ).lastrowid
    assert number is not None
    return number


def _attempts(db: sqlite3.Connection, learner: Learner) -> dict[str, Attempt]:
    rows = db.execute(
        "SELECT lesson, begun, step, value, runs, answered FROM lesson_attempts "
        "LEFT JOIN lesson_answers ON attempt = id WHERE learner = ? AND reset IS NULL ORDER BY begun, answered",
        (learner.id,),
    )
    found: dict[str, Attempt] = {}
    for row in rows:
        attempt = found.setdefault(row["lesson"], Attempt(row["begun"], {}))
        if row["step"] is not None:
            answer = Answer(json.loads(row["value"]), row["answered"], tuple(json.loads(row["runs"])))
            attempt.answers[row["step"]] = answer
    return found
