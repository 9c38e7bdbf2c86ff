"""Numbers that were made up are found, and named; numbers that are true are not doubted."""

import io

import numpy as np
import pytest
import torch
from safetensors.numpy import save
from torch import nn

import digits_core as dl
from digits_core.config import DataConfig
from digits_core.data.digits import Digits
from digits_core.lessons.examination import examine
from digits_core.lessons.grading import as_run
from digits_core.lessons.run_examiner import ExaminedRun
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.changed_weights import keep_changed
from digits_core.runs.execution import execute
from digits_core.runs.process_owner import this_process
from digits_core.runs.run_settings import settings_of
from digits_core.runs.store import RunStore
from digits_core.training.check import choose_test_digits
from digits_core.training.control import Orders
from tests.unit.lessons.hand_ins import changed, school_in, small_config, trained


@pytest.fixture
def examined(optdigits, few_mnist):
    """Examines the only run of a hand-in, on the test images of some MNIST digits."""

    def examine_it(content: bytes, known: Digits | None = optdigits) -> ExaminedRun:
        (run,) = examine(content, few_mnist, {known.name: known} if known else {}).runs
        return run

    return examine_it


@pytest.fixture(scope="module")
def other(school):
    """A run of the same network from another seed."""
    return trained(school.home, school.database, small_config(seed=7))


def npz_of(result, **changes) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **{"logits": result.logits, "labels": result.labels, **changes})
    return buffer.getvalue()


def kept_by(school, run=None) -> Artifacts:
    return Artifacts(school.home.run((run or school.run).id))


def perfect(result) -> np.ndarray:
    """Answers that are all right."""
    return (20 * np.eye(10)[result.labels]).astype(np.float32)


def claim(accuracy: float):
    """Returns what writes an accuracy everywhere that a run says it."""

    def change(history: dict) -> None:
        history["test_accuracy"] = accuracy
        history["epochs"][-1]["test_accuracy"] = accuracy

    return change


def test_a_true_run_fits_and_its_numbers_are_found_again(school, hand_in, examined, few_mnist) -> None:
    run = examined(hand_in)

    assert (run.fits, run.checked, run.remarks) == (True, True, ())
    assert run.accuracy == run.claimed_accuracy == school.run.test_accuracy
    assert run.parameters == 64 * 128 + 128 + 128 * 10 + 10
    assert 0 < run.hidden_accuracy < 1
    assert run.title == "#1 Mine"


def test_an_edited_accuracy_is_found(hand_in, examined) -> None:
    run = examined(changed(hand_in, history=lambda history: history.update(test_accuracy=0.995)))

    assert not run.fits
    assert run.claimed_accuracy == 0.995
    assert run.accuracy < 0.99
    assert any(remark.startswith("It claims 99.50%, but its weights reach ") for remark in run.remarks)
    assert any(remark.startswith("It claims 99.50%, but its last epoch says ") for remark in run.remarks)


def test_an_accuracy_that_was_edited_in_every_place_with_the_answers_is_found(school, hand_in, examined) -> None:
    result = kept_by(school).load_test_result()

    run = examined(changed(hand_in, history=claim(1.0), test=npz_of(result, logits=perfect(result))))

    assert not run.fits
    assert any(remark.startswith("It claims 100.00%, but its weights reach ") for remark in run.remarks)
    assert any(remark.startswith("Its answers are not those of its weights: ") for remark in run.remarks)


def test_without_answers_a_made_up_accuracy_is_found_all_the_same(hand_in, examined) -> None:
    run = examined(changed(hand_in, history=claim(1.0), test=None))

    assert any(remark.startswith("It claims 100.00%, but its weights reach ") for remark in run.remarks)


def test_where_its_dataset_is_not_here_the_run_is_not_checked_and_that_is_said(hand_in, examined) -> None:
    run = examined(hand_in, known=None)

    assert (run.checked, run.fits, run.accuracy) == (False, True, None)
    assert run.hidden_accuracy is not None
    assert run.remarks == ("Not checked: the test digits of optdigits are not here.",)


def test_where_its_dataset_is_not_here_its_own_answers_still_speak_against_it(hand_in, examined) -> None:
    run = examined(changed(hand_in, history=claim(0.995)), known=None)

    assert not run.fits
    assert any("but its own answers are" in remark for remark in run.remarks)


def test_a_made_up_fingerprint_does_not_keep_a_run_from_being_checked(hand_in, examined) -> None:
    def change(history: dict) -> None:
        claim(1.0)(history)
        history["environment"]["datasets"]["optdigits"] = "0" * 16

    run = examined(changed(hand_in, history=change))

    assert run.checked
    assert not run.fits


def test_a_dataset_that_was_another_one_there_is_not_compared(school, hand_in, examined, optdigits) -> None:
    fewer = Digits("optdigits", optdigits.images[:900], optdigits.labels[:900], optdigits.test[:900])

    run = examined(hand_in, known=fewer)

    assert (run.checked, run.fits) == (False, True)
    assert run.remarks == ("Not checked: its optdigits is not the dataset of that name here.",)


def test_weights_of_another_run_are_found(school, hand_in, examined, other) -> None:
    content = kept_by(school, other).weights_path.read_bytes()

    run = examined(changed(hand_in, weights=content))

    assert not run.fits
    assert any(remark.startswith("Its answers are not those of its weights: ") for remark in run.remarks)
    assert run.fingerprint == examined(school.hand_in(run=other)).fingerprint


def test_weights_that_were_moved_a_little_are_found(school, hand_in, examined) -> None:
    weights = {name: values + np.float32(0.02) for name, values in kept_by(school).load_weights().items()}

    assert not examined(changed(hand_in, weights=save(weights))).fits


def test_weights_of_another_network_are_named_and_nothing_is_asked(hand_in, examined) -> None:
    foreign = save({"weight": np.zeros((3, 3), np.float32)})

    run = examined(changed(hand_in, weights=foreign))

    assert run.remarks == ("Its weights are not those of the network in its config.",)
    assert (run.hidden_accuracy, run.accuracy, run.parameters, run.checked) == (None, None, None, False)


def test_a_config_with_other_epochs_than_were_trained_is_found(hand_in, examined) -> None:
    run = examined(changed(hand_in, config=lambda config: config["training"].update(epochs=1)))

    assert run.remarks == ("It has 2 epochs, but its config asks for 1.",)


def test_a_training_time_that_was_edited_is_found(hand_in, examined) -> None:
    run = examined(changed(hand_in, history=lambda history: history.update(seconds=1000.0)))

    assert run.remarks[0].startswith("It claims 1000.0 s of training, but its epochs took ")


def test_a_test_loss_that_was_edited_is_found(hand_in, examined) -> None:
    run = examined(changed(hand_in, history=lambda history: history.update(test_loss=0.001)))

    assert run.remarks[0].startswith("It claims a test loss of 0.0010, but its weights have ")


def test_answers_to_other_digits_are_found(school, hand_in, examined) -> None:
    result = kept_by(school).load_test_result()

    run = examined(changed(hand_in, test=npz_of(result, labels=np.roll(result.labels, 1))))

    assert "Its answers are not to the test digits of its config." in run.remarks


def test_a_run_that_came_with_the_app_is_named(hand_in, examined) -> None:
    run = examined(changed(hand_in, history=lambda history: history["environment"].update(shipped={"cpu": "x"})))

    assert run.remarks == ("It came with Digits Lab: the learner did not train it.",)


def test_small_differences_between_machines_are_none(school, hand_in, examined) -> None:
    result = kept_by(school).load_test_result()
    nearly = result.logits * np.float32(1 + 1e-4)

    assert examined(changed(hand_in, test=npz_of(result, logits=nearly))).fits


def test_a_run_with_two_test_sets_of_different_sizes_is_checked_too(tmp_path, few_mnist, few_optdigits) -> None:
    school = school_in(tmp_path)
    data = DataConfig(train=("optdigits",), test=("optdigits", "mnist-5k"))
    run = trained(school.home, school.database, small_config(epochs=1).replace(data=data))
    known = {name: school.catalogue.load(name) for name in data.test}

    (found,) = examine(school.hand_in(run=run), few_mnist, known).runs

    assert (found.checked, found.fits) == (True, True)
    tests = choose_test_digits(data, known.__getitem__)
    assert len(kept_by(school, run).load_test_result().labels) == sum(int(each.test.sum()) for each in tests)


def test_a_network_of_ones_own_loop_is_asked_about_the_hidden_digits_and_its_claims_are_not_checked(
    school, examined, monkeypatch
) -> None:
    monkeypatch.setenv("DIGITS_HOME", str(school.home.folder))
    with dl.init("Loop", config={"epochs": 1, "batch_size": 32}) as logged:
        logged.log({"test/accuracy": 0.5}, step=1)
        logged.log_model(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), torch.zeros(1, 28, 28))
    store = RunStore(school.database)

    run = examined(school.hand_in(run=store.get(logged.id)))

    assert (run.checked, run.fits, run.claimed_accuracy, run.parameters) == (False, True, 0.5, 7850)
    assert run.hidden_accuracy is not None
    assert run.remarks == ("Not checked: it was trained elsewhere (own loop).",)
    settings = settings_of(as_run(run))
    assert (settings["epochs"], settings["batch_size"], settings["train"]) == (1, 32, None)


def test_a_run_that_was_stopped_before_its_first_epoch_contradicts_nothing(school, examined) -> None:
    stopped = RunStore(school.database).create(small_config(), this_process())
    execution = execute(stopped.config, school.catalogue.load, kept_by(school, stopped), lambda: Orders(stop=True))
    for event in execution:
        RunStore(school.database).apply(stopped.id, event)

    run = examined(school.hand_in(run=RunStore(school.database).get(stopped.id)))

    assert (run.fits, run.checked, run.hidden_accuracy) == (True, False, None)
    assert run.remarks == (
        "weights.safetensors is missing.",
        "test.npz is missing.",
        "It did not finish: it is stopped.",
    )


@pytest.mark.parametrize("what", ["continued", "extended by hand", "weights changed", "mixed precision"])
def test_runs_that_came_about_in_other_honest_ways_fit(school, examined, what) -> None:
    store, load = RunStore(school.database), school.data.loader(school.run.id)
    parent = school.run.plan
    if what == "weights changed":
        weights = {name: values * np.float32(0.9) for name, values in kept_by(school).load_weights().items()}
        made = keep_changed(school.run, weights, "times 0.9", store, school.home, load)
    else:
        changes = {"continued": {"epochs": 3}, "extended by hand": {}, "mixed precision": {"precision": "bf16"}}[what]
        config = parent.replace(training=parent.training.replace(**changes))
        parent_id = school.run.id if what == "continued" else ""
        made = store.create(config, this_process(), parent=parent_id)
        artifacts = kept_by(school, made)
        if parent_id:
            artifacts.start_from(kept_by(school), 2)
        orders = Orders(epochs=3, learning_rate=0.005) if what == "extended by hand" else Orders()
        for event in execute(config, load, artifacts, lambda: orders):
            store.apply(made.id, event)
        made = store.get(made.id)

    run = examined(school.hand_in(run=made))

    assert (run.fits, run.checked) == (True, True)
    assert run.accuracy == made.test_accuracy
