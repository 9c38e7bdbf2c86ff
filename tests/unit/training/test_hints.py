"""Hints are given on runs that really go wrong, and on no others."""

from dataclasses import dataclass

import pytest
import torch

from digits_core.config import DataConfig, RunConfig, TransformConfig
from digits_core.training.config_fields import with_fields
from digits_core.training.events import EpochFinished, Finished
from digits_core.training.hints import History, hints
from digits_core.training.loop import Training
from digits_core.training.recipes import ROBUST
from tests.unit.conftest import cut
from tests.unit.helpers import run_config


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """Batches as small as these gain nothing by a second one, and wait for it on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def trained(train, test, data=None, size=8, **training) -> History:
    """A real training, 8×8 pixels and few images: a second or less."""
    return history_of(run_config(data, TransformConfig(size=size), **training), train, test)


def history_of(config: RunConfig, train, test) -> History:
    events = list(Training(config, [train], [test]).run())
    finished = events[-1]
    assert isinstance(finished, Finished)
    return History(
        config,
        finished.outcome,
        [event for event in events if isinstance(event, EpochFinished)],
        [loss for event in events for loss in getattr(event, "losses", [])],
        int((~train.test).sum()),
    )


def kinds(history: History) -> list[str]:
    return [hint.kind for hint in hints(history)]


def only(history: History):
    (hint,) = hints(history)
    return hint


@pytest.fixture(scope="module")
def sixty(optdigits):
    """Sixty training images: soon known by heart."""
    return cut(optdigits, train=60, test=200)


@pytest.fixture(scope="module")
def healthy(optdigits):
    return trained(optdigits, optdigits, epochs=4, learning_rate=0.002, dropout=0.1)


def test_a_run_that_learns_well_gets_no_hint(healthy):
    assert healthy.last.test_accuracy > 0.95
    assert hints(healthy) == []


def test_a_run_that_has_not_finished_an_epoch_gets_no_hint():
    assert hints(History(RunConfig(), "running", [])) == []


def test_a_loss_that_is_no_number_asks_for_a_lower_rate_that_learns(few_optdigits):
    history = trained(few_optdigits, few_optdigits, epochs=2, optimizer="sgd", loss="mse", learning_rate=100)
    hint = only(history)

    assert history.status == "diverged"
    assert hint.kind == "nan"
    again = history_of(with_fields(history.config, hint.fix), few_optdigits, few_optdigits)
    assert again.status == "finished"


def test_a_loss_that_explodes_is_said(few_optdigits):
    history = trained(few_optdigits, few_optdigits, epochs=1, learning_rate=1.0)

    assert history.last.train_loss > 3.5
    assert kinds(history) == ["diverging"]


def test_a_rate_that_kills_the_network_is_too_high_and_the_fix_makes_it_learn(optdigits):
    history = trained(optdigits, optdigits, epochs=2, learning_rate=0.05)
    hint = only(history)

    assert hint.kind == "learning_rate_too_high"
    again = history_of(with_fields(history.config, hint.fix), optdigits, optdigits)
    assert again.last.test_accuracy > history.last.test_accuracy + 0.4


def test_a_rate_that_hardly_moves_the_weights_is_too_low_and_the_fix_makes_it_learn(optdigits):
    history = trained(optdigits, optdigits, epochs=2, learning_rate=1e-5)
    hint = only(history)

    assert hint.kind == "learning_rate_too_low"
    again = history_of(with_fields(history.config, hint.fix), optdigits, optdigits)
    assert again.last.train_loss < history.last.train_loss / 2


def test_a_network_that_learns_by_heart_overfits_and_the_fix_does_better_on_the_test(sixty):
    history = trained(sixty, sixty, epochs=40, batch_size=8, dropout=0.0, learning_rate=0.003)
    hint = only(history)

    assert history.last.train_accuracy > 0.99
    assert hint.kind == "overfitting"
    again = history_of(with_fields(history.config, hint.fix), sixty, sixty)
    assert again.last.test_loss < history.last.test_loss


def test_a_run_that_ends_too_early_asks_for_more_epochs(optdigits):
    history = trained(optdigits, optdigits, epochs=1)
    hint = only(history)

    assert hint.kind == "too_few_epochs"
    assert hint.fix == {"epochs": 2}


@pytest.mark.parametrize(("field", "value"), [("dropout", 0.95), ("weight_decay", 1.0)])
def test_a_network_that_is_held_back_underfits(few_optdigits, field, value):
    history = trained(few_optdigits, few_optdigits, epochs=3, **{field: value})
    hint = only(history)

    assert hint.kind == "underfitting"
    assert list(hint.fix) == [field]


def test_one_batch_an_epoch_is_too_large_a_batch(few_optdigits):
    history = trained(few_optdigits, few_optdigits, epochs=4, batch_size=250)
    hint = only(history)

    assert hint.kind == "batch_too_large"
    assert hint.fix == {"batch_size": 16}
    assert "4 times" in hint.why


def test_other_hands_are_named_as_what_is_harder(optdigits, few_mnist):
    history = trained(optdigits, few_mnist, DataConfig(test=("mnist-5k",)), epochs=3, learning_rate=0.003)
    hint = only(history)

    assert hint.kind == "test_harder"
    assert "mnist-5k" in hint.why
    assert hint.fix == {"transform": ROBUST.config.transform}
    robust = History(with_fields(history.config, hint.fix), history.status, history.epochs)
    assert only(robust).fix == {"train": ("optdigits", "mnist-5k")}


@dataclass(frozen=True)
class Figures:
    """An epoch as written down, where a real one would take minutes to produce."""

    epoch: int
    train_loss: float
    train_accuracy: float = 0.99
    test_loss: float = 0.1
    test_accuracy: float = 0.97


def test_a_training_loss_that_jumps_up_asks_for_smaller_steps():
    history = History(RunConfig(), "running", [Figures(1, 0.8), Figures(2, 0.5), Figures(3, 0.9)])

    assert only(history).kind == "learning_rate_too_high"
    assert "80%" in only(history).why


def test_a_test_loss_that_rises_ends_the_training_where_it_was_lowest():
    losses = [0.5, 0.3, 0.2, 0.25, 0.3, 0.35]
    history = History(RunConfig(), "running", [Figures(1 + n, 0.1, test_loss=loss) for n, loss in enumerate(losses)])

    assert only(history).kind == "overfitting"
    assert only(history).fix == {"epochs": 3}


def test_the_noise_of_a_small_loss_is_no_jump():
    assert hints(History(RunConfig(), "running", [Figures(1, 0.02), Figures(2, 0.01), Figures(3, 0.03)])) == []


def test_a_fix_can_always_be_applied(healthy):
    for status in ("running", "finished", "diverged"):
        for hint in hints(History(healthy.config, status, [Figures(each, 2.3, 0.1, 2.3, 0.1) for each in range(1, 5)])):
            assert with_fields(healthy.config, hint.fix) != healthy.config
