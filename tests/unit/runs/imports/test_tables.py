"""CSV files of epochs: of any spelling, of Lightning's logger, of this app; and what no such file is."""

import math

import pytest

import digits_core as dl
from digits_core.data.readers.file_contents import Refusal
from digits_core.home import Home
from digits_core.runs.export.run_history import History, epochs_as_csv
from digits_core.runs.imports import keep
from digits_core.runs.imports.contents import read
from digits_core.runs.starter import open_database
from digits_core.runs.store import RunStore


@pytest.fixture
def table(tmp_path):
    """Read a text as the CSV file of that name."""

    def read_text(text: str | bytes, name: str = "mine.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read(path, name)

    return read_text


def test_names_are_understood_in_their_usual_spellings(table, store):
    found = table("Epoch,Train Loss,val_acc,LR,Grad-Norm\n1,1.5,0.25,0.1,3\n2,0.5,0.75,,4\n")
    (run,) = keep(store, found)
    first, second = store.epochs([run.id])[run.id]
    assert (first.epoch, first.train_loss, first.test_accuracy, first.learning_rate) == (1, 1.5, 0.25, 0.1)
    assert math.isnan(second.learning_rate)
    assert store.logged.metric(run.id, "Grad-Norm").values.tolist() == [3, 4]
    assert (run.name, run.origin, run.status, run.test_accuracy, run.seconds) == ("mine", "CSV", "finished", 0.75, None)
    assert found[0].note == ""


@pytest.mark.parametrize(
    ("head", "steps"),
    [("step,loss\n5,1\n7,2\n", [5, 7]), ("loss,x\n1,1\n2,2\n", [1, 2]), ("step,loss\n0,1\n1,2\n", [0, 1])],
)
def test_rows_are_counted_by_the_column_that_counts_or_from_1(table, head, steps):
    assert list(table(head)[0].metrics["loss"]) == steps


def test_epochs_from_0_are_counted_from_1(table):
    found = table("epoch,accuracy,loss,val_accuracy,val_loss\n0,0.5,1,0.4,1\n1,0.6,0.9,0.5,0.9\n", "keras.csv")
    assert list(found[0].metrics["val_loss"]) == [1, 2]
    assert found[0].note == "Its epochs were counted from 0, here from 1."


def test_accuracies_in_percent_are_divided_by_100(table):
    found = table("epoch,train_acc,val_acc,loss\n1,0.9,45,2\n2,97.5,0.5,1\n")
    assert found[0].metrics["train_acc"] == pytest.approx({1: 0.009, 2: 0.975})
    assert found[0].metrics["val_acc"] == {1: 0.45, 2: 0.005}
    assert found[0].metrics["loss"] == {1: 2, 2: 1}
    assert found[0].note == "Percentages divided by 100: train_acc, val_acc."
    assert table("epoch,val_acc\n1,45 %\n2,97.5%\n")[0].metrics["val_acc"] == {1: 0.45, 2: 0.975}


def test_other_separators_and_a_decimal_comma_are_read(table):
    assert table("epoch;loss\n1;0,75\n2;0,5\n")[0].metrics["loss"] == {1: 0.75, 2: 0.5}
    assert table("epoch\tloss\n1\t0.75\n")[0].metrics["loss"] == {1: 0.75}
    assert table("epoch,loss\r\n1,0.75\r\n".encode("utf-16"))[0].metrics["loss"] == {1: 0.75}


def test_gaps_are_gaps_and_columns_of_words_are_left_out(table):
    found = table("epoch,loss,device,empty,acc\n1,nan,cpu,,\n2,-,cpu,,0.5\n3,inf,,,n/a\n4,1,cpu,,None\n")
    loss = found[0].metrics["loss"]
    assert [math.isnan(loss[epoch]) for epoch in (1, 2, 3, 4)] == [True, True, True, False]
    assert set(found[0].metrics) == {"loss", "acc"}
    assert found[0].note == "Left out, because they are not numbers: device."


def test_an_epoch_may_have_several_rows(table):
    found = table("epoch,train_loss,val_loss\n1,2,\n1,,3\n2,1,\n2,,2\n")
    assert found[0].metrics == {"train_loss": {1: 2, 2: 1}, "val_loss": {1: 3, 2: 2}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("epoch,device\n1,cpu\n", "has no column of metrics. Its columns are epoch, device."),
        ("epoch,loss\n", "holds no rows"),
        ("", "holds no rows"),
        ("epoch,loss\n1,0.5\n2,bad\n", "has 'bad' in row 3 of the column 'loss', which is not a number"),
        ("epoch,loss\n1.5,0.5\n", "has '1.5' in row 2 of the column 'epoch'"),
        ("epoch,loss\n-1,0.5\n", "must be a whole number"),
        ("epoch,loss\n,0.5\n", "must be a whole number"),
        ("epoch,loss\n1e300,0.5\n", "has the step"),
        ("epoch,loss,loss\n1,1,1\n", "two columns named 'loss'"),
        ("epoch,loss\n1,1,1\n", "has 3 cells in row 2, but 2 columns: epoch, loss"),
        ("epoch,test_accuracy\n1,-1\n", "neither a fraction of 1 nor a percentage"),
        ("epoch," + "x" * 101 + "\n1,1\n", "1 to 100 characters"),
        ("epoch," + ",".join(f"m{n}" for n in range(501)) + "\n1" + ",1" * 501 + "\n", "more than the 500 metrics"),
        ("epoch," + ",".join(f"m{n}" for n in range(700)) + "\n1" + ",1" * 700 + "\n", "701 columns"),
        ('epoch,loss\n1,"' + "x" * 200_000, "cannot be read as CSV"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is not a supported file type"),
        (b"\x80\x04\x95\x00\x00cos\nsystem\n", "is not a supported file type"),
    ],
)
def test_what_is_no_table_of_epochs_is_refused_in_one_line(table, text, words):
    with pytest.raises(Refusal) as refused:
        table(text)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


def test_what_the_app_exports_comes_back_run_by_run(home, tmp_path):
    names = ["First", "=HYPERLINK(1)"]
    for name in names:
        with dl.init(name) as run:
            run.log({"train/loss": 1.0, "test/accuracy": 0.5}, step=0)
            run.log({"train/loss": 0.5, "test/accuracy": 0.75}, step=10)
    store = RunStore(open_database(Home(home)))
    before = store.runs()[1::-1]
    epochs = store.epochs([run.id for run in before])
    (tmp_path / "epochs.csv").write_bytes(epochs_as_csv([History(run, epochs[run.id]) for run in before]))
    found = read(tmp_path / "epochs.csv", "epochs.csv")
    after = keep(store, found)

    assert [run.name for run in after] == names
    assert found[0].note == ""
    for old, new in zip(before, after, strict=True):
        rows = store.epochs([new.id])[new.id]
        assert [(row.epoch, row.train_loss, row.test_accuracy) for row in rows] == [(0, 1.0, 0.5), (10, 0.5, 0.75)]
        assert [row.seconds for row in rows] == pytest.approx([row.seconds for row in epochs[old.id]])


LIGHTNING = """epoch,lr-Adam,step,train_acc_epoch,train_loss_epoch,train_loss_step,val_acc,val_loss
0,0.01,9,,,1.5,,
0,0.01,19,,,1.0,,
0,,22,,,,0.6,0.9
0,,22,0.5,1.2,,,
1,0.005,29,,,0.7,,
1,,45,,,,0.8,0.5
1,,45,0.75,0.6,,,
"""
HPARAMS = "lr: 0.01\noptimizer: Adam\nsizes: !!python/tuple\n- 64\n- 32\nnet:\n  depth: 2\n"


@pytest.fixture
def version(tmp_path):
    folder = tmp_path / "lightning_logs" / "version_0"
    folder.mkdir(parents=True)
    (folder / "metrics.csv").write_text(LIGHTNING)
    (folder / "hparams.yaml").write_text(HPARAMS)
    return folder


def test_a_version_of_lightnings_logger_is_a_run(version, store):
    found = read(version.parent, "lightning_logs")
    (run,) = keep(store, found)
    rows = store.epochs([run.id])[run.id]
    assert [(row.epoch, row.train_loss, row.train_accuracy, row.test_loss, row.test_accuracy) for row in rows] == [
        (1, 1.2, 0.5, 0.9, 0.6),
        (2, 0.6, 0.75, 0.5, 0.8),
    ]
    assert store.logged.metric(run.id, "train_loss_step").steps.tolist() == [9, 19, 29]
    assert store.logged.metric(run.id, "lr-Adam").values.tolist() == [0.01, 0.005]
    assert (run.name, run.origin) == ("version_0", "Lightning")
    assert run.logged_config == {"lr": 0.01, "optimizer": "Adam", "sizes": [64, 32], "net/depth": 2}
    assert run.note == "Its epochs were counted from 0, here from 1."


def test_a_loss_that_was_logged_by_batches_is_the_last_one_and_all_of_them(table):
    metrics = table("epoch,step,train_loss\n0,49,3\n0,99,2\n1,149,1\n", "metrics.csv")[0].metrics
    assert metrics == {"train_loss": {1: 2, 2: 1}, "train_loss_step": {49: 3, 99: 2, 149: 1}}


@pytest.mark.parametrize(
    ("hparams", "words"),
    [
        ("a: &a [x]\nb: [*a, *a]\n", "cannot be read as YAML"),
        ("a: [1, 2\n", "cannot be read as YAML"),
        ("- 1\n", "is not a mapping"),
        ("[" * 5000, "cannot be read as YAML"),
        ("a: " + "x" * 300_000, "more than the 256 KiB"),
        ("\n".join(f"a{n}: 1" for n in range(400)), "has settings that cannot be kept"),
    ],
)
def test_settings_that_cannot_be_read_are_refused(version, hparams, words):
    (version / "hparams.yaml").write_text(hparams)
    with pytest.raises(Refusal, match=words):
        read(version, "version_0")


def test_nothing_in_the_settings_is_run(version, tmp_path):
    trap = f"!!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path ['{tmp_path}/trap']]"
    (version / "hparams.yaml").write_text(f"lr: 0.1\nmodel: {trap}\nfn: !!python/name:os.system ''\n")
    (run,) = read(version, "version_0")
    assert run.config["lr"] == 0.1
    assert not (tmp_path / "trap").exists()
