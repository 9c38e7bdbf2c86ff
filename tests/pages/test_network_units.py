"""Units without a browser: what excites one, what is lost without it, and how many weights a network needs."""

import numpy as np
import pytest

from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.loaders import run_loader
from digits_core.dashboard.network.network_choice import Change, answers_of, changed_weights, subject_of
from digits_core.dashboard.state import state
from digits_core.data.builtin import read_optdigits
from digits_core.errors import StoreError
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.changed_weights import keep_changed


def accuracy(page) -> float:
    (found,) = [metric for metric in page.metric if metric.label.startswith("Accuracy on")]
    return float(found.value.rstrip("%")) / 100


def test_a_unit_is_switched_off_and_on_again_and_the_run_stays_as_it_is(open_page, trained_home):
    run = state().runs.runs()[0]
    weights = state().artifacts(run.id).weights_path.read_bytes()
    page = open_page("network", look="Units", run=run.id)
    assert not page.exception
    assert "What excites conv1 0" in [each.value for each in page.subheader]
    before = accuracy(page)

    page.segmented_control(key="units_layer").set_value("fc2").run()
    for unit in (3, 5):
        page.number_input(key="units_unit").set_value(unit).run()
        page.button(key="units_switch").click().run()
    assert not page.exception
    assert page.multiselect(key="units_off").value == ["fc2 3", "fc2 5"]
    labels = read_optdigits().of("test")[1]
    expected = answers_of(subject_of(run), "optdigits", Change(off=(("fc2", 3), ("fc2", 5)))) == labels
    assert round(accuracy(page), 3) == round(float(np.mean(expected)), 3)

    page.multiselect(key="units_off").set_value([]).run()
    assert accuracy(page) == before
    assert state().artifacts(run.id).weights_path.read_bytes() == weights


def test_noise_on_all_weights_costs_accuracy(open_page, trained_home):
    page = open_page("network", look="Units")
    before = accuracy(page)
    page.slider(key="units_noise").set_value(2.0).run()

    assert not page.exception
    assert accuracy(page) < before - 0.2


def test_what_does_not_exist_in_another_network_is_forgotten(open_page, trained_home):
    page = open_page("network", look="Units", layers="mlp", weights="as built")
    assert not page.exception
    page.session_state["units_layer"], page.session_state["units_off"] = "conv2", ["conv2 31"]
    page.session_state["units_unit"] = 500
    page.run()

    assert not page.exception
    assert page.segmented_control(key="units_layer").value == "fc1"
    assert page.multiselect(key="units_off").value == []
    assert page.number_input(key="units_unit").value in range(128)


def test_a_network_without_a_hidden_layer_has_no_units(open_page):
    page = open_page("network", look="Units", layers="softmax")

    assert not page.exception
    assert ["no hidden layer" in info.value for info in page.info] == [True]


def changed(page):
    """Two units of fc1 off and half of the weights at 0."""
    page.segmented_control(key="units_layer").set_value("fc1").run()
    page.multiselect(key="units_off").set_value(["fc1 0", "fc1 1"]).run()
    page.slider(key="units_prune").set_value(50).run()
    assert not page.exception
    return page


def test_a_changed_network_is_kept_as_a_run_of_its_own_which_answers_as_the_page_does(open_page, trained_home):
    run = state().runs.runs()[0]
    weights = state().artifacts(run.id).weights_path.read_bytes()
    page = open_page("network", look="Units", run=run.id)
    assert page.button(key="units_keep").disabled
    changed(page).button(key="units_keep").click().run()

    assert not page.exception
    kept = state().runs.runs()[0]
    assert kept.name == f"{run.name}, 2 units off, 50 % of weights at 0"
    assert any(f"Kept as **{as_plain_text(kept.title)}**" in each.value for each in page.markdown)
    assert kept.status == "finished"
    assert run.title in kept.message
    assert "2 units off" in kept.message
    assert kept.note == f"Made from {run.title}: 2 units off, 50 % of weights at 0"
    assert state().artifacts(run.id).weights_path.read_bytes() == weights
    assert state().runs.get(run.id) == run

    change = Change((("fc1", 0), ("fc1", 1)), 0.5)
    answers = answers_of(subject_of(kept), "optdigits", Change())
    assert answers.tolist() == answers_of(subject_of(run), "optdigits", change).tolist()
    logits = state().artifacts(kept.id).load_test_result()
    assert kept.test_accuracy == float(np.mean(logits.logits.argmax(1) == logits.labels))
    last = state().runs.epochs([kept.id])[kept.id][-1]
    assert (last.test_loss, last.test_accuracy) == (kept.test_loss, kept.test_accuracy)


def test_what_was_kept_is_said_until_something_else_is_changed(open_page, trained_home):
    page = open_page("network", look="Units")
    changed(page).button(key="units_keep").click().run()
    assert any(
        "Kept as" in each.value for each in page.markdown
    )  # of the two, the one it was made from is still looked at
    page.slider(key="units_prune").set_value(60).run()

    assert not any("Kept as" in each.value for each in page.markdown)
    assert not page.button(key="units_keep").disabled


@pytest.mark.parametrize("name", ["training", "runs", "recognise", "network", "handwriting"])
def test_every_page_shows_a_run_whose_weights_were_changed(open_page, trained_home, name):
    run = state().runs.runs()[0]
    subject, change = subject_of(run), Change(prune=0.9)
    kept = keep_changed(
        run, changed_weights(subject, change), change.words, state().runs, state().home, run_loader(run.id)
    )

    assert not open_page(name, run=kept.id).exception


def test_weights_that_were_never_trained_are_not_kept(open_page, trained_home):
    page = changed(open_page("network", look="Units", weights="before training"))

    assert page.button(key="units_keep").disabled
    assert "choose one" in page.button(key="units_keep").help


def test_where_it_cannot_be_kept_it_says_so_and_leaves_nothing_behind(open_page, trained_home, monkeypatch):
    run = state().runs.runs()[0]
    page = changed(open_page("network", look="Units", run=run.id))
    folders = sorted(trained_home.joinpath("runs").iterdir())

    def refuse(*_):
        raise StoreError("The disk is full.")

    monkeypatch.setattr(Artifacts, "save_watched", refuse)
    page.button(key="units_keep").click().run()

    assert [each.value for each in page.error] == [as_plain_text("The disk is full.")]
    assert sorted(trained_home.joinpath("runs").iterdir()) == folders
    assert state().runs.runs()[0] == run
