"""The one SQLite file: how it is opened and migrated, and the error messages if that fails.

Write-ahead logging lets pages read while a run writes. Connections are short-lived and never cross threads.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from digits_core.errors import StoreError
from digits_core.migrations import MIGRATIONS

BUSY_TIMEOUT_S = 10.0
HEADER = b"SQLite format 3\0"
VERSION_AT = 60
"""Offset of the four bytes of `user_version` in a database file: https://www.sqlite.org/fileformat.html"""

_OPENING = threading.Lock()
_IN_USE: Counter[Path] = Counter()
"""How many times this process has each file open."""
_ANOTHER = "or set DIGITS_HOME to another folder."
ADVICE = {
    sqlite3.SQLITE_BUSY: " Another program holds it: close that one, or try again in a moment.",
    sqlite3.SQLITE_CORRUPT: f" It is damaged: put a copy of it that is whole in its place, {_ANOTHER}",
    sqlite3.SQLITE_NOTADB: f" Put the file of that name away, {_ANOTHER}",
    sqlite3.SQLITE_CANTOPEN: f" See that you may write to its folder, {_ANOTHER}",
    sqlite3.SQLITE_READONLY: f" See that you may write to it and to its folder, {_ANOTHER}",
    sqlite3.SQLITE_FULL: " Make room on the disk, then try again.",
}
"""What to do about each kind of SQLite error that can be fixed."""
PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOMEM,
}
"""The kinds of error that may not occur again on a retry, with the file and the request unchanged."""


class Database:
    """Opens the file at `path` and migrates an older one; `StoreError` if it is newer or not a database.

    `fill` is called in the transaction that creates the tables of a new database: what it writes is there from the
    start, and if it fails, no database is created. It is not called for an existing database.
    """

    def __init__(self, path: Path, fill: Callable[[sqlite3.Connection], None] | None = None) -> None:
        self.path = path
        self._fill = fill
        self._anchor_lock = threading.Lock()
        with _OPENING:
            self._refuse_newer()
            self._migrate()
            # While one connection stays open, closing the short-lived ones does not checkpoint the log each time.
            self._anchor = self._open()
            try:
                self._anchor.execute("SELECT count(*) FROM runs").fetchone()
            except sqlite3.Error as error:
                self._anchor.close()
                raise self._in_words(error) from error
            _IN_USE[path] += 1

    def close(self) -> None:
        with _OPENING:
            self._anchor.close()
            _IN_USE[self.path] -= 1

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Return a connection to read with; rows come by column name."""
        connection = self._open()
        try:
            yield connection
        except sqlite3.Error as error:
            raise self._in_words(error) from error
        finally:
            connection.close()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Open one transaction, committed at the end of the block and rolled back on an exception."""
        with self.read() as connection, _transaction(connection):
            yield connection

    @contextmanager
    def write_often(self) -> Iterator[sqlite3.Connection]:
        """Write many times a second: on the connection that stays open, one thread at a time.

        Opening a connection takes as long as a small transaction.
        """
        with self._anchor_lock:
            try:
                with _transaction(self._anchor):
                    yield self._anchor
            except sqlite3.Error as error:
                raise self._in_words(error) from error

    def _open(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise self._in_words(error) from error
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = NORMAL")
        except sqlite3.Error as error:
            connection.close()
            raise self._in_words(error) from error
        return connection

    def _refuse_newer(self) -> None:
        """Raise `StoreError` if the file is from a newer version; opening it for writing would already clean up its
        log.
        """
        try:
            version = _version_without_opening(self.path)
        except sqlite3.Error as error:
            raise self._in_words(error) from error
        if version > len(MIGRATIONS):
            raise StoreError(
                f"{self.path} was written by a newer Digits Lab (version {version}, this one knows "
                f"{len(MIGRATIONS)}). Update Digits Lab, or set DIGITS_HOME to another folder."
            )

    def _migrate(self) -> None:
        connection = self._open()
        try:
            if _version(connection) < len(MIGRATIONS):
                _write_ahead(connection)
                self._apply(connection)
        except sqlite3.Error as error:
            raise self._in_words(error) from error
        finally:
            connection.close()

    def _apply(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        # Two processes may start at once: the second finds the work done once it holds the lock.
        is_new = _version(connection) == 0
        for number, script in enumerate(MIGRATIONS[_version(connection) :], start=_version(connection) + 1):
            for statement in script.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
        if is_new and self._fill is not None:
            self._fill(connection)
        connection.commit()

    def _in_words(self, error: sqlite3.Error) -> StoreError:
        # The lowest byte is the kind of error, the others are its details. Errors of Python's own module have none.
        kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
        advice = ADVICE.get(kind, "")
        text = f"The database {self.path} cannot be used: {error}. Nothing was changed.{advice}"
        return StoreError(text, passing=kind in PASSING)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _version_without_opening(path: Path) -> int:
    """Return the version in a file, 0 if there is none; neither the file nor its log is changed."""
    log = path.with_name(f"{path.name}-wal")
    try:
        if path.exists() and (_IN_USE[path] > 0 or (log.exists() and log.stat().st_size)):
            # Closing a plain file handle on a database that this process has open would release its locks: POSIX drops
            # all those of a process. Another process would then take itself for the last one and remove the log.
            # Or the last process was killed: what it wrote last, even the version, may be in the log only.
            with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S)) as connection:
                return _version(connection)
        with path.open("rb") as file:
            header = file.read(VERSION_AT + 4)
    except OSError:
        return 0  # opening it says what is wrong with it
    return int.from_bytes(header[VERSION_AT:]) if header.startswith(HEADER) else 0


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging; SQLite's busy timeout does not cover this, so retry here until it has passed."""
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
