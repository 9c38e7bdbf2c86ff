"""The one file: opened by several at once, upgraded once, refused unchanged when it is not ours to change."""

import os
import sqlite3
import subprocess
import sys

import pytest

from digits_core.database import MIGRATIONS, Database
from digits_core.errors import StoreError

OPEN_AT_ONCE = """
import sys
from pathlib import Path
from digits_core.database import Database
print("ready", flush=True)
sys.stdin.readline()
database = Database(Path(sys.argv[1]))
with database.write() as db:
    db.execute("INSERT INTO samples (label, writer, source, test, image, drawing, created) "
               "VALUES (1, 'me', 'canvas', 0, x'', x'', 0)")
print("done", flush=True)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "digits.sqlite"


def version_of(path) -> int:
    connection = sqlite3.connect(path)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.close()
    return version


def samples_in(database: Database) -> int:
    with database.read() as db:
        return db.execute("SELECT count(*) FROM samples").fetchone()[0]


def add_sample(db: sqlite3.Connection) -> None:
    db.execute(
        "INSERT INTO samples (label, writer, source, test, image, drawing, created) "
        "VALUES (1, 'me', 'canvas', 0, x'', x'', 0)"
    )


def test_a_new_file_has_the_newest_version(path):
    Database(path).close()

    assert version_of(path) == len(MIGRATIONS)


def test_what_was_written_is_there_when_the_file_is_opened_again(path):
    first = Database(path)
    with first.write() as db:
        add_sample(db)
    first.close()
    second = Database(path)

    assert samples_in(second) == 1
    second.close()


def test_a_newer_file_is_refused_and_not_touched(path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE of_the_future (x)")
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.commit()
    connection.close()
    before = path.read_bytes()

    with pytest.raises(StoreError, match=r"newer Digits Lab .*Update Digits Lab"):
        Database(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"this is not a database, but long enough to be looked at\n" * 100, b"PNG" * 9000])
def test_a_file_that_is_no_database_is_refused_and_not_touched(path, content):
    path.write_bytes(content)

    with pytest.raises(StoreError, match="Nothing was changed"):
        Database(path)
    assert path.read_bytes() == content


def test_a_folder_in_the_place_of_the_file_is_refused(path):
    path.mkdir()

    with pytest.raises(StoreError, match=r"digits\.sqlite"):
        Database(path)


def test_an_empty_file_becomes_a_database(path):
    path.touch()
    Database(path).close()

    assert version_of(path) == len(MIGRATIONS)


def test_several_processes_open_an_empty_home_at_once(path):
    command = [sys.executable, "-c", OPEN_AT_ONCE, str(path)]
    several = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for process in several:
        process.stdout.readline()
    for process in several:
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60) for process in several]

    assert [(out.strip(), err) for out, err in answers] == [("done", "")] * 4
    database = Database(path)
    assert samples_in(database) == 4
    database.close()


def test_reading_goes_on_while_someone_writes(database):
    with database.write() as writing:
        add_sample(writing)
        assert samples_in(database) == 0
    assert samples_in(database) == 1


def test_a_transaction_that_fails_leaves_nothing(database):
    def fail_halfway() -> None:
        with database.write() as db:
            add_sample(db)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fail_halfway()
    assert samples_in(database) == 0


def test_what_sqlite_refuses_is_an_error_of_the_store(database):
    with pytest.raises(StoreError, match="no such table"), database.read() as db:
        db.execute("SELECT * FROM elsewhere")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs Linux's /dev/full")
def test_a_place_that_takes_no_data_is_an_error_of_the_store(path):
    path.symlink_to("/dev/full")

    with pytest.raises(StoreError, match="Nothing was changed"):
        Database(path)


def test_a_file_that_is_opened_twice_keeps_its_log_when_another_process_closes_it(path):
    """Once a process has lost its locks, another takes itself for the last one: what is written then may be lost."""
    Database(path).close()
    first, second = Database(path), Database(path)
    with first.write() as db:
        add_sample(db)
    log = path.with_name(f"{path.name}-wal").stat()
    program = "import sys; from pathlib import Path; from digits_core.database import Database as D; {}"
    at_once = program.format("D(Path(sys.argv[1])).close()")
    subprocess.run([sys.executable, "-c", at_once, str(path)], check=True)

    assert path.with_name(f"{path.name}-wal").stat().st_ino == log.st_ino
    assert samples_in(second) == 1
    first.close()
    second.close()
