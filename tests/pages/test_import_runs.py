"""Runs of other programs on the Runs page: imported by an upload, chosen, said in a sentence, and undone."""

import pytest

from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.state import state

EPOCHS = b"epoch,train_loss,val_acc,norm\n1,2.0,25,1\n2,1.0,50,2\n"
OPEN = ("runs_import_0",)


def titles(page) -> list[str]:
    return list(page.dataframe[0].value["Run"])


def said(page) -> list[str]:
    return [each.value for each in page.markdown if "Imported" in each.value]


def button(page, key: str):
    return next(each for each in page.button if each.key == key)


@pytest.fixture
def imported(open_page, trained_home):
    page = open_page("runs", unfolded=OPEN)
    page.file_uploader[0].set_value([("mine.csv", EPOCHS, "text/csv")]).run()
    assert not page.exception
    return page


def test_an_upload_is_a_run_that_is_chosen(imported):
    run = state().runs.runs()[0]
    assert titles(imported) == ["#3 mine", "#2 fast", "#1 slow"]
    assert imported.query_params["compare"] in (run.id, [run.id])
    words = "Imported #3 mine from CSV; see its note."
    assert said(imported) == [f":material/check_circle: {as_plain_text(words)}"]
    assert run.note == "Percentages divided by 100: val_acc."
    assert any(each.value == "Other metrics" for each in imported.subheader)
    assert not imported.file_uploader


def test_drawing_the_page_again_imports_nothing_again(imported):
    imported.run()
    assert len(state().runs.runs()) == 3


def test_undo_takes_it_away_and_it_can_still_be_restored(imported):
    button(imported, "runs_undo").click().run()
    assert not imported.exception
    assert titles(imported) == ["#2 fast", "#1 slow"]
    assert said(imported) == []
    assert [run.name for run in state().runs.runs("deleted")] == ["mine"]


def test_the_same_file_twice_makes_two_runs(imported):
    imported.session_state["runs_import_1"] = True
    imported.run()
    imported.file_uploader[0].set_value([("mine.csv", EPOCHS, "text/csv")]).run()
    assert titles(imported) == ["#4 mine", "#3 mine", "#2 fast", "#1 slow"]


def test_a_file_that_is_wrong_is_refused_beside_the_control_and_imports_none(open_page, trained_home):
    page = open_page("runs", unfolded=OPEN)
    page.file_uploader[0].set_value([("mine.csv", EPOCHS, ""), ("no.csv", b"epoch,device\n1,cpu\n", "")]).run()
    assert not page.exception
    words = "no.csv has no column of metrics. Its columns are epoch, device."
    assert [each.value for each in page.error] == [as_plain_text(words)]
    assert titles(page) == ["#2 fast", "#1 slow"]
    page.file_uploader[0].set_value([("mine.csv", EPOCHS, "")]).run()
    assert titles(page) == ["#3 mine", "#2 fast", "#1 slow"]


def test_a_home_without_runs_offers_it_too(open_page, home, monkeypatch):
    monkeypatch.setenv("DIGITS_STARTER", "off")
    page = open_page("runs", unfolded=OPEN)
    page.file_uploader[0].set_value([("mine.csv", EPOCHS, "")]).run()
    assert not page.exception
    assert titles(page) == ["#1 mine"]


@pytest.mark.parametrize("view", ["Settings", "Mistakes", "Export"])
def test_an_imported_run_is_shown_alone(imported, open_page, view):
    page = open_page("runs", runs_view="One run", run=state().runs.runs()[0].id, result=view)
    assert not page.exception
    assert any("Not trained by Digits Lab: imported from CSV" in each.value for each in page.caption)
