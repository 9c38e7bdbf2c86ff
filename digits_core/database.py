"""The one SQLite file: how it is opened, its tables, and their migrations.

Write-ahead logging lets pages read while a run writes. Connections are short-lived and never cross threads.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from digits_core.errors import StoreError

BUSY_TIMEOUT_S = 10.0

# One entry per version, never edited once released: a database of version n has had the first n applied.
MIGRATIONS = (
    """
    CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        number INTEGER NOT NULL UNIQUE,
        name TEXT NOT NULL,
        recipe TEXT NOT NULL,
        status TEXT NOT NULL,
        config TEXT NOT NULL,
        environment TEXT NOT NULL DEFAULT '{}',
        owner TEXT NOT NULL,
        created REAL NOT NULL,
        started REAL,
        finished REAL,
        progress REAL NOT NULL DEFAULT 0,
        images_per_second REAL,
        seconds REAL,
        test_loss REAL,
        test_accuracy REAL,
        message TEXT NOT NULL DEFAULT ''
    ) STRICT;
    CREATE INDEX runs_by_status ON runs (status);
    CREATE TABLE epochs (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        epoch INTEGER NOT NULL,
        train_loss REAL NOT NULL,
        train_accuracy REAL NOT NULL,
        test_loss REAL NOT NULL,
        test_accuracy REAL NOT NULL,
        learning_rate REAL NOT NULL,
        images_per_second REAL NOT NULL,
        seconds REAL NOT NULL,
        UNIQUE (run, epoch)
    ) STRICT;
    CREATE TABLE samples (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        label INTEGER NOT NULL CHECK (label BETWEEN 0 AND 9),
        writer TEXT NOT NULL,
        source TEXT NOT NULL,
        test INTEGER NOT NULL,
        image BLOB NOT NULL,
        drawing BLOB NOT NULL,
        created REAL NOT NULL,
        deleted REAL
    ) STRICT;
    """,
    """
    CREATE TABLE datasets (
        name TEXT PRIMARY KEY,
        title TEXT NOT NULL,
        file TEXT NOT NULL,
        format TEXT NOT NULL,
        original_range TEXT NOT NULL,
        images INTEGER NOT NULL,
        height INTEGER NOT NULL,
        width INTEGER NOT NULL,
        created REAL NOT NULL,
        deleted REAL
    ) STRICT
    """,
    """
    CREATE TABLE transforms (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        config TEXT NOT NULL,
        created REAL NOT NULL,
        deleted REAL
    ) STRICT
    """,
    """
    ALTER TABLE runs ADD COLUMN parent TEXT NOT NULL DEFAULT '';
    ALTER TABLE runs ADD COLUMN session TEXT NOT NULL DEFAULT '';
    ALTER TABLE runs ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE runs ADD COLUMN epochs INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE runs ADD COLUMN orders TEXT NOT NULL DEFAULT '{}';
    CREATE TABLE batches (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        epoch INTEGER NOT NULL,
        batch INTEGER NOT NULL,
        loss REAL NOT NULL,
        learning_rate REAL NOT NULL,
        UNIQUE (run, epoch, batch)
    ) STRICT;
    CREATE TABLE details (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        epoch INTEGER NOT NULL,
        gradient_norms TEXT NOT NULL,
        weight_norms TEXT NOT NULL,
        confusion TEXT NOT NULL,
        watched TEXT NOT NULL,
        PRIMARY KEY (run, epoch)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE changes (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        what TEXT NOT NULL,
        value REAL,
        epoch INTEGER NOT NULL,
        batch INTEGER NOT NULL,
        created REAL NOT NULL
    ) STRICT;
    CREATE INDEX changes_by_run ON changes (run, epoch, batch)
    """,
    """
    ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT '';
    ALTER TABLE runs ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE runs ADD COLUMN archived REAL;
    ALTER TABLE runs ADD COLUMN deleted REAL;
    ALTER TABLE runs ADD COLUMN sweep TEXT NOT NULL DEFAULT '';
    CREATE INDEX runs_by_sweep ON runs (sweep);
    CREATE TABLE sweeps (
        id TEXT PRIMARY KEY,
        number INTEGER NOT NULL UNIQUE,
        name TEXT NOT NULL,
        status TEXT NOT NULL,
        plan TEXT NOT NULL,
        owner TEXT NOT NULL,
        session TEXT NOT NULL DEFAULT '',
        created REAL NOT NULL,
        finished REAL,
        message TEXT NOT NULL DEFAULT '',
        deleted REAL
    ) STRICT
    """,
)


class Database:
    """Opens the file at `path`, bringing an older one up to date; `StoreError` if it is newer or not a database."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._migrate()
        # While one connection stays open, closing the short-lived ones does not checkpoint the log each time.
        self._anchor = self._open()
        self._anchor.execute("SELECT count(*) FROM runs").fetchone()

    def close(self) -> None:
        self._anchor.close()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection to read with; rows come by column name."""
        connection = self._open()
        try:
            yield connection
        except sqlite3.Error as error:
            raise self._in_words(error) from error
        finally:
            connection.close()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction, committed when the block ends well and undone when it does not."""
        with self.read() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def _open(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = NORMAL")
        except sqlite3.Error as error:
            raise self._in_words(error) from error
        return connection

    def _migrate(self) -> None:
        connection = self._open()
        try:
            version = _version(connection)
            if version > len(MIGRATIONS):
                raise StoreError(
                    f"{self.path} was written by a newer Digits Lab (version {version}, this one knows "
                    f"{len(MIGRATIONS)}). Update Digits Lab, or set DIGITS_HOME to another folder."
                )
            if version < len(MIGRATIONS):
                _write_ahead(connection)
                self._apply(connection)
        except sqlite3.Error as error:
            raise self._in_words(error) from error
        finally:
            connection.close()

    def _apply(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        # Two processes may start at once: the second finds the work done once it holds the lock.
        for number, script in enumerate(MIGRATIONS[_version(connection) :], start=_version(connection) + 1):
            for statement in script.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
        connection.commit()

    def _in_words(self, error: sqlite3.Error) -> StoreError:
        return StoreError(f"The database {self.path} cannot be used: {error}. Nothing was changed.")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging; SQLite's busy timeout does not cover this, so that the waiting is done here."""
    end = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def _version(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]
