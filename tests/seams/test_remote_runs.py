"""A run on another machine, seen from home: interrupted on the way, or back while the disk is full."""

# ruff: noqa: F811 - fixtures of another folder
from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import torch  # noqa: F401 - pages load it in the background: here it is there, and never half of it
from distributed import Client

from digits_core.__main__ import main
from digits_core.dashboard.state import state
from digits_core.data.builtin import read_optdigits
from digits_core.database import Database
from digits_core.engine import connection, remote_training
from digits_core.errors import RunError
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.execution import execute
from digits_core.runs.rows import Run
from digits_core.training.control import Orders
from tests.clusters import Cluster
from tests.pages.conftest import open_page, trained, trained_home  # noqa: F401 - fixtures
from tests.pages.controls import run_control
from tests.pictures import one_digit
from tests.unit.engine.conftest import FOREVER, Lab, cluster_of, config, own_lab, reference
from tests.unit.helpers import epochs_in, fill, numbers, run_config, wait_for


@contextmanager
def far_away(folder: Path) -> Iterator[Cluster]:
    """Start a scheduler and one worker that share nothing with the app, and let this process in."""
    cluster = Cluster(folder)
    try:
        cluster.start()
        cluster.add_worker("one")
        with cluster.let_in(), Client(cluster.address, set_as_default=False) as client:
            client.wait_for_workers(1, timeout=120)
            yield cluster
    finally:
        cluster.end()


def interrupt(lab: Lab, run: Run, cluster: Cluster) -> Run:
    cluster.end()
    return lab.wait_until(run, "interrupted")


@pytest.fixture
def without_weights(trained_home, tmp_path, monkeypatch) -> Run:
    """A run in a home that has two others, interrupted on another machine before any of its weights came home."""
    monkeypatch.setattr(remote_training, "SEND_INTERVAL_S", math.inf)
    with far_away(tmp_path / "cluster") as cluster, own_lab(trained_home) as lab:
        run = lab.engine.submit(FOREVER)
        lab.wait_for_epoch(run, 2)
        return interrupt(lab, run, cluster)


def test_a_run_whose_weights_never_came_home_is_offered_by_no_page_and_no_command(
    without_weights,
    open_page,
    tmp_path,
    capsys,
):
    run = without_weights
    (tmp_path / "one.png").write_bytes(one_digit(1))
    assert run.test_accuracy is None
    assert "None of its weights were kept" in run.message

    page = open_page("recognise")
    assert not page.exception
    assert run_control(page).value != run.id
    assert run.id not in {each.id for each in state().runs.usable()}

    page = open_page("network", look="Filters")
    assert not page.exception
    assert not any(run.title in option for box in page.selectbox for option in box.options)

    page = open_page("training", unfolded=["run_change"], run=run.id)
    assert not page.exception
    (go_on,) = [each for each in page.button if each.label == "Continue"]
    (resume,) = [each for each in page.button if each.label == "Resume"]
    assert (go_on.disabled, resume.disabled) == (True, False)
    with pytest.raises(RunError, match="cannot be continued"):
        state().engine.continue_training(run, 1)

    for view in ("Mistakes", "Confidence", "Robustness", "Datasets", "Record", "Export"):
        page = open_page("runs", runs_view="One run", run=run.id, result=view)
        assert not page.exception, view
        assert not page.error, view
    page = open_page("runs")
    assert not page.exception

    assert main(["recognise", str(tmp_path / "one.png")]) == 0, "the latest that can be used is another"
    assert main(["evaluate", "latest", "--dataset", "optdigits"]) == 0
    assert main(["export", "latest", "--only", "weights", "--to", str(tmp_path / "out")]) == 0
    assert main(["runs"]) == 0
    capsys.readouterr()
    assert main(["recognise", str(tmp_path / "one.png"), "--run", run.id]) == 2
    assert "has no weights" in capsys.readouterr().err


def test_what_came_home_on_the_way_is_usable_and_resumes_to_the_same_numbers(home, tmp_path, monkeypatch):
    monkeypatch.setattr(remote_training, "SEND_INTERVAL_S", 0.0)
    monkeypatch.setattr(remote_training, "SECONDS_PER_WORKER", 0.0)
    with own_lab(home) as lab:
        with far_away(tmp_path / "cluster") as cluster:
            run = lab.engine.submit(FOREVER)
            wait_for(lambda: lab.store.get(run.id).weights, 120, "weights that have come home")
            lab.wait_for_epoch(run, lab.store.get(run.id).weights + 1)
            run = interrupt(lab, run, cluster)
        artifacts = Artifacts(lab.home.run(run.id))
        rows = lab.store.epochs([run.id])[run.id]

        assert lab.store.find("latest") == run
        assert 1 <= run.weights <= len(rows)
        assert artifacts.load_checkpoint()["training"]["epochs_done"] == run.weights
        result = artifacts.load_test_result()
        assert (result.logits.argmax(axis=1) == result.labels).mean() == pytest.approx(run.test_accuracy)
        assert rows[run.weights - 1].test_accuracy == run.test_accuracy

        child = lab.store.get(lab.engine.continue_training(run, 2).id)
        lab.engine.stop(child)
        assert child.config.training.epochs == run.weights + 2

        resumed = execute(run.config, lambda name: read_optdigits(), artifacts, lambda: Orders(epochs=len(rows) + 1))
        again = [numbers(epoch) for epoch in epochs_in(resumed)]
        assert again[: len(rows)] == lab.epochs(run), "what was measured before, to the last digit"
        assert again == reference(config(len(rows) + 1))


def test_a_run_that_returns_to_a_full_disk_is_kept_until_there_is_room(small_disk, tmp_path):
    """13 MB come back, and the database is on the full disk too."""
    lectures = run_config(epochs=3)
    with far_away(tmp_path / "cluster"), own_lab(small_disk / "home") as lab:
        run = lab.engine.submit(lectures)
        lab.wait_for_epoch(run, 1)
        fill(small_disk / "filler")
        wait_for(lambda: not lab.engine._futures, 120, "the return of the run")
        assert not Artifacts(lab.home.run(run.id)).weights_path.exists()
        (small_disk / "filler").unlink()
        finished = lab.wait_until(run, "finished")
        kept = Artifacts(lab.home.run(run.id))

        assert kept.load_checkpoint()["training"]["epochs_done"] == finished.weights == 3
        assert kept.load_weights()
        assert len(lab.epochs(run)) == 3


def test_a_cluster_that_dies_while_the_store_cannot_be_written_leaves_no_run_behind(tmp_path, monkeypatch):
    """Another program holds the database at that moment, for longer than anyone waits for it."""
    monkeypatch.delenv(connection.SCHEDULER_VARIABLE, raising=False)
    monkeypatch.setattr(connection, "parallel_runs", lambda: 2)
    monkeypatch.setattr("digits_core.database.BUSY_TIMEOUT_S", 0.2)
    with own_lab(tmp_path / "home") as lab:
        runs = [lab.engine.submit(FOREVER.replace(name=name)) for name in ("one", "two")]
        for run in runs:
            lab.wait_for_epoch(run, 1)
        dead = lab.engine._connection.client()
        with Database(lab.home.database).write():
            cluster_of(psutil.Process(), lab.home.folder).kill()
            wait_for(lambda: not lab.engine._futures, what="the end of the cluster, noticed")
            wait_for(lambda: lab.engine._connection._client is not dead, what="the end of the dead client")
        for run in runs:
            assert "ended unexpectedly" in lab.wait_until(run, "interrupted").message
        lab.wait_until(lab.engine.submit(config(1)), "finished")
