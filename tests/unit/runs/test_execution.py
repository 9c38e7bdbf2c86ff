"""A run from its config to its artifacts: kept after each epoch, gone on with, and ended in words."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from digits_core.config import TransformConfig
from digits_core.data.digits import Digits
from digits_core.errors import DatasetError, RunError
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.execution import commit_of, execute
from digits_core.training import loop
from digits_core.training.control import Orders
from digits_core.training.events import Changed, EpochFinished, Event, Failed, Progress
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

    assert names_in(tmp_path / "run") == ["checkpoint.pt", "test.npz", "watched.npz", "weights.safetensors"]
    assert events[-1].outcome == "finished"
    assert (result.logits.argmax(axis=1) == result.labels).mean() == pytest.approx(events[-1].test_accuracy)


def test_the_start_names_the_fingerprints_of_the_data_and_the_commit(load, artifacts):
    started = next(execute(CONFIG, load, artifacts))

    assert started.environment["datasets"] == {"optdigits": load("optdigits").fingerprint}
    assert "commit" in started.environment


def test_the_commit_is_that_of_the_code_and_not_of_a_repository_around_it(tmp_path):
    """The app may be unpacked inside somebody's own repository, whose commits say nothing about it."""
    mine, unpacked = tmp_path / "mine.py", tmp_path / "unpacked" / "loop.py"
    unpacked.parent.mkdir()
    for file in (mine, unpacked):
        file.write_text("")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", mine.name)
    git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message", "mine")

    assert commit_of(mine) == git(tmp_path, "rev-parse", "--short=12", "HEAD")
    assert commit_of(unpacked) == ""


def git(folder: Path, *command: str) -> str:
    return subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


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
    orders = iter([Orders()] * 20)
    events = list(execute(CONFIG, load, artifacts, orders=lambda: next(orders, Orders(stop=True))))
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
    assert names_in(small_disk / "run") == ["checkpoint.pt", "test.npz", "watched.npz", "weights.safetensors"]


def test_with_room_again_a_run_goes_on_after_a_full_disk(load, small_disk, tmp_path):
    artifacts, config = Artifacts(small_disk / "run"), run_config(epochs=2)
    expected = [numbers(epoch) for epoch in epochs_in(execute(config, load, Artifacts(tmp_path / "elsewhere")))]
    for event in execute(config, load, artifacts):
        if isinstance(event, EpochFinished) and event.epoch == 1:
            fill(small_disk / "filler")
    (small_disk / "filler").unlink()

    assert [numbers(epoch) for epoch in epochs_in(execute(config, load, artifacts))] == expected


class Person:
    """Orders a learning rate of 0.01 when batch 5 of epoch 2 is done: what `execute` asks, and what it is told."""

    def __init__(self) -> None:
        self.orders = Orders()

    def watch(self, events: Iterator[Event]) -> Iterator[Event]:
        for event in events:
            if isinstance(event, Progress) and (event.epoch, event.batch) == (2, 5):
                self.orders = Orders(learning_rate=0.01)
            yield event


@pytest.fixture
def changed(load, tmp_path, monkeypatch) -> list[tuple[float, ...]]:
    """The numbers of `CONFIG` when its learning rate is changed in the second epoch."""
    monkeypatch.setattr(loop, "PROGRESS_INTERVAL_S", 0.0)
    person = Person()
    events = person.watch(execute(CONFIG, load, Artifacts(tmp_path / "changed"), lambda: person.orders))
    return [numbers(epoch) for epoch in epochs_in(events)]


@pytest.mark.parametrize("batch", [5, 9])
def test_a_run_that_dies_after_a_change_goes_on_to_the_numbers_with_the_change_where_it_was(
    load, artifacts, undisturbed, changed, batch
):
    """It dies in the middle of the epoch: right when the change is noted, and some batches later."""
    person = Person()
    for event in person.watch(execute(CONFIG, load, artifacts, lambda: person.orders)):
        if getattr(event, "epoch", 0) == 2 and getattr(event, "batch", 0) == batch and artifacts.load_changes():
            break
    after = list(execute(CONFIG, load, artifacts, lambda: person.orders))

    assert [event for event in after if isinstance(event, Changed)] == [Changed("learning_rate", 0.01, 2, 5)]
    assert [numbers(each) for each in epochs_in(after)] == changed
    assert changed != undisturbed


def test_a_run_that_continues_another_equals_one_that_was_so_long(load, artifacts, undisturbed, tmp_path):
    short = run_config(transform=SMALL, epochs=2)
    list(execute(short, load, artifacts))
    child = Artifacts(tmp_path / "child")
    child.start_from(artifacts, epochs_done=2)
    events = list(execute(CONFIG, load, child))

    assert [numbers(each) for each in epochs_in(events)] == undisturbed
    assert {epoch.epochs for epoch in epochs_in(events)} == {3}
    assert names_in(tmp_path / "child") == ["checkpoint.pt", "test.npz", "watched.npz", "weights.safetensors"]


def test_a_run_that_continues_another_and_dies_goes_on_to_the_same_numbers(load, artifacts, undisturbed, tmp_path):
    list(execute(run_config(transform=SMALL, epochs=1), load, artifacts))
    child = Artifacts(tmp_path / "child")
    child.start_from(artifacts, epochs_done=1)
    events_until(1, execute(CONFIG, load, child))  # before an epoch of its own
    events_until(2, execute(CONFIG, load, child))

    assert [numbers(each) for each in epochs_in(execute(CONFIG, load, child))] == undisturbed


def test_a_run_that_continues_one_whose_learning_rate_was_changed_goes_on_with_that(load, changed, tmp_path):
    """And tells of the change, which stands in the curve that it continues."""
    child = Artifacts(tmp_path / "child")
    child.start_from(Artifacts(tmp_path / "changed"), epochs_done=3)
    longer = CONFIG.replace(training=CONFIG.training.replace(epochs=4))
    events = list(execute(longer, load, child))

    assert [numbers(each) for each in epochs_in(events)][:3] == changed
    assert epochs_in(events)[-1].learning_rate == 0.01
    assert [event for event in events if isinstance(event, Changed)] == [Changed("learning_rate", 0.01, 2, 5)]


def test_without_a_checkpoint_there_is_nothing_to_continue(artifacts, tmp_path):
    with pytest.raises(RunError, match="ended before its first epoch"):
        Artifacts(tmp_path / "child").start_from(artifacts, epochs_done=1)


def test_what_a_killed_process_left_half_written_is_gone_when_the_run_goes_on(load, artifacts, undisturbed, tmp_path):
    events_until(1, execute(CONFIG, load, artifacts))
    (tmp_path / "run" / ".checkpoint.pt.12345").write_bytes(b"half")
    after = list(execute(CONFIG, load, artifacts))

    assert [numbers(each) for each in epochs_in(after)] == undisturbed
    assert names_in(tmp_path / "run") == ["checkpoint.pt", "test.npz", "watched.npz", "weights.safetensors"]


def test_the_watched_images_are_kept_before_the_first_epoch(load, artifacts):
    next(execute(CONFIG, load, artifacts))
    watched = artifacts.load_watched()

    assert watched.images.shape == (10, 10, 10)
    assert watched.labels.tolist() == list(range(10))


OUT_OF_MEMORY = """
import resource, sys
from pathlib import Path
from digits_core.config import RunConfig, TrainingConfig, TransformConfig
from digits_core.data.builtin import read_optdigits
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.execution import commit_of, execute

digits = read_optdigits()
config = RunConfig(transform=TransformConfig(size=64), training=TrainingConfig(batch_size=1400))
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (200 << 20), resource.RLIM_INFINITY))
for event in execute(config, lambda name: digits, Artifacts(Path(sys.argv[1]))):
    pass
print(event.kind, event.message)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is limited so on Linux alone")
def test_a_training_that_runs_out_of_memory_fails_in_words(tmp_path):
    answer = subprocess.run([sys.executable, "-c", OUT_OF_MEMORY, str(tmp_path)], capture_output=True, text=True)

    assert answer.stdout.startswith("failed There is not enough memory"), answer.stderr
