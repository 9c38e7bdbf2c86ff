"""Training from Python: the same run as in the shell, in the store, and stopped as well as it can be."""

import json
import os
import signal
import subprocess
import sys
from contextlib import redirect_stdout

import pytest
import torch

import digits_core as dl
from digits_core.__main__ import main
from digits_core.config import RunConfig
from digits_core.errors import ConfigError, DatasetError
from tests.unit.helpers import ctrl_c_given_back, run_config
from tests.unit.test_imports import ROOT

QUICK = {"epochs": 2, "batch_size": 256}


def test_it_prints_and_keeps_what_the_shell_does(home, capsys):
    run = dl.train(**QUICK)
    here = capsys.readouterr().out.splitlines()
    with ctrl_c_given_back():
        assert main(["train", "--epochs", "2", "--batch-size", "256"]) == 0
    shell = capsys.readouterr().out.splitlines()
    latest = dl.run("latest")

    assert here == shell[:2]
    assert len(here) == 2
    assert run.id != latest.id
    columns = ["train_loss", "train_accuracy", "test_loss", "test_accuracy", "learning_rate"]
    assert run.epochs[columns].equals(latest.epochs[columns])
    assert run.config == latest.config


def test_what_it_returns_is_the_run_in_the_store(home):
    run = dl.train(**QUICK, name="Mine", rotation=5)

    assert dl.run("latest").id == run.id
    assert (run.title, run.status, run.config.transform.rotation) == ("#2 Mine", "finished", 5)
    assert dl.runs()["name"].iloc[0] == "Mine"


@pytest.mark.parametrize(
    "call",
    [
        lambda: dl.train(run_config(epochs=1, batch_size=512)),
        lambda: dl.train("lecture", epochs=1, batch_size=512),
        lambda: dl.train(recipe="Lecture", epochs=1, batch_size=512),
        lambda: dl.train(training=dl.TrainingConfig(epochs=1, batch_size=512)),
        lambda: dl.train(dl.train(epochs=1, batch_size=512).config),
    ],
)
def test_a_config_a_recipe_and_settings_by_name_mean_the_same(home, call):
    run = call()

    assert run.config.training == run_config(epochs=1, batch_size=512).training
    assert run.config.data == RunConfig().data


def test_networks_and_datasets_are_named(home):
    run = dl.train(network="softmax", dataset="mnist-5k", epochs=1, batch_size=512)

    assert run.config.network == dl.NetworkConfig(layers="softmax")
    assert run.config.data == dl.DataConfig(train=("mnist-5k",), test=("mnist-5k",))
    assert dl.train(network="softmax", test="mnist-5k", epochs=1, batch_size=512).config.data.test == ("mnist-5k",)


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        ((), {"epocs": 2}, "epocs is not a known setting"),
        ((), {"epochs": 0}, "epochs is 0"),
        (("no such recipe",), {}, "There is no recipe 'no such recipe'. There are: Lecture"),
        ((7,), {}, "neither a RunConfig nor the name of a recipe"),
        (("lecture",), {"recipe": "robust"}, "not both"),
        ((), {"network": "no such network"}, "The network cannot be read"),
    ],
)
def test_bad_input_is_named_and_nothing_is_written(home, arguments, settings, message):
    with pytest.raises(ConfigError, match=message):
        dl.train(*arguments, **settings)
    assert len(dl.runs()) == 1


def test_data_that_is_not_there_is_named_and_nothing_is_written(home):
    with pytest.raises(DatasetError, match="There is no dataset 'nothing'"):
        dl.train(dataset="nothing")
    assert len(dl.runs()) == 1


def test_a_run_that_diverges_comes_back_with_its_reason(home):
    run = dl.train(epochs=3, batch_size=512, learning_rate=100, optimizer="sgd")

    assert run.status == "diverged"
    assert "The loss was no longer a number" in run._repr_html_()


def test_torch_and_ctrl_c_are_as_they_were_afterwards(home):
    before = torch.get_num_threads(), signal.getsignal(signal.SIGINT)
    dl.train(epochs=1, batch_size=512)

    assert (torch.get_num_threads(), signal.getsignal(signal.SIGINT)) == before


class Interrupted:
    """An output on which somebody presses Ctrl-C a second time, which interrupts at once."""

    def write(self, text: str) -> int:
        raise KeyboardInterrupt

    def flush(self) -> None:
        pass


def test_what_ends_it_at_once_leaves_no_run_that_seems_to_train(home):
    before = torch.get_num_threads(), signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), redirect_stdout(Interrupted()):
        dl.train(epochs=3, batch_size=512)

    (row, _) = dl.runs().itertuples()
    assert row.status == "interrupted"
    assert len(dl.run(row.Index).epochs) == 1
    assert (torch.get_num_threads(), signal.getsignal(signal.SIGINT)) == before


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_ctrl_c_stops_it_well_and_returns_the_run_so_far(home):
    program = (
        "import digits_core as dl, json\n"
        "run = dl.train(epochs=1000, batch_size=256)\n"
        "image, _ = dl.load('optdigits').test[0]\n"
        "print(json.dumps([run.status, len(run.epochs) > 0, run.accuracy is not None, len(run.predict(image))]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline().startswith("Epoch: 1/1000, Loss: ")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)

    assert (process.returncode, err) == (0, "")
    assert json.loads(out.splitlines()[-1]) == ["stopped", True, True, 1]
