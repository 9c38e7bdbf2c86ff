"""Edits of runs: names, tags and notes, the archive, deletion. Each can be undone.

A change applies to all of its runs in one transaction, or to none. A deleted run is not in any list, and can be
restored in full until it is purged.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from digits_core.config import RunConfig
from digits_core.database import Database
from digits_core.errors import ConfigError, RunError
from digits_core.home import KEPT_S, Home
from digits_core.runs.rows import LIVE

Column = Literal["name", "note", "tags", "archived", "deleted"]

NAME_LENGTH = max(limit.max_length for limit in RunConfig.model_fields["name"].metadata)
NOTE_LENGTH = 2000
TAG_LENGTH = 24
TAGS_AT_MOST = 12


@dataclass(frozen=True)
class Change:
    """An edit of some runs, with all that `Labels.undo` needs: the previous value of the column for each run id."""

    words: str
    column: Column
    before: tuple[tuple[str, Any], ...]


class Labels:
    """Edits runs in the database; raises `RunError` if one of the run ids does not exist (any more)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rename(self, run_id: str, name: str) -> Change:
        """Rename a run."""
        name = tidy_name(name)
        return self._change([run_id], "name", lambda _: name, "Renamed {}")

    def write_note(self, run_ids: Sequence[str], note: str) -> Change:
        """Replace the note of these runs; an empty one removes it."""
        note = tidy_note(note)
        return self._change(run_ids, "note", lambda _: note, "Wrote a note on {}" if note else "Removed the note of {}")

    def tag(self, run_ids: Sequence[str], tags: Iterable[str]) -> Change:
        """Add tags to these runs; a tag that a run already has, in upper or lower case, stays as it is."""
        new = tidy_tags(tags)
        return self._change(run_ids, "tags", lambda old: _as_json([*json.loads(old), *new]), "Tagged {}")

    def untag(self, run_ids: Sequence[str], tags: Iterable[str]) -> Change:
        """Remove tags from these runs."""
        gone = {tag.casefold() for tag in tidy_tags(tags)}

        def without(old: str) -> str:
            return _as_json(tag for tag in json.loads(old) if tag.casefold() not in gone)

        return self._change(run_ids, "tags", without, "Took tags off {}")

    def tags(self) -> list[str]:
        """Return every tag of a run that is not deleted, in alphabetical order."""
        query = "SELECT DISTINCT tag.value FROM runs, json_each(runs.tags) AS tag WHERE deleted IS NULL"
        with self._database.read() as db:
            return sorted((row[0] for row in db.execute(query)), key=str.casefold)

    def archive(self, run_ids: Sequence[str]) -> Change:
        """Archive runs, so that the lists do not show them; raises `RunError` if one is still training."""
        return self._change(run_ids, "archived", lambda old: old or time.time(), "Archived {}", ended="archived")

    def unarchive(self, run_ids: Sequence[str]) -> Change:
        return self._change(run_ids, "archived", lambda _: None, "Took {} out of the archive")

    def delete(self, run_ids: Sequence[str]) -> Change:
        """Delete runs from every list; raises `RunError` if one is still training. Their files stay until `purge`."""
        return self._change(run_ids, "deleted", lambda _: time.time(), "Deleted {}", ended="deleted")

    def restore(self, run_ids: Sequence[str]) -> Change:
        """Restore deleted runs."""
        return self._change(run_ids, "deleted", lambda _: None, "Restored {}", of_deleted=True)

    def undo(self, change: Change) -> None:
        """Revert a change; raises `RunError` if a run is permanently removed, or would be hidden while it trains."""
        with self._database.write() as db:
            for run_id, value in change.before:
                row = db.execute("SELECT status FROM runs WHERE id = ?", (run_id,)).fetchone()
                if row is None:
                    raise RunError("This cannot be undone any more: one of its runs has been permanently removed.")
                if value is not None and change.column in ("archived", "deleted") and row["status"] in LIVE:
                    raise RunError("This cannot be undone while one of the runs trains again.")
                db.execute(f"UPDATE runs SET {change.column} = ? WHERE id = ?", (value, run_id))

    def purge(self, home: Home) -> list[str]:
        """Permanently remove the runs that were deleted more than `KEPT_S` ago, with their files, and return their ids.

        Files are removed outside of the transaction, so that others can write meanwhile. Files that could not be
        removed, or were left by a purge that was killed, are removed by the next purge.
        """
        with self._database.read() as db:
            expired = db.execute("SELECT id FROM runs WHERE deleted < ?", (time.time() - KEPT_S,)).fetchall()
        removed = [row["id"] for row in expired if self._forget(row["id"])]
        with self._database.read() as db:
            without_row = [row["run"] for row in db.execute("SELECT run FROM purged")]
        for run_id in without_row:
            with suppress(OSError):
                shutil.rmtree(home.run(run_id))
        gone = [(run_id,) for run_id in without_row if not home.run(run_id).exists()]
        if gone:
            with self._database.write() as db:
                db.executemany("DELETE FROM purged WHERE run = ?", gone)
        return removed

    def _forget(self, run_id: str) -> bool:
        """Remove a run from the database and mark its files for removal; return False if it was restored meanwhile.

        The row goes before the files, so that a run that can be restored has all its files.
        """
        with self._database.write() as db:
            expired = db.execute("DELETE FROM runs WHERE id = ? AND deleted < ?", (run_id, time.time() - KEPT_S))
            if expired.rowcount:
                db.execute("INSERT INTO purged VALUES (?)", (run_id,))
                db.execute("DELETE FROM lost WHERE id = ?", (run_id,))
            return bool(expired.rowcount)

    def _change(
        self,
        run_ids: Sequence[str],
        column: Column,
        new: Callable[[Any], Any],
        words: str,
        ended: str = "",
        of_deleted: bool = False,
    ) -> Change:
        """Set a column of runs to `new` of its value. If `ended` (a word for the error) is given, reject live runs."""
        run_ids = list(dict.fromkeys(run_ids))
        with self._database.write() as db:
            rows = db.execute(
                f"SELECT id, number, status, {column} AS value FROM runs WHERE id IN (SELECT value FROM json_each(?)) "
                f"AND deleted IS {'NOT NULL' if of_deleted else 'NULL'} ORDER BY number",
                (json.dumps(run_ids),),
            ).fetchall()
            if len(rows) < len(run_ids):
                raise RunError(_missing(len(run_ids) - len(rows), of_deleted))
            if ended and (live := [f"#{row['number']}" for row in rows if row["status"] in LIVE]):
                words = _s(live, "train: stop them first, then they", "trains: stop it first, then it")
                raise RunError(f"{_listed(live)} still {words} can be {ended}.")
            db.executemany(
                f"UPDATE runs SET {column} = ? WHERE id = ?", [(new(row["value"]), row["id"]) for row in rows]
            )
        described = words.replace("{}", _counted([row["number"] for row in rows]))
        return Change(described, column, tuple((row["id"], row["value"]) for row in rows))


def tidy_name(name: str) -> str:
    """Return a name on one line, without surrounding spaces; raises `ConfigError` if it is empty or too long."""
    name = " ".join(name.split())
    if not name:
        raise ConfigError("A run needs a name: write a few words.")
    if len(name) > NAME_LENGTH:
        raise ConfigError(f"The name has {len(name)} characters: {NAME_LENGTH} at most. The note has room for more.")
    return name


def tidy_note(note: str) -> str:
    note = note.strip()
    if len(note) > NOTE_LENGTH:
        raise ConfigError(f"The note has {len(note):,} characters: {NOTE_LENGTH:,} at most.")
    return note


def tidy_tags(tags: Iterable[str]) -> list[str]:
    """Return each tag once, on one line; raises `ConfigError` if one is empty, is too long or contains a comma."""
    tidy: dict[str, str] = {}
    for tag in tags:
        tag = " ".join(tag.split())
        if not tag:
            raise ConfigError("A tag needs at least one character.")
        if len(tag) > TAG_LENGTH:
            raise ConfigError(
                f"The tag {tag[:TAG_LENGTH]}… is too long: {TAG_LENGTH} characters at most. The note has room for more."
            )
        if "," in tag:
            raise ConfigError(f"The tag {tag} has a comma in it: make two tags of it.")
        tidy.setdefault(tag.casefold(), tag)
    return list(tidy.values())


def _as_json(tags: Iterable[str]) -> str:
    """Return the tags of one run as stored, each once; raises `ConfigError` if there are too many."""
    tags = tidy_tags(tags)
    if len(tags) > TAGS_AT_MOST:
        raise ConfigError(
            f"A run has {TAGS_AT_MOST} tags at most, and one of these would have {len(tags)}. Take some off first."
        )
    return json.dumps(tags, ensure_ascii=False)


def _missing(count: int, of_deleted: bool) -> str:
    if of_deleted:
        return f"{count} of these runs cannot be brought back: already restored, or permanently removed."
    return f"{count} of these runs {_s(range(count), 'are', 'is')} not there any more. Nothing was changed."


def _counted(numbers: Sequence[int]) -> str:
    return f"run #{numbers[0]}" if len(numbers) == 1 else f"{len(numbers):,} runs"


def _listed(titles: Sequence[str]) -> str:
    shown = ", ".join(titles[:5])
    return shown if len(titles) <= 5 else f"{shown} and {len(titles) - 5} more"


def _s(things: Sequence[Any], many: str, one: str) -> str:
    return one if len(things) == 1 else many
