"""Units without a browser: what excites one, what is lost without it, and how many weights a network needs."""

import numpy as np

from digits_core.dashboard.network.network_choice import Change, answers_of, subject_of
from digits_core.dashboard.state import state
from digits_core.data.builtin import read_optdigits


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
