"""`python -m digits_core sweep`: what scripts may rely on."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from digits_core.__main__ import main
from digits_core.database import Database
from digits_core.home import Home
from digits_core.runs.store import RunStore
from digits_core.runs.sweep_store import SweepStore

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _ctrl_c_stays_the_tests():
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def lines(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_sweep_says_its_size_first_then_each_epoch_and_run_and_last_the_best(home, capsys):
    arguments = ["--vary", "learning-rate=0.0005,0.002", "--epochs", "1", "--batch-size", "64", "--json"]
    assert main(["sweep", *arguments]) == 0
    said = lines(capsys)
    runs = RunStore(Database(home / "digits.sqlite")).runs()

    # The trials may train at once.
    assert (said[0]["event"], said[-1]["event"]) == ("sweep", "sweep_finished")
    for run in runs:
        assert [each["event"] for each in said[1:-1] if each["run"] == run.id] == ["trial", "epoch", "finished"]
    assert (said[0]["runs"], said[0]["settings"], said[0]["seeds"]) == (2, 2, 1)
    assert {run.sweep for run in runs} == {said[0]["sweep"]}
    assert [run.config.training.learning_rate for run in reversed(runs)] == [0.0005, 0.002]
    best = max(runs, key=lambda run: run.test_accuracy)
    assert said[-1]["best"][0] == {
        "settings": {"learning_rate": best.config.training.learning_rate},
        "test_accuracy": best.test_accuracy,
        "run": best.id,
    }


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "Say what to vary"),
        (["--vary", "rate=1"], "'rate' cannot be varied"),
        (["--vary", "learning_rate=fast"], "learning_rate is 'fast'"),
        (["--vary", "epochs=1,2", "--random", "0"], "trials is 0"),
        (["--vary", "epochs=1,2", "--random", "2", "--search", "2"], "not allowed with"),
        (["--vary", "batch_size=16,2000"], "The batch size 2000 is larger"),
        (["--vary", "epochs=1", "--dataset", "moon"], "There is no dataset 'moon'"),
        (["--continue", "latest"], "There is no sweep 'latest'"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(home, capsys, arguments, complaint):
    try:
        status = main(["sweep", *arguments])
    except SystemExit as ended:  # how argparse refuses
        status = ended.code
    captured = capsys.readouterr()

    assert status == 2
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert complaint in captured.err
    assert SweepStore(Database(Home(home).create().database)).sweeps() == []


def test_ctrl_c_stops_a_sweep_which_is_then_continued_where_it_was(home, capsys):
    command = ["sweep", "--vary", "learning_rate=0.001", "--epochs", "500", "--batch-size", "64", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "digits_core", *command],
        cwd=ROOT,
        env={**os.environ, "DIGITS_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stdout:
        if json.loads(line)["event"] == "epoch":
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=300)
    database = Database(home / "digits.sqlite")
    (stopped,), (sweep,) = RunStore(database).runs(), SweepStore(database).sweeps()
    with database.write() as db:  # so that the rest takes no minutes
        db.execute("UPDATE runs SET orders = '{\"epochs\": 1}'")
    status = main(["sweep", "--continue", "latest", "--json"])
    (run,) = RunStore(database).runs()

    assert (process.returncode, err) == (0, "")
    assert json.loads(out.splitlines()[-1])["event"] == "sweep_stopped"
    assert (stopped.status, sweep.status) == ("stopped", "stopped")
    assert stopped.test_accuracy is not None
    assert status == 0
    assert (run.id, run.status, SweepStore(database).get(sweep.id).status) == (stopped.id, "finished", "finished")
