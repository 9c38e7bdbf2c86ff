"""The learning-rate range test: what it measures, what it suggests, and that it leaves nothing behind."""

from itertools import pairwise

import pytest
import torch

from digits_core.config import NetworkConfig, RunConfig
from digits_core.data.builtin import read_optdigits
from digits_core.network.build import build_network
from digits_core.training.batches import training_batches
from digits_core.training.range_test import LOWEST, STEPS, range_test, smooth, suggested
from tests.unit.helpers import run_config


@pytest.fixture(scope="module")
def found():
    return range_test(run_config(batch_size=32), [read_optdigits()])


def test_the_rate_rises_by_the_same_factor_with_each_batch_until_the_loss_explodes(found):
    factors = [after / before for before, after in pairwise(found.rates)]
    assert found.rates[0] == pytest.approx(LOWEST)
    assert factors == pytest.approx([factors[0]] * len(factors))
    assert len(found.rates) == len(found.losses) == len(found.smoothed) < STEPS
    assert found.smoothed[-1] > 2 * min(found.smoothed)


def test_its_first_losses_are_those_of_the_starting_weights(found):
    config = run_config(batch_size=32)
    images, labels = next(iter(training_batches(config, [read_optdigits()], torch.device("cpu")).epoch(1)))
    with torch.random.fork_rng():
        torch.manual_seed(config.training.seed)
        network = build_network(config).train()
        expected = torch.nn.functional.cross_entropy(network(images), labels).item()
    assert found.losses[0] == pytest.approx(expected)


def test_the_suggestion_learns_and_a_hundred_times_less_hardly_does(found):
    assert 1e-4 < found.suggestion < 1e-1
    reached = found.rates.index(min(found.rates, key=lambda rate: abs(rate - found.suggestion)))
    assert found.smoothed[reached] < found.smoothed[0]
    assert min(found.smoothed) < 0.6 * found.smoothed[0]


def test_it_is_the_same_each_time_and_draws_no_number_from_the_generator_of_others(found):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    again = range_test(run_config(batch_size=32), [read_optdigits()])
    assert torch.rand(1) == expected
    assert again == found


def test_nothing_is_suggested_where_the_loss_never_falls():
    config = RunConfig(network=NetworkConfig(initialisation="zeros"))
    assert range_test(config, [read_optdigits()]).suggestion is None
    assert suggested([0.1, 1, 10], [2.3, 2.3, 2.3]) is None
    assert suggested([0.1], [2.3]) is None


def test_the_suggestion_lies_between_where_it_falls_fastest_and_a_tenth_of_where_it_is_lowest():
    rates = [10.0**power for power in range(-6, 1)]
    # Fastest at 1e-4, as the slopes of both sides are averaged; lowest at 1e-2.
    assert suggested(rates, [2.3, 2.2, 1.8, 0.9, 0.7, 0.8, 9.0]) == pytest.approx(3.2e-4, rel=0.02)


def test_a_smoothed_constant_stays_what_it_is():
    assert smooth([2.5] * 7) == pytest.approx([2.5] * 7)


def test_its_report_can_end_it():
    class Ended(Exception):
        pass

    def report(share: float) -> None:
        if share > 0.1:
            raise Ended

    with pytest.raises(Ended):
        range_test(run_config(), [read_optdigits()], report)
