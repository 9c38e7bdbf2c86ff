"""A run from its config to its artifacts: kept after each epoch, gone on with, and ended in words."""

from pathlib import Path

import numpy as np
import pytest
import torch

from digits_core.config import TransformConfig
from digits_core.data.digits import Digits
from digits_core.errors import DatasetError
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.execution import execute
from digits_core.training import loop
from digits_core.training.events import EpochFinished, Event, Failed
from tests.unit.helpers import epochs_in, fill, numbers, run_config

SMALL = TransformConfig(size=10)
CONFIG = run_config(transform=SMALL, epochs=3)


@pytest.fixture
def artifacts(tmp_path) -> Artifacts:
    return Artifacts(tmp_path / "run")


@pytest.fixture
def load(few_mnist):
    return lambda name: Digits(name, few_mnist.images, few_mnist.labels, few_mnist.test)


@pytest.fixture
def undisturbed(load, tmp_path) -> list[tuple[float, ...]]:
    """The numbers of `CONFIG` when nothing happens to it."""
    return [numbers(epoch) for epoch in epochs_in(execute(CONFIG, load, Artifacts(tmp_path / "undisturbed")))]


def events_until(epoch: int, events) -> list[Event]:
    """The events up to the end of an epoch; what comes after is never asked for, as if the process had died."""
    seen = []
    for event in events:
        seen.append(event)
        if isinstance(event, EpochFinished) and event.epoch == epoch:
            return seen
    raise AssertionError(f"there is no epoch {epoch}: {seen}")


def names_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_run_leaves_weights_test_result_and_checkpoint(load, artifacts, tmp_path):
    events = list(execute(CONFIG, load, artifacts))
    result = artifacts.load_test_result()

    assert names_in(tmp_path / "run") == ["checkpoint.pt", "test.npz", "weights.safetensors"]
    assert events[-1].outcome == "finished"
    assert (result.logits.argmax(axis=1) == result.labels).mean() == pytest.approx(events[-1].test_accuracy)


def test_the_start_names_the_fingerprints_of_the_data_and_the_commit(load, artifacts):
    started = next(execute(CONFIG, load, artifacts))

    assert started.environment["datasets"] == {"optdigits": load("optdigits").fingerprint}
    assert "commit" in started.environment


def test_an_epoch_is_reported_once_it_is_on_disk(load, artifacts):
    for event in execute(CONFIG, load, artifacts):
        if isinstance(event, EpochFinished):
            assert artifacts.load_checkpoint()["epochs"][-1] == event.as_dict()


@pytest.mark.parametrize("epoch", [1, 2, 3])
def test_a_run_goes_on_from_its_checkpoint_and_reports_every_epoch_once(load, artifacts, undisturbed, epoch):
    before = events_until(epoch, execute(CONFIG, load, artifacts))
    after = list(execute(CONFIG, load, artifacts))

    assert [numbers(each) for each in epochs_in(after)] == undisturbed
    assert epochs_in(after)[:epoch] == epochs_in(before)
    assert after[-1].outcome == "finished"


def test_a_stopped_run_keeps_the_weights_of_that_moment(load, artifacts, monkeypatch):
    monkeypatch.setattr(loop, "PROGRESS_INTERVAL_S", 0.0)
    events = list(execute(CONFIG, load, artifacts, should_stop=lambda: True))
    result = artifacts.load_test_result()

    assert events[-1].outcome == "stopped"
    assert set(artifacts.load_weights()) >= {"conv1.weight", "fc3.bias"}
    assert (result.logits.argmax(axis=1) == result.labels).mean() == pytest.approx(events[-1].test_accuracy)


def test_a_diverged_run_keeps_the_weights_from_before(load, artifacts):
    config = run_config(
        transform=SMALL, epochs=30, batch_size=250, optimizer="sgd", loss="mse", learning_rate=20, dropout=0
    )
    events = list(execute(config, load, artifacts))

    assert events[-1].outcome == "diverged"
    assert all(np.isfinite(values).all() for values in artifacts.load_weights().values())


def test_a_dataset_that_is_not_there_fails_the_run_in_its_words(artifacts):
    def load(name: str) -> Digits:
        raise DatasetError(f"There is no dataset {name!r}.")

    assert list(execute(CONFIG, load, artifacts)) == [Failed("There is no dataset 'optdigits'.")]


def test_what_nobody_thought_of_fails_the_run_and_points_to_the_log(artifacts, caplog):
    def load(name: str) -> Digits:
        raise ZeroDivisionError("surprise")

    (event,) = execute(CONFIG, load, artifacts)

    assert isinstance(event, Failed)
    assert "ZeroDivisionError: surprise" in event.message
    assert caplog.records[-1].exc_info[0] is ZeroDivisionError


@pytest.mark.parametrize("content", [b"", b"garbage" * 100])
def test_a_damaged_checkpoint_fails_the_run_in_words(load, artifacts, tmp_path, content):
    events_until(1, execute(CONFIG, load, artifacts))
    (tmp_path / "run" / "checkpoint.pt").write_bytes(content)
    events = list(execute(CONFIG, load, artifacts))

    assert [type(event) for event in events] == [Failed]
    assert "checkpoint of this run cannot be read" in events[0].message


def test_a_checkpoint_of_another_network_fails_the_run_in_words(load, artifacts):
    events_until(1, execute(CONFIG, load, artifacts))
    other = CONFIG.replace(transform=SMALL.replace(size=12))
    events = list(execute(other, load, artifacts))

    assert [type(event) for event in events] == [Failed]
    assert "does not fit" in events[0].message


def test_a_full_disk_fails_the_run_and_leaves_its_last_checkpoint(load, small_disk):
    artifacts = Artifacts(small_disk / "run")
    config = run_config(epochs=3)  # the lecture's network: 3 MB of weights, 10 MB of checkpoint
    seen = []
    for event in execute(config, load, artifacts):
        seen.append(event)
        if isinstance(event, EpochFinished) and event.epoch == 1:
            fill(small_disk / "filler")

    assert [type(event) for event in seen if event.kind != "progress"][-2:] == [EpochFinished, Failed]
    assert "No space left on device" in seen[-1].message
    assert "make room" in seen[-1].message
    assert artifacts.load_checkpoint()["training"]["epochs_done"] == 1
    assert torch.isfinite(torch.from_numpy(artifacts.load_weights()["fc3.bias"])).all()
    assert names_in(small_disk / "run") == ["checkpoint.pt", "test.npz", "weights.safetensors"]


def test_with_room_again_a_run_goes_on_after_a_full_disk(load, small_disk, tmp_path):
    artifacts, config = Artifacts(small_disk / "run"), run_config(epochs=2)
    expected = [numbers(epoch) for epoch in epochs_in(execute(config, load, Artifacts(tmp_path / "elsewhere")))]
    for event in execute(config, load, artifacts):
        if isinstance(event, EpochFinished) and event.epoch == 1:
            fill(small_disk / "filler")
    (small_disk / "filler").unlink()

    assert [numbers(epoch) for epoch in epochs_in(execute(config, load, artifacts))] == expected
