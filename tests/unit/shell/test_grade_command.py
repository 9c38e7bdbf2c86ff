"""`grade` as a teacher calls it: a folder in, two tables out."""

import csv
import json

import pytest

from digits_core.__main__ import main
from digits_core.data.dataset_export import as_npz
from tests.unit.lessons.hand_ins import School, changed, school_in


@pytest.fixture(scope="module")
def school(tmp_path_factory) -> School:
    return school_in(tmp_path_factory.mktemp("school"))


@pytest.fixture
def folder(school, tmp_path, monkeypatch, few_mnist):
    """A class of three: one is honest, one has made up a number, one has handed in half a file."""
    monkeypatch.setenv("DIGITS_HOME", str(school.home.folder))
    (tmp_path / "class").mkdir()
    honest = school.hand_in("Ada")
    forged = changed(school.hand_in("Ben"), history=lambda history: history.update(test_accuracy=1.0))
    for name, content in (("ada", honest), ("ben", forged), ("eve", honest[:5000])):
        (tmp_path / "class" / f"{name}.zip").write_bytes(content)
    (tmp_path / "hidden.npz").write_bytes(as_npz(few_mnist))
    return tmp_path / "class"


def test_a_class_is_graded_into_a_table_for_spreadsheets_and_one_to_read(folder, capsys) -> None:
    assert main(["grade", str(folder), "--dataset", str(folder.parent / "hidden.npz"), "--json"]) == 0

    ada, ben, eve = map(json.loads, capsys.readouterr().out.splitlines())
    assert (ada["learner"], ada["checked"], ada["goals_met"]) == ("Ada", "agrees", 0)
    assert (ben["learner"], ben["checked"], ben["claimed_accuracy"]) == ("Ben", "does not agree", 1.0)
    assert "It claims 100.00%, but its weights reach" in ben["remarks"]
    assert eve["remarks"].startswith("eve.zip is damaged")
    # All of a file are hidden digits: 330, and not only those that a split would choose for testing.
    assert round(ada["hidden_accuracy"] * 330, 6) == round(ada["hidden_accuracy"] * 330)
    with (folder / "grades.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["learner"] for row in table] == ["Ada", "Ben", ""]
    assert float(table[0]["hidden_accuracy"]) == ada["hidden_accuracy"]
    assert "330 of hidden.npz" in (folder / "grades.html").read_text(encoding="utf-8")

    # A table that is there already may have marks of the teacher's in it.
    again = ["grade", str(folder), "--dataset", "mnist-5k"]
    assert main(again) == 2
    assert "add --replace" in capsys.readouterr().err
    assert main([*again, "--replace"]) == 0
    said = capsys.readouterr().out
    assert "Ben, Two epochs: 3 of 4 steps, 0 of 1 goals, #1 Mine: " in said
    assert "1,000 of mnist-5k" in (folder / "grades.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["nowhere", "--dataset", "mnist-5k"], "holds no hand-ins"),
        ([".", "--dataset", "no-such-set"], "There is no dataset 'no-such-set'"),
    ],
)
def test_bad_input_is_said_in_one_line_and_nothing_is_written(folder, monkeypatch, capsys, options, said) -> None:
    monkeypatch.chdir(folder)

    assert main(["grade", *options]) == 2

    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1
    assert sorted(path.name for path in folder.iterdir()) == ["ada.zip", "ben.zip", "eve.zip"]
