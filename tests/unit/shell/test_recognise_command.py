"""`recognise` as scripts use it: a line for each picture as soon as it is read, and a word where there is no digit."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digits_core.__main__ import main
from digits_core.config import DataConfig, RunConfig
from digits_core.database import Database
from digits_core.home import Home
from digits_core.recognition.synthetic_negatives import not_digits
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.store import Run, RunStore
from tests.unit.helpers import run_config
from tests.unit.test_main import shell_process

TRAIN = ["train", "--recipe", "Robust", "--dataset", "optdigits", "--epochs", "3"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A home with one run, trained by another process on centred 8×8 digits."""
    folder = tmp_path_factory.mktemp("trained")
    out, err = shell_process(folder, *TRAIN).communicate(timeout=300)
    assert "finished" in out, err
    return folder


@pytest.fixture
def recognise(trained, monkeypatch, capsys):
    """Call the command in this process; returns its exit status and the lines of both outputs."""

    def call(*arguments: object, home: Path = trained, typed: str = "") -> tuple[int, list[str], list[str]]:
        monkeypatch.setenv("DIGITS_HOME", str(home))
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        status = main(["recognise", *map(str, arguments)])
        out, err = capsys.readouterr()
        return status, out.splitlines(), err.splitlines()

    return call


@pytest.fixture(scope="module")
def digits(tmp_path_factory, optdigits) -> list[Path]:
    """Pictures of ten test digits, 0 to 9, black on white."""
    images, labels = optdigits.of("test")
    folder = tmp_path_factory.mktemp("digits")
    return [saved(images[np.flatnonzero(labels == digit)[0]], folder / f"{digit}.png") for digit in range(10)]


@pytest.fixture(scope="module")
def marks(tmp_path_factory) -> list[Path]:
    """Pictures of ten things that are no digit."""
    folder = tmp_path_factory.mktemp("marks")
    return [saved(ink, folder / f"{index}.png") for index, ink in enumerate(not_digits(10, seed=9)["faces"])]


def saved(ink: np.ndarray, path: Path) -> Path:
    picture = Image.new("L", (240, 260), 255)
    picture.paste(Image.fromarray(255 - ink).resize((160, 160), Image.Resampling.BICUBIC), (40, 50))
    picture.save(path)
    return path


def add_run(home: Path, config: RunConfig) -> str:
    """Write a run without artifacts into a home; returns its id."""
    database = Database(Home(home).create().database)
    run = RunStore(database).create(config, owner="a test")
    database.close()
    return run.id


def only_run(home: Path) -> Run:
    database = Database(Home(home).database)
    (run,) = RunStore(database).runs()
    database.close()
    return run


def test_json_gives_each_digit_with_its_probabilities_its_box_and_whether_it_is_one(recognise, digits):
    status, (line,), err = recognise(digits[3], "--json")
    row = json.loads(line)
    (digit,) = row["digits"]
    left, top, width, height = digit["box"]

    assert (status, err) == (0, [])
    assert row.keys() == {"image", "text", "digits"}
    assert (row["image"], row["text"]) == (str(digits[3]), str(digit["digit"]))
    assert digit.keys() == {"digit", "probability", "probabilities", "box", "is_digit"}
    assert len(digit["probabilities"]) == 10
    assert digit["probability"] == digit["probabilities"][digit["digit"]] == max(digit["probabilities"])
    assert sum(digit["probabilities"]) == pytest.approx(1, abs=1e-4)
    assert (left >= 40, top >= 50, left + width <= 200, top + height <= 210) == (True,) * 4
    assert isinstance(digit["is_digit"], bool)


def test_digits_are_said_to_be_digits_and_faces_are_not(recognise, digits, marks):
    _, out, _ = recognise(*digits, *marks, "--json")
    accepted = [any(each["is_digit"] for each in json.loads(line)["digits"]) for line in out]

    assert sum(accepted[:10]) >= 8
    assert sum(accepted[10:]) <= 3


def test_the_text_says_what_is_no_digit(recognise, digits, marks):
    _, rows, _ = recognise(*digits, *marks, "--json")
    status, lines, err = recognise(*digits, *marks)

    assert (status, err, len(lines)) == (0, [], 20)
    for row, line in zip(map(json.loads, rows), lines, strict=True):
        assert re.fullmatch(rf"{re.escape(row['image'])}: \d+ \(.*\d\.\d%.*\)", line)
        assert line.count("but not a digit") == sum(not each["is_digit"] for each in row["digits"])


def test_a_run_is_named_by_the_beginning_of_its_id(recognise, trained, digits):
    assert recognise(digits[0], "--run", only_run(trained).id[:4]) == recognise(digits[0])


def test_paths_come_from_standard_input_where_the_dash_stands(recognise, digits):
    first, second, third, fourth = digits[:4]
    status, out, err = recognise(first, "-", fourth, "--json", typed=f"{second}\n\n{third}\r\n")

    assert (status, err) == (0, [])
    assert [json.loads(line)["image"] for line in out] == [str(path) for path in digits[:4]]


def test_each_answer_is_there_before_the_next_picture_is_named_and_a_reader_may_leave(trained, digits):
    process = subprocess.Popen(
        [sys.executable, "-m", "digits_core", "recognise", "-", "--json"],
        cwd=Path(__file__).resolve().parents[3],
        env={**os.environ, "DIGITS_HOME": str(trained)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for path in digits[:3]:
        process.stdin.write(f"{path}\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["image"] == str(path)
    process.stdout.close()
    process.stdin.write(f"{digits[3]}\n")
    process.stdin.close()

    assert (process.wait(timeout=120), process.stderr.read()) == (0, "")
    process.stderr.close()


@pytest.mark.parametrize("content", [None, b"", b"no picture", "blank"], ids=["missing", "empty", "text", "blank"])
def test_a_picture_that_cannot_be_read_is_said_and_the_others_are_read(recognise, digits, tmp_path, content):
    bad = tmp_path / "bad.png"
    if content == "blank":
        Image.fromarray(np.full((50, 50), 255, np.uint8)).save(bad)
    elif content is not None:
        bad.write_bytes(content)
    status, out, err = recognise(bad, digits[0], "--json")

    assert status == 2
    assert [json.loads(line)["image"] for line in out] == [str(digits[0])]
    assert len(err) == 1
    assert str(bad) in err[0]


def test_a_run_whose_weights_are_gone_is_bad_input(recognise, home, digits):
    run_id = add_run(home, run_config())
    status, out, err = recognise(digits[0], "--run", run_id, home=home)

    assert (status, out, len(err)) == (2, [], 1)
    assert "no weights" in err[0]


def test_without_the_data_of_the_run_it_reads_but_does_not_say_what_is_a_digit(recognise, trained, home, digits):
    run = only_run(trained)
    weights = Artifacts(Home(trained).run(run.id)).load_weights()
    config = run_config(data=DataConfig(train=("gone",), test=("gone",)), transform=run.config.transform)
    run_id = add_run(home, config)
    Artifacts(Home(home).run(run_id)).save_weights(weights, config.to_json())
    status, (line,), err = recognise(digits[0], "--run", run_id, "--json", home=home)

    assert (status, err) == (0, [])
    assert [each["is_digit"] for each in json.loads(line)["digits"]] == [None]
