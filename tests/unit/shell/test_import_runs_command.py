"""What `import-runs` makes and says."""

import json

import pytest

from digits_core.__main__ import main

EPOCHS = "epoch,train_loss,val_acc,extra\n1,2.0,25,1\n2,1.0,50,2\n"


@pytest.fixture
def files(tmp_path):
    paths = [tmp_path / "first.csv", tmp_path / "second.csv"]
    for path in paths:
        path.write_text(EPOCHS)
    return [str(path) for path in paths]


def test_one_line_for_each_run(files, store, capsys):
    assert main(["import-runs", *files, "--tag", "lab", "--tag", "mine"]) == 0
    second, first = store.runs()
    note = "Percentages divided by 100: val_acc."
    assert capsys.readouterr().out.splitlines() == [
        f"{first.id}  #1 first  from CSV: 2 epochs, 1 other metrics. {note}",
        f"{second.id}  #2 second  from CSV: 2 epochs, 1 other metrics. {note}",
    ]
    assert first.tags == ("lab", "mine")
    assert first.test_accuracy == 0.5


def test_the_name_that_was_given_is_theirs(files, store, capsys):
    assert main(["import-runs", files[0], "--name", "Baseline", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    (run,) = store.runs()
    assert (said["id"], said["name"], said["epochs"], said["test_accuracy"]) == (run.id, "Baseline", 2, 0.5)


def test_one_file_that_is_wrong_imports_none(files, store, tmp_path, capsys):
    (tmp_path / "wrong.csv").write_text("epoch,device\n1,cpu\n")
    assert main(["import-runs", *files, str(tmp_path / "wrong.csv")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "digits_core: wrong.csv has no column of metrics. Its columns are epoch, device.\n"
    assert store.count() == 0


@pytest.mark.parametrize("options", [["--tag", "a,b"], ["--name", "x" * 200]])
def test_a_name_or_a_tag_that_is_none_imports_nothing(files, store, options, capsys):
    assert main(["import-runs", *files, *options]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert store.count() == 0
