"""Two sessions on one home collect handwriting and save transforms: nothing is lost, an undo takes back its own."""

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from digits_core.config import TransformConfig
from digits_core.data.handwriting_store import Change, Handwriting, NewSample
from digits_core.database import Database
from digits_core.errors import DatasetError, StoreError
from digits_core.home import Home
from digits_core.saved_configs import saved_transforms
from tests.seams.kept import in_thread, waits_to_write

SESSIONS, LABELS, WRITERS = st.integers(0, 1), st.integers(0, 9), st.sampled_from(["Ada", "Bob", "me"])
EXAMPLES = settings(max_examples=15, stateful_step_count=20, deadline=None, derandomize=True)


def digit(mark: int, label: int = 3, writer: str = "Ada") -> NewSample:
    """A sample that is told from others by its pixels."""
    return NewSample(np.full((28, 28), mark % 256, dtype=np.uint8), label, writer, "canvas", bytes([mark % 256]))


@pytest.fixture
def sessions(home):
    databases = [Database(Home(home).create().database) for _ in range(2)]
    yield [Handwriting(database) for database in databases]
    for database in databases:
        database.close()


def test_a_writer_is_renamed_with_what_another_session_saves_at_that_moment(sessions):
    first, second = sessions
    first.add_all([digit(1)])
    with second._database.write() as db:
        renaming = in_thread(first.rename_writer, "Ada", "Bob")
        waits_to_write(renaming)
        db.execute(
            "INSERT INTO samples (label, writer, source, test, image, drawing, created) "
            "SELECT label, writer, source, test, image, drawing, created FROM samples"
        )
    renaming.join()

    assert first.writers() == [("Bob", 2)]


def test_an_undo_leaves_what_another_session_did_to_the_same_digit(sessions):
    first, second = sessions
    number = first.add_all([digit(1)]).samples[0]
    relabelled = first.relabel(number, 8)
    moved = second.move(number, "Bob")
    first.undo(relabelled)
    assert [(each.label, each.writer) for each in first.samples()] == [(3, "Bob")]

    second.relabel(number, 5)
    second.undo(moved)
    assert [(each.label, each.writer) for each in first.samples()] == [(5, "Ada")]


class TwoCollectors(RuleBasedStateMachine):
    """What two people do in any order, held against what each was told had happened.

    expected: by id, the mark of the pixels and [label, writer, number of the change that deleted it].
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.sessions = [Handwriting(Database(Home(self.folder).create().database)) for _ in range(2)]
        self.expected: dict[int, tuple[int, list]] = {}
        self.changes: list[list[tuple[Change, dict, dict]]] = [[], []]
        self.turn = 0
        self.archive: tuple[list[NewSample], dict] = ([], {})

    def teardown(self) -> None:
        for session in self.sessions:
            session._database.close()
        shutil.rmtree(self.folder)

    def _did(self, who: int, change: Change, **columns) -> None:
        """Expect these columns in all samples of a change, and remember it for its undo."""
        before = {number: list(self.expected[number][1]) for number in change.samples}
        for number in change.samples:
            row = self.expected[number][1]
            for place, name in enumerate(("label", "writer", "deleted")):
                row[place] = columns.get(name, row[place])
        after = {number: list(self.expected[number][1]) for number in change.samples}
        self.changes[who].append((change, before, after))

    def _some(self, places: set[int]) -> list[int]:
        numbers = sorted(self.expected)
        return sorted({numbers[place % len(numbers)] for place in places})

    @rule(who=SESSIONS, labels=st.lists(LABELS, min_size=1, max_size=3), writer=WRITERS)
    def save(self, who: int, labels: list[int], writer: str) -> None:
        marks = [len(self.expected) + place for place in range(len(labels))]
        new = [digit(mark, label, writer) for mark, label in zip(marks, labels, strict=True)]
        change = self.sessions[who].add_all(new)
        self.turn += 1
        for number, mark, label in zip(change.samples, marks, labels, strict=True):
            assert number not in self.expected
            self.expected[number] = (mark, [label, writer, self.turn])
        self._did(who, change, deleted=None)

    @precondition(lambda self: self.expected)
    @rule(who=SESSIONS, places=st.sets(st.integers(0, 99), min_size=1, max_size=4), label=LABELS)
    def relabel(self, who: int, places: set[int], label: int) -> None:
        self._did(who, self.sessions[who].relabel(self._some(places), label), label=label)

    @precondition(lambda self: self.expected)
    @rule(who=SESSIONS, places=st.sets(st.integers(0, 99), min_size=1, max_size=4), writer=WRITERS)
    def move(self, who: int, places: set[int], writer: str) -> None:
        self._did(who, self.sessions[who].move(self._some(places), writer), writer=writer)

    @rule(who=SESSIONS, old=WRITERS, new=WRITERS)
    def rename_writer(self, who: int, old: str, new: str) -> None:
        theirs = {number for number, (_, row) in self.expected.items() if row[1] == old and row[2] is None}
        try:
            change = self.sessions[who].rename_writer(old, new)
        except DatasetError:
            assert not theirs
        else:
            assert set(change.samples) == theirs
            self._did(who, change, writer=new)

    @precondition(lambda self: self.expected)
    @rule(who=SESSIONS, places=st.sets(st.integers(0, 99), min_size=1, max_size=4))
    def delete(self, who: int, places: set[int]) -> None:
        self.turn += 1
        self._did(who, self.sessions[who].delete(self._some(places)), deleted=self.turn)

    @precondition(lambda self: self.expected)
    @rule(who=SESSIONS, places=st.sets(st.integers(0, 99), min_size=1, max_size=4))
    def restore(self, who: int, places: set[int]) -> None:
        self._did(who, self.sessions[who].restore(self._some(places)), deleted=None)

    @rule(who=SESSIONS)
    def undo(self, who: int) -> None:
        if not self.changes[who]:
            return
        change, before, after = self.changes[who].pop()
        self.sessions[who].undo(change)
        for number in change.samples:
            row = self.expected[number][1]
            for place in range(3):
                if row[place] == after[number][place]:
                    row[place] = before[number][place]

    @rule(who=SESSIONS)
    def export(self, who: int) -> None:
        rows = {number: tuple(row[:2]) for number, (_, row) in self.expected.items() if row[2] is None}
        self.archive = (self.sessions[who].everything(), rows)

    @rule(who=SESSIONS)
    def bring_back(self, who: int) -> None:
        """Import the last export: what was deleted since comes back as it was then, all else stays."""
        samples, rows = self.archive
        missing = {number for number in rows if self.expected[number][1][2] is not None}
        change = self.sessions[who].add_missing(samples)
        assert set(change.samples) == missing
        before = {number: list(self.expected[number][1]) for number in change.samples}
        for number in missing:
            self.expected[number][1][:] = [*rows[number], None]
        after = {number: list(self.expected[number][1]) for number in change.samples}
        self.changes[who].append((change, before, after))

    @invariant()
    def nothing_is_lost(self) -> None:
        for session in self.sessions:
            for deleted in (False, True):
                found = {each.id: (int(each.image[0, 0]), each.label, each.writer) for each in session.samples(deleted)}
                assert found == {
                    number: (mark, *row[:2])
                    for number, (mark, row) in self.expected.items()
                    if (row[2] is not None) == deleted
                }


class TwoSavers(RuleBasedStateMachine):
    """Two people save, rename, delete and restore transforms: each name is found once, with its own steps."""

    NAMES = st.sampled_from(["turns", "Turns", "gentle turns", "noise"])

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.databases = [Database(Home(self.folder).create().database) for _ in range(2)]
        self.sessions = [saved_transforms(database) for database in self.databases]
        self.saved: dict[int, tuple[str, int]] = {}
        self.deleted: dict[int, tuple[str, int]] = {}

    def teardown(self) -> None:
        for database in self.databases:
            database.close()
        shutil.rmtree(self.folder)

    @rule(who=SESSIONS, name=NAMES, size=st.integers(8, 28))
    def save(self, who: int, name: str, size: int) -> None:
        with suppress(StoreError):
            self.saved[self.sessions[who].save(name, TransformConfig(size=size))] = (name, size)

    @precondition(lambda self: self.saved or self.deleted)
    @rule(who=SESSIONS, place=st.integers(0, 99), name=NAMES)
    def rename(self, who: int, place: int, name: str) -> None:
        numbers = sorted(self.saved | self.deleted)
        number = numbers[place % len(numbers)]
        with suppress(StoreError):
            self.sessions[who].rename(number, name)
            self.saved[number] = (name, self.saved[number][1])

    @precondition(lambda self: self.saved)
    @rule(who=SESSIONS, place=st.integers(0, 99))
    def delete(self, who: int, place: int) -> None:
        number = sorted(self.saved)[place % len(self.saved)]
        self.sessions[who].delete(number)
        self.deleted[number] = self.saved.pop(number)

    @precondition(lambda self: self.deleted)
    @rule(who=SESSIONS, place=st.integers(0, 99))
    def restore(self, who: int, place: int) -> None:
        number = sorted(self.deleted)[place % len(self.deleted)]
        taken = {name.casefold() for name, _ in self.saved.values()}
        try:
            self.sessions[who].restore(number)
        except StoreError:
            assert self.deleted[number][0].casefold() in taken
        else:
            self.saved[number] = self.deleted.pop(number)

    @invariant()
    def each_name_is_found_once(self) -> None:
        for session in self.sessions:
            assert {each.id: (each.name, each.config.size) for each in session.all()} == self.saved
        names = [name.casefold() for name, _ in self.saved.values()]
        assert len(set(names)) == len(names)


TestTwoCollectors = TwoCollectors.TestCase
TestTwoCollectors.settings = EXAMPLES
TestTwoSavers = TwoSavers.TestCase
TestTwoSavers.settings = EXAMPLES
