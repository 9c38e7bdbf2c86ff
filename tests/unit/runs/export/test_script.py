"""A run as a script: it prints what the run printed. Every script here is really run."""

import ast
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from digits_core.config import DataConfig, RunConfig, TrainingConfig
from digits_core.errors import ExportError
from digits_core.runs.export.run_history import History
from digits_core.runs.export.script import as_script
from digits_core.runs.rows import ChangeRow
from digits_core.training.control import Orders
from digits_core.training.events import Changed
from tests.unit.runs.export.programs import CONFIGS, HOSTILE, MINE, SCHEDULED, lines_of, names_that_ruff_finds_wrong


@pytest.fixture
def printed(history_of, load, tmp_path):
    """What the scripts of these runs print when they are run, a list of lines for each; all in one fresh Python."""

    def run(*histories: History, load=load) -> list[list[str]]:
        paths = []
        for number, history in enumerate(histories):
            folder = tmp_path / f"script-{number}"
            folder.mkdir()
            for name, content in as_script(history, history_of, load).items():
                (folder / name).write_bytes(content)
            paths.append(folder / "train.py")
        assert names_that_ruff_finds_wrong(paths) == ""
        code = "import runpy, sys\nfor path in sys.argv[1:]: print('#'); runpy.run_path(path)"
        answer = subprocess.run(
            [sys.executable, "-I", "-c", code, *paths], capture_output=True, text=True, cwd=tmp_path
        )
        assert answer.returncode == 0, answer.stderr
        return [part.split("\n")[1:-1] for part in answer.stdout.split("#")[1:]]

    return run


def text_of(history: History, load) -> str:
    return as_script(history, lambda _: history, load)["train.py"].decode()


def test_the_lectures_script_is_one_file_that_prints_the_runs_lines(train, load, tmp_path):
    history = train(RunConfig(training=TrainingConfig(epochs=2)), load)
    files = as_script(history, lambda _: history, load)
    assert list(files) == ["train.py"]
    (tmp_path / "train.py").write_bytes(files["train.py"])

    answer = subprocess.run([sys.executable, "-I", tmp_path / "train.py"], capture_output=True, text=True, cwd=tmp_path)

    assert answer.stdout.splitlines() == lines_of(history), answer.stderr
    assert len(lines_of(history)) == 2


def test_scripts_print_the_lines_of_runs_of_all_kinds(train, load, printed):
    histories = [train(config, load) for config in CONFIGS.values()]

    assert dict(zip(CONFIGS, printed(*histories), strict=True)) == {
        name: lines_of(history) for name, history in zip(CONFIGS, histories, strict=True)
    }
    assert all(history.epochs for history in histories)


def test_scripts_do_again_what_was_done_by_hand_and_what_a_run_continued(train, load, printed):
    rate = [Changed("learning_rate", 0.0004, 1, 3), Changed("learning_rate", 0.002, 2, 0)]
    by_hand = train(RunConfig(data=MINE, training=TrainingConfig(epochs=2, batch_size=32)), load, rate)
    longer = train(SCHEDULED, load, [Changed("epochs", 3, 1, 5)])
    ended = train(SCHEDULED, load, [Changed("epochs", 3, 2, 1), Changed("learning_rate", 0.01, 2, 4)])
    more = SCHEDULED.replace(training=SCHEDULED.training.replace(epochs=5))
    continued = train(more, load, parent=longer.run.id)
    histories = [by_hand, longer, ended, continued]

    assert printed(*histories) == [lines_of(history) for history in histories]
    assert [len(history.epochs) for history in histories] == [2, 3, 3, 5]


def test_the_script_of_a_stopped_run_ends_after_its_last_whole_epoch(train, load, printed, store):
    done = lambda: bool(next(iter(store.epochs([store.runs()[0].id]).values())))  # noqa: E731
    config = RunConfig(data=MINE, training=TrainingConfig(epochs=9, batch_size=32, schedule="cosine"))
    history = train(config, load, orders=lambda: Orders(stop=done()))

    assert history.run.status == "stopped"
    assert printed(history) == [lines_of(history)]
    assert "ends after the last whole epoch" in text_of(history, load)


@pytest.mark.parametrize("batches", ["tensors", "dataloader"])
def test_a_script_leaves_out_of_training_what_another_dataset_is_tested_on(train, load, printed, few_mnist, batches):
    known = {"more": replace(few_mnist, name="more", test=np.zeros(len(few_mnist), bool)), "others": load("others")}
    data = DataConfig(train=("more", "others"), test=("others",))
    config = RunConfig(data=data, training=TrainingConfig(epochs=1, batch_size=64, batches=batches))
    history = train(config, known.__getitem__)

    assert history.run.environment["images"] == {"train": 500, "test": 80}
    assert printed(history, load=known.__getitem__) == [lines_of(history)]


def test_what_a_run_does_not_need_is_not_in_its_script(train, load):
    text = text_of(train(RunConfig(data=MINE, training=TrainingConfig(epochs=1, batch_size=64)), load), load)

    words = ("Generator(device)", "centred", "load_digits", "mnist", "schedule", "autocast", "DataLoader", "ROTATION")
    unused = (*words, "tested_elsewhere")
    assert [word for word in unused if word in text] == []
    assert "digits_core" not in text


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_no_name_of_a_run_becomes_code(train, load, name):
    history = train(RunConfig(data=MINE, training=TrainingConfig(epochs=1, batch_size=128)), load)
    plain = ast.dump(ast.parse(as_script(history, lambda _: history, load)["train.py"]))
    history = replace(history, run=replace(history.run, name=name))

    script = as_script(history, lambda _: history, load)["train.py"]

    assert ast.dump(ast.parse(script)) == plain
    compile(script, "train.py", "exec")


def test_a_script_says_so_where_its_data_has_changed_since(train, load, few_optdigits):
    history = train(RunConfig(data=MINE, training=TrainingConfig(epochs=1, batch_size=128)), load)
    assert "has changed" not in text_of(history, load)
    fewer = replace(few_optdigits, name="mine", test=~few_optdigits.test)

    assert "mine has changed" in text_of(history, {"mine": fewer}.__getitem__)


def test_there_is_no_script_of_a_run_that_trains_or_has_learnt_nothing(store, load, history_of):
    waiting = history_of(store.create(RunConfig(), "test:1:1").id)
    with pytest.raises(ExportError, match="still trains"):
        as_script(waiting, history_of, load)
    with pytest.raises(ExportError, match="before its first epoch"):
        as_script(replace(waiting, run=replace(waiting.run, status="diverged")), history_of, load)


def test_the_script_of_a_run_on_a_gpu_asks_for_deterministic_kernels(train, load):
    history = train(RunConfig(data=MINE, training=TrainingConfig(epochs=1, batch_size=128)), load)
    on_gpu = replace(history.run, environment_json=json.dumps({**history.run.environment, "device": "NVIDIA H200"}))
    script = text_of(replace(history, run=on_gpu), load)

    assert 'os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"' in script
    assert "torch.use_deterministic_algorithms(True, warn_only=True)" in script
    assert "import os\n" in script
    assert "deterministic" not in text_of(history, load)
    compile(script, "train.py", "exec")


def test_a_pause_leaves_no_trace_in_a_script(train, load):
    history = train(RunConfig(data=MINE, training=TrainingConfig(epochs=1, batch_size=128)), load)
    paused = ChangeRow(1, "paused", None, 1, 1, 0.0)

    assert "CHANGES" not in text_of(replace(history, changes=[paused]), load)
