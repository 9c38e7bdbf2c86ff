"""What is removed permanently is removed beside other people's work, and all of it, whatever happens on the way."""

import subprocess
import sys
from pathlib import Path

import pytest

from digits_core import database as database_module
from digits_core.database import Database
from digits_core.errors import RunError, StoreError
from digits_core.home import Home
from digits_core.runs import run_edits as labels_module
from digits_core.runs.store import Run, RunStore
from tests.unit.helpers import fill, run_config
from tests.unit.runs.test_store import WHOLE

ROOT = Path(__file__).resolve().parents[2]
PURGE_AND_DIE = """
import os, sys
from pathlib import Path
from digits_core.database import Database
from digits_core.home import Home
from digits_core.runs import run_edits
from digits_core.runs.store import RunStore

run_edits.KEPT_S = -60
when, real = sys.argv[2], run_edits.shutil.rmtree
def rmtree(folder):
    if when == "after":
        real(folder)
    os._exit(9)
run_edits.shutil.rmtree = rmtree
home = Home(Path(sys.argv[1]))
RunStore(Database(home.database)).labels.purge(home)
"""


@pytest.fixture
def expired(store, home, monkeypatch) -> list[Run]:
    """Three runs with files that were deleted too long ago to be restored."""
    return leave_expired(store, Home(home), monkeypatch)


def leave_expired(store: RunStore, home: Home, monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    runs = [store.create(run_config(), "me") for _ in range(3)]
    for run in runs:
        for event in WHOLE:
            store.apply(run.id, event)
        home.run(run.id).mkdir(parents=True)
        (home.run(run.id) / "weights.safetensors").write_bytes(b"weights")
    store.labels.delete([run.id for run in runs])
    monkeypatch.setattr(labels_module, "KEPT_S", -60)
    return runs


def folders(home: Path) -> list[str]:
    return sorted(each.name for each in (home / "runs").iterdir())


def test_others_write_while_the_files_of_runs_are_removed(store, home, expired, monkeypatch):
    """However long a slow disk takes: the lock is not held meanwhile."""
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_S", 0.05)
    real, trained = labels_module.shutil.rmtree, store.create(run_config(), "me")
    other, written = Database(Home(home).database), []

    def rmtree(folder: Path) -> None:
        RunStore(other).apply(trained.id, WHOLE[len(written)])
        written.append(folder)
        real(folder)

    monkeypatch.setattr(labels_module.shutil, "rmtree", rmtree)
    removed = store.labels.purge(Home(home))
    other.close()

    assert set(removed) == {run.id for run in expired}
    assert len(written) == len(expired)
    assert store.get(trained.id).started
    assert folders(home) == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_purge_that_is_killed_is_finished_by_the_next(store, home, expired, when):
    """`when` it ends: before the first run's files are removed, or right after."""
    killed = subprocess.run([sys.executable, "-c", PURGE_AND_DIE, str(home), when], cwd=ROOT)
    assert killed.returncode == 9
    left, restorable = folders(home), {run.id for run in store.runs("deleted")}
    store.labels.purge(Home(home))

    assert len(left) == (3 if when == "before" else 2)
    assert restorable <= set(left), "what can be restored has its files"
    assert folders(home) == []
    assert store.runs("deleted") == []


def test_nobody_restores_a_run_whose_files_are_being_removed(store, home, expired, monkeypatch):
    refused = []

    def rmtree(folder: Path) -> None:
        with pytest.raises(RunError):
            store.labels.restore([folder.name])
        refused.append(folder.name)

    monkeypatch.setattr(labels_module.shutil, "rmtree", rmtree)
    store.labels.purge(Home(home))

    assert set(refused) == {run.id for run in expired}


def test_a_run_that_is_restored_while_others_are_purged_stays(store, home, expired, monkeypatch):
    real, restored = store.labels._forget, []

    def forget(run_id: str) -> bool:
        if not restored:
            restored.append(next(run.id for run in expired[::-1] if run.id != run_id))
            store.labels.restore(restored)
        return real(run_id)

    monkeypatch.setattr(store.labels, "_forget", forget)
    removed = store.labels.purge(Home(home))

    assert set(removed) == {run.id for run in expired} - set(restored)
    assert folders(home) == restored
    assert [run.id for run in store.runs()] == restored


def test_files_that_cannot_be_removed_are_removed_later(store, home, expired, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(labels_module.shutil, "rmtree", refuse)
        store.labels.purge(Home(home))
    assert len(folders(home)) == 3
    store.labels.purge(Home(home))

    assert folders(home) == []


def refuse(folder: Path) -> None:
    raise PermissionError(f"a program still reads {folder}")


def test_on_a_full_disk_nothing_is_removed_by_half(small_disk, monkeypatch):
    """The database lies on the full disk, too."""
    home = Home(small_disk / "home").create()
    store = RunStore(Database(home.database))
    expired = leave_expired(store, home, monkeypatch)
    fill(small_disk / "filler")
    with pytest.raises(StoreError, match="Make room"):
        store.labels.purge(home)
    (small_disk / "filler").unlink()
    restorable, with_files = {run.id for run in store.runs("deleted")}, set(folders(home.folder))
    store.labels.purge(home)

    assert restorable == with_files == {run.id for run in expired}
    assert store.runs("deleted") == folders(home.folder) == []
