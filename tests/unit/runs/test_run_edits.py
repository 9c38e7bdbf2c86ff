"""What people do with runs reaches all that they chose or none, and can be undone."""

import pytest

from digits_core.config import RunConfig
from digits_core.errors import ConfigError, RunError
from digits_core.home import KEPT_S, Home
from digits_core.runs import run_edits as labels_module
from digits_core.runs.run_edits import NAME_LENGTH, NOTE_LENGTH, TAG_LENGTH, TAGS_AT_MOST
from digits_core.runs.store import Run, RunStore
from digits_core.training.events import Finished, Started
from tests.unit.helpers import run_config
from tests.unit.runs.test_store import WHOLE


@pytest.fixture
def three(store) -> list[Run]:
    """Finished runs, the oldest first."""
    return [finished(store) for _ in range(3)]


def finished(store: RunStore) -> Run:
    run = store.create(run_config(), "me")
    for event in WHOLE:
        store.apply(run.id, event)
    return store.get(run.id)


def ids(runs: list[Run]) -> list[str]:
    return [run.id for run in runs]


def everything(store: RunStore) -> list[Run]:
    return [*store.runs(), *store.runs("archived"), *store.runs("deleted")]


def test_a_name_is_what_was_typed_in_one_line(store, three):
    store.labels.rename(three[0].id, "  my <b>first</b>\n run {} ")

    assert store.get(three[0].id).title == "#1 my <b>first</b> run {}"
    assert ids(store.runs()) == ids(three[::-1])


@pytest.mark.parametrize("name", ["", " \n", "x" * (NAME_LENGTH + 1)])
def test_a_name_that_a_config_would_refuse_is_refused(store, three, name):
    with pytest.raises(ConfigError):
        store.labels.rename(three[0].id, name)

    assert store.get(three[0].id) == three[0]


def test_the_longest_name_is_one_that_configs_take(store, three):
    store.labels.rename(three[0].id, "x" * NAME_LENGTH)

    assert RunConfig(name=store.get(three[0].id).name).name == "x" * NAME_LENGTH


def test_a_note_may_have_lines_and_is_removed_by_an_empty_one(store, three):
    store.labels.write_note(ids(three), " why:\nbatch of 64 ")
    assert {run.note for run in store.runs()} == {"why:\nbatch of 64"}

    store.labels.write_note(ids(three[:1]), "  ")
    assert [run.note for run in store.some(ids(three))] == ["", "why:\nbatch of 64", "why:\nbatch of 64"]


def test_a_note_that_is_too_long_is_refused(store, three):
    with pytest.raises(ConfigError, match="at most"):
        store.labels.write_note(ids(three), "x" * (NOTE_LENGTH + 1))


def test_tags_are_added_to_each_run_and_each_tag_once(store, three):
    store.labels.tag([three[0].id], ["Good"])
    store.labels.tag(ids(three[:2]), ["good", " to  show ", "to show"])

    assert [run.tags for run in store.some(ids(three))] == [("Good", "to show"), ("good", "to show"), ()]


def test_tags_are_taken_off_in_whatever_case(store, three):
    store.labels.tag(ids(three), ["Good", "bad"])
    store.labels.untag(ids(three[:2]), ["GOOD"])

    assert [run.tags for run in store.some(ids(three))] == [("bad",), ("bad",), ("Good", "bad")]


def test_the_tags_there_are_stand_in_alphabetical_order(store, three):
    store.labels.tag([three[0].id], ["to show", "Good"])
    store.labels.tag([three[1].id], ["odd", "Good"])
    store.labels.tag([three[2].id], ["gone"])
    store.labels.delete([three[2].id])

    assert store.labels.tags() == ["Good", "odd", "to show"]


@pytest.mark.parametrize("tag", ["", "  ", "x" * (TAG_LENGTH + 1), "one, two"])
def test_a_tag_that_is_no_short_word_is_refused(store, three, tag):
    with pytest.raises(ConfigError):
        store.labels.tag(ids(three), ["good", tag])

    assert {run.tags for run in store.runs()} == {()}


def test_too_many_tags_on_one_run_change_none(store, three):
    store.labels.tag([three[2].id], [str(number) for number in range(TAGS_AT_MOST)])
    with pytest.raises(ConfigError, match=f"{TAGS_AT_MOST} tags at most"):
        store.labels.tag(ids(three), ["one more"])

    assert [len(run.tags) for run in store.some(ids(three))] == [0, 0, TAGS_AT_MOST]


def test_an_archived_run_is_offered_nowhere_but_can_be_named(store, three):
    store.labels.archive([three[2].id])

    assert ids(store.runs()) == ids(store.usable()) == [three[1].id, three[0].id]
    assert store.find("latest").id == three[1].id
    assert ids(store.runs("archived")) == [three[2].id]
    assert store.get(three[2].id).id == store.find(three[2].id).id == three[2].id


def test_a_run_is_taken_out_of_the_archive(store, three):
    store.labels.archive(ids(three))
    store.labels.unarchive(ids(three))

    assert store.runs() == three[::-1]


def test_a_deleted_run_is_in_no_list_and_cannot_be_named(store, three):
    gone = three[2]
    store.labels.delete([gone.id])

    assert ids(store.runs()) == ids(store.usable()) == [three[1].id, three[0].id]
    assert ids(store.runs("deleted")) == [gone.id]
    assert store.some([gone.id, three[0].id]) == [three[0]]
    for ask in (store.get, store.find):
        with pytest.raises(RunError):
            ask(gone.id)


def test_a_deleted_run_comes_back_with_all_that_it_had(store, three):
    store.labels.tag([three[2].id], ["good"])
    before, epochs = store.get(three[2].id), store.epochs([three[2].id])
    store.labels.delete([three[2].id])
    store.labels.restore([three[2].id])

    assert store.get(three[2].id) == before
    assert store.epochs([three[2].id]) == epochs


def test_a_run_that_is_deleted_is_not_resumed(store):
    run = store.create(run_config(), "me", "session")
    store.cancel(run.id)
    store.labels.delete([run.id])

    with pytest.raises(RunError):
        store.requeue(run.id, "me")
    assert store.live() == store.queue() == []


def test_a_run_that_is_resumed_leaves_the_archive(store):
    run = store.create(run_config(), "me", "session")
    store.cancel(run.id)
    store.labels.archive([run.id])
    store.requeue(run.id, "me")

    assert ids(store.runs()) == [run.id]


@pytest.mark.parametrize("action", ["delete", "archive"])
def test_what_trains_must_be_stopped_first_and_nothing_else_is_changed_meanwhile(store, three, action):
    live = store.create(run_config(), "me")
    store.apply(live.id, Started(4, 1438, 359, {}))
    with pytest.raises(RunError, match="#4 still trains: stop it first"):
        getattr(store.labels, action)([*ids(three), live.id])
    assert len(store.runs()) == 4

    store.apply(live.id, Finished("stopped", 0, None, None, 0.1))
    getattr(store.labels, action)([live.id])
    assert len(store.runs()) == 3


CHANGES = {
    "rename": lambda labels, runs: labels.rename(runs[0], "another"),
    "note": lambda labels, runs: labels.write_note(runs, "a note"),
    "tag": lambda labels, runs: labels.tag(runs, ["new"]),
    "untag": lambda labels, runs: labels.untag(runs, ["old"]),
    "archive": lambda labels, runs: labels.archive(runs),
    "delete": lambda labels, runs: labels.delete(runs),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_each_change_is_undone_whole(store, three, change):
    store.labels.tag([three[0].id], ["old"])
    store.labels.write_note([three[1].id], "an old note")
    before = everything(store)
    done = change(store.labels, ids(three))
    assert everything(store) != before

    store.labels.undo(done)
    assert everything(store) == before


def test_an_undo_leaves_later_changes_of_other_kinds(store, three):
    deleted = store.labels.delete(ids(three))
    store.labels.undo(deleted)
    tagged = store.labels.tag(ids(three), ["good"])
    store.labels.rename(three[0].id, "later")
    store.labels.undo(tagged)

    assert [(run.name, run.tags) for run in store.some(ids(three[:1]))] == [("later", ())]


def test_an_undo_hides_no_run_that_trains_again(store):
    run = store.create(run_config(), "me", "session")
    store.cancel(run.id)
    store.labels.archive([run.id])
    brought_back = store.labels.unarchive([run.id])
    store.requeue(run.id, "me")

    with pytest.raises(RunError, match="trains again"):
        store.labels.undo(brought_back)
    assert ids(store.runs()) == [run.id]


def test_one_run_that_is_not_there_any_more_keeps_all_as_they_are(store, three):
    store.labels.delete([three[0].id])
    with pytest.raises(RunError, match="Nothing was changed"):
        store.labels.tag(ids(three), ["good"])

    assert {run.tags for run in store.runs()} == {()}


def test_only_what_was_deleted_long_ago_is_removed_with_its_files(store, three, home, monkeypatch):
    folders = [Home(home).run(run.id) for run in three]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "weights.safetensors").write_bytes(b"weights")
    store.labels.delete([three[0].id])
    now = labels_module.time.time()
    monkeypatch.setattr(labels_module.time, "time", lambda: now + KEPT_S - 60)
    store.labels.delete([three[1].id])
    assert store.labels.purge(Home(home)) == []

    monkeypatch.setattr(labels_module.time, "time", lambda: now + KEPT_S + 60)
    assert store.labels.purge(Home(home)) == [three[0].id]
    assert [folder.exists() for folder in folders] == [False, True, True]
    assert ids(store.runs("deleted")) == [three[1].id]
    assert store.epochs([three[0].id]) == {three[0].id: []}
    with pytest.raises(RunError, match="permanently removed"):
        store.labels.restore([three[0].id])


def test_a_run_without_files_is_removed_too(store, three, home, monkeypatch):
    store.labels.delete(ids(three))
    monkeypatch.setattr(labels_module, "KEPT_S", -60)

    assert set(store.labels.purge(Home(home))) == set(ids(three))
    assert everything(store) == []


def test_the_next_run_keeps_its_distance_from_the_numbers_of_deleted_ones(store, three):
    store.labels.delete(ids(three))

    assert store.create(run_config(), "me").number == 4
