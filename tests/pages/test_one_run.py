"""One run on the Runs page: every view of it, in every state that a run can be in."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from digits_core.config import RunConfig
from digits_core.dashboard import state as state_module
from digits_core.dashboard.state import state
from digits_core.data.digits import Digits
from digits_core.evaluation.across import evaluate, kept
from digits_core.evaluation.metrics import Answers
from digits_core.evaluation.robustness import CHANGES, FILE, VERSION
from digits_core.runs.store import Run
from digits_core.training.events import Failed, Finished, Started
from tests.pages.controls import run_control
from tests.unit.helpers import wait_for

Show = Callable[..., AppTest]


def one_run() -> None:
    from digits_core.dashboard.runs.one_run import show_one_run
    from digits_core.dashboard.state import state

    show_one_run(state().runs.runs())


@pytest.fixture
def show(home: Path):
    """Show one run as its address says: `show(result="Record")`."""

    def run(**query: str) -> AppTest:
        page = AppTest.from_function(one_run, default_timeout=60)
        for key, value in query.items():
            page.query_params[key] = value
        page.run()
        assert not page.exception
        return page

    yield run
    state_module.stop()
    st.cache_resource.clear()


def answers_of(run: Run) -> Answers:
    return Answers.of(state().artifacts(run.id).load_test_result())


def texts(page: AppTest) -> str:
    """Everything in words on the page."""
    parts = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error, *page.subheader]
    return "\n".join(part.value for part in parts)


def metric(page: AppTest, label: str) -> str:
    return next(each.value for each in page.metric if each.label == label)


def keep_robustness(run: Run, accuracy: float) -> None:
    """As if it had been measured: the same accuracy everywhere."""
    artifacts = state().artifacts(run.id)
    content = {change.name: [accuracy] * len(change.amounts) for change in CHANGES}
    artifacts.save_evaluation(
        FILE,
        {"version": VERSION, "weights": artifacts.weights_fingerprint(), "images": 359, "accuracy": content},
    )


def test_a_link_made_before_a_view_was_renamed_still_opens_it(show, trained_home):
    page = show(result="Take away")
    assert page.segmented_control(key="result").value == "Export"
    assert "PyTorch script" in [button.proto.label for button in page.get("download_button")]


def test_without_a_run_it_says_what_to_do(show):
    assert "No run yet" in texts(show())


def test_the_newest_run_is_shown_unless_the_address_names_another(show, trained_home):
    fast, slow = state().runs.runs()

    assert show().query_params["run"] == fast.id
    page = show(run=slow.id)
    assert run_control(page).value == slow.id
    assert metric(page, "Accuracy").startswith(f"{slow.test_accuracy:.2%} ±")
    assert metric(page, "Epochs") == "1 of 1"


def test_all_mistakes_are_shown_at_first_and_counted(show, trained_home):
    run = state().runs.runs()[0]
    wrong = int((~answers_of(run).right).sum())

    page = show()
    assert f"{wrong:,} image{'s' * (wrong != 1)} taken for another digit" in texts(page)
    assert "(n = 359)" in texts(page)


def test_the_fields_choose_a_cell_of_the_matrix_and_the_address_carries_it(show, trained_home):
    run = state().runs.runs()[0]
    answers = answers_of(run)
    matrix = answers.confusion - np.diag(answers.confusion.diagonal())
    label, answer = map(int, np.unravel_index(matrix.argmax(), matrix.shape))

    page = show()
    page.selectbox(key="true_digit").set_value(str(label)).run()
    page.selectbox(key="taken_for").set_value(str(answer)).run()
    words = f"of a {label} taken for a {answer}"
    assert f"{matrix[label, answer]:,} image" in page.subheader[0].value
    assert words in page.subheader[0].value
    assert f"A {label} read as {answer}" in texts(page)

    assert words in show(true_digit=str(label), taken_for=str(answer)).subheader[0].value


def test_a_digit_taken_for_itself_shows_what_was_recognised(show, trained_home):
    count = answers_of(state().runs.runs()[0]).confusion[3, 3]

    assert f"{count} images of a 3, recognised" in texts(show(true_digit="3", taken_for="3"))


def test_the_scores_of_each_digit_are_in_a_table(show, trained_home):
    table = show().dataframe[0].value

    assert list(table["Digit"]) == [str(digit) for digit in range(10)]
    assert table["Images"].sum() == 359
    assert ((table["Recall"] >= 0) & (table["Recall"] <= 1)).all()


def test_the_threshold_says_what_is_answered_and_how_much_of_that_is_right(show, trained_home):
    answers = answers_of(state().runs.runs()[0])
    page = show(result="Confidence")
    assert metric(page, "Expected calibration error").endswith("%")

    page.select_slider(key="unsure_below").set_value(0.5).run()
    sure = answers.confidence >= 0.5
    assert metric(page, "Coverage") == f"{sure.mean():.1%}"
    assert metric(page, "Accuracy of the answers") == f"{answers.right[sure].mean():.2%}"
    assert metric(page, "I don't know") == f"{(~sure).sum():,}"


def test_robustness_that_was_measured_is_shown_beside_a_second_run(show, trained_home):
    fast, slow = state().runs.runs()
    keep_robustness(fast, 0.5)
    keep_robustness(slow, 0.4)

    page = show(result="Robustness", run=fast.id, second=slow.id)
    assert "#2 fast" in texts(page).replace("\\", "")
    assert "#1 slow" in texts(page).replace("\\", "")
    assert "359 test images" in texts(page)


def test_other_datasets_are_a_table_with_what_the_run_knows_of_them(show, trained_home):
    run = state().runs.runs()[0]
    for name in ("optdigits", "mnist-5k", "strokes"):
        evaluate(run.config, state().artifacts(run.id), state().catalogue.load(name))

    table = show(result="Datasets").dataframe[0].value
    assert list(table["In its training"]) == ["trained on and tested on", "new to it", "new to it"]
    assert list(table["Test images"]) == [359, 1000, 600]
    assert table["Accuracy"][0] == pytest.approx(run.test_accuracy)


def test_what_is_not_known_yet_is_found_out_in_the_background_and_kept(show, trained_home):
    run = state().runs.runs()[0]
    page = show(result="Datasets")
    wait_for(lambda: page.run().dataframe, 120, "the table of datasets")

    mnist = state().catalogue.load("mnist-5k")
    assert kept(state().artifacts(run.id), mnist).accuracy == page.dataframe[0].value["Accuracy"][1]


def test_the_record_has_settings_environment_history_and_the_lectures_log(show, trained_home):
    run = state().runs.runs()[0]
    page = show(result="Record")
    settings, environment = (table.value for table in page.dataframe[:2])

    rate = settings[settings["Setting"] == "Learning rate"].iloc[0]
    assert (rate["Value"], rate["Recipe"]) == ("0.002", "0.001")
    fingerprint = state().catalogue.load("optdigits").fingerprint
    assert fingerprint in list(environment["Value"])
    assert "it ran as it was set" in texts(page)
    assert any(each.value.startswith("Epoch: 1/1, Loss: ") for each in page.code)
    assert json.loads(page.code[0].value) == json.loads(run.config_json)


def test_what_was_changed_by_hand_is_in_the_history(show, trained_home):
    run = state().runs.requeue(state().runs.runs()[0].id, "nobody", ("finished",))

    table = show(result="Record", run=run.id).dataframe[2].value
    assert list(table["What"]) == ["resumed from its last checkpoint"]


@pytest.mark.parametrize("view", ["Mistakes", "Confidence", "Robustness", "Datasets", "Record"])
def test_a_run_that_failed_before_its_first_epoch_says_so_in_every_view(show, view):
    run = state().runs.create(RunConfig(name="nothing yet"), "test")
    state().runs.apply(run.id, Failed("The disk is full."))

    page = show(result=view)
    expected = "No epoch was finished" if view == "Record" else "ended before its first epoch"
    assert expected in texts(page) + "".join(code.value for code in page.code)
    assert "The disk is full" in texts(page).replace("\\", "")


@pytest.mark.parametrize("view", ["Mistakes", "Confidence", "Robustness", "Datasets", "Record"])
def test_a_run_that_trains_its_first_epoch_asks_for_patience(show, view):
    run = state().runs.create(RunConfig(name="nothing yet"), "test")
    state().runs.apply(run.id, Started(4, 1438, 359, {"images": {"train": 1438, "test": 359}}))

    page = show(result=view)
    assert "first epoch is on its way" in texts(page) + "".join(code.value for code in page.code)


@pytest.mark.parametrize("view", ["Robustness", "Datasets"])
def test_what_takes_the_processor_waits_until_a_run_has_ended(show, trained_home, view):
    run = state().runs.requeue(state().runs.runs()[0].id, "nobody", ("finished",))

    assert "still training" in texts(show(result=view, run=run.id))


def test_a_diverged_run_shows_what_it_had_learnt_before(show, trained_home):
    run = state().runs.requeue(state().runs.runs()[0].id, "nobody", ("finished",))
    state().runs.apply(run.id, Finished("diverged", 1, None, None, 1.0, "The loss is no number any more."))

    page = show(run=run.id)
    assert "taken for another digit" in texts(page)
    assert "no number any more" in texts(page).replace("\\", "")


def test_without_its_images_the_matrix_is_still_there(show, trained_home, monkeypatch):
    digits = state().catalogue.load("optdigits")
    monkeypatch.setattr(
        "digits_core.data.catalogue.read_optdigits",
        lambda: Digits(digits.name, digits.images[1:], digits.labels[1:], digits.test[1:]),
    )
    state_module._open.cache_clear()

    page = show()
    assert "has changed since it was trained" in page.error[0].value.replace("\\", "")
    assert page.dataframe[0].value["Images"].sum() == 359
