"""The Runs page: its table, its filters, what can be done with runs, and that the URL holds all of it."""

import pytest
from streamlit.testing.v1 import AppTest

from digits_core.config import RunConfig, TrainingConfig
from digits_core.dashboard.pages import PAGES
from digits_core.dashboard.runs.filter_controls import MANY
from digits_core.dashboard.runs.table import PAGE_ROWS
from digits_core.dashboard.state import state
from digits_core.runs.store import Run
from digits_core.training.events import EpochFinished, Finished, Started
from tests.pages.controls import control, controls


def train(name: str, accuracy: float = 0.9, **training) -> Run:
    """A finished run of one epoch, as its events leave it."""
    store = state().runs
    run = store.create(RunConfig(name=name, training=TrainingConfig(epochs=1, **training)), "elsewhere:1:1")
    store.apply(run.id, Started(1, 1438, 359, {}))
    store.apply(run.id, EpochFinished(1, 1, 0.5, 0.8, 1 - accuracy, accuracy, 0.001, 1000.0, 1.5))
    store.apply(run.id, Finished("finished", 1, 1 - accuracy, accuracy, 1.5))
    return store.get(run.id)


@pytest.fixture
def four(home) -> list[Run]:
    """Two repeats of each of two batch sizes, oldest first."""
    return [
        train("small", 0.95, batch_size=16, seed=0),
        train("small again", 0.97, batch_size=16, seed=1),
        train("large", 0.90, batch_size=64, seed=0),
        train("large again", 0.91, batch_size=64, seed=1),
    ]


@pytest.fixture
def open_page(open_page):
    """Open a page with the filters and the edits of runs unfolded."""
    return lambda name, **query: open_page(name, unfolded=("runs_filter", "runs_edit"), **query)


def names(page: AppTest) -> list[str]:
    assert not page.exception
    return [title.split(maxsplit=1)[1] for title in page.dataframe[0].value["Run"]]


def button(page: AppTest, label: str):
    return next(each for each in page.button if each.label == label)


def query(page: AppTest, key: str) -> list[str]:
    value = page.query_params.get(key, [])
    return [value] if isinstance(value, str) else list(value)


def test_without_runs_the_page_says_what_to_do(open_page):
    page = open_page("runs")
    assert not page.exception
    assert any("No run yet" in text.value for text in page.markdown)


def test_the_table_holds_every_run_with_its_result(open_page, trained_home):
    page = open_page("runs")
    assert not page.exception
    table = page.dataframe[0].value
    assert list(table["Run"]) == ["#2 fast", "#1 slow"]
    assert list(table["Learning rate"]) == [0.002, 0.0005]
    assert list(table["Accuracy"]) == [run.test_accuracy for run in state().runs.runs()]


def test_the_newest_two_are_compared_at_first(open_page, trained_home):
    page = open_page("runs")
    assert set(page.query_params["compare"]) == {run.id for run in state().runs.runs()}


def test_the_url_chooses_what_is_compared(open_page, four):
    page = open_page("runs", compare=[four[0].id])
    assert query(page, "compare") == [four[0].id]
    assert any("1 chosen of 4 runs" in text.value for text in page.caption)


def test_filters_and_order_in_the_url_are_obeyed(open_page, four):
    assert names(open_page("runs", where=["batch_size=16"])) == ["small again", "small"]
    assert names(open_page("runs", where=["accuracy>90 %", "seed=1"], sort="test_loss")) == [
        "small again",
        "large again",
    ]
    assert names(open_page("runs", q="again")) == ["large again", "small again"]


def test_filters_that_are_used_are_written_into_the_url(open_page, four):
    page = open_page("runs")
    control(page, "runs_where").set_value(["batch_size=16"]).run()
    control(page, "runs_q").set_value("again").run()
    control(page, "runs_sort").set_value("-accuracy").run()

    assert names(page) == ["small again"]
    assert (query(page, "where"), query(page, "q"), query(page, "sort")) == (
        ["batch_size=16"],
        ["again"],
        ["-accuracy"],
    )

    control(page, "runs_where").set_value([]).run()
    control(page, "runs_q").set_value("").run()
    assert names(page) == ["small again", "small", "large again", "large"]
    assert not query(page, "where")
    assert not query(page, "q")


def test_a_filter_that_was_typed_wrong_is_explained_and_hides_nothing(open_page, four):
    page = open_page("runs", where=["colour=red", "batch_size=64"])
    assert "is not a valid filter" in page.error[0].value
    assert names(page) == ["large again", "large"]


def test_filters_that_leave_nothing_can_be_cleared(open_page, four):
    page = open_page("runs", where=["batch_size=7"])
    assert names(page) == []
    button(page, "Clear filters").click().run()
    assert len(names(page)) == 4


def test_a_choice_outlives_filters_that_hide_it_and_runs_that_arrive(open_page, four):
    page = open_page("runs", compare=[four[0].id, four[2].id])
    control(page, "runs_where").set_value(["batch_size=64"]).run()
    assert any("2 chosen of 2 runs, 1 not shown" in text.value for text in page.caption)

    train("new")
    control(page, "runs_where").set_value([]).run()
    assert names(page)[0] == "new"
    assert query(page, "compare") == [four[0].id, four[2].id]


def test_grouped_runs_show_mean_and_deviation(open_page, four):
    page = open_page("runs", group="batch_size")
    table = page.dataframe[0].value

    assert not page.exception
    assert list(table["Batch size"]) == ["16", "64"]
    assert list(table["Runs"]) == [2, 2]
    assert table["Accuracy"].tolist() == pytest.approx([96.0, 90.5])
    assert table["± Accuracy"].tolist() == pytest.approx([2**0.5, 0.5**0.5])

    control(page, "runs_group").set_value("repeats").run()
    assert list(page.dataframe[0].value["Settings"]) == ["batch size 64", "batch size 16"]
    assert query(page, "group") == ["repeats"]


def test_a_long_list_is_sent_page_by_page(open_page, home):
    store = state().runs
    made = [store.create(RunConfig(name=str(number)), "elsewhere:1:1") for number in range(PAGE_ROWS + 1)]
    store.interrupt([run.id for run in made], "ended")
    page = open_page("runs")
    assert len(names(page)) == PAGE_ROWS
    assert names(page)[0] == str(PAGE_ROWS)

    page.number_input(key="runs_page_of_2").set_value(2).run()
    assert names(page) == ["0"]


def test_a_chosen_run_is_renamed_tagged_and_noted(open_page, four):
    page = open_page("runs", compare=[four[3].id])
    next(each for each in page.text_input if each.label == "Name").set_value("the <b>best</b>").run()
    assert names(page)[0] == "the <b>best</b>"

    next(each for each in page.multiselect if each.label == "Tags").set_value(["good", "to show"]).run()
    button(page, "Add").click().run()
    page.text_area[0].set_value("Try 32 next.").run()
    button(page, "Save").click().run()

    run = state().runs.get(four[3].id)
    assert (run.tags, run.note) == (("good", "to show"), "Try 32 next.")
    assert list(page.dataframe[0].value["Tags"][0]) == ["good", "to show"]
    assert page.dataframe[0].value["Note"][0] == "Try 32 next."


def test_a_tag_that_is_refused_changes_nothing_and_is_explained(open_page, four):
    page = open_page("runs", compare=[four[3].id])
    next(each for each in page.multiselect if each.label == "Tags").set_value(["x" * 60]).run()
    button(page, "Add").click().run()

    assert "too long" in page.error[0].value
    assert state().runs.get(four[3].id).tags == ()


def test_deleted_runs_come_back_by_undo_chosen_as_they_were(open_page, four):
    chosen = [four[3].id, four[1].id]
    page = open_page("runs", compare=chosen)
    button(page, "Delete").click().run()
    assert names(page) == ["large", "small"]
    assert not query(page, "compare")

    button(page, "Undo").click().run()
    assert names(page) == ["large again", "large", "small again", "small"]
    assert set(query(page, "compare")) == set(chosen)
    assert "Undo" not in [each.label for each in page.button]


def test_deleted_and_archived_runs_are_found_on_their_shelves(open_page, four):
    page = open_page("runs", compare=[four[0].id])
    button(page, "Delete").click().run()
    page = open_page("runs", compare=[four[1].id])
    button(page, "Archive").click().run()
    assert names(page) == ["large again", "large"]

    page = open_page("runs", shelf="archived", compare=[four[1].id])
    assert names(page) == ["small again"]
    button(page, "Unarchive").click().run()
    page = open_page("runs", shelf="deleted", compare=[four[0].id])
    assert names(page) == ["small"]
    button(page, "Restore").click().run()
    assert len(state().runs.runs()) == 4


def test_a_run_that_trains_is_not_deleted_before_it_is_stopped(open_page, four):
    store = state().runs
    live = store.create(RunConfig(name="live"), "elsewhere:1:1")
    store.apply(live.id, Started(4, 1438, 359, {}))
    page = open_page("runs", compare=[live.id, four[0].id])
    button(page, "Delete").click().run()

    assert "#5 still trains" in page.error[0].value
    assert len(names(page)) == 5
    assert query(page, "compare") == [live.id, four[0].id]


def test_all_that_fit_the_filters_are_chosen_at_once(open_page, four):
    page = open_page("runs", where=["batch_size=64"])
    button(page, "Choose all").click().run()
    assert set(query(page, "compare")) == {four[2].id, four[3].id}

    button(page, "Choose none").click().run()
    assert not query(page, "compare")
    assert any("Select one or more" in text.value for text in page.info)


def test_filters_are_folded_away_until_there_are_more_than_ten_runs(home, open_page):
    for number in range(MANY):
        train(str(number))
    page = AppTest.from_file(PAGES["runs"].file, default_timeout=60).run()
    assert not controls(page, "runs_q")
    train("one more")
    assert controls(page.run(), "runs_q")


def test_a_filter_that_is_folded_away_is_said_and_holds(four, open_page):
    page = AppTest.from_file(PAGES["runs"].file, default_timeout=60)
    page.query_params["where"] = "batch_size=64"
    page.run()
    assert names(page) == ["large again", "large"]
    assert any("filtered: batch size = 64" in text.value for text in page.caption)
