"""A run means the digits that it was created with, whatever becomes of the handwriting and the imports afterwards."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from digits_core.__main__ import main
from digits_core.config import DataConfig, RunConfig, TransformConfig
from digits_core.data import handwriting_versions as versions
from digits_core.data.builtin import read_mnist_5k
from digits_core.data.catalogue import Catalogue
from digits_core.data.digits import Digits
from digits_core.data.handwriting_store import Handwriting, NewSample
from digits_core.data.handwriting_versions import NAME
from digits_core.data.readers import Reading
from digits_core.database import Database
from digits_core.engine import connection
from digits_core.errors import DatasetError, ExportError
from digits_core.evaluation.test_set import test_set_of_run as images_behind
from digits_core.home import KEPT_S, Home
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.execution import execute
from digits_core.runs.export.files import Export
from digits_core.runs.run_data import RunData, changed_data
from digits_core.runs.store import Run, RunStore
from digits_core.training.control import Orders
from digits_core.training.loop import Training
from digits_core.training.threads import cores, threads_per_run
from tests.clusters import Cluster
from tests.unit.engine.conftest import Lab, own_lab
from tests.unit.helpers import epochs_in, numbers, run_config

MINE = DataConfig(train=(NAME,), test=(NAME,))


def config(epochs: int, data: DataConfig = MINE) -> RunConfig:
    return run_config(data, TransformConfig(size=8), epochs=epochs, batch_size=16)


class Desk:
    """A home with sixty digits of two writers, its runs and their data."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.database = Database(home.database)
        self.runs = RunStore(self.database)
        self.catalogue = Catalogue(home, self.database)
        self.handwriting = Handwriting(self.database)
        self.data = RunData(self.database, self.catalogue, self.runs)
        self._unsaved = iter(range(0, 5000, 13))
        self.save(60)

    def save(self, count: int) -> None:
        digits = read_mnist_5k()
        places = [next(self._unsaved) for _ in range(count)]
        writers = [("Ada", "Bob")[each % 2] for each in places]
        rows = zip(digits.images[places], digits.labels[places].tolist(), writers, strict=True)
        self.handwriting.add_all([NewSample(*row, "canvas") for row in rows])

    def change_everything(self) -> None:
        """Save, relabel, move and delete: what a class does in the next hour."""
        self.save(20)
        numbers = [sample.id for sample in self.handwriting.samples()]
        self.handwriting.relabel(numbers[30:40], 3)
        self.handwriting.move(numbers[40:50], "Cid")
        self.handwriting.delete(numbers[50:60])

    def train(self, config: RunConfig, orders=Orders) -> Run:
        """Train as the shell does."""
        run = self.runs.create(config, "test:1:1")
        return self.go_on(run, orders)

    def go_on(self, run: Run, orders=Orders) -> Run:
        load = self.data.lenient_loader(run.id)
        for event in execute(run.config, load, Artifacts(self.home.run(run.id)), orders):
            self.runs.apply(run.id, event)
        return self.runs.get(run.id)

    def stop_after_first_epoch(self, config: RunConfig) -> Run:
        run = self.runs.create(config, "test:1:1")
        return self.go_on(run, lambda: Orders(stop=bool(self.runs.epochs([run.id])[run.id])))

    def forget_versions(self) -> None:
        """Make the home one from before versions were recorded."""
        with self.database.write() as db:
            db.execute("DELETE FROM run_handwriting")
            db.execute("DELETE FROM handwriting_versions")

    def script(self, run: Run) -> dict[str, bytes]:
        artifacts = lambda run_id: Artifacts(self.home.run(run_id))  # noqa: E731
        return Export(run.id, self.runs, artifacts, self.data.loader(run.id)).script()

    def epochs(self, run: Run) -> list[tuple[float, ...]]:
        return [numbers(row) for row in self.runs.epochs([run.id])[run.id]]


def undisturbed(config: RunConfig, digits: Digits, threads: int) -> list[tuple[float, ...]]:
    """The numbers of a training on these digits in this process."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        return [numbers(epoch) for epoch in epochs_in(Training(config, [digits], [digits]).run())]
    finally:
        torch.set_num_threads(before)


@pytest.fixture
def desk(home) -> Iterator[Desk]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    opened = Desk(Home(home).create())
    yield opened
    opened.database.close()
    torch.set_num_threads(before)


@pytest.fixture(params=["embedded", "remote"])
def lab(request, tmp_path, monkeypatch) -> Iterator[tuple[Lab, int]]:
    """An engine with its own processes, then one whose workers share nothing with it; and the threads of a worker."""
    if request.param == "embedded":
        monkeypatch.delenv(connection.SCHEDULER_VARIABLE, raising=False)
        with own_lab(tmp_path / "home") as lab:
            yield lab, threads_per_run()
        return
    cluster = Cluster(tmp_path / "cluster")
    try:
        cluster.start()
        cluster.add_worker("one")
        with cluster.let_in(), own_lab(tmp_path / "home") as lab:
            yield lab, cores()
    finally:
        cluster.end()


def test_a_run_is_resumed_continued_and_trained_again_on_its_own_digits(lab):
    lab, threads = lab
    desk = Desk(lab.home)
    then = desk.handwriting.digits()
    run = lab.engine.submit(config(1000))
    lab.wait_for_epoch(run, 1)
    lab.engine.stop(run)
    done = len(lab.epochs(lab.wait_until(run, "stopped")))
    desk.change_everything()
    now = desk.handwriting.digits()

    lab.engine.resume(run)
    lab.engine.order(run, epochs=done + 1)
    short = lab.engine.submit(config(1))
    continued = lab.engine.continue_training(lab.wait_until(run, "finished"), 1)
    again = lab.engine.train_again(lab.wait_until(short, "finished"))
    desk.change_everything()
    once_more = lab.engine.train_again(lab.wait_until(again, "finished"))

    assert lab.epochs(lab.wait_until(run, "finished")) == undisturbed(config(done + 1), then, threads)
    assert lab.epochs(lab.wait_until(continued, "finished"))[-1] == undisturbed(config(done + 2), then, threads)[-1]
    assert lab.epochs(short) == undisturbed(config(1), now, threads)
    assert lab.epochs(lab.wait_until(once_more, "finished")) == lab.epochs(again) == lab.epochs(short)
    assert then.fingerprint != now.fingerprint
    desk.database.close()


def test_the_script_prints_the_lines_of_the_run_when_the_handwriting_has_changed(desk, tmp_path, capsys):
    assert main(["train", "--dataset", NAME, "--dataset", "optdigits", "--epochs", "2", "--batch-size", "64"]) == 0
    lines = capsys.readouterr().out.splitlines()[:2]
    desk.change_everything()
    assert main(["export", "latest", "--to", str(tmp_path), "--only", "script"]) == 0

    script = [sys.executable, "-I", tmp_path / "train.py"]
    answer = subprocess.run(script, capture_output=True, text=True, cwd=tmp_path)

    assert answer.stdout.splitlines() == lines, answer.stderr
    assert "changed" not in (tmp_path / "train.py").read_text()


@pytest.mark.parametrize("held_out", [(), ("Ada",)])
def test_the_test_images_and_their_labels_stay_those_of_the_run(desk, held_out):
    data = MINE.replace(test_writers=held_out)
    run = desk.train(config(1, data))
    before = images_behind(run, desk.data.loader(run.id))
    desk.change_everything()
    after = images_behind(run, desk.data.loader(run.id))

    assert (after.labels == before.labels).all()
    assert (after.labels == Artifacts(desk.home.run(run.id)).load_test_result().labels).all()
    np.testing.assert_array_equal(after.images()[0], before.images()[0])


def test_all_trials_of_a_sweep_train_on_the_digits_of_its_first(desk):
    first = desk.runs.create(config(1), "test:1:1", sweep="abc")
    desk.change_everything()
    second = desk.runs.create(config(1), "test:1:1", sweep="abc")
    other = desk.runs.create(config(1), "test:1:1")

    fingerprints = [desk.data.loader(run.id)(NAME).fingerprint for run in (first, second, other)]
    assert fingerprints[0] == fingerprints[1] != fingerprints[2]


def reading() -> Reading:
    """Forty images that all differ, four of each digit."""
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
    return Reading("Pickle", images, np.arange(40) % 10, None, (), (), (), "0 to 255", (), 0)


def expire(desk: Desk, table: str) -> None:
    """Let what is deleted be deleted for longer than it is kept."""
    with desk.database.write() as db:
        db.execute(f"UPDATE {table} SET deleted = ? WHERE deleted IS NOT NULL", (time.time() - KEPT_S - 1,))


def test_deleted_samples_stay_on_disk_until_the_last_run_that_has_them_is_gone(desk):
    run = desk.train(config(1))
    fingerprint = desk.data.loader(run.id)(NAME).fingerprint
    desk.save(5)
    desk.handwriting.delete([sample.id for sample in desk.handwriting.samples()][:15])
    expire(desk, "samples")

    assert desk.handwriting.purge() == 5, "those that were saved after the run was created"
    assert desk.data.loader(run.id)(NAME).fingerprint == fingerprint
    desk.runs.labels.delete([run.id])
    assert desk.handwriting.purge() == 0, "the run can be brought back"
    expire(desk, "runs")
    desk.runs.labels.purge(desk.home)
    assert desk.handwriting.purge() == 10
    assert len(desk.handwriting.digits()) == 50


def test_nothing_is_purged_while_an_older_run_may_have_been_trained_on_it(desk):
    run = desk.train(config(1))
    desk.forget_versions()
    desk.handwriting.delete(1)
    with desk.database.write() as db:
        db.execute("UPDATE samples SET created = created - ?1, deleted = deleted - ?1", (KEPT_S + 60,))
        db.execute("UPDATE runs SET started = started - ?", (KEPT_S + 60,))

    assert desk.handwriting.purge() == 0
    assert desk.data.problem(run) == "", "found by its fingerprint"
    assert desk.handwriting.purge() == 0
    assert [sample.id for sample in desk.handwriting.samples(deleted=True)] == [1]


def test_a_deleted_import_stays_on_disk_while_a_run_refers_to_it(desk):
    kept = desk.catalogue.imports.keep(reading(), "Pickle", "digits.pkl")
    run = desk.train(config(1, DataConfig(train=(kept.name,), test=(kept.name,))))
    desk.catalogue.imports.delete(kept.name)
    expire(desk, "datasets")
    desk.catalogue.imports.purge()

    assert desk.data.problem(run) == ""
    assert desk.data.loader(run.id)(kept.name).fingerprint == run.environment["datasets"][kept.name]
    assert "pickle.npz" in desk.script(run)
    with pytest.raises(DatasetError, match="There is no dataset"):
        desk.catalogue.load(kept.name)  # for a new training it is gone

    desk.runs.labels.delete([run.id])
    expire(desk, "runs")
    desk.runs.labels.purge(desk.home)
    desk.catalogue.imports.purge()
    assert not desk.home.dataset(kept.name).exists()


def test_a_run_whose_import_is_gone_says_what_to_do(desk):
    kept = desk.catalogue.imports.keep(reading(), "Pickle", "digits.pkl")
    run = desk.train(config(1, DataConfig(train=(kept.name,), test=(kept.name,))))
    desk.home.dataset(kept.name).unlink()

    assert "Import digits.pkl again" in desk.data.problem(run)
    with pytest.raises(DatasetError, match=r"Import digits\.pkl again"):
        desk.script(run)


class TestOlderRuns:
    """Runs from before it was recorded what they were trained on: their fingerprints tell."""

    def test_unchanged_handwriting_is_recorded_late(self, desk):
        run = desk.train(config(1))
        desk.forget_versions()

        assert desk.data.problem(run) == ""
        desk.change_everything()
        assert desk.data.loader(run.id)(NAME).fingerprint == run.environment["datasets"][NAME]

    @pytest.mark.parametrize("held_out", [(), ("Bob",)])
    def test_what_was_added_or_deleted_since_is_known_by_its_time(self, desk, held_out):
        run = desk.train(config(1, MINE.replace(test_writers=held_out)))
        desk.forget_versions()
        desk.save(5)
        desk.handwriting.delete([1, 2, 3])

        found = desk.data.loader(run.id)(NAME)
        assert found.tested_on(held_out).fingerprint == run.environment["datasets"][NAME]

    def test_where_samples_were_relabelled_it_is_said_and_there_is_no_script(self, desk):
        run = desk.train(config(1))
        desk.forget_versions()
        desk.handwriting.relabel([1, 2, 3], 3)

        assert "cannot be had any more" in desk.data.problem(run)
        with pytest.raises(DatasetError, match="cannot be had any more"):
            desk.script(run)

    def test_runs_from_before_paper_was_kept_mean_centred_digits(self, desk):
        run = desk.train(config(1))
        with desk.database.write() as db:
            now = desk.data.loader(run.id)(NAME)
            old = versions.read(db, versions.centred(versions.current(db)))
            known = json.dumps({**run.environment, "datasets": {NAME: old.fingerprint}})
            db.execute("UPDATE runs SET environment = ?", (known,))
        desk.forget_versions()
        desk.handwriting.carry_over()

        found = desk.data.loader(run.id)(NAME)
        assert (found.fingerprint, found.shape, now.shape) == (old.fingerprint, (28, 28), (112, 112))

    def test_it_goes_on_with_the_digits_of_now_and_says_so(self, desk):
        run = desk.stop_after_first_epoch(config(3))
        desk.forget_versions()
        desk.handwriting.relabel([1, 2, 3], 3)
        first = run.environment["datasets"]
        desk.runs.requeue(run.id, "test:1:1")
        resumed = desk.go_on(run)

        assert resumed.status == "finished"
        assert resumed.environment["datasets_before"] == first != resumed.environment["datasets"]
        assert "handwriting changed before this run went on" in changed_data(resumed)
        with pytest.raises(ExportError, match="No script can print the numbers of both"):
            desk.script(resumed)
        assert changed_data(run) == ""
