"""Not a digit: what looks like nothing that a network was trained on is refused.

The score is that of `digit_score`; here is the threshold. Of each dataset that a run is tested on, at most
`WRONGLY_REFUSED` of the test images are refused, varied as in training. Varied, because what people write differs more
from the training images than test images of the same collection do: with test images as they are, 3 % meant 5 % on
pictures of real handwriting.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from digits_core.config import RunConfig
from digits_core.data.digits import Digits
from digits_core.errors import DatasetError, StoreError
from digits_core.recognition.digit_score import DigitScore, References, feature_count, fit
from digits_core.recognition.letters import letters
from digits_core.recognition.nearest_images import directions
from digits_core.recognition.recogniser import Answer, Recogniser
from digits_core.recognition.synthetic_negatives import not_digits
from digits_core.runs import starter
from digits_core.runs.artifacts import Artifacts
from digits_core.training.check import choose_digits
from digits_core.transforms import batched

if TYPE_CHECKING:
    from digits_core.runs.rows import Run
    from digits_core.runs.run_data import RunData

LOG = logging.getLogger(__name__)

VERSION = 5
"""The version of the calibration. Increment it with every change to `calibrate` or to what it calls: thresholds that
were kept by an earlier version are then worked out again."""
WRONGLY_REFUSED = 0.02
"""The share of digits that may be refused: to refuse one digit in twenty is to annoy, and with other writers' digits
two in a hundred become up to three."""
_UNDECIDED = 0.01
"""The share that may be refused for being as much like another digit, and no more than are misread. What is left of
`WRONGLY_REFUSED` may be refused for being unlike any digit: the better a network reads, the more letters it refuses."""

REFERENCES = 2000
"""Training images to compare with: more are slower, and hardly nearer."""
FITTED = 2000
"""Training digits that the score is fitted on; not the references, which would be their own nearest."""
DRAWS = 2
"""How often each of them is varied: with one draw, what is refused depends on chance."""
MARKS_OF_A_KIND = 150
"""Marks of each kind that the score is fitted on."""
LETTERS_FITTED = 900
"""Letters that it is also fitted on: they are most like digits, and what people try most often."""
TEST_IMAGES = 4000
"""Of all datasets together: one or two in a hundred of them set the threshold, so that few would say little."""
FEWEST_TEST_IMAGES = 20
OTHERS_OF_A_KIND = 40
_JUDGED_SEED, _FITTED_SEED = 0, 1


@dataclass(frozen=True)
class Refusal:
    """The threshold of one run, and how often it is right and wrong.

    threshold: the lowest score that is accepted; refused_digits: the share of digits that are refused wrongly, on test
    images that did not set the threshold; refused_others: by kind, the share of marks other than digits that is refused
    rightly; counts: on how many of each those rates were measured, the digits as "digits"; least_margin: the least
    difference of the two largest logits that is accepted. A letter is unlike all digits; a digit that is misread mostly
    lies between two.
    """

    threshold: float
    refused_digits: float
    refused_others: dict[str, float]
    counts: dict[str, int]
    score: DigitScore
    least_margin: float = 0.0

    def accepts(self, answer: Answer) -> bool:
        """Return True if the answer is to be believed at all: paper without ink never is."""
        return bool(self.accepted([answer])[0])

    def decides(self, answer: Answer) -> bool:
        """Return True if one digit is enough more likely than any other."""
        return answer.margin >= self.least_margin

    def accepted(self, answers: Sequence[Answer]) -> np.ndarray:
        """Return for each answer whether it is to be believed, bool (n,)."""
        clear = [bool(answer.seen.any()) and self.decides(answer) for answer in answers]
        return np.array(clear) & (self.scores(answers) >= self.threshold)

    def scores(self, answers: Sequence[Answer]) -> np.ndarray:
        """Return how much each looks like a digit, float64 (n,): higher is more like one."""
        return self.score.of(answers)


def load_refusal(
    recogniser: Recogniser, artifacts: Artifacts, load: Callable[[str], Digits], data: str = ""
) -> Refusal:
    """Return the threshold of a run: as kept with its artifacts, else worked out (some seconds) and kept there.

    Args:
        load: Reads a dataset by its name.
        data: What `data_key` says of the run's datasets now. A threshold that was worked out on other data is worked
            out again, unless those it needs are gone.

    Raises:
        DatasetError: The datasets of the run are not here any more, or hold too few test images, and nothing is kept.
    """
    # The shipped run's threshold from an earlier version cannot be worked out again without its datasets.
    kept = _read_kept(artifacts, recogniser) or _read_kept(Artifacts(starter.FOLDER), recogniser)
    if kept is not None and kept[1] == data:
        return kept[0]
    try:
        train, test = choose_digits(recogniser.config.data, load)
        refusal = calibrate(recogniser, train, test)
    except DatasetError:
        if kept is None:
            raise
        return kept[0]
    with suppress(StoreError):  # a full disk costs these seconds again at the next start, and nothing else
        keep_refusal(refusal, recogniser, artifacts, data)
    return refusal


def keep_refusal(refusal: Refusal, recogniser: Recogniser, artifacts: Artifacts, data: str) -> None:
    """Keep the threshold of a run with its artifacts, as `load_refusal` reads it; `data` as there."""
    artifacts.save_refusal(*_to_keep(refusal, recogniser.fingerprint, data))


def refusal_of_run(run: Run, recogniser: Recogniser, artifacts: Artifacts, data: RunData) -> Refusal | None:
    """Return the threshold of a run, as `load_refusal` does; `None` if its datasets are gone, too small or unknown."""
    if run.is_logged:
        return None
    try:
        key = data_key(run.config, partial(data.lenient_version, run.id))
        return load_refusal(recogniser, artifacts, data.lenient_loader(run.id), key)
    except DatasetError:
        return None


def data_key(config: RunConfig, version: Callable[[str], str]) -> str:
    """Return a key that changes with the datasets of a run's threshold; `version` is the catalogue's."""
    data = config.data
    named = {name: version(name) for name in (*data.train, *data.test)}
    return hashlib.sha256(repr((sorted(named.items()), data.test_writers)).encode()).hexdigest()[:16]


def calibrate(recogniser: Recogniser, train: Sequence[Digits], test: Sequence[Digits]) -> Refusal:
    """Set the threshold on every second test image, measure on the others and on marks that are not digits."""
    images, labels = zip(*(digits.of("test") for digits in test), strict=True)
    total = sum(map(len, images))
    if total < FEWEST_TEST_IMAGES:
        raise DatasetError(
            f"The run has {total} test images, too few to say what is not a digit: {FEWEST_TEST_IMAGES} are needed."
        )
    score = _fitted(recogniser, train)
    share = min(1.0, TEST_IMAGES / total)
    answers = [recogniser.read_seen(_varied(recogniser, [_spread(each, share)])) for each in images if len(each)]
    # The limit holds for each dataset: forty digits of one's own would not count among the hundreds of another.
    least_margin = min(
        _least_margin(each[::2], _spread(right, share)[::2])
        for each, right in zip(answers, [each for each in labels if len(each)], strict=True)
        if each
    )
    threshold = min(_threshold(score, each[::2], least_margin) for each in answers if each)
    measured = [answer for each in answers for answer in each[1::2]]
    refusal = Refusal(threshold, 0.0, {}, {}, score, least_margin)
    judged = {kind: recogniser.read_all(inks) for kind, inks in _others().items()}
    return replace(
        refusal,
        refused_digits=refused_share(refusal, measured),
        refused_others={kind: refused_share(refusal, others) for kind, others in judged.items()},
        counts={"digits": len(measured), **{kind: len(others) for kind, others in judged.items()}},
    )


@cache
def _others() -> dict[str, list[np.ndarray]]:
    """Return the marks that a finished threshold is judged by, by kind: others than those that it was fitted on."""
    return not_digits(OTHERS_OF_A_KIND, _JUDGED_SEED)


def refused_share(refusal: Refusal, answers: Sequence[Answer]) -> float:
    """Return the share of these answers that is refused."""
    return float(np.mean(~refusal.accepted(answers)))


def _threshold(score: DigitScore, answers: Sequence[Answer], least_margin: float) -> float:
    """Return the score below which, with the undecided, `WRONGLY_REFUSED` of these answers lie."""
    decided = [answer for answer in answers if answer.margin >= least_margin]
    left = max(0.0, WRONGLY_REFUSED - (1 - len(decided) / len(answers)))
    return float(np.quantile(score.of(decided), left * len(answers) / len(decided)))


def _least_margin(answers: Sequence[Answer], labels: np.ndarray) -> float:
    """Return the margin below which there are as many of these answers as are wrong, but `_UNDECIDED` at most."""
    wrong = float(np.mean([answer.digit for answer in answers] != labels))
    return float(np.quantile([answer.margin for answer in answers], min(_UNDECIDED, wrong)))


def _fitted(recogniser: Recogniser, train: Sequence[Digits]) -> DigitScore:
    """Fit the score; its references are every other one of some training images, the rest are fitted on."""
    share = min(1.0, (REFERENCES + FITTED) / max(1, sum(len(digits.indices("train")) for digits in train)))
    places = [_spread(digits.indices("train"), share) for digits in train]
    fitted = [each[:: 1 + REFERENCES // FITTED] for each in places]
    references = _references(recogniser, train, [np.setdiff1d(*each) for each in zip(places, fitted, strict=True)])
    images = [digits.images[each] for digits, each in zip(train, fitted, strict=True)]
    # Marks are varied as the digits are: otherwise their sharp edges alone would tell them apart.
    seeds = range(_FITTED_SEED, _FITTED_SEED + DRAWS)
    varied = [np.concatenate([_varied(recogniser, each, seed) for seed in seeds]) for each in (images, _marks())]
    return fit(references, *map(recogniser.read_seen, varied))


@cache
def _marks() -> tuple[np.ndarray, ...]:
    """Draw marks that are not digits, uint8 (n, H, W) for each kind: once for all runs (15 MB, two seconds)."""
    kinds = not_digits(MARKS_OF_A_KIND, _FITTED_SEED).values()
    return (*(np.stack(inks) for inks in kinds), letters(LETTERS_FITTED, _FITTED_SEED))


def _references(recogniser: Recogniser, train: Sequence[Digits], places: Sequence[np.ndarray]) -> References:
    """Return the images of each dataset at these places, with what the network makes of them."""
    batches = [
        batch for digits, own in zip(train, places, strict=True) for batch in recogniser.hidden(digits.images[own])
    ]
    seen, hidden = (np.concatenate(part) for part in zip(*batches, strict=True))
    labels = np.concatenate([digits.labels[own] for digits, own in zip(train, places, strict=True)])
    order = np.argsort(labels, kind="stable")
    return References(seen[order], directions(hidden)[order], labels[order])


def _varied(recogniser: Recogniser, images: Sequence[np.ndarray], seed: int = _JUDGED_SEED) -> np.ndarray:
    """Return images of several datasets as the network is trained on them, random steps included: uint8 (N, S, S)."""
    seen = torch.from_numpy(np.concatenate([recogniser.seen(each) for each in images]))[:, None]
    generator = torch.Generator().manual_seed(seed)
    varied = batched.augment(seen, recogniser.config.transform, generator)
    return varied.round().clamp(0, 255).to(torch.uint8)[:, 0].numpy()


def _spread(values: np.ndarray, share: float) -> np.ndarray:
    """Return that share of the rows, spread evenly from the first to the last."""
    return values[np.linspace(0, len(values) - 1, round(share * len(values))).astype(int)]


def _to_keep(refusal: Refusal, weights: str, data: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    report = {
        "version": VERSION,
        "weights": weights,
        "data": data,
        "threshold": refusal.threshold,
        "least_margin": refusal.least_margin,
        "refused_digits": refusal.refused_digits,
        "refused_others": refusal.refused_others,
        "counts": refusal.counts,
        "intercept": refusal.score.intercept,
    }
    references = refusal.score.references
    arrays = {"seen": references.seen, "hidden": references.hidden, "labels": references.labels}
    return report, {**arrays, "weights": refusal.score.weights}


def _read_kept(artifacts: Artifacts, recogniser: Recogniser) -> tuple[Refusal, str] | None:
    """Return the kept threshold and the key of its data; `None` unless it is whole and of these weights and version."""
    found = artifacts.load_refusal()
    if found is None:
        return None
    report, arrays = found
    if not isinstance(report, dict) or (report.get("version"), report.get("weights")) != (
        VERSION,
        recogniser.fingerprint,
    ):
        return None
    try:
        return _from_kept(report, arrays, _features_of(recogniser)), str(report["data"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        LOG.warning("A kept threshold for what is not a digit is damaged and is worked out again: %r", error)
        return None


def _features_of(recogniser: Recogniser) -> int:
    blank = np.zeros((1, recogniser.config.transform.size, recogniser.config.transform.size), np.uint8)
    return feature_count(recogniser.read_seen(blank)[0])


def _from_kept(report: dict[str, Any], arrays: dict[str, np.ndarray], count: int) -> Refusal:
    """Raise `AttributeError`, `KeyError`, `TypeError` or `ValueError` for what `_to_keep` would not have written."""
    seen, hidden, labels = (arrays[name] for name in ("seen", "hidden", "labels"))
    if (
        seen.dtype != np.uint8
        or (seen.ndim, hidden.ndim, labels.ndim) != (3, 2, 1)
        or not (len(seen) == len(hidden) == len(labels) > 0)
    ):
        raise ValueError(f"references {seen.dtype} {seen.shape}, {hidden.shape}, {labels.shape}")
    if labels.dtype.kind not in "iu" or hidden.dtype.kind != "f":
        raise ValueError(f"references {labels.dtype}, {hidden.dtype}")
    weights = arrays["weights"]
    numbers = [float(report[name]) for name in ("threshold", "refused_digits", "intercept", "least_margin")]
    if weights.shape != (count,) or not np.isfinite([*numbers, *weights]).all():
        raise ValueError(f"numbers {numbers}, weights {weights.shape}")
    counts = {str(kind): int(count) for kind, count in report["counts"].items()}
    others = {str(kind): float(share) for kind, share in report["refused_others"].items()}
    if counts.keys() != {"digits", *others}:
        raise ValueError(f"counts of {', '.join(counts)}")
    threshold, refused, intercept, least_margin = numbers
    score = DigitScore(References(seen, hidden, labels), weights, intercept)
    return Refusal(threshold, refused, others, counts, score, least_margin)
