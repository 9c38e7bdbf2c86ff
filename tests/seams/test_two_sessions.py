"""Whatever two sessions do with the runs of one home, in whatever order: no row, no file and no number is lost."""

import json
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from digits_core.database import Database
from digits_core.errors import RunError
from digits_core.home import KEPT_S, Home
from digits_core.runs import heartbeat as heartbeat_module
from digits_core.runs import process_owner as owner_module
from digits_core.runs import run_edits as labels_module
from digits_core.runs.process_owner import STALE_S
from digits_core.runs.run_edits import Change
from digits_core.runs.store import LIVE, RunStore
from digits_core.training.events import Finished
from tests.unit.helpers import run_config
from tests.unit.runs.test_store import STARTED, epoch

SOME = settings(
    max_examples=settings.default.max_examples // 2, stateful_step_count=40, suppress_health_check=list(HealthCheck)
)
SESSIONS = st.integers(0, 1)
STOPPED = Finished("stopped", 1, None, None, 1.0)
AT_ONCE = 3
"""So few runs that what is done at random often meets."""


@cache
def new_database() -> bytes:
    """A database without a row: bringing one up to date takes longer than all that is done with it then."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "digits.sqlite"
        Database(path).close()
        return path.read_bytes()


@dataclass
class Known:
    """What is known of a run that was created and not purged."""

    number: int
    live: bool
    name: str = "Run"
    tags: tuple[str, ...] = ()
    archived: float | None = None
    deleted: float | None = None


class Sessions(RuleBasedStateMachine):
    """Two sessions, each with a connection of its own, rename, tag, archive, delete, restore, undo, resume and purge.

    `known` says what must be there. A change that is refused must change nothing.
    """

    runs, changes = Bundle("runs"), Bundle("changes")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.home = Home(Path(self.folder.name)).create()
        self.home.database.write_bytes(new_database())
        self.databases = [Database(self.home.database) for _ in range(2)]
        self.stores = [RunStore(database) for database in self.databases]
        self.known: dict[str, Known] = {}
        self.numbers: set[int] = set()
        self.looks = 0
        self.now = 1e9
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(labels_module, "time", SimpleNamespace(time=lambda: self.now))

    def teardown(self) -> None:
        self.patch.undo()
        for database in self.databases:
            database.close()
        self.folder.cleanup()

    @precondition(lambda self: len(self.known) < AT_ONCE)
    @rule(target=runs, session=SESSIONS, live=st.booleans())
    def create(self, session: int, live: bool) -> str:
        store = self.stores[session]
        run = store.create(run_config(), "me", str(session))
        for event in (STARTED, epoch(1)) if live else (STARTED, epoch(1), STOPPED):
            store.apply(run.id, event)
        self.home.run(run.id).mkdir()
        (self.home.run(run.id) / "weights").write_text(run.id)
        assert run.number not in self.numbers
        self.numbers.add(run.number)
        self.known[run.id] = Known(run.number, live)
        return run.id

    @rule(session=SESSIONS, run=runs)
    def end(self, session: int, run: str) -> None:
        self.stores[session].apply(run, STOPPED)
        if run in self.known:
            self.known[run].live = False

    @rule(session=SESSIONS, run=runs)
    def resume(self, session: int, run: str) -> None:
        known = self.known.get(run)
        if known is None or known.live or known.deleted:
            with pytest.raises(RunError):
                self.stores[session].requeue(run, "me")
        else:
            self.stores[session].requeue(run, "me")
            known.live, known.archived = True, None

    @rule(target=changes, session=SESSIONS, run=runs, name=st.sampled_from(["one", "two", "three"]))
    def rename(self, session: int, run: str, name: str) -> Any:
        return self.change(session, [run], lambda labels: labels.rename(run, name), "name", lambda _: name)

    @rule(target=changes, session=SESSIONS, some=st.lists(runs, min_size=1, max_size=3), tag=st.sampled_from("abc"))
    def tag(self, session: int, some: list[str], tag: str) -> Any:
        return self.change(
            session, some, lambda labels: labels.tag(some, [tag]), "tags", lambda old: with_tag(old, tag)
        )

    @rule(target=changes, session=SESSIONS, some=st.lists(runs, min_size=1, max_size=3), tag=st.sampled_from("abc"))
    def untag(self, session: int, some: list[str], tag: str) -> Any:
        without = lambda old: tuple(each for each in old if each != tag)  # noqa: E731
        return self.change(session, some, lambda labels: labels.untag(some, [tag]), "tags", without)

    @rule(target=changes, session=SESSIONS, some=st.lists(runs, min_size=1, max_size=3))
    def archive(self, session: int, some: list[str]) -> Any:
        return self.change(
            session, some, lambda labels: labels.archive(some), "archived", lambda old: old or self.now, ended=True
        )

    @rule(target=changes, session=SESSIONS, some=st.lists(runs, min_size=1, max_size=3))
    def delete(self, session: int, some: list[str]) -> Any:
        return self.change(session, some, lambda labels: labels.delete(some), "deleted", lambda _: self.now, ended=True)

    @rule(target=changes, session=SESSIONS, some=st.lists(runs, min_size=1, max_size=3))
    def restore(self, session: int, some: list[str]) -> Any:
        return self.change(
            session, some, lambda labels: labels.restore(some), "deleted", lambda _: None, of_deleted=True
        )

    @rule(session=SESSIONS, change=changes)
    def undo(self, session: int, change: tuple[Change, str, dict[str, Any]] | None) -> None:
        if change is None:
            return
        done, column, before = change
        gone = any(run not in self.known for run in before)
        hidden = column in ("archived", "deleted")
        if gone or any(hidden and value is not None and self.known[run].live for run, value in before.items()):
            with pytest.raises(RunError):
                self.stores[session].labels.undo(done)
            return
        self.stores[session].labels.undo(done)
        for run, value in before.items():
            setattr(self.known[run], column, value)

    @rule(session=SESSIONS, days=st.sampled_from([0, 4, 8]), meanwhile=st.lists(runs, max_size=2))
    def purge(self, session: int, days: int, meanwhile: list[str]) -> None:
        """Some days later; while files are removed, the other session tries to restore runs."""
        self.now += days * 24 * 3600.0
        expired = {run for run, known in self.known.items() if known.deleted and known.deleted < self.now - KEPT_S}
        for run in expired:
            del self.known[run]
        real, waiting = labels_module.shutil.rmtree, list(meanwhile)

        def rmtree(folder: Path) -> None:
            if waiting:
                self.restore_again(1 - session, waiting.pop())
            real(folder)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(labels_module.shutil, "rmtree", rmtree)
            assert set(self.stores[session].labels.purge(self.home)) == expired

    def restore_again(self, session: int, run: str) -> None:
        self.change(session, [run], lambda labels: labels.restore([run]), "deleted", lambda _: None, of_deleted=True)

    def change(
        self,
        session: int,
        some: list[str],
        act: Callable,
        column: str,
        new: Callable,
        ended: bool = False,
        of_deleted: bool = False,
    ) -> tuple[Change, str, dict[str, Any]] | None:
        """Make a change and note what comes of it; one that is for a run that is not there is refused for all."""
        known = [self.known.get(run) for run in some]
        refused = any(each is None or bool(each.deleted) != of_deleted or (ended and each.live) for each in known)
        if refused:
            with pytest.raises(RunError):
                act(self.stores[session].labels)
            return None
        before = {run: getattr(self.known[run], column) for run in some}
        done = act(self.stores[session].labels)
        for run, value in before.items():
            setattr(self.known[run], column, new(value))
        return done, column, before

    @invariant()
    def both_see_what_is_known(self) -> None:
        self.looks += 1
        store = self.stores[self.looks % 2]
        lists = {shelf: store.runs(shelf) for shelf in ("current", "archived", "deleted")}
        seen = {
            run.id: (shelf, Known(run.number, run.live, run.name, run.tags, run.archived, run.deleted))
            for shelf, runs in lists.items()
            for run in runs
        }
        assert seen == {run: (shelf_of(known), known) for run, known in self.known.items()}

    @invariant()
    def each_run_has_its_epoch_and_its_files_and_no_other_has(self) -> None:
        folders = {folder.name: (folder / "weights").read_text() for folder in (self.home.folder / "runs").iterdir()}
        assert folders == {run: run for run in self.known}
        assert sorted(row.run for row in self.stores[0].news(0).epochs) == sorted(self.known)


def with_tag(old: tuple[str, ...], tag: str) -> tuple[str, ...]:
    return old if tag in old else (*old, tag)


def shelf_of(known: Known) -> str:
    return "deleted" if known.deleted else "archived" if known.archived else "current"


TestSessions = Sessions.TestCase
TestSessions.settings = SOME


class Hosts(RuleBasedStateMachine):
    """Two hosts train on one home; each may fall asleep, be given up, taken over and wake up, at any moment.

    `trains` says which runs each host believes to train, with the number of epochs that it has behind it.
    """

    OWNERS = ("one:1:0.0", "two:1:0.0")
    runs = Bundle("runs")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.home = Home(Path(self.folder.name)).create()
        self.home.database.write_bytes(new_database())
        self.databases = [Database(self.home.database) for _ in range(2)]
        self.stores = [RunStore(database) for database in self.databases]
        self.trains: list[dict[str, int]] = [{}, {}]
        self.now = 1e9
        self.patch = pytest.MonkeyPatch()
        for module in (heartbeat_module, owner_module):
            self.patch.setattr(module, "time", SimpleNamespace(time=lambda: self.now))

    def teardown(self) -> None:
        self.patch.undo()
        for database in self.databases:
            database.close()
        self.folder.cleanup()

    @precondition(lambda self: len(self.rows()) < AT_ONCE)
    @rule(target=runs, host=SESSIONS, waits=st.booleans())
    def create(self, host: int, waits: bool) -> str:
        run = self.stores[host].create(run_config(), self.OWNERS[host], "session" if waits else None)
        if not waits:
            self.trains[host][run.id] = 0
        return run.id

    @rule(host=SESSIONS, run=runs)
    def take(self, host: int, run: str) -> None:
        if self.stores[host].take(run, self.OWNERS[host]):
            self.trains[host][run] = len(self.epochs(run))

    @rule(host=SESSIONS, run=runs)
    def report(self, host: int, run: str) -> None:
        """An epoch, by a host that believes that it trains the run; the truth is in the store."""
        if run not in self.trains[host]:
            return
        before, number = self.row(run), self.trains[host][run] + 1
        done = self.epochs(run)
        held = before["owner"] == self.OWNERS[host] and before["deleted"] is None
        assert self.stores[host].apply(run, STARTED, self.OWNERS[host]) == held
        assert self.stores[host].apply(run, epoch(number), self.OWNERS[host]) == held
        if held:
            self.trains[host][run] = number
            assert self.row(run)["status"] == "running"
            assert self.epochs(run) == [*done, number]
        else:
            del self.trains[host][run]
            assert (dict(self.row(run)), self.epochs(run)) == (dict(before), done)

    @rule(host=SESSIONS, run=runs)
    def stop(self, host: int, run: str) -> None:
        if run in self.trains[host]:
            del self.trains[host][run]
            self.stores[host].apply(run, STOPPED, self.OWNERS[host])

    @rule(host=SESSIONS)
    def beat(self, host: int) -> None:
        self.stores[host].owners.beat(self.OWNERS[host])
        # Awake, a host has everything that nobody has taken over or deleted.
        for run in self.trains[host]:
            row = self.row(run)
            assert row["owner"] != self.OWNERS[host] or row["deleted"] or row["status"] in LIVE

    @rule(host=SESSIONS, seconds=st.sampled_from([0.0, STALE_S - 1, STALE_S + 1]))
    def look_around(self, host: int, seconds: float) -> None:
        """So much later, the other host asleep all the time: it is given up once its heartbeat is stale."""
        self.now += seconds
        self.beat(host)
        fresh = {owner for owner, seen in self.beats().items() if self.now - seen <= STALE_S}
        lost = {row["id"] for row in self.rows() if row["status"] in LIVE and row["owner"] not in fresh}
        assert {run.id for run in self.stores[host].interrupt_orphans()} == lost

    @rule(host=SESSIONS, run=runs)
    def resume(self, host: int, run: str) -> None:
        """Once the other host has been asleep for so long that it is given up."""
        self.look_around(host, STALE_S + 1)
        with suppress(RunError):
            self.stores[host].requeue(run, self.OWNERS[host])
            self.trains[host].pop(run, None)
            self.take(host, run)

    @rule(host=SESSIONS, run=runs)
    def delete(self, host: int, run: str) -> None:
        with suppress(RunError):
            self.stores[host].labels.delete([run])

    @invariant()
    def the_store_is_whole(self) -> None:
        rows, epochs = self.rows(), self.stores[0].epochs([row["id"] for row in self.rows()])
        waiting = sorted(row["position"] for row in rows if row["position"])
        assert waiting == list(range(1, len(waiting) + 1))
        for row in rows:
            assert (row["finished"] is None) == (row["status"] in LIVE)
            assert row["status"] not in LIVE or row["deleted"] is None
            assert not row["position"] or row["status"] == "queued"
            assert row["status"] not in LIVE or not row["lost"]
            done = [each.epoch for each in epochs[row["id"]]]
            assert done == list(range(1, len(done) + 1))
            # What shows as running is trained by the one whom it belongs to.
            assert row["status"] != "running" or row["id"] in self.trains[self.OWNERS.index(row["owner"])]

    def rows(self) -> list[Any]:
        with self.databases[0].read() as db:
            return db.execute("SELECT *, id IN (SELECT id FROM lost) AS lost FROM runs ORDER BY number").fetchall()

    def row(self, run: str) -> Any:
        return next(row for row in self.rows() if row["id"] == run)

    def epochs(self, run: str) -> list[int]:
        return [row.epoch for row in self.stores[0].epochs([run])[run]]

    def beats(self) -> dict[str, float]:
        with self.databases[0].read() as db:
            return dict(tuple(row) for row in db.execute("SELECT owner, seen FROM owners"))


TestHosts = Hosts.TestCase
TestHosts.settings = SOME


def test_two_sessions_that_tag_the_same_runs_at_the_same_moment_lose_no_tag(store, database):
    other = Database(database.path)
    runs = [store.create(run_config(), "me").id for _ in range(3)]
    start = threading.Barrier(2)

    def tag(session: RunStore, letters: str) -> None:
        start.wait()
        for letter in letters:
            session.labels.tag(runs, [letter])

    threads = [
        threading.Thread(target=tag, args=arguments) for arguments in ((store, "abcdef"), (RunStore(other), "ghijkl"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tags = [set(json.loads(run.tags_json)) for run in store.some(runs)]
    other.close()

    assert tags == [set("abcdefghijkl")] * 3
