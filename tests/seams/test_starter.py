"""A new home begins with a trained run, whole or not at all; that run is like any other, and does not come back."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from digits_core.__main__ import main
from digits_core.config import RunConfig, TransformConfig
from digits_core.data.catalogue import Catalogue
from digits_core.database import Database
from digits_core.errors import StoreError
from digits_core.evaluation.test_set import test_set_of_run as images_of_run
from digits_core.home import Home
from digits_core.recognition import out_of_distribution
from digits_core.recognition.out_of_distribution import data_key, load_refusal
from digits_core.recognition.recogniser import Recogniser
from digits_core.runs import run_edits, starter
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.rows import Run
from digits_core.runs.run_data import RunData
from digits_core.runs.speed_history import past_runs
from digits_core.runs.starter import FOLDER, SWITCH, open_database, shipped_run
from digits_core.runs.store import RunStore
from digits_core.shell import make_starter
from tests.pictures import one_digit
from tests.unit.helpers import fill

ROOT = Path(__file__).resolve().parents[2]
OPEN = """
import sys
from pathlib import Path
from digits_core.home import Home
from digits_core.runs.starter import open_database

home = Home(Path(sys.argv[1])).create()
print("ready", flush=True)
sys.stdin.readline()
open_database(home)
"""
OPEN_AND_DIE = """
import os, sys
from pathlib import Path
from digits_core.home import Home
from digits_core.runs import starter

starter.record = lambda *_: os._exit(9)
starter.open_database(Home(Path(sys.argv[1])).create())
"""


@pytest.fixture(autouse=True)
def _as_shipped(monkeypatch):
    monkeypatch.delenv(SWITCH)


@pytest.fixture
def new_home(home) -> Home:
    return Home(home).create()


def runs_in(home: Home) -> list[Run]:
    database = open_database(home)
    runs = RunStore(database).runs()
    database.close()
    return runs


def shell(capsys, *arguments: str) -> tuple[int, list[str], list[str]]:
    capsys.readouterr()
    status = main(list(arguments))
    out, err = capsys.readouterr()
    return status, out.splitlines(), err.splitlines()


class TestANewHome:
    def test_has_the_run_as_number_one(self, new_home):
        (run,) = runs_in(new_home)

        assert (run.number, run.name, run.status, run.recipe) == (1, "Starter", "finished", "Full")
        assert run.tags == ("shipped",)
        assert run.shipped
        assert run.test_accuracy > 0.995

    def test_reads_a_picture_in_the_shell(self, home, capsys, tmp_path):
        (tmp_path / "seven.png").write_bytes(one_digit(7))

        status, out, err = shell(capsys, "recognise", str(tmp_path / "seven.png"), "--json")

        assert (status, err) == (0, [])
        (digit,) = json.loads(out[0])["digits"]
        assert (digit["digit"], digit["is_digit"]) == (7, True)

    def test_is_empty_if_that_is_asked_for(self, new_home, monkeypatch):
        monkeypatch.setenv(SWITCH, "off")

        assert runs_in(new_home) == []

    def test_has_it_once_if_several_processes_make_it(self, new_home):
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", OPEN, str(new_home.folder)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(3)
        ]
        for each in processes:
            assert each.stdout.readline() == "ready\n"
        for each in processes:
            each.communicate("\n")

        assert [each.returncode for each in processes] == [0, 0, 0]
        assert [run.title for run in runs_in(new_home)] == ["#1 Starter"]


class TestWhileAHomeIsMade:
    def test_a_killed_process_leaves_no_home_or_a_whole_one(self, new_home):
        command = [sys.executable, "-c", OPEN_AND_DIE, str(new_home.folder)]
        assert subprocess.run(command, cwd=ROOT).returncode == 9

        (run,) = runs_in(new_home)

        assert (run.title, run.status) == ("#1 Starter", "finished")
        assert len(Artifacts(new_home.run(run.id)).load_test_result().labels) == 1359

    def test_a_full_disk_leaves_no_home_or_a_whole_one(self, small_disk):
        home, filler = Home(small_disk / "home").create(), small_disk / "filler"
        fill(filler)
        with filler.open("r+b") as file:
            file.truncate(filler.stat().st_size - (2 << 20))  # the database fits, the weights do not
        with pytest.raises(StoreError, match="No space left on device"):
            open_database(home)
        filler.unlink()

        (run,) = runs_in(home)

        assert (run.title, run.status) == ("#1 Starter", "finished")
        assert [file.name for file in home.run(run.id).glob(".*")] == []


class TestTheRun:
    def test_does_not_come_to_a_home_that_is_there(self, new_home):
        Database(new_home.database).close()

        assert runs_in(new_home) == []

    def test_does_not_come_back_once_it_is_deleted(self, new_home, monkeypatch):
        database = open_database(new_home)
        store = RunStore(database)
        (run,) = store.runs()
        store.labels.delete([run.id])
        assert store.runs() == runs_in(new_home) == []
        monkeypatch.setattr(run_edits, "KEPT_S", -60)
        assert store.labels.purge(new_home) == [run.id]
        database.close()

        assert runs_in(new_home) == []
        assert not new_home.run(run.id).exists()

    def test_is_archived_and_restored_as_any_other(self, new_home):
        store = RunStore(open_database(new_home))
        (run,) = store.runs()

        store.labels.archive([run.id])
        assert store.runs() == []
        store.labels.unarchive([run.id])
        assert [each.id for each in store.runs()] == [run.id]

    def test_says_what_it_needs_to_be_trained_again(self, new_home):
        database = open_database(new_home)
        store = RunStore(database)
        (run,) = store.runs()

        problem = RunData(database, Catalogue(new_home, database), store).problem(run)

        assert problem == "The dataset mnist is not here: download it on the Data page."

    def test_is_exported_but_for_the_script(self, home, capsys, tmp_path):
        pytest.importorskip("onnx")

        status, out, err = shell(capsys, "export", "latest", "--to", str(tmp_path / "taken"))

        assert status == 0
        assert {Path(line).name for line in out} >= {"weights.safetensors", "network.onnx", "history.csv"}
        assert [line for line in err if "MNIST in full is not downloaded yet" in line] == err != []

    def test_shows_its_test_images_without_what_it_was_trained_on(self, new_home):
        database = open_database(new_home)
        (run,) = RunStore(database).runs()

        images = images_of_run(run, Catalogue(new_home, database).load)

        assert len(images) == len(Artifacts(new_home.run(run.id)).load_test_result().labels) == 1359

    def test_says_nothing_of_how_fast_this_machine_trains(self, new_home):
        assert past_runs(RunStore(open_database(new_home))) == ()


class TestWhatIsShipped:
    def test_the_weights_give_the_shipped_answers(self, optdigits, mnist_5k):
        config = RunConfig.model_validate(shipped_run()["config"])
        recogniser = Recogniser(config, starter.load_shipped_weights())
        seen = np.concatenate([recogniser.seen(each.of("test")[0]) for each in (mnist_5k, optdigits)])

        logits = np.stack([answer.logits for answer in recogniser.read_seen(seen)])

        shipped = Artifacts(FOLDER).load_test_result()
        np.testing.assert_allclose(logits, shipped.logits, atol=1e-2)
        assert (logits.argmax(axis=1) == shipped.logits.argmax(axis=1)).all()
        assert (shipped.labels == np.concatenate([mnist_5k.of("test")[1], optdigits.of("test")[1]])).all()
        assert (logits.argmax(axis=1) == shipped.labels).mean() == shipped_run()["epochs"][-1]["test_accuracy"]

    def test_its_config_is_that_of_the_program_that_makes_it(self):
        assert RunConfig.model_validate(shipped_run()["config"]) == make_starter.STARTER

    def test_what_is_not_a_digit_is_known_at_once(self, new_home):
        database = open_database(new_home)
        (run,) = RunStore(database).runs()
        artifacts = Artifacts(new_home.run(run.id))
        key = data_key(run.config, Catalogue(new_home, database).version)

        refusal = load_refusal(Recogniser(run.config, artifacts.load_weights()), artifacts, pytest.fail, key)

        assert refusal.refused_digits <= 0.05
        assert refusal.counts["digits"] == 679

    def test_a_home_that_has_it_of_an_earlier_version_gets_what_is_shipped_now(self, new_home):
        """To work it out again would take MNIST, which such a home may lack."""
        database = open_database(new_home)
        (run,) = RunStore(database).runs()
        artifacts = Artifacts(new_home.run(run.id))
        key = data_key(run.config, Catalogue(new_home, database).version)
        report, arrays = artifacts.load_refusal()
        artifacts.save_refusal(report | {"version": report["version"] - 1, "threshold": 99.0}, arrays)

        refusal = load_refusal(Recogniser(run.config, artifacts.load_weights()), artifacts, pytest.fail, key)

        assert refusal.threshold == report["threshold"]

    def test_its_pictures_are_those_that_every_home_has(self, optdigits, mnist_5k, catalogue):
        """MNIST's training images may not be shipped."""
        recogniser = Recogniser(make_starter.STARTER, starter.load_shipped_weights())
        sets = [optdigits, mnist_5k, catalogue.load("strokes")]
        known = {image.tobytes() for each in sets for image in recogniser.seen(each.of("train")[0])}

        _, arrays = Artifacts(FOLDER).load_refusal()

        assert len(arrays["seen"]) > 1000
        assert {image.tobytes() for image in arrays["seen"]} <= known

    def test_it_is_small(self):
        assert (FOLDER / "weights.safetensors").stat().st_size < 3.3e6
        assert sum(file.stat().st_size for file in FOLDER.iterdir() if file.is_file()) < 4e6


class TestTheProgramThatMakesIt:
    @pytest.fixture
    def quick(self, monkeypatch):
        """A short training, and few images to work out on what is not a digit."""
        full = make_starter.STARTER
        training = full.training.replace(epochs=1, batch_size=64)
        short = full.replace(training=training, transform=TransformConfig(centre=True))
        monkeypatch.setattr(make_starter, "STARTER", short.replace(data=full.data.replace(train=("mnist",))))
        for name in ("REFERENCES", "FITTED", "TEST_IMAGES", "LETTERS_FITTED"):
            monkeypatch.setattr(out_of_distribution, name, 80)
        for name in ("MARKS_OF_A_KIND", "OTHERS_OF_A_KIND"):
            monkeypatch.setattr(out_of_distribution, name, 2)

    def test_writes_what_a_new_home_begins_with(self, quick, home, mnist_5k, tmp_path, monkeypatch, capsys):
        np.savez(tmp_path / "mnist.npz", images=mnist_5k.images[::10], labels=mnist_5k.labels[::10])
        made = tmp_path / "made"
        made.mkdir()

        assert make_starter.main(["--mnist", str(tmp_path / "mnist.npz"), "--to", str(made)]) == 0
        monkeypatch.setattr(starter, "FOLDER", made)
        starter.shipped_run.cache_clear()
        (run,) = runs_in(Home(tmp_path / "other").create())
        starter.shipped_run.cache_clear()

        assert (run.title, run.status, run.planned_epochs) == ("#1 Starter", "finished", 1)
        # All of MNIST that is in the file, without what the sample is tested on.
        assert run.environment["images"] == {"train": int((~mnist_5k.test[::10]).sum()), "test": 1359}
        assert {each.dtype for each in load_file(made / "weights.safetensors").values()} == {np.dtype(np.float16)}

    def test_says_what_is_missing(self, home, capsys):
        assert make_starter.main([]) == 2
        assert "MNIST in full is not downloaded yet" in capsys.readouterr().err
