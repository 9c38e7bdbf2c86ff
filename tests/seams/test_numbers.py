"""A number that a run or a sweep once had means nothing else later: people write it down, and colours follow it."""

from digits_core.database import MIGRATIONS, Database
from digits_core.home import Home
from digits_core.runs import run_edits as labels_module
from digits_core.runs.store import RunStore
from digits_core.runs.sweep_store import SweepStore
from digits_core.training.events import Finished
from digits_core.training.sweep_plan import SweepPlan, parse_varied
from tests.unit.helpers import run_config

PLAN = SweepPlan(varied=[parse_varied("epochs=1,2")])


def ended(store: RunStore):
    run = store.create(run_config(), "me")
    store.apply(run.id, Finished("stopped", 0, None, None, 0.0))
    return run


def test_the_number_of_a_purged_run_is_not_given_to_another(store, home, monkeypatch):
    runs = [ended(store) for _ in range(3)]
    store.labels.delete([run.id for run in runs[1:]])
    monkeypatch.setattr(labels_module, "KEPT_S", -60)
    assert len(store.labels.purge(Home(home))) == 2

    assert store.create(run_config(), "me").number == 4


def test_the_number_of_a_trial_that_was_taken_out_of_the_queue_is_not_given_to_another(store, database):
    sweep = SweepStore(database).create(PLAN, "me", "session")
    trial = store.create(run_config(), "me", "session", sweep=sweep.id)
    SweepStore(database).withdraw(sweep.id)

    assert store.create(run_config(), "me").number == trial.number + 1


def test_the_number_of_a_sweep_that_is_gone_is_not_given_to_another(database):
    sweeps = SweepStore(database)
    last = [sweeps.create(PLAN, "me") for _ in range(2)][-1]
    with database.write() as db:
        db.execute("DELETE FROM sweeps WHERE id = ?", (last.id,))

    assert sweeps.create(PLAN, "me").number == last.number + 1


def test_a_home_from_before_numbers_were_kept_goes_on_counting(tmp_path, monkeypatch):
    path = tmp_path / "digits.sqlite"
    with monkeypatch.context() as patch:
        patch.setattr("digits_core.database.MIGRATIONS", MIGRATIONS[:5])
        old = Database(path)
    with old.write() as db:
        db.execute(
            "INSERT INTO runs (id, number, name, recipe, status, config, owner, created) "
            "VALUES ('old', 41, 'old', '', 'finished', '{}', 'me', 0)"
        )
        db.execute(
            "INSERT INTO sweeps (id, number, name, status, plan, owner, created) "
            "VALUES ('old', 6, 'old', 'finished', '{}', 'me', 0)"
        )
    old.close()
    now = Database(path)

    assert (RunStore(now).create(run_config(), "me").number, SweepStore(now).create(PLAN, "me").number) == (42, 7)
    now.close()
