"""How runs differ, their results, and whether chance explains the difference, in a few sentences of plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from digits_core.evaluation.comparison.differing_settings import own_varying, varying
from digits_core.evaluation.comparison.paired_answers import disagreement
from digits_core.evaluation.comparison.run_groups import REPEATS, group_by
from digits_core.evaluation.comparison.significance import HARDLY_CHANCE, chance_of
from digits_core.evaluation.comparison.tested_images import share_test_images
from digits_core.evaluation.metrics import Answers
from digits_core.runs.rows import Run
from digits_core.runs.run_settings import CHANGES, MOSTLY, settings_of
from digits_core.settings import name_of, written

MOST_SETTINGS = 4
"""If more settings differ, they are counted rather than all named."""
MOST_LETTERS = 40
"""Longer values of a setting, such as a list of layers, are left out."""

SAID_OTHERWISE = {
    "train": "the training data",
    "test": "the test data",
    "epochs": "the number of epochs",
    CHANGES: "what was changed by hand",
}
"""Names of settings whose titles would not fit in a sentence."""


def difference_in_words(runs: Sequence[Run], answers: Mapping[str, Answers]) -> str:
    """Return how one or more runs differ in settings and accuracy, and whether chance explains the difference.

    Args:
        runs: In the order in which they are named; names are not escaped.
        answers: The predictions for its test images, by run id, of the runs that have them.
    """
    if len(runs) == 1:
        return _sentence(_result(runs[0]))
    known = [run for run in runs if run.test_accuracy is not None]
    parts = [f"{_settings(runs)}: {_results(runs, known)}"]
    if len(known) == 2:
        parts[0] += _sureness_of_two(known[0], known[1], answers)
    elif len(known) > 2:
        parts += [_sureness_of_best(known, answers), *_repeats(known)]
    return " ".join(_sentence(part) for part in parts if part)


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _result(run: Run) -> str:
    if run.test_accuracy is None:
        return f"{run.title} has no result"
    tested = run.environment.get("images", {}).get("test", 0)
    return f"{run.title} recognises {percent(run.test_accuracy)} of its {f'{tested:,} ' if tested else ''}test images"


def _settings(runs: Sequence[Run]) -> str:
    who = "Both runs" if len(runs) == 2 else f"These {len(runs)} runs"
    fields = sorted(varying(runs), key=lambda field: MOSTLY.index(field) if field in MOSTLY else len(MOSTLY))
    own = own_varying(runs)
    named = [_setting(field, runs) for field in fields] + own
    if not named:
        return f"{who} have the same settings"
    if len(named) > MOST_SETTINGS:
        few = [*([*map(_named, fields), *own][: MOST_SETTINGS - 1]), f"{len(named) - MOST_SETTINGS + 1} more"]
        return f"{who} differ in {len(named)} settings ({_listed(few)})"
    return f"{who} differ {'only ' if len(named) == 1 else ''}in {_listed(named)}"


def _setting(field: str, runs: Sequence[Run]) -> str:
    """Return `the optimizer (Adam, SGD)`, its values in the order of the runs; unknown ones are left out."""
    values: dict[Any, None] = dict.fromkeys(settings_of(run)[field] for run in runs)
    words = ", ".join(written(field, value) for value in values if value is not None)
    return _named(field) if field == CHANGES or len(words) > MOST_LETTERS else f"{_named(field)} ({words})"


def _named(field: str) -> str:
    return SAID_OTHERWISE.get(field, f"the {name_of(field)}")


def _results(runs: Sequence[Run], known: Sequence[Run]) -> str:
    if not known:
        return "none of them has a result"
    accuracies = [run.test_accuracy or 0.0 for run in known]
    missing = len(runs) - len(known)
    without = f" ({missing} without a result)" if missing else ""
    if len(known) == 1:
        return f"{_result(known[0])}{without}"
    if len(known) == 2:
        return f"{percent(accuracies[0])} against {percent(accuracies[1])}{without}"
    worst, best = (known[int(place)] for place in (np.argmin(accuracies), np.argmax(accuracies)))
    if min(accuracies) == max(accuracies):
        return f"all reach {percent(accuracies[0])}{without}"
    return (
        f"from {percent(min(accuracies))} ({worst.title}) to {percent(max(accuracies))} ({best.title}) "
        f"of the test images{without}"
    )


def _sureness_of_two(first: Run, second: Run, answers: Mapping[str, Answers]) -> str:
    split = _split(first, second, answers)
    if isinstance(split, str):
        return f". {split}"
    chance = chance_of(*split)
    verdict = "more than chance explains" if chance < HARDLY_CHANCE else "which chance may explain"
    likely = "p < 0.001" if chance < 0.001 else f"p = {chance:.3f}"
    one, other = split
    reads = f"{one:,} test images are read by {first.title} alone, {other:,} by {second.title} alone"
    return f", {verdict}. {reads} (McNemar's exact test, {likely})"


def _sureness_of_best(known: Sequence[Run], answers: Mapping[str, Answers]) -> str:
    """Compare the best run with each other run, at a level divided by their number (Bonferroni)."""
    best = max(known, key=lambda run: run.test_accuracy or 0.0)
    splits = [_split(best, run, answers) for run in known if run is not best]
    comparable = [split for split in splits if not isinstance(split, str)]
    if not comparable:
        return "How much of that is chance cannot be said: they share no test images, or have kept no answers"
    ahead = sum(one > other and chance_of(one, other) < HARDLY_CHANCE / len(comparable) for one, other in comparable)
    of_all = f"{ahead} of the {len(comparable)} others" if 0 < ahead < len(comparable) else "each of the others"
    if not ahead:
        return f"That {best.title} is ahead, chance may explain for {of_all}"
    more = len(splits) - len(comparable)
    unknown = f"; {more} cannot be compared with it, image by image" if more else ""
    return f"{best.title} is ahead of {of_all} by more than chance explains{unknown}"


def _split(first: Run, second: Run, answers: Mapping[str, Answers]) -> tuple[int, int] | str:
    """Return how many images only the first and only the second run recognises, or why that is not known."""
    if not share_test_images(first, second) and not (first.is_logged or second.is_logged):
        return "They were not tested on the same images, so part of the difference may come from the test"
    if first.id not in answers or second.id not in answers:
        return "How much of that is chance is not known: not both have kept their answers"
    try:
        found = disagreement(answers[first.id], answers[second.id])
    except ValueError:
        return "They were not tested on the same images, so part of the difference may come from the test"
    return len(found.only_first_right), len(found.only_second_right)


def _repeats(known: Sequence[Run]) -> list[str]:
    """Return a sentence on groups that differ in nothing but the seed, if there are any."""
    words = []
    for group in group_by(known, REPEATS):
        spread = group.spread("accuracy")
        if spread and spread.deviation is not None:
            words.append(
                f"{group.label}: {percent(spread.mean)} ± {100 * spread.deviation:.1f} points (n = {spread.count})"
            )
    return [f"Repeats with other seeds, mean and standard deviation: {'; '.join(words)}"] if words else []


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
