"""Two sessions on one home import, rename, delete and restore datasets: no pixel is lost and no name is given twice."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from digits_core.data.imported import Imports
from digits_core.data.readers import Reading
from digits_core.database import Database
from digits_core.errors import DatasetError
from digits_core.home import Home
from tests.seams.kept import imports_of, mark_of, marked

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def sessions(home):
    """Two sessions, each with a connection of its own."""
    databases = [Database(Home(home).create().database) for _ in range(2)]
    yield [Imports(Home(home), database, reserved=("optdigits",)) for database in databases]
    for database in databases:
        database.close()


def overtaken(reading: Reading, action) -> Reading:
    """A reading in whose keeping `action` comes between: after the title was checked, before anything is written."""

    class Overtaken(Reading):
        def digits(self, name):
            action()
            return super().digits(name)

    return Overtaken(**vars(reading))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "datasets").glob("*"))


@pytest.mark.parametrize("title", ["My set", "my-set"])
def test_a_session_that_is_overtaken_while_it_keeps_leaves_the_others_pixels_alone(sessions, home, title):
    first, second = sessions
    slow = overtaken(marked(1), lambda: second.keep(marked(2), "My set", "digits.pkl"))
    if title == "My set":
        with pytest.raises(DatasetError, match="There is a dataset 'My set' already"):
            first.keep(slow, title, "digits.pkl")
        assert names(home) == ["my-set.npz"]
    else:
        assert first.keep(slow, title, "digits.pkl").name == "my-set-2"
        assert mark_of(first, "my-set-2") == 1

    assert mark_of(second, "my-set") == 2


def test_many_that_keep_at_once_each_find_their_own_pixels(sessions, home):
    titles = ["digits", "Digits", "digits!", "(digits)", "digits.", "DIGITS", "digits?", "digits"]
    go = threading.Barrier(len(titles))

    def keep(number: int) -> str | None:
        go.wait()
        with suppress(DatasetError):
            return sessions[number % 2].keep(marked(number), titles[number], "digits.pkl").name

    with ThreadPoolExecutor(len(titles)) as threads:
        kept = list(threads.map(keep, range(len(titles))))

    # The first and the last have the same title: one of the two is told to choose another.
    assert kept.count(None) == 1
    assert (kept[0] is None) != (kept[-1] is None)
    assert {name: mark_of(sessions[0], name) for name in kept if name} == {
        name: number for number, name in enumerate(kept) if name
    }
    assert len(names(home)) == len(titles) - 1


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is not known to Windows")
@pytest.mark.parametrize("moment", ["before", "after"])
def test_one_that_is_killed_while_it_keeps_leaves_the_name_free(sessions, home, moment):
    code = f"""
import os, signal
from pathlib import Path
from tests.seams.kept import imports_of, marked
rename = Path.replace
def killed(self, target):
    if {moment == "after"}:
        rename(self, target)
    os.kill(os.getpid(), signal.SIGKILL)
Path.replace = killed
imports_of(Path({str(home)!r})).keep(marked(1), "Mine", "digits.pkl")
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == -signal.SIGKILL

    assert sessions[0].all() == []
    assert sessions[0].keep(marked(2), "Mine", "digits.pkl").name == "mine"
    assert mark_of(sessions[0], "mine") == 2
    for left in (home / "datasets").glob(".*"):
        os.utime(left, (0, 0))
    sessions[0].purge()
    assert names(home) == ["mine.npz"]


def test_a_dataset_that_is_restored_while_another_takes_its_title_gets_a_number(sessions):
    first, second = sessions
    first.keep(marked(1), "Mine", "a")
    first.delete("mine")
    go = threading.Barrier(2)

    def at_once(action):
        go.wait()
        return action()

    with ThreadPoolExecutor(2) as threads:
        actions = (lambda: first.restore("mine"), lambda: second.keep(marked(2), "Mine", "b"))
        restored, kept = (threads.submit(at_once, action) for action in actions)
    restored.result()
    titles = {each.title for each in first.all()}

    assert titles == ({"Mine"} if isinstance(kept.exception(), DatasetError) else {"Mine", "Mine (2)"})


class TwoSessions(RuleBasedStateMachine):
    """What two people do in any order, held against what each was told had happened."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.sessions = [imports_of(self.folder) for _ in range(2)]
        self.kept: dict[str, int] = {}
        self.deleted: dict[str, int] = {}

    def teardown(self) -> None:
        for session in self.sessions:
            session._database.close()
        shutil.rmtree(self.folder)

    @rule(
        who=st.integers(0, 1),
        title=st.sampled_from(["My set", "my-set", "other"]),
        between=st.booleans(),
        mark=st.integers(1, 255),
    )
    def keep(self, who: int, title: str, between: bool, mark: int) -> None:
        """One keeps a dataset; `between`, the other keeps one of that title, too, and is sooner."""
        reading = marked(mark)
        if between:
            reading = overtaken(reading, lambda: self._keep(1 - who, title, marked(mark // 2)))
        self._keep(who, title, reading)

    def _keep(self, who: int, title: str, reading: Reading) -> None:
        with suppress(DatasetError):
            self.kept[self.sessions[who].keep(reading, title, "digits.pkl").name] = int(reading.images[0, 0, 0])

    @rule(who=st.integers(0, 1), place=st.integers(0, 9), title=st.sampled_from(["My set", "mine", "other"]))
    def rename(self, who: int, place: int, title: str) -> None:
        if self.kept:
            with suppress(DatasetError):
                self.sessions[who].rename(sorted(self.kept)[place % len(self.kept)], title)

    @rule(who=st.integers(0, 1), place=st.integers(0, 9))
    def delete(self, who: int, place: int) -> None:
        if self.kept:
            name = sorted(self.kept)[place % len(self.kept)]
            self.sessions[who].delete(name)
            self.deleted[name] = self.kept.pop(name)

    @rule(who=st.integers(0, 1), place=st.integers(0, 9))
    def restore(self, who: int, place: int) -> None:
        if self.deleted:
            name = sorted(self.deleted)[place % len(self.deleted)]
            self.sessions[who].restore(name)
            self.kept[name] = self.deleted.pop(name)

    @rule(who=st.integers(0, 1))
    def purge(self, who: int) -> None:
        self.sessions[who].purge()

    @invariant()
    def nothing_is_lost(self) -> None:
        for session in self.sessions:
            titles = [each.title for each in session.all()]
            assert len(set(titles)) == len(titles)
            assert {each.name: mark_of(session, each.name) for each in session.all()} == self.kept
            assert {each.name for each in session.deleted()} == set(self.deleted)
        assert names(self.folder) == sorted(f"{name}.npz" for name in self.kept | self.deleted)


TestTwoSessions = TwoSessions.TestCase
TestTwoSessions.settings = settings(max_examples=15, stateful_step_count=15, deadline=None, derandomize=True)


def test_a_file_that_is_purged_is_gone_and_one_that_was_restored_meanwhile_stays(sessions, home, monkeypatch):
    from digits_core.data import imported

    first, second = sessions
    for title in ("one", "two"):
        first.keep(marked(1), title, "a")
        first.delete(title)
    now = imported.time.time()
    monkeypatch.setattr(imported.time, "time", lambda: now + imported.KEPT_S + 60)
    # Restored by the other one after the list of what has expired was made.
    expired = first._expired
    monkeypatch.setattr(first, "_expired", lambda: [expired(), second.restore("two")][0])
    first.purge()

    assert names(home) == ["two.npz"]
    assert mark_of(first, "two") == 1


def test_purging_does_not_hold_up_those_who_write(sessions, home, monkeypatch):
    """Deleting may take long, on a slow disk or a large file: nobody's write waits for that."""
    from digits_core.data import imported

    first, second = sessions
    first.keep(marked(1), "old", "a")
    first.delete("old")
    now = imported.time.time()
    monkeypatch.setattr(imported.time, "time", lambda: now + imported.KEPT_S + 60)
    unlink, written = Path.unlink, []

    def slow(self, missing_ok=False):
        if ".old.npz" in str(self) or self.name == "old.npz":
            written.append(second.keep(replace(marked(2)), "new", "b").name)
        unlink(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", slow)
    monkeypatch.setattr("digits_core.database.BUSY_TIMEOUT_S", 0.1)
    first.purge()

    assert written == ["new"]
    assert names(home) == ["new.npz"]
