"""The shell: what scripts may rely on. Lines on standard output, one line on standard error, the exit status."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from digits_core.__main__ import main
from digits_core.database import Database
from digits_core.home import Home
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.store import RunStore
from digits_core.shell import runs_command as runs_module
from tests.unit.helpers import ctrl_c_given_back, fill

ROOT = Path(__file__).resolve().parents[2]
EPOCH_KEYS = {
    "event",
    "epoch",
    "epochs",
    "train_loss",
    "train_accuracy",
    "test_loss",
    "test_accuracy",
    "seconds",
}
LECTURE_LINE = re.compile(r"Epoch: (\d+)/(\d+), Loss: \d+\.\d{6}, Accuracy: \d+\.\d\d%")
QUICK = ["train", "--epochs", "2", "--batch-size", "128"]


@pytest.fixture(autouse=True)
def _ctrl_c_stays_the_tests():
    """`train` takes Ctrl-C for itself: inside of pytest it has to give it back."""
    with ctrl_c_given_back():
        yield


@pytest.fixture
def shell(home, capsys):
    """Call the shell in this process; returns its exit status and the lines of both outputs."""

    def call(*arguments: str) -> tuple[int, list[str], list[str]]:
        try:
            status = main(list(arguments))
        except SystemExit as ended:  # how argparse refuses
            status = ended.code
        out, err = capsys.readouterr()
        return status, out.splitlines(), err.splitlines()

    return call


@pytest.fixture(scope="module")
def trained_home(tmp_path_factory) -> tuple[Path, list[dict]]:
    """A home with one run that another process trained, and what that one printed."""
    folder = tmp_path_factory.mktemp("trained")
    answer = shell_process(folder, "train", "--epochs", "2", "--batch-size", "64", "--name", "from the shell", "--json")
    out, err = answer.communicate(timeout=300)
    assert (answer.returncode, err) == (0, "")
    return folder, [json.loads(line) for line in out.splitlines()]


def shell_process(home: Path, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "digits_core", *arguments],
        cwd=ROOT,
        env={**os.environ, "DIGITS_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def runs_in(home: Path) -> list:
    path = Home(home).database
    if not path.exists():
        return []
    database = Database(path)
    runs = RunStore(database).runs()
    database.close()
    return runs


def test_train_json_prints_an_object_for_each_epoch_and_one_at_the_end(trained_home):
    _, (first, second, last) = trained_home

    assert all(epoch.keys() == EPOCH_KEYS for epoch in (first, second))
    assert [(epoch["event"], epoch["epoch"], epoch["epochs"]) for epoch in (first, second)] == [
        ("epoch", 1, 2),
        ("epoch", 2, 2),
    ]
    assert last.keys() == {"event", "run", "test_accuracy", "seconds"}
    assert last["event"] == "finished"


def test_train_json_gives_accuracies_as_fractions_of_one(trained_home):
    _, (first, second, last) = trained_home

    assert all(0 <= each["test_accuracy"] <= 1 for each in (first, second, last))
    assert last["test_accuracy"] == second["test_accuracy"]
    assert last["test_accuracy"] > 0.5


def test_a_run_of_the_shell_is_in_the_store_with_its_epochs_and_weights(trained_home):
    home, lines = trained_home
    (run,) = runs_in(home)
    database = Database(Home(home).database)
    epochs = RunStore(database).epochs([run.id])[run.id]
    database.close()

    assert (run.id, run.status, run.name, run.recipe) == (lines[-1]["run"], "finished", "from the shell", "Lecture")
    assert [row.test_accuracy for row in epochs] == [line["test_accuracy"] for line in lines[:2]]
    assert "conv1.weight" in Artifacts(Home(home).run(run.id)).load_weights()


def test_train_prints_the_line_of_the_lecture_for_each_epoch(shell):
    status, out, err = shell(*QUICK)

    assert (status, err) == (0, [])
    assert [LECTURE_LINE.fullmatch(line).groups() for line in out[:2]] == [("1", "2"), ("2", "2")]
    assert re.fullmatch(r"Run [0-9a-f]{8} finished after \d+\.\d s\.", out[2])
    assert len(out) == 3


def test_train_takes_every_option_of_its_config(shell, home):
    status, *_ = shell(
        "train",
        "--recipe",
        "learning RATE too high",
        "--dataset",
        "optdigits",
        "--epochs",
        "1",
        "--batch-size",
        "200",
        "--learning-rate",
        "0.01",
        "--optimizer",
        "sgd",
        "--loss",
        "nll",
        "--seed",
        "5",
        "--device",
        "cpu",
        "--precision",
        "bf16",
        "--name",
        "all of them",
    )
    (run,) = runs_in(home)
    training = run.config.training

    assert status == 0
    assert (run.name, run.recipe) == ("all of them", "Learning rate too high")
    assert (training.epochs, training.batch_size, training.learning_rate) == (1, 200, 0.01)
    assert (training.optimizer, training.loss, training.seed) == ("sgd", "nll", 5)
    assert (training.device, training.precision) == ("cpu", "bf16")


def test_a_dataset_is_trained_and_tested_on_and_may_be_repeated(shell, home):
    shell(*QUICK, "--epochs", "1", "--dataset", "optdigits", "--dataset", "optdigits")
    (run,) = runs_in(home)

    assert (run.config.data.train, run.config.data.test) == (("optdigits",), ("optdigits",))


def test_a_run_that_diverges_ends_with_status_one(shell, home):
    status, out, _ = shell(
        "train", "--epochs", "2", "--optimizer", "sgd", "--loss", "mse", "--learning-rate", "100", "--json"
    )

    assert status == 1
    assert json.loads(out[-1])["event"] == "diverged"
    assert runs_in(home)[0].status == "diverged"


BAD_INPUT = [
    ["train", "--epochs", "0"],
    ["train", "--epochs", "four"],
    ["train", "--epochs"],
    ["train", "--learning-rate", "nan"],
    ["train", "--learning-rate", "-1"],
    ["train", "--batch-size", "100000"],
    ["train", "--batch-size", "4000"],
    ["train", "--optimizer", "adm"],
    ["train", "--loss", "hinge"],
    ["train", "--seed", "-1"],
    ["train", "--precision", "fp8"],
    ["train", "--recipe", "Lektion"],
    ["train", "--dataset", "emnist"],
    ["train", "--dataset", "mnist"],
    ["train", "--dataset", "handwriting"],
    ["train", "--dataset", ""],
    ["train", "--name", "x" * 121],
    ["train", "--momentum", "1"],
    ["train", "surplus"],
    ["recognise", "digit.png"],
    ["recognise", "digit.png", "--run", "0badf00d"],
    ["recognise", "digit.png", "--run", ""],
    ["recognise"],
    ["retrain"],
    ["app", "--port", "first"],
]


@pytest.mark.parametrize("arguments", BAD_INPUT, ids=" ".join)
def test_bad_input_is_one_line_on_standard_error_and_status_two(shell, home, arguments):
    status, out, err = shell(*arguments)

    assert (status, out) == (2, [])
    assert len(err) == 1
    assert err[0].startswith("digits_core: ")
    assert runs_in(home) == []


def test_a_device_that_is_not_there_is_bad_input(shell, home):
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    status, out, err = shell("train", "--device", "cuda")

    assert (status, out, len(err)) == (2, [], 1)
    assert runs_in(home) == []


def test_bad_input_is_refused_by_a_fresh_process_without_a_traceback(tmp_path):
    answer = shell_process(tmp_path, "train", "--epochs", "0")
    out, err = answer.communicate(timeout=120)

    assert (answer.returncode, out) == (2, "")
    assert err == "digits_core: epochs is 0, but should be greater than or equal to 1.\n"


def test_a_home_that_cannot_be_used_is_bad_input(tmp_path, monkeypatch, shell):
    (tmp_path / "file").touch()
    monkeypatch.setenv("DIGITS_HOME", str(tmp_path / "file" / "home"))
    status, out, err = shell("runs")

    assert (status, out, len(err)) == (2, [], 1)


def test_a_database_that_is_none_is_bad_input(home, shell):
    Home(home).database.write_text("no database at all" * 100)
    status, out, err = shell("runs")

    assert (status, out, len(err)) == (2, [], 1)


def test_help_is_no_error(shell):
    status, out, err = shell("--help")

    assert (status, err) == (0, [])
    assert {"datasets", "train", "recognise", "runs"} <= {line.split()[0] for line in out if line.split()}


def test_datasets_json_says_what_there_is(shell):
    status, out, err = shell("datasets", "--json")
    rows = {row["name"]: row for row in map(json.loads, out)}

    assert (status, err) == (0, [])
    assert {name: row["available"] for name, row in rows.items()} == {
        "optdigits": True,
        "mnist-5k": True,
        "strokes": True,
        "mnist": False,
        "handwriting": False,
    }
    assert (rows["optdigits"]["images"], rows["optdigits"]["height"], rows["optdigits"]["width"]) == (1797, 8, 8)
    assert rows["mnist-5k"]["train"] + rows["mnist-5k"]["test"] == 5000


def test_datasets_names_each_in_a_line(shell):
    status, out, err = shell("datasets")

    assert (status, err) == (0, [])
    assert [line.split()[0] for line in out] == ["optdigits", "mnist-5k", "strokes", "mnist", "handwriting"]


@pytest.fixture
def mnist_csv(tmp_path, few_mnist) -> Path:
    """330 digits as Kaggle's file has them: a label and 784 pixels in each row."""
    rows = np.column_stack([few_mnist.labels, few_mnist.images.reshape(len(few_mnist), -1)])
    header = ",".join(["label", *(f"pixel{number}" for number in range(784))])
    np.savetxt(tmp_path / "digits.csv", rows, fmt="%d", delimiter=",", header=header, comments="")
    return tmp_path / "digits.csv"


def test_an_imported_file_is_a_dataset_to_train_on(shell, mnist_csv):
    status, out, err = shell("import", str(mnist_csv), "--name", "From Kaggle", "--json")
    assert (status, err) == (0, [])
    found, kept = (json.loads(line) for line in out)
    assert found["images"] == 330
    assert found["problems"] == []
    assert (kept["name"], kept["title"], kept["images"], kept["height"]) == ("from-kaggle", "From Kaggle", 330, 28)

    listed = [json.loads(line) for line in shell("datasets", "--json")[1]]
    assert listed[-1]["name"] == "from-kaggle"
    assert listed[-1]["train"] + listed[-1]["test"] == 330
    assert shell(*QUICK, "--dataset", "from-kaggle")[0] == 0


def test_a_file_with_wrong_entries_is_imported_without_them_when_that_is_said(shell, mnist_csv):
    lines = mnist_csv.read_text().splitlines()
    lines[5] = "x" + lines[5][1:]
    mnist_csv.write_text("\n".join(lines))
    before = shell("datasets", "--json")[1]

    status, out, err = shell("import", str(mnist_csv), "--name", "Mine")
    assert status == 2
    assert len(err) == 1
    assert "Wrong entries in digits.csv: 1." in err[0]
    assert any(line.startswith("row ") for line in out)
    assert shell("datasets", "--json")[1] == before

    status, out, err = shell("import", str(mnist_csv), "--name", "Mine", "--leave-out")
    assert (status, err) == (0, [])
    assert out[-1].startswith("Kept as mine: 329 images.")


def test_a_file_that_is_no_dataset_is_bad_input(shell, tmp_path):
    (tmp_path / "evil.pkl").write_bytes(b"cos\nsystem\n(S'touch canary'\ntR.")

    status, out, err = shell("import", str(tmp_path / "evil.pkl"), "--name", "Mine")

    assert (status, out) == (2, [])
    assert len(err) == 1
    assert "evil.pkl wants to call os.system" in err[0]
    assert not Path("canary").exists()


def test_runs_json_has_a_line_for_each_run(trained_home, shell, monkeypatch):
    home, lines = trained_home
    monkeypatch.setenv("DIGITS_HOME", str(home))
    status, (line,), err = shell("runs", "--json")
    row = json.loads(line)

    assert (status, err) == (0, [])
    assert (row["id"], row["status"], row["test_accuracy"]) == (
        lines[-1]["run"],
        "finished",
        lines[-1]["test_accuracy"],
    )
    assert row["config"]["training"]["epochs"] == 2


def test_runs_names_each_with_its_status_and_accuracy(trained_home, shell, monkeypatch):
    home, lines = trained_home
    monkeypatch.setenv("DIGITS_HOME", str(home))
    _, (line,), _ = shell("runs")

    assert line.split()[:3] == [lines[-1]["run"], "finished", f"{lines[-1]['test_accuracy']:.2%}"]


def test_without_runs_there_are_no_lines(shell):
    assert shell("runs", "--json") == (0, [], [])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_ctrl_c_keeps_what_was_learnt(tmp_path):
    process = shell_process(tmp_path, "train", "--epochs", "1000", "--json")
    first = json.loads(process.stdout.readline())
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    last = json.loads(out.splitlines()[-1])
    (run,) = runs_in(tmp_path)

    assert (process.returncode, err, first["event"]) == (0, "", "epoch")
    assert (last["event"], last["run"]) == ("stopped", run.id)
    assert (run.status, run.test_accuracy) == ("stopped", last["test_accuracy"])
    assert "conv1.weight" in Artifacts(Home(tmp_path).run(run.id)).load_weights()


def test_a_run_that_cannot_be_kept_fails_with_status_one(shell, home, small_disk):
    """What goes wrong while a run trains is no bad input: it is written with the run."""
    (home / "runs").symlink_to(small_disk)
    fill(small_disk / "filler")
    status, out, err = shell(*QUICK)
    (run,) = runs_in(home)

    assert (status, out, len(err)) == (1, [], 1)
    assert "could not be written" in err[0]
    assert (run.status, f"digits_core: {run.message}") == ("failed", err[0])


def test_ctrl_c_before_a_run_is_there_leaves_no_traceback(shell, monkeypatch):
    def interrupted(_) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(runs_module, "list_runs", interrupted)

    assert shell("runs") == (130, [], ["digits_core: interrupted."])


def test_evaluate_json_tests_a_run_on_any_dataset(trained_home, shell, monkeypatch):
    home, printed = trained_home
    monkeypatch.setenv("DIGITS_HOME", str(home))
    status, out, _ = shell("evaluate", "latest", "--dataset", "optdigits", "--json")
    found = json.loads(out[0])

    assert (status, len(out)) == (0, 1)
    assert (found["run"], found["dataset"], found["images"]) == (printed[-1]["run"], "optdigits", 359)
    assert found["accuracy"] == pytest.approx(printed[-1]["test_accuracy"], abs=1e-6)
    assert np.trace(found["confusion"]) / 359 == pytest.approx(found["accuracy"])
    assert 0 <= found["calibration_error"] <= 1
    assert [each["digit"] for each in found["digits"]] == list(range(10))
    for each in found["digits"]:
        assert each["recall"] == pytest.approx(found["confusion"][each["digit"]][each["digit"]] / each["images"])


def test_evaluate_prints_a_line_for_each_digit(trained_home, shell, monkeypatch):
    monkeypatch.setenv("DIGITS_HOME", str(trained_home[0]))
    status, out, _ = shell("evaluate", "latest", "--dataset", "mnist-5k")

    assert status == 0
    assert re.match(r"#1 from the shell on the 1,000 test images of mnist-5k: \d+\.\d\d% ± \d\.\d\d%", out[0])
    assert len(out) == 12


def test_evaluate_refuses_datasets_and_runs_that_are_not_there(trained_home, shell, monkeypatch):
    monkeypatch.setenv("DIGITS_HOME", str(trained_home[0]))
    for arguments, reason in (
        (("evaluate", "latest", "--dataset", "nothing"), "no dataset 'nothing'"),
        (("evaluate", "latest", "--dataset", "handwriting"), "no handwriting yet"),
        (("evaluate", "ffff", "--dataset", "optdigits"), "no run 'ffff'"),
    ):
        status, out, err = shell(*arguments)
        assert (status, out, len(err)) == (2, [], 1)
        assert reason in err[0]
