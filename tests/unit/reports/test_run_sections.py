"""The report: everything in one file, and nothing of a user's words is ever markup."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from digits_core.config import RunConfig, TrainingConfig, TransformConfig
from digits_core.data.digits import Digits
from digits_core.errors import DatasetError
from digits_core.evaluation.before_after import BeforeAfter
from digits_core.evaluation.metrics import DIVERGED, Answers
from digits_core.evaluation.test_set import Part, TestSet
from digits_core.reports.digit_pictures import OwnDigits
from digits_core.reports.run_sections import FEWEST_PICTURES, ReportedRun, reported, run_report
from digits_core.runs.artifacts import Artifacts, TestResult
from digits_core.runs.execution import execute
from digits_core.runs.export.run_history import History
from digits_core.runs.rows import EpochRow
from tests.unit.helpers import run_config
from tests.unit.reports.reading import HOSTILE, Seen


def with_run(reported: ReportedRun, **fields) -> ReportedRun:
    return replace(reported, history=replace(reported.history, run=replace(reported.run, **fields)))


@pytest.fixture
def history(store):
    def make(name: str, accuracy: float | None, epochs: int = 3, **training) -> ReportedRun:
        run = store.create(RunConfig(name=name, training=TrainingConfig(**training)), "test:1:1")
        run = replace(run, status="finished", test_accuracy=accuracy, test_loss=0.2, seconds=4.25)
        rows = [
            EpochRow(n, run.id, n, 1 / n, 0.9, 1 / n, 0.9 + n / 100, 0.001, 900.0, 1.0) for n in range(1, epochs + 1)
        ]
        return ReportedRun(History(run, rows))

    return make


@pytest.fixture
def tested():
    """A run with answers to 40 images, of which it reads the first few wrong."""

    def make(history: ReportedRun, wrong: int) -> ReportedRun:
        labels = np.arange(40) % 10
        said = np.where(np.arange(40) < wrong, (labels + 1) % 10, labels)
        digits = Digits("made", np.zeros((40, 8, 8), np.uint8), labels, np.ones(40, bool))
        noted = {"tested_on": {name: "same" for name in history.run.config.data.test}}
        with_data = with_run(history, environment_json=json.dumps(noted))
        answers = Answers(labels, 9 * np.eye(10, dtype=np.float32)[said])
        return replace(with_data, answers=answers, images=TestSet([Part(digits, np.arange(40))]))

    return make


def no_data(name: str) -> Digits:
    raise DatasetError(f"{name} is gone")


def test_the_report_shows_results_curves_and_only_the_settings_that_differ(history):
    content = run_report([history("slow", 0.93, learning_rate=0.0005), history("fast", 0.97, learning_rate=0.002)])
    seen = Seen(content)

    assert seen.tags.count("svg") == 2
    assert seen.tags.count("polyline") == 8
    assert {"93.00 %", "97.00 %", "#1 slow", "#2 fast"} <= set(re.findall(r"[^<>]+", content.decode()))
    differing = content.decode().split("Settings that differ")[1].split("Settings in common")[0]
    assert re.findall(r"<tr><th>([^<]+)</th><td>", differing) == ["Learning rate"]
    assert re.findall(r'class="number best">([^<]+)', content.decode()).count("97.00 %") == 1


def test_the_report_needs_no_network_and_runs_no_program(history, tested):
    content = run_report([tested(history("one", 0.9), wrong=3), tested(history("two", 0.8), wrong=5)])
    seen = Seen(content)

    assert {"script", "link", "iframe", "object"} & set(seen.tags) == set()
    assert not re.search(rb"https?://|url\(|@import", content)
    sources = [value for name, value in seen.attributes if name in ("src", "href")]
    assert len(sources) == 3 + 5 + 2
    assert all(source.startswith("data:image/png;base64,") for source in sources)


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_what_users_wrote_is_text_in_the_report(history, text):
    plain, written = history("plain", 0.9), history("plain", 0.9)
    kept = with_run(written, name=text, note=text, tags_json=json.dumps([text]))
    calm = with_run(written, note="note", tags_json='["tag"]')

    seen, expected = Seen(run_report([plain, kept])), Seen(run_report([plain, calm]))

    assert seen.tags == expected.tags
    assert [name for name, _ in seen.attributes] == [name for name, _ in expected.attributes]
    assert seen.words.count(text.replace("\ud800", "?")) >= 3


@pytest.mark.parametrize("epochs", [0, 1, 200])
def test_runs_of_any_length_and_without_a_result_have_a_report(history, epochs):
    seen = Seen(run_report([history("short", None, epochs)]))

    assert seen.tags.count("svg") == 2
    assert "–" in seen.words
    assert "nan" not in seen.words.casefold()


def test_mistakes_are_shown_with_their_digit_and_the_answer(history, tested):
    content = run_report([tested(history("one", 0.9), wrong=3)]).decode()

    assert "3 of 40 test images read wrong" in content
    assert re.findall(r"<figcaption>([^<]+)", content) == ["0 → 1", "1 → 2", "2 → 3"]


def test_of_two_runs_the_images_that_only_one_reads_are_shown(history, tested):
    content = run_report([tested(history("one", 0.9), wrong=1), tested(history("two", 0.8), wrong=3)]).decode()

    assert "2 read only by #1 one" in content
    assert "0 read only by #2 two" in content


def test_of_many_runs_each_shows_fewer_pictures(history, tested):
    content = run_report([tested(history(f"run {n}", 0.5), wrong=40) for n in range(12)]).decode()

    assert content.count("<figure>") == 12 * FEWEST_PICTURES
    assert "shown: the 8 of which it was surest" in content


def test_a_run_without_pictures_says_why(history):
    told = replace(history("one", 0.9), problem="Its dataset is gone.")
    content = run_report([told, history("two", 0.8)]).decode()

    assert "No pictures of #1 one. Its dataset is gone." in content
    assert "No pictures of #2 two. The answers of this run are not part of the report." in content


def test_a_run_without_a_mistake_says_so(history, tested):
    assert "None: all 40 test images are read right." in run_report([tested(history("one", 1.0), wrong=0)]).decode()


def test_own_digits_stand_with_both_answers_those_that_changed_first(history):
    before, after = history("one", 0.9), history("two", 0.8)
    read = BeforeAfter(np.zeros((3, 28, 28), np.uint8), np.array([1, 2, 3]), np.array([1, 7, 8]), np.array([1, 2, 8]))
    own = OwnDigits("Ada <b>", before.run, after.run, read)

    content = run_report([before, after], own=[own]).decode()

    assert "Digits of Ada &lt;b&gt; that no run was trained on. Before, #1 one: 1 of 3 right (33 %)." in content
    assert re.findall(r"<figcaption>([^<]+)", content) == ["2: 7 → 2", "1: 1 → 1", "3: 8 → 8"]


def test_the_authors_words_stand_above_the_results_and_are_text(history):
    content = run_report([history("one", 0.9)], author="Ada", text="I <i>think</i>\n\nso").decode()

    assert '<p class="text">I &lt;i&gt;think&lt;/i&gt;</p><p class="text">so</p>' in content
    assert content.index("Conclusions") < content.index("<h2>Results</h2>")
    assert "Conclusions" not in run_report([history("one", 0.9)], text=" \n ").decode()


def test_with_many_runs_a_setting_names_the_runs_of_each_value(history):
    rates = (0.001, 0.002, 0.001, 0.002)
    content = run_report([history("run", 0.9, learning_rate=rate) for rate in rates]).decode()

    assert "0.001 <small>#1, #3</small>" in content
    assert "0.002 <small>#2, #4</small>" in content


def test_what_is_kept_of_a_trained_run_is_in_its_report(store, tmp_path, few_optdigits):
    run = store.create(run_config(transform=TransformConfig(size=8), epochs=1), "test:1:1")
    artifacts = Artifacts(tmp_path)
    for event in execute(run.config, lambda _: few_optdigits, artifacts):
        store.apply(run.id, event)
    run = store.get(run.id)

    found = reported(run, store, artifacts, lambda _: few_optdigits)
    digits = few_optdigits
    fewer = Digits(digits.name, digits.images[1:], digits.labels[1:], digits.test[1:])
    gone = reported(run, store, artifacts, lambda _: fewer)

    assert found.problem == ""
    assert found.answers.accuracy == pytest.approx(run.test_accuracy)
    assert (gone.images, "cannot be shown" in gone.problem) == (None, True)
    assert "cannot be shown" in run_report([gone]).decode()


def test_a_run_that_was_never_tested_has_a_reason_and_no_error(store, tmp_path):
    run = replace(store.create(RunConfig(name="stopped"), "test:1:1"), status="stopped")
    waiting = store.create(RunConfig(name="waits"), "test:1:1")

    assert "no test result" in reported(run, store, Artifacts(tmp_path), no_data).problem
    assert "still trains" in reported(waiting, store, Artifacts(tmp_path), no_data).problem


def test_a_run_that_diverged_says_so(store, tmp_path):
    run = replace(store.create(RunConfig(name="nan"), "test:1:1"), status="failed")
    Artifacts(tmp_path).save_test_result(TestResult(np.full((4, 10), np.nan, np.float32), np.arange(4)))

    assert reported(run, store, Artifacts(tmp_path), no_data).problem == DIVERGED
