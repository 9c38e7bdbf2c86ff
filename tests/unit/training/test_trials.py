"""What a sweep does next, from what it has done."""

import math

import pytest

from digits_core.training.sweep_plan import Settings, SweepPlan, parse_varied
from digits_core.training.trials import Trial, groups, next_trial, places, ranking, underperforms, winners


def plan(*varied: str, **fields) -> SweepPlan:
    return SweepPlan(varied=[parse_varied(text) for text in varied], **fields)


def sweep_through(plan: SweepPlan, score, trials: list[Trial] | None = None) -> list[Trial]:
    """All trials of a plan, each with the score that `score` gives its settings."""
    trials = list(trials or [])
    while found := next_trial(plan, trials):
        settings, seed = found
        trials.append(Trial(settings, seed, "complete", score(settings)))
    return trials


def near_a_hundredth(settings: Settings) -> float:
    """Best at a learning rate of 0.01 with Adam."""
    return 1 - abs(math.log10(settings["learning_rate"]) + 2) / 5 - 0.2 * (settings["optimizer"] != "adam")


SEARCH = plan("learning_rate=0.00001..1", "optimizer=adam,sgd", method="search", trials=30)


def test_a_grid_goes_on_with_what_is_missing():
    two = plan("epochs=1,2", seeds=2)
    trials = [Trial({"epochs": 1}, 1, "complete", 0.5), Trial({"epochs": 2}, 0, "live", None)]

    assert next_trial(two, trials) == ({"epochs": 1}, 0)
    assert [trial.seed for trial in sweep_through(two, lambda _: 0.5, trials)[2:]] == [0, 1]


def test_the_other_seeds_of_pruned_settings_are_not_tried():
    trials = sweep_through(plan("epochs=1,2", seeds=3), lambda _: 0.5, [Trial({"epochs": 1}, 0, "pruned", 0.1)])

    assert [(trial.settings["epochs"], trial.seed) for trial in trials] == [(1, 0), (2, 0), (2, 1), (2, 2)]


def test_a_search_comes_to_where_the_good_results_are():
    trials = sweep_through(SEARCH, near_a_hundredth)
    first, last = trials[:8], trials[-8:]

    assert len(trials) == 30
    assert max(trial.score for trial in trials) > 0.95
    assert sum(trial.score for trial in last) > sum(trial.score for trial in first)


def test_a_search_is_the_same_each_time_and_after_a_restart_in_its_middle():
    short = SEARCH.replace(trials=14)
    trials = sweep_through(short, near_a_hundredth)

    assert sweep_through(short, near_a_hundredth) == trials
    assert sweep_through(SweepPlan.from_json(short.to_json()), near_a_hundredth, trials[:10]) == trials


def test_a_search_with_another_seed_looks_elsewhere():
    base = SEARCH.base.replace(training=SEARCH.base.training.replace(seed=5))

    assert next_trial(SEARCH.replace(base=base), [])[0] != next_trial(SEARCH, [])[0]


def test_a_search_tries_nothing_twice_and_ends_when_there_is_nothing_left():
    trials = sweep_through(plan("epochs=1,2,3", "optimizer=adam,sgd", method="search", trials=50), lambda _: 0.5)

    assert len(groups(trials)) == len(trials) == 6


def test_a_search_asks_for_more_while_others_still_train():
    trials: list[Trial] = []
    for _ in range(4):
        settings, seed = next_trial(SEARCH, trials)
        trials.append(Trial(settings, seed, "live", None))

    assert len(groups(trials)) == 4


def test_a_search_trains_every_seed_before_it_takes_the_next_settings():
    trials = sweep_through(plan("learning_rate=0.0001..1", method="search", trials=3, seeds=2), lambda _: 0.5)

    assert [trial.seed for trial in trials] == [0, 1] * 3
    assert [len(group.trials) for group in groups(trials)] == [2, 2, 2]


def test_what_failed_or_diverged_counts_as_the_worst():
    trials = [
        Trial({"epochs": 1}, 0, "failed", None),
        Trial({"epochs": 2}, 0, "complete", 0.4),
        Trial({"epochs": 3}, 0, "live", None),
        Trial({"epochs": 4}, 0, "complete", 0.9),
        Trial({"epochs": 4}, 1, "failed", None),
    ]

    assert [(group.settings["epochs"], group.score) for group in ranking(trials)] == [(4, 0.45), (2, 0.4), (1, 0.0)]


@pytest.mark.parametrize(
    ("curve", "others", "expected"),
    [
        ([0.2, 0.3], [[0.5, 0.6]] * 4, True),
        ([0.5, 0.61], [[0.5, 0.6]] * 4, False),
        ([0.9, 0.1], [[0.5, 0.6]] * 4, False),  # its best so far counts
        ([0.2], [[0.5, 0.6]] * 4, False),  # the first epoch says little
        ([0.2, 0.3], [[0.5, 0.6]] * 3, False),  # there are too few to compare with
        ([0.2, 0.3], [[0.5]] * 4, False),  # none of them has come so far
        ([0.2, 0.3, 0.3, 0.4], [[0.5, 0.6]] * 4, True),  # longer than all of them, and still behind
        ([0.2, 0.3, 0.3, 0.7], [[0.5, 0.6]] * 4, False),
    ],
)
def test_a_trial_underperforms_below_the_median_of_the_others(curve, others, expected):
    assert underperforms(curve, others) is expected


def test_settings_that_are_equally_good_share_a_place():
    trials = [
        Trial({"epochs": epochs}, seed, "complete", score)
        for epochs, scores in ((1, (0.1, 0.2, 0.3)), (2, (0.3, 0.2, 0.1)), (4, (0.1, 0.1, 0.1)))
        for seed, score in enumerate(scores)
    ]
    ranked = ranking(trials)

    assert [group.settings["epochs"] for group in winners(ranked)] == [1, 2]
    assert places([group.score for group in ranked]) == [1, 1, 3]
    assert winners([]) == []
