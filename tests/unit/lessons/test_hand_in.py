"""What a learner hands in: all that they answered, and all that their runs need to be tried elsewhere."""

import json

import numpy as np
import pytest

from digits_core.config import RunConfig
from digits_core.errors import ExportError
from digits_core.lessons.hand_in import make_hand_in
from digits_core.lessons.hand_in_reader import read_hand_in
from digits_core.lessons.learners import Answer
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.store import RunStore
from tests.unit.lessons.hand_ins import LESSON, changed, files_in, school_in, small_config, trained, zipped


def test_a_hand_in_is_read_back_as_it_was_made(school, hand_in) -> None:
    read = read_hand_in(hand_in)

    manifest = read.manifest
    assert (manifest.learner, manifest.lesson, manifest.lesson_title) == ("Ada", "two-epochs", "Two epochs")
    assert [(step.id, step.kind, step.answer) for step in manifest.steps] == [
        ("guess", "predict", 70.0),
        ("train-it", "do", True),
        ("say-why", "explain", "Because <b>two</b> epochs are few."),
        ("better", "goal", None),
    ]
    assert read.lesson == LESSON
    (run,) = read.runs
    kept = Artifacts(school.home.run(school.run.id))
    assert run.problems == ()
    assert run.config == school.run.plan
    assert [epoch.test_accuracy for epoch in run.history.epochs][-1] == school.run.test_accuracy
    assert run.kept.keys() == kept.load_weights().keys()
    assert all(np.array_equal(values, run.kept[name]) for name, values in kept.load_weights().items())
    assert np.array_equal(run.answers.logits, kept.load_test_result().logits)


def test_its_parts_are_plain_files_that_other_programs_read(hand_in) -> None:
    files = files_in(hand_in)

    assert set(files) == {
        "hand_in.json",
        "lesson.md",
        "report.html",
        *(f"runs/1/{name}" for name in ("config.json", "history.json", "weights.safetensors", "test.npz")),
    }
    assert json.loads(files["hand_in.json"])["learner"] == "Ada"
    assert RunConfig.from_json(files["runs/1/config.json"]).training.epochs == 2


def test_the_report_shows_questions_answers_and_runs_and_takes_words_for_words(hand_in) -> None:
    report = files_in(hand_in)["report.html"].decode()

    for words in (
        "Ada",
        "Two epochs",
        "How many of 100 digits",
        "70 %",
        "It was trained for two epochs only",
        "#1 Mine",
    ):
        assert words in report
    assert "Because &lt;b&gt;two&lt;/b&gt; epochs are few." in report


def test_a_run_that_was_deleted_since_is_left_out_and_named(tmp_path) -> None:
    school = school_in(tmp_path)
    other = trained(school.home, school.database, small_config(epochs=1))
    content = school.hand_in(run=other)
    assert len(read_hand_in(content).runs) == 1

    answers = {"train-it": Answer(True, 1.0, ("00000000",))}
    store = RunStore(school.database)
    content = make_hand_in(school.lesson, "Ada", answers, store, school.home, school.data)

    assert read_hand_in(content).runs == ()
    assert "00000000 (deleted since)" in files_in(content)["report.html"].decode()


def test_more_runs_than_a_hand_in_may_have_are_refused(school) -> None:
    answers = {"train-it": Answer(True, 1.0, tuple(f"{number:08x}" for number in range(500)))}

    with pytest.raises(ExportError, match="500 runs"):
        make_hand_in(school.lesson, "Ada", answers, RunStore(school.database), school.home, school.data)


def test_a_hand_in_that_was_unpacked_and_packed_again_with_its_folder_is_read(hand_in) -> None:
    again = zipped({f"Ada/{name}": content for name, content in files_in(hand_in).items()})

    assert read_hand_in(again).manifest == read_hand_in(hand_in).manifest
    assert read_hand_in(changed(hand_in)).runs[0].problems == ()
