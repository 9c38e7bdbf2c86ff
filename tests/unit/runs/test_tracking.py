"""Runs of one's own loop: what `init`, `log` and `finish` keep, and what they refuse."""

import argparse
import math

import numpy as np
import pytest
import torch

import digits_core as dl
from digits_core.errors import ConfigError, LogError, RunError, StoreError
from digits_core.home import Home
from digits_core.runs.epoch_feed import EpochFeed
from digits_core.runs.logged import OWN_LOOP
from digits_core.runs.run_settings import settings_of
from digits_core.runs.starter import open_database
from digits_core.runs.store import RunStore
from tests.unit.helpers import run_config


@pytest.fixture
def kept(home) -> RunStore:
    """What another process would read of the same home."""
    return RunStore(open_database(Home(home).create()))


def epochs_of(kept: RunStore, run: dl.TrackedRun):
    return kept.epochs([run.id])[run.id]


def test_a_loop_stands_beside_the_runs_of_the_app(kept):
    with dl.init("My loop", config={"lr": 0.01, "epochs": 2, "hidden": 64}, tags=["mine"], note="a try") as run:
        for epoch in (1, 2):
            run.log({"train/loss": 1 / epoch, "val_acc": 0.4 * epoch, "gradient/norm": epoch}, step=epoch)
            assert kept.get(run.id).status == "running"
            assert kept.get(run.id).progress == epoch / 2

    row = kept.get(run.id)
    assert (row.name, row.status, row.tags, row.note, row.origin) == (
        "My loop",
        "finished",
        ("mine",),
        "a try",
        OWN_LOOP,
    )
    assert row.is_logged
    assert row.test_accuracy == 0.8
    assert row.planned_epochs == 2
    assert row.progress == 1
    first, second = epochs_of(kept, run)
    assert (first.epoch, first.train_loss, first.test_accuracy) == (1, 1.0, 0.4)
    assert math.isnan(second.test_loss)
    assert second.train_loss == 0.5
    assert row.seconds == pytest.approx(first.seconds + second.seconds)
    assert kept.logged.metric_names(run.id) == ["gradient/norm"]
    assert kept.logged.metric(run.id, "gradient/norm").values.tolist() == [1, 2]
    settings = settings_of(row)
    assert (settings["learning_rate"], settings["epochs"], settings["batch_size"]) == (0.01, 2, None)
    assert row.logged_config["hidden"] == 64


def test_a_step_is_the_next_epoch_unless_it_is_given_and_keeps_what_was_logged_before(kept):
    run = dl.init()
    dl.log({"train/loss": 3.0})
    dl.log({"train/loss": 2.0})
    run.log({"test/accuracy": 0.5}, step=2)
    run.log({"train/loss": 9.0}, step=1)
    dl.finish()

    found = [(row.epoch, row.train_loss, row.test_accuracy) for row in epochs_of(kept, run)]
    assert found[0][:2] == (1, 9.0)
    assert math.isnan(found[0][2])
    assert found[1] == (2, 2.0, 0.5)


def test_readers_with_a_cursor_see_an_epoch_that_is_logged_again(kept):
    run = dl.init()
    run.log({"train/loss": 3.0}, step=1)
    run.log({"train/loss": 2.0}, step=2)
    feed = EpochFeed(kept)
    assert feed.of([run.id])[0].train_loss.tolist() == [3.0, 2.0]
    run.log({"test/loss": 1.0}, step=1)
    run.log({"train/loss": 1.5}, step=3)
    now = feed.of([run.id])[0]
    run.finish()

    assert now.epoch.tolist() == [1, 2, 3]
    assert now.train_loss.tolist() == [3.0, 2.0, 1.5]
    assert now.test_loss[0] == 1.0
    assert (np.diff(now.seconds) >= 0).all()


@pytest.mark.parametrize(
    ("value", "kept_as"),
    [(np.float32(0.5), 0.5), (torch.tensor(0.5, requires_grad=True), 0.5), (np.array([0.5]).sum(), 0.5), (True, 1.0)],
)
def test_numbers_of_all_libraries_are_numbers(kept, value, kept_as):
    with dl.init() as run:
        run.log({"mine": value})
    assert kept.logged.metric(run.id, "mine").values.tolist() == [kept_as]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_finite_number_is_a_gap(kept, value):
    with dl.init() as run:
        run.log({"train/loss": value, "mine": value})
    assert math.isnan(epochs_of(kept, run)[0].train_loss)
    assert math.isnan(kept.logged.metric(run.id, "mine").values[0])


def nested(depth: int) -> dict:
    return {"a": nested(depth - 1)} if depth else {"a": 1}


@pytest.mark.parametrize(
    ("metrics", "words"),
    [
        ({"train/loss": 0.1, "note": "good"}, "'good' is not a number"),
        ({"train/loss": None}, "not a number"),
        ({"train/loss": np.zeros(3)}, "type ndarray is not one number"),
        ({"test/accuracy": 97.5}, "Log 0.975"),
        ({3: 1.0}, "3 is not a name"),
        ({"": 1.0}, "is not a name"),
        ({"a\nb": 1.0}, "is not a name"),
        ({"x" * 101: 1.0}, "longer than 100"),
        ({f"metric {n}": n for n in range(1_000_000)}, "1,000,000 names at once"),
        ({"a": {f"m{n}": n for n in range(400)}, "b": {f"m{n}": n for n in range(400)}}, "at once"),
        ({"a/b": 1, "a": {"b": 2}}, "'a/b' is given twice"),
        (nested(200), "longer than 100"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_one_line_and_nothing_is_lost(kept, metrics, words):
    run = dl.init()
    run.log({"train/loss": 1.0}, step=1)
    with pytest.raises(LogError, match=words) as caught:
        run.log(metrics, step=2)
    run.log({"train/loss": 0.5}, step=3)
    run.finish()

    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250
    assert [(row.epoch, row.train_loss) for row in epochs_of(kept, run)] == [(1, 1.0), (3, 0.5)]


def test_a_run_has_no_more_metrics_than_a_page_can_show(kept):
    run = dl.init()
    run.log({f"a{n}": n for n in range(400)})
    with pytest.raises(LogError, match="More than 500 metrics"):
        run.log({f"b{n}": n for n in range(200)})
    run.finish()
    assert len(kept.logged.metric_names(run.id)) == 400


@pytest.mark.parametrize("step", [-1, 1.5, "2", True, 2**53])
def test_a_step_is_a_whole_number(kept, step):
    run = dl.init()
    with pytest.raises(LogError, match="is not a step"):
        run.log({"train/loss": 1.0}, step=step)
    run.finish()


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"optimizer": {"name": "SGD", "lr": 0.1}}, {"optimizer/name": "SGD", "optimizer/lr": 0.1}),
        (argparse.Namespace(lr=0.1), {"lr": 0.1}),
        ({"sizes": (64, 32), "x": math.inf, "net": torch.nn.ReLU()}, {"sizes": [64, 32], "x": "inf", "net": "ReLU()"}),
    ],
)
def test_a_config_may_be_nested_or_an_object(kept, config, expected):
    with dl.init(config=config) as run:
        pass
    assert kept.get(run.id).logged_config == expected


@pytest.mark.parametrize(
    ("config", "setting", "value"),
    [
        ({"optimizer": "Adam"}, "optimizer", "adam"),
        ({"criterion": "CrossEntropyLoss"}, "loss", "cross_entropy"),
        ({"optimizer": "LAMB"}, "optimizer", "LAMB"),
        ({"max_epochs": 5}, "epochs", 5),
        ({"dataset": "mnist"}, "train", ("mnist",)),
        ({"lr": "fast"}, "learning_rate", None),
        ({"batch_size": True}, "batch_size", None),
    ],
)
def test_usual_names_of_a_config_are_settings(kept, config, setting, value):
    run = dl.init(config=config)
    assert settings_of(kept.get(run.id))[setting] == value
    run.finish()


@pytest.mark.parametrize("config", [3, ["lr"], {"a" * 101: 1}, {str(n): n for n in range(301)}])
def test_a_config_that_is_none_is_refused_before_there_is_a_run(kept, config):
    before = kept.count()
    with pytest.raises(LogError):
        dl.init(config=config)
    assert kept.count() == before


def test_a_name_that_is_too_long_is_refused(kept):
    before = kept.count()
    with pytest.raises(ConfigError):
        dl.init("x" * 500)
    assert kept.count() == before


def test_an_exception_in_the_block_marks_the_run_as_failed(kept):
    def loop() -> None:
        with run:
            run.log({"train/loss": 1.0})
            raise ValueError("the labels are letters\nand more")

    run = dl.init()
    with pytest.raises(ValueError, match="letters"):
        loop()
    row = kept.get(run.id)
    assert (row.status, row.message) == ("failed", "ValueError: the labels are letters")
    assert len(epochs_of(kept, run)) == 1


def test_control_c_stops_it(kept):
    with pytest.raises(KeyboardInterrupt), dl.init() as run:
        raise KeyboardInterrupt
    assert kept.get(run.id).status == "stopped"


def test_after_its_end_nothing_can_be_logged(kept):
    run = dl.init()
    run.finish()
    run.finish()
    with pytest.raises(RunError, match="has ended"):
        run.log({"train/loss": 1.0})
    with pytest.raises(RunError, match="No run is being logged"):
        dl.log({"train/loss": 1.0})


def test_a_run_that_was_deleted_says_so(kept):
    run = dl.init()
    kept.interrupt([run.id], "")
    kept.labels.delete([run.id])
    with pytest.raises(RunError, match="deleted"):
        run.log({"train/loss": 1.0})
    run.finish()


def test_a_run_goes_on_where_it_ended(kept):
    run = dl.init("First")
    run.log({"train/loss": 1.0, "mine": 1})
    run.finish()
    seconds = kept.get(run.id).seconds
    again = dl.init(resume=run.id)
    again.log({"train/loss": 0.5, "mine": 2})
    again.finish()

    assert [row.epoch for row in epochs_of(kept, run)] == [1, 2]
    assert kept.get(run.id).seconds >= seconds
    assert kept.logged.metric(run.id, "mine").values.tolist() == [1, 2]


def test_what_the_app_trained_cannot_be_logged_on(kept):
    run = kept.create(run_config(), "me")
    with pytest.raises(RunError, match="trained by the app"):
        dl.init(resume=run.id)


def test_a_home_that_cannot_be_made_is_said_in_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        dl.init(home=tmp_path / "file" / "home")


def test_a_name_is_text_and_never_html(kept):
    run = dl.init("<script>alert(1)</script>")
    assert "<script>" not in run._repr_html_()
    assert "&lt;script&gt;" in run._repr_html_()
    run.finish()


def test_batches_have_steps_of_their_own(kept):
    run = dl.init(config={"epochs": 2})
    run.log({"train/loss": 1.0}, step=1)
    before = kept.get(run.id).progress
    run.log_batch({"train_loss_step": 3.0, "norm": 1}, batch=40)
    run.log({"train/loss": 0.5})

    assert before == 0.5
    assert kept.logged.metric(run.id, "train_loss_step").steps.tolist() == [40]
    assert [row.epoch for row in epochs_of(kept, run)] == [1, 2]
    with pytest.raises(LogError, match="belongs to an epoch"):
        run.log_batch({"train_loss": 3.0}, batch=41)
    run.finish()


def test_batches_alone_say_nothing_of_how_far_a_run_is(kept):
    run = dl.init(config={"epochs": 4})
    run.log_batch({"train_loss_step": 3.0}, batch=3)
    assert kept.get(run.id).progress == 0
    run.finish()


def test_settings_that_are_known_later_are_added(kept):
    run = dl.init(config={"lr": 0.1, "width": 1})
    run.update_config({"width": 2, "epochs": 4})
    assert kept.get(run.id).logged_config == {"lr": 0.1, "width": 2, "epochs": 4}
    assert kept.get(run.id).planned_epochs == 4
    with pytest.raises(LogError):
        run.update_config({str(number): number for number in range(300)})
    run.finish()
    with pytest.raises(RunError, match="has ended"):
        run.update_config({"width": 3})
    assert kept.get(run.id).logged_config["width"] == 2
