"""Comparing runs and their training time, without a browser: what is said, what is left out, what the URL holds."""

import json
import shutil

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from digits_core.config import DataConfig, RunConfig
from digits_core.dashboard import state as app_state
from digits_core.dashboard.state import state
from digits_core.home import Home
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.process_owner import this_process
from digits_core.training.events import EpochFinished, Finished, Started
from tests.pages.controls import session_key

SECONDS = 60


@pytest.fixture(scope="module")
def filled(trained, tmp_path_factory):
    """Two runs that were trained, one that has diverged, one in training, and one that was tested on other images."""
    folder = shutil.copytree(trained, tmp_path_factory.mktemp("compared") / "home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIGITS_HOME", str(folder))
        runs = state().runs
        first = runs.runs()[-1]
        for name, outcome in (("diverged", "diverged"), ("live", None)):
            run = runs.create(RunConfig(name=name), this_process())
            runs.apply(run.id, Started(4, 1438, 359, {}))
            if outcome:
                runs.apply(run.id, Finished(outcome, 0, None, None, 1.0, "The loss is not a number."))
            else:
                runs.apply(run.id, EpochFinished(1, 4, 0.9, 0.7, 0.4, 0.9, 0.001, 900.0, 1.5))
        other = runs.create(RunConfig(name="other", data=DataConfig(test=("mnist-5k",))), this_process())
        runs.apply(other.id, Started(1, 1438, 359, {"datasets": {"optdigits": "a", "mnist-5k": "b"}}))
        runs.apply(other.id, Finished("finished", 1, 2.0, 0.2, 3.0))
        Artifacts(Home(folder).run(other.id)).save_test_result(state().artifacts(first.id).load_test_result())
    yield folder
    app_state.stop()
    st.cache_resource.clear()


@pytest.fixture
def compare(filled, monkeypatch):
    """Show the comparison of the runs of these names, with what the URL says."""
    monkeypatch.setenv("DIGITS_HOME", str(filled))

    def run(*names: str, **query: str) -> AppTest:
        page = AppTest.from_function(_comparison, default_timeout=SECONDS)
        return show(page, query | {"names": json.dumps(names)})

    return run


@pytest.fixture
def training_time(filled, monkeypatch):
    monkeypatch.setenv("DIGITS_HOME", str(filled))
    return lambda *names, **query: show(
        AppTest.from_function(_training_time, default_timeout=SECONDS), query | {"names": json.dumps(names)}
    )


def show(page: AppTest, query) -> AppTest:
    for key, value in query.items():
        page.query_params[key] = value
    page.run()
    assert not page.exception
    return page


def _comparison():
    import json

    import streamlit as st

    from digits_core.dashboard.runs.comparison_view import show_comparison
    from digits_core.dashboard.state import state

    names = json.loads(st.query_params["names"])
    show_comparison([run for run in state().runs.runs() if run.name in names])


def _training_time():
    import json

    import streamlit as st

    from digits_core.dashboard.runs.training_time_view import show_training_time
    from digits_core.dashboard.state import state

    names = json.loads(st.query_params["names"])
    show_training_time([run for run in state().runs.runs() if run.name in names])


def said(page: AppTest) -> str:
    return " ".join(each.value for kind in ("info", "warning", "caption", "error") for each in page.get(kind))


VIEWS = ("Curves", "Parallel coordinates", "Scatter", "Per digit", "Disagreement")


def test_without_a_chosen_run_it_is_said_how_to_choose_one(compare):
    assert "Select one or more rows" in said(compare())


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("names", [("live", "diverged"), ("slow", "fast", "live", "diverged", "other")])
def test_each_view_stands_any_choice_of_runs(compare, view, names):
    page = compare(*names, comparison=view)

    assert not page.error


def test_only_the_settings_that_differ_are_shown_until_all_are_asked_for(compare):
    page = compare("slow", "fast")
    table = page.dataframe[0].value

    assert list(table.columns) == ["Run", "Learning rate", "Accuracy", "Loss", "Training time"]
    assert list(table["Learning rate"]) == [0.002, 0.0005]
    page.toggle[0].set_value(True).run()
    assert {"Trained on", "Optimizer", "Loss function", "Seed"} <= set(page.dataframe[0].value.columns)


def test_the_url_says_how_curves_are_drawn(compare):
    page = compare("slow", "fast", measure="Loss", curves_against="Seconds", curve_scale="Log", smoothing="0.5")

    page.session_state["curve_options"] = True
    page.run()
    assert page.session_state[session_key(page, "runs_measure")] == "Loss"
    assert page.session_state[session_key(page, "runs_curves_against")] == "Seconds"
    assert page.session_state["curve_scale"] == "Log error", "links from before say Log"
    assert page.slider[0].value == 0.5


def test_runs_of_other_test_images_are_left_out_per_digit_and_named(compare):
    slow = next(run for run in state().runs.runs() if run.name == "slow")

    assert "tested on other images: \\#5 other" in said(
        compare("slow", "other", comparison="Per digit", baseline=slow.id)
    )


def test_runs_that_were_not_tested_on_the_same_images_are_not_set_against_each_other(compare):
    words = said(compare("slow", "other", comparison="Disagreement"))

    assert "not tested on the same images: the first on mnist\\-5k, the second on optdigits" in words


def test_two_runs_disagree_on_as_many_images_as_their_answers_say(compare):
    runs = {run.name: run for run in state().runs.runs()}
    slow, fast = (state().artifacts(runs[name].id).load_test_result() for name in ("slow", "fast"))
    slow_right, fast_right = (each.logits.argmax(1) == each.labels for each in (slow, fast))
    page = compare("slow", "fast", comparison="Disagreement")

    assert [each.value for each in page.metric[:2]] == [
        str((fast_right & ~slow_right).sum()),
        str((slow_right & ~fast_right).sum()),
    ]


def test_training_time_needs_a_finished_run_and_says_so(training_time):
    assert "finished runs" in said(training_time("live", "diverged"))


def test_few_finished_runs_are_offered_the_sweep_that_fills_the_charts(training_time):
    labels = [[each.label for each in training_time(*names).button] for names in (("slow",), ("slow", "fast", "other"))]

    assert labels == [["Start “Batch size against training time”"], []]


def test_the_best_for_the_time_are_listed_with_their_settings(training_time):
    table = training_time("slow", "fast").dataframe[0].value
    runs = [run for run in state().runs.runs() if run.name in ("slow", "fast")]
    best = max(runs, key=lambda run: (run.test_accuracy, -run.seconds))

    assert table["Run"].iloc[-1] == best.title
    assert list(table["Training time"]) == sorted(table["Training time"])


def test_accuracies_on_different_images_are_not_put_in_one_chart(training_time):
    page = training_time("slow", "fast", "other")

    assert page.selectbox[0].options == ["optdigits", "mnist-5k"], "a list is no Markdown: nothing in it is escaped"
    assert "#5 other" not in list(page.dataframe[0].value["Run"])
    page.selectbox[0].set_value("mnist-5k").run()
    assert list(page.dataframe[0].value["Run"]) == ["#5 other"]
