"""Runs of people's own loops on the pages: beside the app's own where they have something, and a reason where not."""

import json
import math

import pytest

import digits_core as dl
from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.state import state
from digits_core.runs.export.files import Export
from digits_core.runs.rows import NOT_TRAINED_HERE


@pytest.fixture
def logged(trained_home) -> list[str]:
    """The ids of three logged runs beside two that the app trained; one has no accuracy, one still trains."""
    with dl.init(
        "Plain loop", config={"lr": 0.01, "epochs": 2, "optimizer": "SGD", "width": 64}, tags=["mine"]
    ) as first:
        for epoch in (1, 2):
            first.log({"train/loss": 1 / epoch, "test/loss": 2 / epoch, "test/accuracy": epoch / 4}, step=epoch)
            first.log({"gradient <b>norm</b>": epoch, "odd": math.nan}, step=epoch)
    with dl.init("Losses alone", config={"lr": 0.1, "width": 32}) as second:
        second.log({"train/loss": 1.0}, step=0)
        second.log({"train/loss": 0.5}, step=10)
    third = dl.init("Still trains")
    third.log({"test/accuracy": 0.5})
    yield [first.id, second.id, third.id]
    third.finish()


def own(page) -> list[str]:
    return [run.id for run in state().runs.runs() if not run.is_logged]


def words(page) -> str:
    return "\n".join(str(each.value) for each in (*page.markdown, *page.caption, *page.info, *page.warning, *page.text))


def test_the_table_has_them_beside_the_others(open_page, logged):
    page = open_page("runs")
    assert not page.exception
    table = page.dataframe[0].value.set_index("Run")
    assert list(table.index) == ["#5 Still trains", "#4 Losses alone", "#3 Plain loop", "#2 fast", "#1 slow"]
    assert table.loc["#3 Plain loop", "Accuracy"] == 0.5
    assert table.loc["#3 Plain loop", "Optimizer"] == "SGD"
    assert table.loc["#3 Plain loop", "Learning rate"] == 0.01
    assert table["Accuracy"].isna()["#4 Losses alone"]
    assert "running" in table.loc["#5 Still trains", "Status"]


@pytest.mark.parametrize("view", ["Curves", "Parallel coordinates", "Scatter", "Per digit", "Disagreement"])
def test_they_are_compared_with_those_of_the_app(open_page, logged, view):
    page = open_page("runs", compare=[*logged, *own(None)], comparison=view)
    assert not page.exception
    assert not page.error


def test_settings_differ_only_where_both_say_something(open_page, logged):
    page = open_page("runs", compare=[logged[0], own(None)[0]])
    assert "3 of 35 settings differ between these 2 runs: epochs, learning rate, optimizer" in words(page)
    page = open_page("runs", compare=logged[:2])
    assert "learning rate, width." in words(page)


def test_other_metrics_have_charts_of_their_own(open_page, logged):
    page = open_page("runs", compare=logged)
    assert not page.exception
    assert any(each.value == "Other metrics" for each in page.subheader)
    page = open_page("runs", compare=own(None))
    assert not any(each.value == "Other metrics" for each in page.subheader)


def test_training_time_has_those_that_finished(open_page, logged):
    page = open_page("runs", runs_view="Training time")
    assert not page.exception
    assert "SGD" in words(page) or page.dataframe


@pytest.mark.parametrize("group", ["optimizer", "learning_rate", "train", "repeats", "network"])
def test_they_can_be_grouped(open_page, logged, group):
    page = open_page("runs", group=group, unfolded=("runs_filter",))
    assert not page.exception


@pytest.mark.parametrize("order", ["-accuracy", "learning_rate", "-seconds"])
def test_they_can_be_sorted_and_searched(open_page, logged, order):
    page = open_page("runs", sort=order, q="loop", unfolded=("runs_filter",))
    assert not page.exception
    assert list(page.dataframe[0].value["Run"]) == ["#3 Plain loop"] or len(page.dataframe[0].value) == 3


@pytest.mark.parametrize("view", ["Mistakes", "Confidence", "Robustness", "Datasets", "Export", None])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_such_a_run_lacks_is_said(open_page, logged, view, place):
    chosen = {} if view is None else {"result": view}
    page = open_page("runs", runs_view="One run", run=logged[place], **chosen)
    assert not page.exception
    assert "Not trained by Digits Lab" in words(page)
    if view == "Export":
        shut = {each.label: each.help for each in page.get("download_button") if each.proto.disabled}
        assert set(shut) == {"PyTorch script", "Notebook (.ipynb)", "Web page", "Weights", "ONNX"}
        assert set(shut.values()) == {as_plain_text(NOT_TRAINED_HERE)}
    elif view is not None:
        assert NOT_TRAINED_HERE in words(page)


def test_its_record_says_what_its_loop_said(open_page, logged):
    page = open_page("runs", runs_view="One run", run=logged[0])
    tables = [each.value for each in page.dataframe]
    assert dict(zip(tables[0]["Setting"], tables[0]["Value"], strict=True))["width"] == "64"
    assert list(tables[-1]["Metric"]) == ["gradient <b>norm</b>", "odd"]
    assert "Epoch: 2/2, Loss: 0.500000, Accuracy: 50.00%" in page.code[-1].value


@pytest.mark.parametrize("name", ["training", "recognise", "network", "handwriting", "transforms", "data"])
def test_other_pages_go_on_with_the_runs_of_the_app(open_page, logged, name):
    page = open_page(name, run=logged[0])
    assert not page.exception
    assert not page.error


def test_training_offers_none_of_them(open_page, logged):
    page = open_page("training")
    offered = [label for box in page.selectbox if box.label == "Run" for label in box.options]
    assert [label.split()[0] for label in offered] == ["#2", "#1"]


def test_an_exported_run_has_all_that_was_logged(home, logged):
    here = state()
    export = Export(logged[0], here.runs, here.artifacts, here.catalogue.load)
    kept = json.loads(export.json()["history.json"], parse_constant=lambda word: pytest.fail(f"not JSON: {word}"))
    assert kept["config"] == {"lr": 0.01, "epochs": 2, "optimizer": "SGD", "width": 64}
    assert kept["metrics"] == {"gradient <b>norm</b>": [[1, 1.0], [2, 2.0]], "odd": [[1, None], [2, None]]}
    assert kept["epochs"][0]["train_accuracy"] is None
    assert b"nan" not in export.csv()["history.csv"]
    assert next(iter(export.tensorboard().values()))


def test_a_report_of_several_runs_has_them(open_page, logged):
    from digits_core.reports.run_sections import ReportedRun, run_report
    from digits_core.runs.export.run_history import History

    store = state().runs
    runs = [ReportedRun(History(store.get(each), store.epochs([each])[each])) for each in (*logged, *own(None))]
    report = run_report(runs).decode()
    assert "Plain loop" in report
    assert "nan" not in report.casefold().replace("nano", "")
