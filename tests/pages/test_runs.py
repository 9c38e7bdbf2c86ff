"""The Runs page."""

from digits_core.dashboard.state import state


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


def test_the_url_chooses_what_is_compared(open_page, trained_home):
    slow = state().runs.runs()[1]
    page = open_page("runs", compare=slow.id)
    assert page.query_params["compare"] == slow.id
