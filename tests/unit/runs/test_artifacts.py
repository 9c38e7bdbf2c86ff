"""What a run leaves on disk comes back as it was, or is refused; a write that fails leaves the earlier file."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from digits_core.errors import RunError, StoreError
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.artifacts import TestResult as Result
from digits_core.runs.execution import as_arrays
from tests.unit.helpers import run_config
from tests.unit.networks import improved_net

CHECKPOINT = {"training": {"epochs_done": 1, "network": {"weights": torch.arange(5.0)}}, "epochs": [{"epoch": 1}]}
DAMAGES = {
    "empty": lambda raw: b"",
    "cut": lambda raw: raw[: len(raw) // 2],
    "another file": lambda raw: b"this is not what it should be" * 10,
    "a bit": lambda raw: raw[:6] + bytes([raw[6] ^ 255]) + raw[7:],
}


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "run"


@pytest.fixture
def artifacts(folder) -> Artifacts:
    return Artifacts(folder)


def damage(file: Path, how: str) -> None:
    file.write_bytes(DAMAGES[how](file.read_bytes()))


def test_weights_come_back_as_they_were(artifacts):
    network = improved_net(28, 0.3, seed=5).to(memory_format=torch.channels_last)
    artifacts.save_weights(as_arrays(network), "{}")
    loaded = artifacts.load_weights()

    assert set(loaded) == set(network.state_dict())
    assert all(torch.equal(torch.from_numpy(loaded[name]), values) for name, values in network.state_dict().items())


def test_weights_carry_the_config_that_they_belong_to(artifacts):
    config = run_config(epochs=9)
    artifacts.save_weights({"fc3.bias": np.zeros(10, np.float32)}, config.to_json())
    with safe_open(artifacts.weights_path, "numpy") as file:
        metadata = file.metadata()

    assert type(config).from_json(metadata["config"]) == config
    assert json.loads(metadata["config"])["training"]["epochs"] == 9


def test_a_test_result_comes_back_as_it_was(artifacts):
    result = Result(np.random.default_rng(0).normal(size=(7, 10)).astype(np.float32), np.arange(7))
    artifacts.save_test_result(result)
    loaded = artifacts.load_test_result()

    np.testing.assert_array_equal(loaded.logits, result.logits)
    np.testing.assert_array_equal(loaded.labels, result.labels)


def test_a_checkpoint_comes_back_as_it_was(artifacts):
    artifacts.save_checkpoint(CHECKPOINT)
    loaded = artifacts.load_checkpoint()

    assert loaded["epochs"] == CHECKPOINT["epochs"]
    assert torch.equal(loaded["training"]["network"]["weights"], torch.arange(5.0))


def test_a_run_that_ended_in_its_first_own_epoch_is_continued_from_where_it_began(artifacts, tmp_path):
    child, grandchild = Artifacts(tmp_path / "child"), Artifacts(tmp_path / "grandchild")
    artifacts.save_checkpoint(CHECKPOINT)
    child.start_from(artifacts, 1)
    assert child.load_checkpoint() is None
    assert child.has_checkpoint()

    grandchild.start_from(child, 1)

    assert grandchild.load_start()["epochs"] == artifacts.load_checkpoint()["epochs"]
    assert not Artifacts(tmp_path / "none").has_checkpoint()


def test_before_the_first_epoch_there_is_no_checkpoint(artifacts):
    assert artifacts.load_checkpoint() is None


def test_before_the_first_epoch_there_are_no_weights_and_no_test_result(artifacts):
    with pytest.raises(RunError, match="no weights"):
        artifacts.load_weights()
    with pytest.raises(RunError, match="no test result"):
        artifacts.load_test_result()


def test_the_newest_weights_are_the_ones_that_are_kept(artifacts, folder):
    for value in (1, 2):
        artifacts.save_weights({"bias": np.full(3, value, np.float32)}, "{}")

    assert artifacts.load_weights()["bias"].tolist() == [2, 2, 2]
    assert [file.name for file in folder.iterdir()] == ["weights.safetensors"]


@pytest.mark.parametrize("how", DAMAGES)
def test_damaged_weights_are_refused_with_what_to_do(artifacts, how):
    artifacts.save_weights({"bias": np.zeros(300, np.float32)}, "{}")
    damage(artifacts.weights_path, how)

    with pytest.raises(RunError, match=r"weights of this run cannot be read.*Train it again"):
        artifacts.load_weights()


@pytest.mark.parametrize("how", ["empty", "cut", "another file"])
def test_a_damaged_test_result_is_refused(artifacts, folder, how):
    artifacts.save_test_result(Result(np.zeros((7, 10), np.float32), np.arange(7)))
    damage(folder / "test.npz", how)

    with pytest.raises(RunError, match="test result"):
        artifacts.load_test_result()


@pytest.mark.parametrize("how", ["empty", "cut", "another file"])
def test_a_damaged_checkpoint_is_refused_with_what_to_do(artifacts, folder, how):
    artifacts.save_checkpoint(CHECKPOINT)
    damage(folder / "checkpoint.pt", how)

    with pytest.raises(RunError, match=r"checkpoint of this run cannot be read.*[Tt]rain it again"):
        artifacts.load_checkpoint()


@pytest.mark.parametrize("content", [[1, 2], {"training": {}}, {"epochs": []}])
def test_a_checkpoint_of_something_else_is_refused(artifacts, folder, content):
    folder.mkdir()
    torch.save(content, folder / "checkpoint.pt")

    with pytest.raises(RunError, match="checkpoint of this run cannot be read"):
        artifacts.load_checkpoint()


def test_a_checkpoint_that_is_a_program_is_refused_and_not_run(artifacts, folder, tmp_path):
    class Program:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "run by the checkpoint"),)

    folder.mkdir()
    torch.save({"training": Program(), "epochs": []}, folder / "checkpoint.pt")

    with pytest.raises(RunError, match="cannot be read"):
        artifacts.load_checkpoint()
    assert not (tmp_path / "run by the checkpoint").exists()


@pytest.mark.parametrize("blocked", [False, True], ids=["run", "runs"])
def test_a_folder_that_cannot_be_made_is_an_error_of_the_store(tmp_path, blocked):
    (tmp_path / "runs").write_text("a file in the way")
    folder = tmp_path / "runs" / "run" if blocked else tmp_path / "runs"

    with pytest.raises(StoreError, match=r"could not be written .*choose another DIGITS_HOME"):
        Artifacts(folder).save_weights({"bias": np.zeros(3, np.float32)}, "{}")


def test_a_full_disk_leaves_the_earlier_file_and_nothing_else(small_disk):
    artifacts = Artifacts(small_disk / "run")
    artifacts.save_weights({"bias": np.ones(3, np.float32)}, "{}")

    with pytest.raises(StoreError, match=r"No space left on device.*before is intact"):
        artifacts.save_weights({"bias": np.ones(10_000_000, np.float32)}, "{}")
    assert artifacts.load_weights()["bias"].tolist() == [1, 1, 1]
    assert [file.name for file in (small_disk / "run").iterdir()] == ["weights.safetensors"]


def test_reading_weights_and_test_results_needs_no_torch(artifacts, folder):
    artifacts.save_weights({"bias": np.ones(3, np.float32)}, "{}")
    artifacts.save_test_result(Result(np.zeros((7, 10), np.float32), np.arange(7)))
    code = (
        "import sys; from pathlib import Path; from digits_core.runs.artifacts import Artifacts; "
        "a = Artifacts(Path(sys.argv[1])); a.load_weights(); a.load_test_result(); print('torch' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "False"
