"""What the store says of a run is what its events said, each counted once."""

import itertools
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace

import pytest

from digits_core.config import RunConfig
from digits_core.database import MIGRATIONS, Database
from digits_core.errors import RunError
from digits_core.home import Home
from digits_core.runs.process_owner import is_alive, this_process
from digits_core.runs.store import Run, RunStore
from digits_core.training.events import Changed, EpochFinished, Event, Failed, Finished, Progress, Started
from tests.unit.helpers import run_config

STARTED = Started(4, 1438, 359, {"device": "cpu", "torch": "2.15"})
FINISHED = Finished("finished", 4, 0.1, 0.98, 6.5)
DEAD = "nowhere"


def epoch(number: int) -> EpochFinished:
    return EpochFinished(number, 4, 1.0 / number, 0.8, 0.5 / number, 0.9, 0.001, 1000.0, 1.5)


WHOLE = [STARTED, epoch(1), Progress(2, 4, 45, 90, 0.5, 900.0, 0.001, 2.0), epoch(2), epoch(3), epoch(4), FINISHED]


@pytest.fixture
def run(store) -> Run:
    return store.create(run_config(), "me")


def apply(store: RunStore, run: Run, *events: Event) -> Run:
    for event in events:
        store.apply(run.id, event)
    return store.get(run.id)


def epochs_of(store: RunStore, run: Run) -> list[int]:
    return [row.epoch for row in store.epochs([run.id])[run.id]]


def test_a_new_run_is_queued_with_its_config(store):
    config = run_config(epochs=7).replace(name="  my run ", recipe="Lecture")
    run = store.create(config, "me")

    assert (run.status, run.live, run.progress, run.owner) == ("queued", True, 0, "me")
    assert (run.config, run.name, run.recipe) == (config, "my run", "Lecture")


@pytest.mark.parametrize(("name", "recipe", "called"), [("Mine", "Lecture", "Mine"), (" ", "Lecture", "Lecture")])
def test_a_run_without_a_name_is_called_like_its_recipe(store, name, recipe, called):
    assert store.create(run_config().replace(name=name, recipe=recipe), "me").title == f"#1 {called}"


def test_a_new_run_may_say_with_how_many_threads_it_is_to_train(store):
    assert store.create(run_config(), "me", threads=2).threads == 2
    assert store.create(run_config(), "me").threads == 0


def test_runs_are_numbered_one_after_the_other(store):
    assert [store.create(run_config(), "me").number for _ in range(3)] == [1, 2, 3]


def test_a_started_run_is_running_with_its_environment(store, run):
    run = apply(store, run, STARTED)

    assert (run.status, run.environment) == ("running", STARTED.environment)
    assert run.started >= run.created


def test_progress_is_the_share_of_the_whole(store, run):
    run = apply(store, run, STARTED, Progress(2, 4, 45, 90, 0.5, 900.0, 0.001, 2.0))

    assert (run.progress, run.images_per_second) == (0.375, 900.0)


def test_an_epoch_is_stored_with_all_its_figures(store, run):
    apply(store, run, STARTED, epoch(1))
    (row,) = store.epochs([run.id])[run.id]

    assert EpochFinished(
        row.epoch,
        4,
        row.train_loss,
        row.train_accuracy,
        row.test_loss,
        row.test_accuracy,
        row.learning_rate,
        row.images_per_second,
        row.seconds,
    ) == epoch(1)


def test_a_run_shows_the_figures_of_its_last_epoch(store, run):
    run = apply(store, run, STARTED, epoch(1), epoch(2))

    assert (run.test_loss, run.test_accuracy, run.progress) == (0.25, 0.9, 0.5)


def test_a_finished_run_has_its_results(store, run):
    run = apply(store, run, *WHOLE)

    assert (run.status, run.live, run.progress) == ("finished", False, 1)
    assert (run.test_loss, run.test_accuracy, run.seconds) == (0.1, 0.98, 6.5)
    assert run.finished >= run.started


@pytest.mark.parametrize(
    ("last", "status"),
    [
        (Finished("stopped", 1, 0.4, 0.9, 2.0, "Stopped by hand."), "stopped"),
        (Finished("diverged", 1, None, None, 2.0, "No longer a number."), "diverged"),
        (Failed("The disk is full."), "failed"),
    ],
)
def test_a_run_that_ends_early_says_why(store, run, last, status):
    run = apply(store, run, STARTED, epoch(1), last)

    assert (run.status, run.message, run.live) == (status, last.message, False)
    assert run.progress == 0.25


def test_events_applied_twice_change_nothing(store, run):
    once = apply(store, run, *WHOLE)
    epochs = store.epochs([run.id])

    assert apply(store, run, *WHOLE) == once
    assert store.epochs([run.id]) == epochs


def test_a_worker_that_begins_again_repeats_its_epochs_without_harm(store, run):
    apply(store, run, STARTED, epoch(1), epoch(2))
    apply(store, run, STARTED, epoch(1), epoch(2), epoch(3))

    assert epochs_of(store, run) == [1, 2, 3]
    assert [row.epoch for row in store.news(0).epochs] == [1, 2, 3]


@pytest.mark.parametrize("last", [FINISHED, Finished("stopped", 1, 0.4, 0.9, 2.0), Failed("The disk is full.")])
def test_nothing_is_added_after_the_end(store, run, last):
    ended = apply(store, run, STARTED, epoch(1), last)

    assert apply(store, run, STARTED, epoch(2), Progress(3, 4, 1, 90, 0.5, 1.0, 0.001, 2.0), Failed("late")) == ended
    assert epochs_of(store, run) == [1]


def test_an_event_of_a_run_that_does_not_exist_writes_nothing(store):
    store.apply("missing", epoch(1))

    assert store.news(0).epochs == []


def test_the_cursor_gives_each_epoch_once(store, run):
    other = store.create(run_config(), "me")
    seen, cursor = [], 0
    for number in (1, 2, 3):
        apply(store, run, epoch(number))
        apply(store, other, epoch(number))
        news = store.news(cursor)
        seen += [(row.run, row.epoch) for row in news.epochs]
        cursor = news.cursor

    assert seen == [(each.id, number) for number in (1, 2, 3) for each in (run, other)]


def test_a_cursor_with_nothing_newer_stays_where_it_is(store, run):
    apply(store, run, epoch(1))
    news = store.news(0)

    assert store.news(news.cursor) == replace(news, epochs=[])


def test_a_repeated_epoch_is_no_news(store, run):
    apply(store, run, epoch(1), epoch(2))
    cursor = store.news(0).cursor
    apply(store, run, epoch(1), epoch(2), epoch(3))

    assert [row.epoch for row in store.news(cursor).epochs] == [3]


def test_readers_at_the_same_time_see_every_epoch_once(store, run):
    """A cursor that runs ahead of a transaction would lose what that one writes."""
    writers = [store.create(run_config(), "me") for _ in range(4)]
    threads = [
        threading.Thread(target=lambda each=each: apply(store, each, *(epoch(number) for number in range(1, 16))))
        for each in writers
    ]
    for thread in threads:
        thread.start()
    seen, cursor = [], 0
    while len(seen) < 60 and (any(thread.is_alive() for thread in threads) or store.news(cursor).epochs):
        news = store.news(cursor)
        seen += [(row.run, row.epoch) for row in news.epochs]
        cursor = news.cursor
    for thread in threads:
        thread.join()

    assert sorted(seen) == sorted((each.id, number) for each in writers for number in range(1, 16))


def test_epochs_are_asked_for_by_run(store, run):
    other, without = store.create(run_config(), "me"), store.create(run_config(), "me")
    apply(store, run, epoch(1), epoch(2))
    apply(store, other, epoch(1))
    found = store.epochs([without.id, run.id])

    assert {run_id: [row.epoch for row in rows] for run_id, rows in found.items()} == {without.id: [], run.id: [1, 2]}
    assert store.epochs([]) == {}


def test_runs_are_listed_newest_first_and_live_ones_oldest_first(store):
    first, second, third = (store.create(run_config(), "me") for _ in range(3))
    apply(store, second, STARTED, FINISHED)

    assert [run.id for run in store.runs()] == [third.id, second.id, first.id]
    assert [run.id for run in store.live()] == [first.id, third.id]


def test_a_run_is_found_by_its_id_and_by_a_unique_beginning(store, run):
    assert store.find(run.id).id == run.id
    assert store.find(run.id[:3]).id == run.id


def test_a_run_is_found_by_its_number_and_by_its_name(store):
    first, second, _ = (store.create(run_config().replace(name=name), "me") for name in ("Lecture", "my 7s", "Lecture"))

    assert store.find("#1").id == first.id
    assert store.find("my 7s").id == second.id
    with pytest.raises(RunError, match=r"2 runs are called 'Lecture': #1, #3\. Say which by its number"):
        store.find("Lecture")


@pytest.mark.parametrize("reference", ["#", "#0", "#2", "#1x", "#01", "lecture"])
def test_a_number_or_a_name_that_no_run_has_is_refused(store, reference):
    store.create(run_config().replace(name="Lecture"), "me")
    with pytest.raises(RunError, match="List them"):
        store.find(reference)


def test_an_ambiguous_beginning_is_refused(store):
    runs = [store.create(run_config(), "me") for _ in range(17)]  # two of seventeen begin with the same hex digit
    beginnings = [run.id[0] for run in runs]
    shared = next(each for each in beginnings if beginnings.count(each) > 1)

    with pytest.raises(RunError, match="add more of the id"):
        store.find(shared)


@pytest.mark.parametrize("reference", ["", "zzz", "%", "_"])
def test_a_reference_to_no_run_is_refused(store, run, reference):
    with pytest.raises(RunError, match="List them"):
        store.find(reference)


def test_the_id_of_no_run_is_refused(store):
    with pytest.raises(RunError, match="may have been deleted"):
        store.get("missing")


def test_the_latest_run_is_the_last_that_can_be_used(store):
    finished, failed, stopped_early, _queued = (store.create(run_config(), "me") for _ in range(4))
    apply(store, finished, *WHOLE)
    apply(store, failed, STARTED, epoch(1), Failed("The disk is full."))
    apply(store, stopped_early, Finished("stopped", 0, None, None, 0.0))

    assert store.find("latest").id == finished.id
    assert [run.id for run in store.usable()] == [finished.id]


def test_without_a_trained_run_there_is_no_latest(store, run):
    with pytest.raises(RunError, match="Train one first"):
        store.find("latest")


def test_live_runs_without_an_owner_become_interrupted(store):
    queued, running, finished = (store.create(run_config(), DEAD) for _ in range(3))
    apply(store, running, STARTED, epoch(1))
    apply(store, finished, *WHOLE)
    orphans = store.interrupt_orphans(lambda owner: owner != DEAD)

    assert {run.id for run in orphans} == {queued.id, running.id}
    assert {run.status for run in orphans} == {"interrupted"}
    assert store.get(finished.id).status == "finished"
    assert epochs_of(store, running) == [1]
    # What it had learnt is kept: its last epoch can recognise, like a run that was stopped.
    assert {run.id for run in store.usable()} == {running.id, finished.id}


def unkept(number: int) -> EpochFinished:
    """An epoch of another machine, whose weights are still there."""
    return replace(epoch(number), kept=False)


def test_a_run_says_how_many_epochs_its_kept_weights_have_behind_them(store, run):
    assert apply(store, run, STARTED, Progress(1, 4, 45, 90, 0.5, 900.0, 0.001, 2.0)).weights is None
    assert apply(store, run, epoch(1), unkept(2)).weights == 1
    store.note_weights(run.id, 2)
    store.note_weights(run.id, 1)
    assert store.get(run.id).weights == 2
    assert apply(store, run, epoch(3), epoch(4), FINISHED).weights == 4


@pytest.mark.parametrize("end", ["interrupted", "failed"])
def test_a_run_whose_last_weights_are_lost_has_the_figures_of_those_that_are_kept(store, run, end):
    apply(store, run, STARTED, epoch(1), unkept(2), unkept(3))
    store.interrupt([run.id], "Gone.") if end == "interrupted" else store.apply(run.id, Failed("Gone."))
    ended = store.get(run.id)

    assert (ended.status, ended.weights, ended.test_loss) == (end, 1, epoch(1).test_loss)
    assert ended.message == "Gone. The weights that were kept are those of epoch 1."
    assert epochs_of(store, run) == [1, 2, 3]


@pytest.mark.parametrize("end", ["interrupted", "failed"])
def test_a_run_whose_weights_are_all_lost_has_no_figures_and_cannot_be_used(store, run, end):
    apply(store, run, STARTED, unkept(1))
    store.interrupt([run.id], "Gone.") if end == "interrupted" else store.apply(run.id, Failed("Gone."))
    ended = store.get(run.id)

    assert (ended.weights, ended.test_loss, ended.test_accuracy) == (None, None, None)
    assert ended.message == "Gone. None of its weights were kept."
    assert store.usable() == []


def test_runs_of_living_owners_go_on(store):
    mine = store.create(run_config(), this_process())

    assert store.interrupt_orphans(is_alive) == []
    assert store.get(mine.id).status == "queued"


def test_what_was_applied_is_there_when_the_home_is_opened_again(store, run, database):
    expected = apply(store, run, *WHOLE)
    database.close()

    assert RunStore(type(database)(database.path)).get(run.id) == expected


def with_losses(event: EpochFinished | Progress, *batches: int) -> EpochFinished | Progress:
    return replace(event, losses=[1 / batch for batch in batches], loss_batches=list(batches))


def test_losses_of_batches_are_asked_for_by_what_is_new(store, run):
    apply(store, run, STARTED, with_losses(Progress(1, 4, 2, 3, 0.5, 900.0, 0.001, 2.0), 1, 2))
    first = store.batches(run.id)
    apply(store, run, with_losses(epoch(1), 3))
    (new,) = store.batches(run.id, after=first[-1].sequence)

    assert [(row.epoch, row.batch, row.loss, row.learning_rate) for row in first] == [
        (1, 1, 1, 0.001),
        (1, 2, 0.5, 0.001),
    ]
    assert (new.epoch, new.batch) == (1, 3)


def test_the_losses_of_an_epoch_that_is_trained_again_are_there_once(store, run):
    apply(store, run, STARTED, with_losses(Progress(1, 4, 2, 3, 0.5, 900.0, 0.001, 2.0), 1, 2))
    apply(store, run, STARTED, with_losses(Progress(1, 4, 3, 3, 0.5, 900.0, 0.001, 2.0), 1, 2, 3))

    assert [row.batch for row in store.batches(run.id)] == [1, 2, 3]


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_is_left_out(store, run, loss):
    progress = Progress(1, 4, 2, 3, 0.5, 900.0, 0.001, 2.0, losses=[0.5, loss], loss_batches=[1, 2])
    apply(store, run, STARTED, progress)

    assert [row.batch for row in store.batches(run.id)] == [1]


def test_what_was_looked_at_in_an_epoch_is_kept(store, run):
    details = {
        "gradient_norms": {"conv1": 0.25, "fc3": float("inf")},
        "weight_norms": {"conv1": 2.5, "fc3": 2.0},
        "confusion": [[36, 0], [1, 35]],
        "watched": [[0.9, 0.1]],
    }
    apply(store, run, STARTED, replace(epoch(1), **details), epoch(2))
    first, second = store.details(run.id)

    assert {name: getattr(first, name) for name in details} == details
    assert [row.epoch for row in store.details(run.id, after=1)] == [second.epoch] == [2]


def test_a_change_by_hand_stands_in_the_history_once(store, run):
    change = Changed("learning_rate", 0.01, 2, 30)
    apply(store, run, STARTED, epoch(1), change, STARTED, epoch(1), change, Changed("learning_rate", 0.001, 3, 0))

    assert [(each.what, each.value, each.epoch, each.batch) for each in store.changes(run.id)] == [
        ("learning_rate", 0.01, 2, 30),
        ("learning_rate", 0.001, 3, 0),
    ]


def test_epochs_that_were_added_are_planned(store, run):
    assert run.planned_epochs == 4

    assert apply(store, run, STARTED, Changed("epochs", 6, 2, 30)).planned_epochs == 6


def test_a_stop_stands_in_the_history_where_it_took_effect(store, run):
    apply(store, run, STARTED, epoch(1), Finished("stopped", 1, 0.4, 0.9, 2.0, "Stopped by hand.", 30))

    assert [(each.what, each.epoch, each.batch) for each in store.changes(run.id)] == [("stopped", 2, 30)]


def test_the_time_trained_so_far_grows_with_each_report(store, run):
    assert apply(store, run, STARTED, Progress(2, 4, 45, 90, 0.5, 900.0, 0.001, 2.5)).seconds == 2.5


def test_a_clock_that_is_set_back_changes_no_order(store, monkeypatch):
    clock = itertools.count(2_000_000_000, -3600)
    monkeypatch.setattr("time.time", lambda: next(clock))
    first, second, third = (store.create(run_config(), "me", "a") for _ in range(3))
    apply(store, first, STARTED, epoch(1), epoch(2), FINISHED)

    assert [run.id for run in store.runs()] == [third.id, second.id, first.id]
    assert [run.id for run in store.queue()] == [second.id, third.id]
    assert [row.epoch for row in store.news(0).epochs] == [1, 2]
    assert store.get(first.id).seconds == FINISHED.seconds


def test_an_older_home_learns_from_messages_why_trials_were_stopped(home):
    older = next(place for place, script in enumerate(MIGRATIONS) if "stop_reason" in script)
    path = Home(home).create().database
    connection = sqlite3.connect(path)
    for script in MIGRATIONS[:older]:
        connection.executescript(script)
    messages = {
        "underperforming": "Stopped early: after epoch 3 it was behind the middle of the other trials.",
        "with its sweep": "Stopped with its sweep, and goes on with it.",
        "": "Stopped by hand.",
    }
    for number, message in enumerate(messages.values(), start=1):
        connection.execute(
            "INSERT INTO runs (id, number, name, recipe, status, config, owner, created, message) "
            "VALUES (?, ?, '', '', 'stopped', ?, 'me', 0, ?)",
            (f"run-{number}", number, RunConfig().to_json(), message),
        )
    connection.execute(f"PRAGMA user_version = {older}")
    connection.commit()
    connection.close()

    database = Database(path)
    runs = RunStore(database).runs()
    database.close()
    assert {run.stop_reason: run.message for run in runs} == messages
    assert [run.stop_reason for run in runs if run.rests_with_its_sweep] == ["with its sweep"]


def test_epochs_of_before_there_were_logged_runs_are_kept_and_cursors_still_grow(tmp_path):
    path, older = (
        tmp_path / "digits.sqlite",
        next(n for n, script in enumerate(MIGRATIONS) if "epochs_with_gaps" in script),
    )
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for script in MIGRATIONS[:older]:
            for statement in script.split(";"):
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {older}")
        db.execute(
            "INSERT INTO runs (id, number, name, recipe, status, config, owner, created, test_accuracy) "
            "VALUES ('a', 1, 'old', '', 'finished', ?, 'me', 0, 0.9)",
            (run_config().to_json(),),
        )
        for epoch in (1, 2, 3):
            db.execute(
                "INSERT INTO epochs VALUES (?, 'a', ?, 0.5, 0.8, 0.4, 0.9, 0.001, 100, 1.5)", (40 + epoch, epoch)
            )
        db.execute("DELETE FROM epochs WHERE epoch = 3")

    database = Database(path)
    store = RunStore(database)
    assert [(row.sequence, row.epoch, row.test_accuracy) for row in store.epochs(["a"])["a"]] == [
        (41, 1, 0.9),
        (42, 2, 0.9),
    ]
    assert not store.get("a").is_logged
    with database.write() as db:
        db.execute("INSERT INTO epochs (run, epoch, seconds) VALUES ('a', 3, 1.0)")
    assert store.cursor() == 44  # a number that was once given means nothing else
    with database.write() as db:
        db.execute("DELETE FROM runs")
    assert store.epochs(["a"]) == {"a": []}
    database.close()
