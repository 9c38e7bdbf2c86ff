"""Nothing is lost when an app is killed, when two use one home, or when the disk is full. Each by doing it."""

import subprocess
import sys

import psutil
import pytest

from digits_core.database import Database
from digits_core.home import Home
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.process_owner import is_alive
from tests.unit.engine.conftest import config, own_lab, reference, wait_until_gone
from tests.unit.helpers import fill, run_config, wait_for

APP = """
import sys
from pathlib import Path
from digits_core.database import Database
from digits_core.engine.service import Engine
from digits_core.home import Home
from digits_core.runs.store import RunStore
from tests.unit.engine.conftest import FOREVER

if __name__ == "__main__":
    home = Home(Path(sys.argv[1])).create()
    engine = Engine(home, RunStore(Database(home.database)))
    engine.submit(FOREVER)
    sys.stdin.read()
    engine.close()
"""


@pytest.fixture
def other_app(tmp_path):
    """Another app on the home in `tmp_path / "home"`, which trains for ever; ends when its standard input closes."""
    app = psutil.Popen([sys.executable, "-c", APP, str(tmp_path / "home")], stdin=subprocess.PIPE)
    yield app
    family = [app, *app.children(recursive=True)] if app.is_running() else []
    app.communicate()
    wait_until_gone(family)


def test_a_run_whose_app_was_killed_resumes_in_another_to_the_same_numbers(tmp_path, other_app):
    with own_lab(tmp_path / "home") as lab:
        (run,) = wait_for(lab.store.live, what="the other app's run")
        lab.wait_for_epoch(run, 2)
        assert lab.store.interrupt_orphans(is_alive) == []  # while it lives, it is nobody else's
        family = other_app.children(recursive=True)
        other_app.kill()
        other_app.communicate()
        wait_until_gone(family)
        (interrupted,) = lab.store.interrupt_orphans(is_alive)
        before = lab.epochs(run)
        lab.engine.resume(interrupted)
        lab.wait_until(run, "running")
        lab.engine.order(run, epochs=len(before) + 2)
        epochs = lab.wait_until(run, "finished").planned_epochs

        assert interrupted.status == "interrupted"
        assert lab.epochs(run)[: len(before)] == before
        assert lab.epochs(run) == reference(config(epochs))
        assert lab.history(run)[0] == "restarted"


def test_of_two_apps_on_one_home_each_trains_its_own_runs_and_controls_all(tmp_path, other_app):
    with own_lab(tmp_path / "home") as lab:
        (theirs,) = wait_for(lab.store.live, what="the other app's run")
        lab.wait_for_epoch(theirs, 1)
        lab.engine.pause(theirs)
        paused = lab.wait_until(theirs, "paused")
        mine = lab.wait_until(lab.engine.submit(config(2)), "finished")
        lab.engine.go_on(theirs)
        lab.wait_until(theirs, "running")
        lab.engine.stop(theirs)
        stopped = lab.wait_until(theirs, "stopped")

        assert mine.owner != paused.owner == stopped.owner
        assert lab.epochs(mine) == reference(config(2))


def test_a_full_disk_fails_the_run_in_words_and_with_room_again_it_resumes(small_disk):
    """The database is on the full disk too: that the run has failed is written when there is room to write it."""
    lectures = run_config(epochs=4)  # 3 MB of weights, 10 MB of checkpoint
    home = small_disk / "home"
    with own_lab(home) as lab:
        run = lab.engine.submit(lectures)
        lab.wait_for_epoch(run, 1)
        fill(small_disk / "filler")
        wait_for(lambda: not lab.engine._futures, 120, "the end of the training")
        (small_disk / "filler").unlink()
        failed = lab.wait_until(run, "failed")
        kept = Artifacts(lab.home.run(run.id)).load_checkpoint()["training"]["epochs_done"]
        assert "No space left on device" in failed.message
        assert len(lab.epochs(run)) == kept >= 1
        lab.engine.resume(failed)
        lab.wait_until(run, "finished")

        assert lab.epochs(run) == reference(lectures)
        with Database(Home(home).database).read() as db:
            assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
