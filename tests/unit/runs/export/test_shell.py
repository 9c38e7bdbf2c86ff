"""`python -m digits_core export`: what scripts may rely on."""

import json

import pytest

from digits_core.__main__ import main
from digits_core.runs.export.files import FORMS
from digits_core.shell import export_command as shell_export


@pytest.fixture
def shell(home, capsys):
    """Call the shell in this process; returns its exit status and the lines of both outputs."""

    def call(*arguments: object) -> tuple[int, list[str], list[str]]:
        status = main([str(each) for each in arguments])
        out, err = capsys.readouterr()
        return status, out.splitlines(), err.splitlines()

    return call


@pytest.fixture
def run(train, optdigits):
    from tests.unit.helpers import run_config

    return train(run_config(epochs=1, batch_size=256), {"optdigits": optdigits}.__getitem__).run


def test_the_shell_knows_every_form():
    assert (*FORMS, "web") == shell_export.FORMS


def test_a_run_leaves_all_its_files_in_a_folder_and_their_paths_on_the_screen(shell, run, tmp_path):
    pytest.importorskip("onnx")
    pytest.importorskip("tensorboard")

    status, out, err = shell("export", run.id[:5], "--to", tmp_path / "taken")

    assert (status, err) == (0, [])
    files = sorted(str(path) for path in (tmp_path / "taken").rglob("*") if path.is_file())
    assert sorted(out) == files
    assert {"train.py", "train.ipynb", "history.csv", "history.json", "network.onnx", "weights.safetensors"} <= {
        path.rpartition("/")[2] for path in files
    }


def test_only_what_was_asked_for_is_written(shell, run, tmp_path):
    status, out, _ = shell(
        "export", "latest", "--to", tmp_path / "taken", "--only", "csv", "--only", "script", "--json"
    )

    assert status == 0
    rows = [json.loads(line) for line in out]
    assert [row["file"] for row in rows] == [str(tmp_path / "taken" / name) for name in ("history.csv", "train.py")]
    assert all(
        (tmp_path / "taken" / path.name).stat().st_size == row["bytes"]
        for row, path in zip(rows, [tmp_path / "history.csv", tmp_path / "train.py"], strict=True)
    )


def test_what_is_there_already_is_kept_and_said_in_one_line(shell, run, tmp_path):
    (tmp_path / "train.py").write_text("mine")

    status, out, err = shell("export", run.id, "--to", tmp_path, "--only", "script")

    assert (status, out, len(err)) == (2, [], 1)
    assert "--replace" in err[0]
    assert (tmp_path / "train.py").read_text() == "mine"


def test_a_missing_package_leaves_out_its_form_alone_unless_it_was_asked_for(shell, run, tmp_path, monkeypatch):
    monkeypatch.setattr("digits_core.runs.export.onnx.is_available", lambda: False)

    status, out, err = shell("export", run.id, "--to", tmp_path / "all")
    assert (status, len(err)) == (0, 1)
    assert "pip install onnx" in err[0]
    assert not any(path.endswith(".onnx") for path in out)

    status, out, err = shell("export", run.id, "--to", tmp_path / "one", "--only", "onnx")
    assert (status, out, len(err)) == (2, [], 1)
    assert not (tmp_path / "one").exists()
