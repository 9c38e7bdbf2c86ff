"""What a sweep does next, decided only from its plan and the results of its trials so far.

A sweep therefore continues after a restart as if there had been none. Search and early stopping are Optuna's: the
tree-structured Parzen estimator (Bergstra et al., "Algorithms for Hyper-Parameter Optimization", 2011) and the median
stopping rule (Golovin et al., "Google Vizier", 2017). Optuna is imported only when needed: it takes a second.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isclose
from statistics import mean
from typing import TYPE_CHECKING, Any, Literal

from digits_core.training.sweep_plan import Settings, SweepPlan, Varied, draws, grid, key_of, seeds

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution

State = Literal["live", "complete", "failed", "pruned"]
FIRST_TRIALS = 4
"""How many trials have to end before another one may be pruned."""
FIRST_DRAWS = 8
"""How many settings are drawn at random before a search uses the results."""


@dataclass(frozen=True)
class Trial:
    """One run of a sweep: `score` is its test accuracy, `curve` that of each epoch so far.

    `live` has not ended, `failed` includes diverged and has no score, `pruned` was stopped early.
    """

    settings: Settings
    seed: int
    state: State
    score: float | None
    curve: tuple[float, ...] = ()


@dataclass(frozen=True)
class Group:
    """The trials of the same settings, one for each seed."""

    settings: Settings
    trials: tuple[Trial, ...]

    @cached_property
    def scores(self) -> tuple[float, ...]:
        """The scores of the trials that have ended; 0 for one that failed or diverged."""
        return tuple(trial.score or 0.0 for trial in self.trials if trial.state != "live")

    @property
    def score(self) -> float | None:
        """The mean score over the seeds so far."""
        return mean(self.scores) if self.scores else None

    @property
    def pruned(self) -> bool:
        return any(trial.state == "pruned" for trial in self.trials)

    def complete(self, plan: SweepPlan) -> bool:
        """Return True if every seed has been started, or a pruned trial makes further seeds pointless."""
        return self.pruned or len(self.trials) >= plan.seeds


def groups(trials: Sequence[Trial]) -> list[Group]:
    """Group the trials by their settings, in the order in which these first occur."""
    found: dict[tuple[Any, ...], list[Trial]] = {}
    for trial in trials:
        found.setdefault(key_of(trial.settings), []).append(trial)
    return [Group(together[0].settings, tuple(together)) for together in found.values()]


def ranking(trials: Sequence[Trial]) -> list[Group]:
    """Return the settings with a result, the best first; ties are in the order in which they were tried."""
    return sorted((group for group in groups(trials) if group.scores), key=lambda group: -mean(group.scores))


def winners(ranked: Sequence[Group]) -> list[Group]:
    """Return the first of a ranking and all that tie with it."""
    return [
        group for group, place in zip(ranked, places([mean(each.scores) for each in ranked]), strict=True) if place == 1
    ]


def places(scores: Sequence[float]) -> list[int]:
    """Return the rank of each score, from 1; `scores` are sorted, the best first, and equal ones share a rank.

    >>> places([0.9, 0.8, 0.8, 0.7])
    [1, 2, 2, 4]
    """
    found: list[int] = []
    for number, score in enumerate(scores, start=1):
        # A mean of the same numbers in a different order may be rounded differently.
        tied = number > 1 and isclose(score, scores[number - 2], rel_tol=1e-9)
        found.append(found[-1] if tied else number)
    return found


def next_trial(plan: SweepPlan, trials: Sequence[Trial]) -> tuple[Settings, int] | None:
    """Return settings and seed of the next run, or `None` if all have been started."""
    known = {key_of(group.settings): group for group in groups(trials)}
    if plan.method == "search":
        return _next_of_search(plan, list(known.values()))
    for settings in grid(plan) if plan.method == "grid" else draws(plan):
        group = known.get(key_of(settings), Group(settings, ()))
        if not group.complete(plan):
            return settings, _free_seed(plan, group)
    return None


def underperforms(curve: Sequence[float], others: Sequence[Sequence[float]]) -> bool:
    """Return True if a trial's best accuracy so far is below the median of the `others` after as many epochs.

    Each is a sequence of test accuracies per epoch; `others` are trials that have ended. Always False after the first
    epoch, which says little, and with fewer than `FIRST_TRIALS` others. A trial that has more epochs than any of them
    is compared with their last epochs.
    """
    reach = min(len(curve), max(map(len, others), default=0))
    if reach < 2:
        return False
    import optuna

    curve = (*curve[: reach - 1], max(curve[reach - 1 :]))

    study = _study(0)
    for other in others:
        if other:
            study.add_trial(
                optuna.trial.create_trial(value=other[-1], intermediate_values=dict(enumerate(other, start=1)))
            )
    trial = optuna.trial.create_trial(
        state=optuna.trial.TrialState.RUNNING, intermediate_values=dict(enumerate(curve, start=1))
    )
    return bool(optuna.pruners.MedianPruner(n_startup_trials=FIRST_TRIALS, n_warmup_steps=1).prune(study, trial))


def _free_seed(plan: SweepPlan, group: Group) -> int:
    taken = {trial.seed for trial in group.trials}
    return next(seed for seed in seeds(plan) if seed not in taken)


def _next_of_search(plan: SweepPlan, known: Sequence[Group]) -> tuple[Settings, int] | None:
    """Return settings that still lack a seed, else those that the results so far suggest; `None` if there are none."""
    for group in known:
        if not group.complete(plan):
            return group.settings, _free_seed(plan, group)
    settings = _suggest(plan, known) if len(known) < plan.settings_count else None
    return (settings, seeds(plan)[0]) if settings is not None else None


def _suggest(plan: SweepPlan, known: Sequence[Group]) -> Settings | None:
    """Return settings that were not tried yet; `None` if nothing new was found in reasonable time."""
    tried = {key_of(group.settings) for group in known}
    study = _study(plan.base.training.seed + len(known))
    space = {each.field: _distribution(each) for each in plan.varied}
    for group in known:
        study.add_trial(_as_optuna_has_it(group, space))
    for _ in range(10):
        params = study.ask(space).params
        settings = {each.field: _value(each, params[each.field]) for each in plan.varied}
        if key_of(settings) not in tried:
            return settings
    # All suggestions were already tried: draw at random instead.
    chance = random.Random(plan.base.training.seed + len(known))
    for _ in range(1000):
        settings = {each.field: each.draw(chance) for each in plan.varied}
        if key_of(settings) not in tried:
            return settings
    return next((each for each in grid(plan) if key_of(each) not in tried), None)


def _study(seed: int) -> Study:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=FIRST_DRAWS)
    return optuna.create_study(direction="maximize", sampler=sampler)


def _as_optuna_has_it(group: Group, space: dict[str, BaseDistribution]) -> Any:
    import optuna

    state = optuna.trial.TrialState.COMPLETE if group.scores else optuna.trial.TrialState.RUNNING
    return optuna.trial.create_trial(state=state, value=group.score, params=dict(group.settings), distributions=space)


def _distribution(each: Varied) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if not each.is_range:
        return CategoricalDistribution(each.values)
    low, high = each.ends
    if each.whole:
        return IntDistribution(round(low), round(high), log=each.log)
    return FloatDistribution(low, high, log=each.log)


def _value(each: Varied, found: Any) -> Any:
    return each.rounded(found) if each.is_range else found
