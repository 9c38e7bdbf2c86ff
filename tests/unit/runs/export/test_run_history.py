"""Runs as tables: what a spreadsheet or a program reads back."""

import csv
import io
import json
from dataclasses import replace

import pytest

from digits_core.config import RunConfig
from digits_core.runs.export.run_history import History, as_csv, as_json, epochs_as_csv, runs_as_csv, without_formula
from digits_core.runs.rows import ChangeRow, EpochRow

FORMULA = '=HYPERLINK("http://x","y")'


@pytest.fixture
def history(store) -> History:
    run = store.create(RunConfig(name="plain"), "test:1:1")
    run = replace(run, status="finished", test_accuracy=0.955, test_loss=0.25, seconds=3.5)
    epochs = [EpochRow(number, run.id, number, 0.1 + 0.2, 0.9, -0.5, 0.955, 0.001, 900.0, 1.5) for number in (1, 2)]
    return History(run, epochs, [ChangeRow(1, "learning_rate", 0.01, 1, 3, 12.0)])


def read(content: bytes) -> list[dict]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))


def test_every_number_of_an_epoch_comes_back_from_the_csv_as_it_was(history):
    rows = read(epochs_as_csv([history]))

    assert [int(row["epoch"]) for row in rows] == [1, 2]
    for row, epoch in zip(rows, history.epochs, strict=True):
        assert all(float(row[name]) == getattr(epoch, name) for name in row if name not in ("run", "name"))


def test_a_row_a_run_has_its_settings_and_its_results(history):
    (row,) = read(runs_as_csv([history.run]))

    assert (row["run"], row["status"], row["train"]) == (history.run.id, "finished", "optdigits")
    assert (float(row["test_accuracy"]), float(row["learning_rate"]), int(row["batch_size"])) == (0.955, 0.001, 16)


def test_the_json_holds_the_config_the_epochs_and_what_was_changed(history):
    known = json.loads(as_json(history))

    assert RunConfig(**known["config"]) == history.run.config
    assert known["epochs"][1]["train_loss"] == history.epochs[1].train_loss
    assert known["changes"] == [{"what": "learning_rate", "value": 0.01, "epoch": 1, "batch": 3, "created": 12.0}]


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", " =", "  @"])
def test_what_a_user_wrote_is_never_a_formula(history, sign):
    run = replace(history.run, note=f"{sign}1+1", tags_json=json.dumps([f"{sign}cmd|' /C calc'!A0"]))

    (row,) = read(runs_as_csv([run]))

    assert row["note"] == f"'{sign}1+1"
    assert row["tags"].startswith(f"'{sign}")


def test_a_name_that_is_a_formula_stays_text_in_its_cell(history):
    row = as_csv(["name"], [{"name": FORMULA}]).decode()

    assert next(csv.reader([row.splitlines()[1]])) == [f"'{FORMULA}"]


@pytest.mark.parametrize("value", [-0.5, 3, None, True, "optdigits", "a=b", "me", ""])
def test_numbers_and_plain_words_stay_as_they_are(value):
    assert without_formula(value) is value


def test_names_that_are_no_valid_text_break_no_file(history):
    run = replace(history.run, name="\ud800\0", note='a,b\n"c"')

    assert read(runs_as_csv([run]))[0]["note"] == 'a,b\n"c"'
    assert json.loads(as_json(replace(history, run=run)))["note"] == 'a,b\n"c"'
