"""Progress belongs to a learner, in whichever browser, and outlives restarts; a prediction stays as it was made."""

from pathlib import Path

import pytest

from digits_core.database import Database
from digits_core.errors import StoreError
from digits_core.lessons.evidence import gather
from digits_core.lessons.learners import LONGEST_ANSWER, Learners
from digits_core.lessons.lesson import Lesson
from digits_core.training.events import Finished
from tests.unit.helpers import run_config


@pytest.fixture
def learners(database) -> Learners:
    return Learners(database)


def test_a_learner_is_the_same_in_two_browsers(learners) -> None:
    assert learners.of("one") is None
    ada = learners.join("one", "  Ada \n L. ")

    assert ada.name == "Ada L."
    assert learners.join("two", "ada l.") == ada
    assert learners.of("two") == ada
    assert learners.sessions(ada) == {"one", "two"}
    assert learners.names() == ["Ada L."]
    learners.leave("one")
    assert learners.of("one") is None
    assert learners.of("two") == ada


@pytest.mark.parametrize("name", ["", " \t", "\x00", "x" * 61])
def test_a_name_that_is_none_is_refused(learners, name) -> None:
    with pytest.raises(StoreError):
        learners.join("one", name)
    assert learners.names() == []


def test_two_learners_use_one_browser_in_turn(learners) -> None:
    ada = learners.join("one", "Ada")
    learners.answer(ada, "four-epochs", "guess", 97)
    bob = learners.join("one", "Bob")

    assert learners.of("one") == bob
    assert learners.answers(bob, "four-epochs") == {}
    assert learners.answers(ada, "four-epochs")["guess"].value == 97


def test_a_prediction_stays_and_an_explanation_can_be_written_anew(learners) -> None:
    ada = learners.join("one", "Ada")
    learners.answer(ada, "four-epochs", "guess", ["b", "a"])
    learners.answer(ada, "four-epochs", "guess", ["a", "b"])
    learners.answer(ada, "four-epochs", "why", "Because <b>")
    learners.answer(ada, "four-epochs", "why", "Therefore", replace=True)

    answers = learners.answers(ada, "four-epochs")
    assert answers["guess"].value == ["b", "a"]
    assert answers["why"].value == "Therefore"
    with pytest.raises(StoreError):
        learners.answer(ada, "four-epochs", "why", "x" * (LONGEST_ANSWER + 1), replace=True)
    assert learners.answers(ada, "four-epochs")["why"].value == "Therefore"


def test_answers_outlive_a_restart(home, learners) -> None:
    ada = learners.join("one", "Ada")
    learners.answer(ada, "four-epochs", "train", True, runs=["a1"])
    reopened = Database(learners._database.path)

    answer = Learners(reopened).answers(ada, "four-epochs")["train"]
    reopened.close()
    assert answer.value is True
    assert answer.runs == ("a1",)


def test_a_reset_is_undone_even_when_the_lesson_was_begun_anew(learners) -> None:
    ada = learners.join("one", "Ada")
    learners.answer(ada, "four-epochs", "guess", 1)
    learners.answer(ada, "other", "guess", 7)
    learners.reset(ada, "four-epochs")
    assert learners.answers(ada, "four-epochs") == {}
    assert "four-epochs" not in learners.attempts(ada)

    learners.answer(ada, "four-epochs", "guess", 2)
    learners.undo_reset(ada, "four-epochs")
    assert learners.answers(ada, "four-epochs")["guess"].value == 1
    learners.undo_reset(ada, "four-epochs")  # the other one again
    assert learners.answers(ada, "four-epochs")["guess"].value == 2
    learners.undo_reset(ada, "never-begun")
    assert learners.answers(ada, "other")["guess"].value == 7


def test_only_what_this_learner_did_since_the_lesson_began_counts(store, catalogue, database, learners) -> None:
    from digits_core.data.handwriting_store import Handwriting
    from digits_core.saved_configs import saved_networks

    def finished(session):
        run = store.create(run_config(), "me", session=session)
        store.apply(run.id, Finished("finished", 1, 0.1, 0.9, 1.0))
        return run.id

    early = finished("one")
    ada = learners.join("one", "Ada")
    attempt = learners.begin(ada, "four-epochs")
    mine, shells, others = finished("one"), finished(None), finished("somebody")
    unfinished = store.create(run_config(), "me", session="one").id
    learners.answer(ada, "four-epochs", "train", True, runs=[mine, "gone"])
    attempt = learners.begin(ada, "four-epochs")

    sessions = learners.sessions(ada)
    lesson = Lesson("four-epochs", "Four epochs", 15, "", "", (), Path("four-epochs.md"))
    evidence = gather(lesson, attempt, sessions, store, Handwriting(database), saved_networks(database))

    ids = [run.id for run in evidence.runs]
    assert set(ids) == {mine, shells}
    assert not {early, others, unfinished} & set(ids)
    assert [run.id for run in evidence.met_by["train"]] == [mine]
    assert evidence.labels == []
    assert evidence.networks == []
