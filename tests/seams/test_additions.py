"""An addition is one entry: everything that lists, explains, validates, varies or exports it reads that entry."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from digits_core.__main__ import main
from digits_core.config import DataConfig, RunConfig, TrainingConfig
from digits_core.entries.losses import LOSSES, Loss
from digits_core.entries.optimizers import OPTIMIZERS, Optimizer
from digits_core.entries.schedules import SCHEDULES, Schedule
from digits_core.evaluation.comparison.differing_settings import varying
from digits_core.runs.export.script import as_script
from digits_core.runs.run_filters import matching, offers, parse
from digits_core.training.config_fields import from_query, to_query
from digits_core.training.sweep_plan import SweepPlan, parse_varied
from tests.pages.controls import setting
from tests.unit.runs.export.conftest import artifacts, history_of, train  # noqa: F401 - fixtures

ROOT = Path(__file__).resolve().parents[2]


def halving(optimizer, learning_rate, steps):
    """Halve the learning rate after each step."""
    return torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)


ADDED = {
    "optimizer": (
        OPTIMIZERS,
        "adadelta",
        Optimizer("Adadelta", "Needs no learning rate.", lambda: 1.0, "foreach"),
        "torch.optim.Adadelta(network.parameters(), lr=LEARNING_RATE, weight_decay=0.0, foreach=True)",
    ),
    "loss": (
        LOSSES,
        "sum",
        Loss(
            "Sum",
            "Rewards small logits.",
            "z",
            0.0,
            lambda logits, labels: logits.square().mean(),
            lambda: "logits.square().mean()",
        ),
        "loss = logits.square().mean()",
    ),
    "schedule": (SCHEDULES, "halving", Schedule("Halving", "Halves at each step.", halving), "def halving("),
}


@pytest.fixture(params=ADDED)
def added(request, monkeypatch) -> tuple[str, str, str, str]:
    """A setting that has one more choice: its field, the choice's name and title, and what scripts must hold."""
    registry, name, entry, code = ADDED[request.param]
    monkeypatch.setitem(registry, name, entry)
    return request.param, name, entry.title, code


def config_with(field: str, name: str) -> RunConfig:
    data = DataConfig(train=("mine",), test=("mine",))
    return RunConfig(data=data, training=TrainingConfig(epochs=1, batch_size=128, **{field: name}))


def test_a_choice_that_was_added_is_in_the_form_with_its_words(open_page, added):
    field, _, title, _ = added
    control = setting(open_page("training", unfolded=["fold_more"]), field)

    assert title in control.options
    assert f"**{title}**" in control.help


def test_a_choice_that_was_added_is_in_the_shell(added, capsys):
    field, name, _, _ = added
    with pytest.raises(SystemExit):
        main(["train", "--help"])

    assert f"--{field} {{" in (text := capsys.readouterr().out)
    assert name in text


def test_a_choice_that_was_added_is_found_by_filters_links_and_sweeps(store, added):
    field, name, title, _ = added
    runs = [store.create(config_with(field, each), "me") for each in (name, TrainingConfig().model_dump()[field])]
    condition = parse(f"{field} = {title}")

    assert condition in offers(runs, varying(runs))
    assert condition.words.endswith(f"= {title}")
    assert matching(runs, [condition]) == runs[:1]
    assert from_query(to_query(runs[0].config)).training == runs[0].config.training
    assert SweepPlan(varied=[parse_varied(f"{field}={name}")]).size == 1


def test_a_choice_that_was_added_trains_and_is_in_the_exported_script(train, few_optdigits, added):  # noqa: F811
    field, name, _, code = added
    load = {"mine": replace(few_optdigits, name="mine")}.__getitem__
    history = train(config_with(field, name), load)
    script = as_script(history, lambda _: history, load)["train.py"].decode()

    assert len(history.epochs) == 1
    assert code in script
    compile(script, "train.py", "exec")


STEP = '''
from digits_core.entries.base import Augmentation, Strength
from digits_core.entries.lazy import v2




def fade(pixels, fading, generator):
    """Take ink away from each image."""
    return pixels * (1 - fading)


AUGMENTATION = Augmentation(
    place=35,
    strengths={
        "fading": Strength(
            title="Fading", why="Pens run dry.", most=1, first=0.5, form="%.2f", phrase="{:.0%}", help="Ink goes."
        )
    },
    apply=fade,
    transform=lambda size, fading: v2.Identity(),
    code=lambda size, fading: "v2.Identity()",
)
'''
CHECK = """
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from streamlit.testing.v1 import AppTest

from digits_core.config import DataConfig, RunConfig, TrainingConfig, TransformConfig
from digits_core.dashboard.pages import PAGES
from digits_core.data.builtin import read_optdigits
from digits_core.database import Database
from digits_core.home import Home
from digits_core.runs.run_filters import parse
from digits_core.runs.export.run_history import History
from digits_core.runs.export.script import as_script
from digits_core.runs.rows import EpochRow
from digits_core.runs.store import RunStore
from digits_core.training.config_fields import from_query, to_query
from digits_core.training.sweep_plan import parse_varied
from digits_core.transforms import batched
from digits_core.transforms.code import as_code
from digits_core.transforms.pipeline import steps
from digits_core.transforms.steps import summary

transform = TransformConfig(fading=0.5)
config = RunConfig(transform=transform)
images = np.full((2, 28, 28), 200, np.uint8)
page = AppTest.from_file(PAGES["transforms"].file, default_timeout=60)
page.query_params["fading"] = "0.5"
page.run()
run = RunStore(Database(Home(Path("home")).create().database)).create(config, "me")
history = History(replace(run, status="finished"), [EpochRow(1, run.id, 1, *[0.1] * 7)])
script = as_script(history, lambda _: history, lambda _: read_optdigits())["train.py"].decode()
compile(script, "train.py", "exec")
print([
    from_query(to_query(config)).transform == transform,
    TransformConfig.from_json('{"rotation": 12}').fading == 0,
    batched.augment(batched.prepare(images, transform), transform, torch.Generator()).unique().tolist() == [100.0],
    "Random fading" in [step.name for step in steps(transform, training=True)],
    "v2.Identity()" in as_code(transform),
    "fading 50%" in summary(transform),
    "def fade(" in script and "pixels = fade(pixels, FADING, generator)" in script,
    "FADING = 0.5  # 50%" in script,
    parse("fading > 0.2").words == "fading > 0.2",
    parse_varied("fading=0..0.5").is_range,
    not page.exception and page.slider(key="transform_fading_value").value == 0.5,
])
"""


def test_a_file_is_all_that_an_augmentation_takes(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITS_HOME", str(tmp_path / "home"))
    for folder in ("digits_core", "pages"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "digits_core" / "entries" / "augmentations" / "fading.py").write_text(STEP)
    answer = subprocess.run([sys.executable, "-c", CHECK], cwd=tmp_path, capture_output=True, text=True)

    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split() == ["[True,", *["True,"] * 9, "True]"]
