"""Runs and sweeps of another host: left alone while their process lives, and not stranded once it is gone."""

import subprocess
import sys

import pytest
from streamlit.testing.v1 import AppTest

from digits_core.__main__ import main as shell
from digits_core.dashboard import state
from digits_core.database import Database
from digits_core.errors import RunError
from digits_core.home import Home
from digits_core.runs import heartbeat as heartbeat_module
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.heartbeat import TAKEN_OVER, Heartbeat
from digits_core.runs.process_owner import STALE_S, is_local, this_process
from digits_core.runs.sweep_store import SweepStore
from digits_core.shell import sweep_command, train_command
from digits_core.training.events import EpochFinished, Finished, Started
from tests.seams.hosts import ROOT, let_pass, on_another_host, other_host
from tests.unit.helpers import run_config, wait_for
from tests.unit.runs.test_store import STARTED, epoch

HOUR = 3600.0
RARELY = 1000.0
"""A heartbeat that is not renewed while a test lasts."""


def statuses(store, database, other) -> tuple[str, str, str]:
    sweep = SweepStore(database).get(other.sweep)
    return (store.get(other.run).status, store.get(other.waiting).status, sweep.status)


def beats(database) -> dict[str, float]:
    with database.read() as db:
        return dict(tuple(row) for row in db.execute("SELECT owner, seen FROM owners"))


ALIVE = ("running", "queued", "paused")
GONE = ("interrupted", "interrupted", "interrupted")


def test_what_a_process_of_another_host_trains_is_left_alone_while_it_lives(store, database, home):
    with other_host(home, RARELY) as other:
        assert not is_local(store.get(other.run).owner)
        let_pass(database, STALE_S - 10)

        assert store.interrupt_orphans() == []
        assert statuses(store, database, other) == ALIVE


def test_its_heartbeat_is_renewed(store, database, home):
    with other_host(home) as other:
        let_pass(database, HOUR)
        owner = store.get(other.run).owner
        wait_for(lambda: store.owners.is_alive(owner), 20, "a heartbeat")

        assert store.interrupt_orphans() == []
        assert statuses(store, database, other) == ALIVE


@pytest.mark.parametrize("seconds", [STALE_S + 1, -HOUR], ids=["a minute ago", "by a clock that was ahead"])
def test_what_it_trained_is_interrupted_once_its_heartbeat_is_stale(store, database, home, seconds):
    with other_host(home, RARELY) as other:
        other.tell("epoch 1")
        other.kill()
        assert store.interrupt_orphans() == []
        let_pass(database, seconds)

        assert {run.id for run in store.interrupt_orphans()} == {other.run, other.waiting}
        assert statuses(store, database, other) == GONE
        assert beats(database) == {}
        assert store.queue() == []


def test_what_it_left_is_deleted_and_resumed_like_any_other(store, database, home):
    with other_host(home, RARELY) as other:
        other.kill()
        with pytest.raises(RunError, match="still trains"):
            store.labels.delete([other.run])
        let_pass(database)
        store.interrupt_orphans()
        store.labels.delete([other.run])
        again = store.requeue(other.waiting, this_process())
        adopted = SweepStore(database).adopt(other.sweep, this_process())

        assert (again.status, again.owner, adopted) == ("queued", this_process(), True)


def test_a_process_that_ends_in_peace_need_not_be_waited_for(store, database, home):
    with other_host(home, RARELY) as other:
        other.process.communicate()
        store.interrupt_orphans()

        assert statuses(store, database, other) == GONE


def test_a_process_that_wakes_up_takes_back_what_was_given_up_meanwhile(store, database, home):
    with other_host(home) as other:
        other.freeze()
        let_pass(database)
        store.interrupt_orphans()
        assert statuses(store, database, other) == GONE
        other.thaw()
        wait_for(lambda: statuses(store, database, other) == ALIVE, 20, "the return of its runs")

        assert [run.id for run in store.queue()] == [other.waiting]
        assert other.tell("epoch 1") is True
        assert other.tell("keep") == ""
        assert [row.epoch for row in store.epochs([other.run])[other.run]] == [1]
        assert store.get(other.run).message == ""


def test_what_it_reports_first_is_not_lost(store, database, home):
    """Before its heartbeat strikes again."""
    with other_host(home, RARELY) as other:
        let_pass(database)
        store.interrupt_orphans()

        assert other.tell("epoch 1") is True
        assert statuses(store, database, other) == ALIVE
        assert [row.epoch for row in store.epochs([other.run])[other.run]] == [1]


def test_what_it_reports_late_changes_nothing_in_a_run_that_was_taken_over(store, database, home):
    with other_host(home) as other:
        other.freeze()
        let_pass(database)
        store.interrupt_orphans()
        store.requeue(other.run, this_process())
        store.apply(other.run, STARTED, this_process())
        store.apply(other.run, epoch(1), this_process())
        Artifacts(Home(home).run(other.run)).save_evaluation("result", {"from": "here"})
        before = store.get(other.run)
        other.thaw()
        answers = [other.tell(command) for command in ("epoch 1", "epoch 2", "finish")]
        refused = other.tell("keep")
        wait_for(lambda: store.get(other.waiting).status == "queued", 20, "the return of what is still its own")

        assert answers == [False] * 3
        assert refused == TAKEN_OVER
        assert store.get(other.run) == before
        assert [row.epoch for row in store.epochs([other.run])[other.run]] == [1]
        assert Artifacts(Home(home).run(other.run)).load_evaluation("result") == {"from": "here"}
        assert [path.name for path in Home(home).run(other.run).iterdir()] == ["result.json"]


def test_what_was_deleted_while_it_slept_stays_deleted(store, database, home):
    with other_host(home) as other:
        other.freeze()
        let_pass(database)
        store.interrupt_orphans()
        store.labels.delete([other.run])
        SweepStore(database).delete(other.sweep)
        other.thaw()
        assert other.tell("epoch 1") is False
        assert other.tell("keep") == TAKEN_OVER
        wait_for(lambda: store.get(other.waiting).status == "queued", 20, "the return of what is still its own")

        assert [run.status for run in store.runs("deleted")] == ["interrupted"]
        assert SweepStore(database).get(other.sweep).status == "interrupted"


def test_a_heartbeat_that_could_not_be_renewed_is_renewed_once_the_database_is_free(store, database, home, monkeypatch):
    monkeypatch.setattr("digits_core.database.BUSY_TIMEOUT_S", 0.02)
    monkeypatch.setattr(heartbeat_module, "RENEW_S", 0.02)
    failed = []
    monkeypatch.setattr(heartbeat_module.log, "warning", lambda *_, **__: failed.append(1))
    store.create(run_config(), this_process())
    with Heartbeat(store.owners, this_process()) as beating:
        with database.write():
            beating.start()
            wait_for(lambda: failed, 20, "a renewal that fails")
        let_pass(database, HOUR)
        wait_for(lambda: beats(database)[this_process()] > 0, 20, "a renewal")
        seen = beats(database)[this_process()]
        wait_for(lambda: beats(database)[this_process()] > seen, 20, "a renewal")


def test_nothing_beats_while_nothing_trains(store, database, home, monkeypatch):
    monkeypatch.setattr(heartbeat_module, "RENEW_S", 0.02)
    with Heartbeat(store.owners, this_process()) as beating:
        for _ in range(2):
            run = store.create(run_config(), this_process())
            beating.start()
            assert this_process() in beats(database)
            thread = beating._thread
            store.apply(run.id, Finished("stopped", 0, None, None, 0.0))
            wait_for(lambda thread=thread: not thread.is_alive(), 20, "the end of the heartbeat")

            assert beats(database) == {}


def test_a_process_whose_host_gets_another_name_stays_itself():
    """macOS renames the host with the network."""
    told = subprocess.run(
        on_another_host([sys.executable, "-c", RENAMED]), cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert told.stdout.split() == ["True", "True"]


RENAMED = """
import subprocess
from digits_core.runs.process_owner import is_alive, this_process
before = this_process()
subprocess.run(["hostname", "renamed"], check=True)
print(this_process() == before, is_alive(before))
"""


def controls(run_id: str) -> None:
    """The buttons of the Training page; the page itself would start a cluster."""
    from digits_core.dashboard.state import state
    from digits_core.dashboard.training.run_controls import show_stop_and_pause

    show_stop_and_pause(state().runs.get(run_id))


def test_an_app_that_is_open_offers_to_go_on_with_it(database, home, open_page, monkeypatch):
    monkeypatch.setattr(state, "LOOK_S", 0.0)
    with other_host(home, RARELY) as other:
        training = AppTest.from_function(controls, default_timeout=60, args=(other.run,)).run()
        sweeps = open_page("runs", runs_view="Sweeps", sweep=other.sweep)
        before = training.button(key=f"stop_{other.run}"), sweeps.button(key=f"sweep_stop_{other.sweep}")
        other.kill()
        let_pass(database)
        training.run()
        sweeps.run()
        resume, go_on = training.button(key=f"pause_{other.run}"), sweeps.button(key=f"sweep_pause_{other.sweep}")
        stop, delete = training.button(key=f"stop_{other.run}"), sweeps.button(key=f"sweep_delete_{other.sweep}")

        assert [button.disabled for button in before] == [False, False]
        assert [(button.label, button.disabled) for button in (resume, go_on)] == [
            ("Resume", False),
            ("Continue", False),
        ]
        assert (stop.disabled, delete.disabled) == (True, False)


def test_the_shell_lists_it_as_interrupted_and_goes_on_with_the_sweep(store, database, home, capsys, monkeypatch):
    with other_host(home, RARELY) as other:
        other.kill()
    let_pass(database)
    assert shell(["runs"]) == 0
    listed = capsys.readouterr().out
    beating = set()
    monkeypatch.setattr(sweep_command, "_as_json", lambda event: beating.update(beats(database)))
    assert shell(["sweep", "--continue", "latest", "--json"]) == 0
    trials = SweepStore(database).runs(other.sweep)

    assert listed.count("interrupted") == 2
    assert SweepStore(database).get(other.sweep).status == "finished"
    assert [run.status for run in trials] == ["finished"] * 2
    assert beating == {this_process()}
    assert beats(database) == {}


def test_a_training_in_the_shell_has_a_heartbeat(database, home, capsys, monkeypatch):
    beating = set()
    monkeypatch.setattr(train_command, "with_progress_bar", lambda events, show: noting(beating, database, events))
    assert shell(["train", "--epochs", "1", "--batch-size", "512"]) == 0

    assert beating == {this_process()}
    assert beats(database) == {}


def noting(seen: set[str], database: Database, events):
    """Yield the events, and note whose heart beats meanwhile."""
    for event in events:
        if isinstance(event, Started | EpochFinished):
            seen |= set(beats(database))
        yield event
