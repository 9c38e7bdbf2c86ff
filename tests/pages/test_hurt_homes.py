"""A home that cannot be used is said in words, on a page and in the shell alike, and left as it is."""

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from digits_core import database
from digits_core.__main__ import main
from digits_core.dashboard import state
from digits_core.dashboard.pages import PAGES
from digits_core.database import Database
from digits_core.home import Home
from digits_core.migrations import MIGRATIONS

KILLED_WHILE_NEWER = f"""
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("CREATE TABLE of_the_future (x)")
connection.execute("PRAGMA user_version = {len(MIGRATIONS) + 1}")
os._exit(1)
"""
HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA locking_mode = EXCLUSIVE")
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _ended() -> Iterator[None]:
    yield
    state.stop()


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder with a home in it, on a file system that takes no data: rights would not keep root from writing."""
    folder = tmp_path / "read only"
    Database(Home(folder / "home").create().database).close()
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("a file system is mounted to be read only by root on Linux alone")
    for options in ("bind", "bind,remount,ro"):
        command = ["mount", "-o", options, *([str(folder)] if options == "bind" else []), str(folder)]
        mounted = subprocess.run(command, capture_output=True, text=True)
        if mounted.returncode:
            pytest.skip(f"no file system to read only here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def newer(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    yield


@contextmanager
def newer_and_killed(path: Path) -> Iterator[None]:
    """What a newer app wrote last stands in the log alone, which any opening to write would tidy up."""
    subprocess.run([sys.executable, "-c", KILLED_WHILE_NEWER, str(path)], check=False)
    assert path.with_name(f"{path.name}-wal").stat().st_size
    yield


@contextmanager
def no_database(path: Path) -> Iterator[None]:
    path.write_bytes(b"a letter to my teacher, saved in the wrong place\n" * 100)
    yield


@contextmanager
def damaged(path: Path) -> Iterator[None]:
    """The first page, which says what is where, is whole; the table of runs is not."""
    with closing(sqlite3.connect(path)) as connection:
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        places = connection.execute("SELECT rootpage FROM sqlite_master WHERE tbl_name = 'runs'").fetchall()
    content = bytearray(path.read_bytes())
    assert len(places) > 1
    for (place,) in places:
        content[(place - 1) * size : place * size] = b"\xa5" * size
    path.write_bytes(content)
    yield


@contextmanager
def locked(path: Path) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield
    process.communicate()


HURTS: dict[Callable, str] = {
    newer: "was written by a newer Digits Lab .*Update Digits Lab, or set DIGITS_HOME to another folder",
    newer_and_killed: "was written by a newer Digits Lab .*Update Digits Lab, or set DIGITS_HOME to another folder",
    no_database: "not a database.* Nothing was changed. Put the file of that name away",
    damaged: "malformed.* Nothing was changed. It is damaged: put a copy of it that is whole in its place",
    locked: "locked.* Nothing was changed. Another program holds it: close that one",
}


def contents(home: Path) -> dict[str, bytes]:
    """What lies in the home, without the memory that SQLite's processes share: a reader may leave that."""
    files = [path for path in home.rglob("*") if path.is_file() and not path.name.endswith("-shm")]
    return {str(path.relative_to(home)): path.read_bytes() for path in files}


def ask_shell(capsys: pytest.CaptureFixture) -> str:
    """The one line that a command says when it ends with status 2."""
    capsys.readouterr()
    assert main(["runs"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    return line


def serve(page: str) -> None:
    """A page as the server runs it: with the one place that shows errors around it."""
    import runpy

    from digits_core.dashboard.error_messages import on_script_error

    try:
        runpy.run_path(page)
    except Exception as error:
        on_script_error(error)


def ask_page(name: str) -> str:
    """The text of the one error that a page shows."""
    page = AppTest.from_function(serve, default_timeout=60, args=(str(PAGES[name].file),)).run()
    assert not page.exception
    (error,) = page.error
    return error.value.replace("\\", "")


@pytest.mark.parametrize("hurt", HURTS, ids=lambda hurt: hurt.__name__)
def test_a_database_that_cannot_be_used_is_said_in_words_and_left_as_it_is(home, capsys, monkeypatch, hurt):
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.1)
    path = Home(home).create().database
    Database(path).close()
    with hurt(path):
        before = contents(home)
        said, shown = ask_shell(capsys), ask_page("runs")
        after = contents(home)

    assert re.search(HURTS[hurt], shown)
    assert said == f"digits_core: {shown}"
    assert after == before


# The Network page first shows the network itself, which is there without a home.
@pytest.mark.parametrize("name", [name for name in PAGES if name != "network"])
def test_every_page_that_reads_it_says_so(home, name):
    path = Home(home).create().database
    Database(path).close()
    with newer(path):
        assert "newer Digits Lab" in ask_page(name)


def test_a_page_finds_a_database_that_was_locked_once_it_is_free(home, monkeypatch):
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.1)
    path = Home(home).create().database
    Database(path).close()
    with locked(path):
        ask_page("runs")
    page = AppTest.from_file(PAGES["runs"].file, default_timeout=60).run()

    assert not page.exception
    assert "No run yet" in " ".join(each.value for each in page.markdown)


@pytest.mark.parametrize("was_there", [True, False], ids=["one that was there", "a new one"])
def test_a_home_that_is_read_only_says_what_to_do(read_only, monkeypatch, capsys, was_there):
    monkeypatch.setenv("DIGITS_HOME", str(read_only / ("home" if was_there else "new")))
    said, shown = ask_shell(capsys), ask_page("runs")

    assert "Set DIGITS_HOME to a folder that you may write to." in shown
    assert said == f"digits_core: {shown}"
