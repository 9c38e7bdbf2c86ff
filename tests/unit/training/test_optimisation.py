"""The names of a config mean what PyTorch means by them."""

import pytest
import torch
from torch.nn import functional as nnf

from digits_core.config import TrainingConfig, choices
from digits_core.training.optimisation import build_optimizer, build_schedule, loss_function
from tests.unit.networks import improved_net

CLASSES = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD", "rmsprop": "RMSprop", "adagrad": "Adagrad"}


@pytest.fixture(scope="module")
def network():
    return improved_net(8, 0.0, seed=0)


@pytest.fixture
def logits() -> torch.Tensor:
    return torch.randn(6, 10)


LABELS = torch.tensor([0, 3, 9, 9, 1, 5])


@pytest.mark.parametrize("name", choices(TrainingConfig, "optimizer"))
def test_an_optimizer_is_pytorchs_of_that_name_over_all_weights(network, name):
    config = TrainingConfig(optimizer=name, learning_rate=0.02, weight_decay=0.003)
    optimizer = build_optimizer(config, network)
    (group,) = optimizer.param_groups

    assert type(optimizer).__name__ == CLASSES[name]
    assert (group["lr"], group["weight_decay"]) == (0.02, 0.003)
    assert len(group["params"]) == len(list(network.parameters()))


@pytest.mark.parametrize("name", choices(TrainingConfig, "optimizer"))
def test_a_step_is_that_of_the_plain_optimizer(name):
    """Fused and multi-tensor forms are faster, not different."""
    ours, theirs = improved_net(8, 0.0, seed=0), improved_net(8, 0.0, seed=0)
    plain = getattr(torch.optim, CLASSES[name])
    momentum = {"momentum": 0.9} if name == "sgd" else {}
    several = [
        (ours, build_optimizer(TrainingConfig(optimizer=name, learning_rate=0.01, weight_decay=0.1), ours)),
        (theirs, plain(theirs.parameters(), lr=0.01, weight_decay=0.1, foreach=False, **momentum)),
    ]
    images = torch.randn(6, 1, 8, 8)
    for network, optimizer in several:
        for _ in range(3):
            optimizer.zero_grad()
            nnf.cross_entropy(network(images), LABELS).backward()
            optimizer.step()

    for mine, plain_one in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, plain_one, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_nesterov_without_momentum_is_plain_descent(network, momentum):
    config = TrainingConfig(optimizer="sgd", momentum=momentum, nesterov=True)
    (group,) = build_optimizer(config, network).param_groups

    assert (group["momentum"], group["nesterov"]) == (momentum, momentum > 0)


@pytest.mark.parametrize("name", choices(TrainingConfig, "loss"))
def test_a_loss_is_the_mean_over_its_images(logits, name):
    loss = loss_function(TrainingConfig(loss=name))
    alone = torch.stack([loss(logits[i : i + 1], LABELS[i : i + 1]) for i in range(6)])

    torch.testing.assert_close(loss(logits, LABELS), alone.mean())


@pytest.mark.parametrize("name", choices(TrainingConfig, "loss"))
def test_a_loss_is_smaller_for_better_answers(name):
    loss = loss_function(TrainingConfig(loss=name))
    right = nnf.one_hot(LABELS, 10).float()

    assert loss(right, LABELS) < loss(torch.zeros(6, 10), LABELS) < loss(1 - right, LABELS)


def test_negative_log_likelihood_of_logits_is_cross_entropy(logits):
    nll, cross_entropy = (loss_function(TrainingConfig(loss=name)) for name in ("nll", "cross_entropy"))

    torch.testing.assert_close(nll(logits, LABELS), cross_entropy(logits, LABELS))


def test_squared_error_is_against_one_hot_targets(logits):
    expected = (logits - nnf.one_hot(LABELS, 10)).square().mean()

    torch.testing.assert_close(loss_function(TrainingConfig(loss="mse"))(logits, LABELS), expected)


def test_label_smoothing_belongs_to_cross_entropy_alone(logits):
    def change(name: str) -> float:
        losses = [loss_function(TrainingConfig(loss=name, label_smoothing=share))(logits, LABELS) for share in (0, 0.2)]
        return (losses[0] - losses[1]).abs().item()

    assert change("cross_entropy") > 0
    assert [change(name) for name in ("nll", "mse", "multi_margin")] == [0, 0, 0]


def rates(network, steps: int, **training) -> list[float]:
    """The learning rate of each step."""
    config = TrainingConfig(learning_rate=0.1, **training)
    optimizer = build_optimizer(config, network)
    schedule = build_schedule(config, optimizer, steps)
    used = []
    for _ in range(steps):
        used.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if schedule:
            schedule.step()
    return used


def test_a_constant_rate_stays_as_it_is(network):
    assert rates(network, 50) == [0.1] * 50


def test_one_cycle_rises_to_the_rate_and_falls_far_below_its_start(network):
    used = rates(network, 50, schedule="one_cycle")
    top = used.index(max(used))

    assert max(used) == pytest.approx(0.1)
    assert used[: top + 1] == sorted(used[: top + 1])
    assert used[top:] == sorted(used[top:], reverse=True)
    assert used[-1] < used[0] < 0.01


def test_cosine_falls_from_the_rate_towards_nothing(network):
    used = rates(network, 50, schedule="cosine")

    assert used[0] == 0.1
    assert used == sorted(used, reverse=True)
    assert used[-1] < 0.001


@pytest.mark.parametrize("optimizer", choices(TrainingConfig, "optimizer"))
@pytest.mark.parametrize("schedule", choices(TrainingConfig, "schedule"))
@pytest.mark.parametrize("steps", [1, 2, 3, 4, 10])
def test_every_schedule_lasts_as_many_steps_as_there_are(network, optimizer, schedule, steps):
    used = rates(network, steps, optimizer=optimizer, schedule=schedule)

    assert all(0 < rate <= 0.1 + 1e-9 for rate in used)
