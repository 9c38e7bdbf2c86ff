"""Not a digit: what looks like nothing that a network was trained on is refused.

Softmax spreads 100 % over ten digits whatever it is shown, so its largest probability says little about that. What is
judged here is how near the nearest training image is, as the network's last hidden layer sees it (Y. Sun et al.,
"Out-of-Distribution Detection with Deep Nearest Neighbors", ICML 2022), and in pixels, among those of the digit that
it answers. `tests/benchmarks/refusal.py` compares this with softmax, energy and others.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from digits_core.config import RunConfig
from digits_core.data.digits import CLASSES, Digits
from digits_core.errors import DatasetError, StoreError
from digits_core.recognition.neighbours import directions
from digits_core.recognition.not_digits import not_digits
from digits_core.recognition.recogniser import Answer, Recogniser
from digits_core.runs.artifacts import Artifacts
from digits_core.training.check import choose_digits

LOG = logging.getLogger(__name__)

WRONGLY_REFUSED = 0.03
"""The share of digits that may be refused. On the marks that it was chosen by, a network of the recipe Robust refused
71 % at 2 %, 77 % at 3 % and 83 % at 5 %; but to refuse one digit in twenty is to annoy."""

VERSION = 1
"""Of how a threshold is worked out. Count it up with every change to `calibrate` or to what it calls: thresholds that
were kept by an earlier version are then worked out again."""
REFERENCES = 3000  # training images to compare with: more are slower, and hardly nearer
TEST_IMAGES = 1000
FEWEST_TEST_IMAGES = 20
OTHERS_OF_A_KIND = 40
_SEED = 0


@dataclass(frozen=True)
class References:
    """Training images to compare with, as the network sees them, sorted by label.

    seen: uint8 (n, S, S); hidden: float32 (n, 64), the values of fc2 at length 1; labels: int64 (n,).
    """

    seen: np.ndarray
    hidden: np.ndarray
    labels: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "_pixels", _pixel_directions(self.seen))
        object.__setattr__(self, "_starts", np.searchsorted(self.labels, np.arange(CLASSES + 1)))

    def likeness(self, answers: Sequence[Answer]) -> np.ndarray:
        """The cosine to the nearest of them, float64 (n, 2): in fc2 among all, in pixels among those of its digit."""
        in_hidden = directions(np.stack([answer.hidden for answer in answers])) @ self.hidden.T  # (n, references)
        pixels = _pixel_directions(np.stack([answer.seen for answer in answers]))
        in_pixels = np.zeros(len(answers))
        digits = np.array([answer.digit for answer in answers])
        for digit in np.unique(digits):
            own = self._pixels[self._starts[digit] : self._starts[digit + 1]]
            if len(own):
                in_pixels[digits == digit] = (pixels[digits == digit] @ own.T).max(axis=1)
        return np.stack([in_hidden.max(axis=1), in_pixels], axis=1)


@dataclass(frozen=True)
class Refusal:
    """The threshold of one run, and how often it is right and wrong.

    threshold: the lowest score that is accepted; refused_digits: the share of digits that are refused wrongly, on test
    images that did not set the threshold; refused_others: by kind, the share of what is no digit that is refused
    rightly; counts: on how many of each those rates were measured, the digits as "digits"; usual, spread: (2,) each,
    what makes the two likenesses comparable.
    """

    threshold: float
    refused_digits: float
    refused_others: dict[str, float]
    counts: dict[str, int]
    usual: tuple[float, float]
    spread: tuple[float, float]
    references: References

    def accepts(self, answer: Answer) -> bool:
        """Whether the answer is to be believed at all: paper without ink never is."""
        return bool(answer.seen.any()) and float(self.scores([answer])[0]) >= self.threshold

    def scores(self, answers: Sequence[Answer]) -> np.ndarray:
        """How much each looks like a training image, float64 (n,): 0 is usual for a digit, lower is less like one."""
        return _scores(self.references.likeness(answers), self.usual, self.spread)


def load_refusal(
    recogniser: Recogniser, artifacts: Artifacts, load: Callable[[str], Digits], data: str = ""
) -> Refusal:
    """Return the threshold of a run: as kept with its artifacts, else worked out (about a second) and kept there.

    Args:
        load: Reads a dataset by its name.
        data: What `data_key` says of the run's datasets now. A threshold that was worked out on other data is worked
            out again, unless those it needs are gone.

    Raises:
        DatasetError: The datasets of the run are not here any more, or hold too few test images, and nothing is kept.
    """
    kept = _read_kept(artifacts, recogniser)
    if kept is not None and kept[1] == data:
        return kept[0]
    try:
        train, test = choose_digits(recogniser.config.data, load)
        refusal = calibrate(recogniser, train, test)
    except DatasetError:
        if kept is None:
            raise
        return kept[0]
    with suppress(StoreError):  # a full disk costs the second again at the next start, and nothing else
        artifacts.save_refusal(*_to_keep(refusal, recogniser.fingerprint, data))
    return refusal


def data_key(config: RunConfig, version: Callable[[str], str]) -> str:
    """Return what changes with the datasets that a run's threshold is worked out on; `version` is the catalogue's."""
    data = config.data
    named = {name: version(name) for name in (*data.train, *data.test)}
    return hashlib.sha256(repr((sorted(named.items()), data.test_writers)).encode()).hexdigest()[:16]


def calibrate(recogniser: Recogniser, train: Sequence[Digits], test: Sequence[Digits]) -> Refusal:
    """Set the threshold on every second test image, measure on the others and on what is no digit."""
    references = _references(recogniser, train)
    images = [digits.of("test")[0] for digits in test]
    total = sum(map(len, images))
    if total < FEWEST_TEST_IMAGES:
        raise DatasetError(
            f"The run has {total} test images, too few to say what is no digit: {FEWEST_TEST_IMAGES} are needed."
        )
    share = min(1.0, TEST_IMAGES / total)
    answers = [answer for each in images for answer in recogniser.read_alike(_spread(each, share))]
    held_out = references.likeness(answers[::2])
    usual = np.median(held_out, axis=0)
    spread = np.maximum(usual - np.quantile(held_out, 0.05, axis=0), 1e-6)
    threshold = float(np.quantile(_scores(held_out, usual, spread), WRONGLY_REFUSED))
    refusal = Refusal(threshold, 0.0, {}, {}, tuple(usual.tolist()), tuple(spread.tolist()), references)
    judged = {kind: recogniser.read_all(inks) for kind, inks in not_digits(OTHERS_OF_A_KIND, _SEED).items()}
    return Refusal(
        threshold,
        refused_share(refusal, answers[1::2]),
        {kind: refused_share(refusal, others) for kind, others in judged.items()},
        {"digits": len(answers[1::2]), **{kind: len(others) for kind, others in judged.items()}},
        refusal.usual,
        refusal.spread,
        references,
    )


def refused_share(refusal: Refusal, answers: Sequence[Answer]) -> float:
    """The share of these answers that is refused."""
    ink = np.array([answer.seen.any() for answer in answers])
    return float(np.mean(~ink | (refusal.scores(answers) < refusal.threshold)))


def _scores(likeness: np.ndarray, usual: Sequence[float], spread: Sequence[float]) -> np.ndarray:
    return ((likeness - np.asarray(usual)) / np.asarray(spread)).sum(axis=1)


def _references(recogniser: Recogniser, train: Sequence[Digits]) -> References:
    share = min(1.0, REFERENCES / max(1, sum(int((~digits.test).sum()) for digits in train)))
    parts = [_spread(digits.indices("train"), share) for digits in train]
    seen, hidden = zip(
        *(
            batch
            for digits, places in zip(train, parts, strict=True)
            for batch in recogniser.hidden(digits.images[places])
        ),
        strict=True,
    )
    labels = np.concatenate([digits.labels[places] for digits, places in zip(train, parts, strict=True)])
    order = np.argsort(labels, kind="stable")
    return References(np.concatenate(seen)[order], directions(np.concatenate(hidden))[order], labels[order])


def _spread(values: np.ndarray, share: float) -> np.ndarray:
    """That share of the rows, evenly from the first to the last."""
    return values[np.linspace(0, len(values) - 1, round(share * len(values))).astype(int)]


def _pixel_directions(seen: np.ndarray) -> np.ndarray:
    """Images uint8 (n, S, S), blurred by one pixel so that a slightly moved stroke still fits; rows of length 1."""
    blurred = ndimage.uniform_filter(seen.astype(np.float32), (0, 3, 3), mode="constant")
    return directions(blurred.reshape(len(seen), -1))


def _to_keep(refusal: Refusal, weights: str, data: str) -> tuple[dict, dict[str, np.ndarray]]:
    report = {
        "version": VERSION, "weights": weights, "data": data, "threshold": refusal.threshold,
        "refused_digits": refusal.refused_digits, "refused_others": refusal.refused_others, "counts": refusal.counts,
        "usual": refusal.usual, "spread": refusal.spread,
    }  # fmt: skip
    references = refusal.references
    return report, {"seen": references.seen, "hidden": references.hidden, "labels": references.labels}


def _read_kept(artifacts: Artifacts, recogniser: Recogniser) -> tuple[Refusal, str] | None:
    """Return the kept threshold and the key of its data; `None` unless it is whole and of these weights and version."""
    found = artifacts.load_refusal()
    if found is None:
        return None
    report, arrays = found
    if not isinstance(report, dict) or (report.get("version"), report.get("weights")) != (
        VERSION, recogniser.fingerprint,
    ):  # fmt: skip
        return None
    try:
        return _from_kept(report, arrays), str(report["data"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        LOG.warning("A kept threshold for what is no digit is damaged and is worked out again: %r", error)
        return None


def _from_kept(report: dict, arrays: dict[str, np.ndarray]) -> Refusal:
    """Raises `AttributeError`, `KeyError`, `TypeError` or `ValueError` for what `_to_keep` would not have written."""
    seen, hidden, labels = (arrays[name] for name in ("seen", "hidden", "labels"))
    if (seen.dtype, seen.ndim, hidden.ndim, labels.ndim) != (np.uint8, 3, 2, 1) or not (
        len(seen) == len(hidden) == len(labels) > 0
    ):
        raise ValueError(f"references {seen.dtype} {seen.shape}, {hidden.shape}, {labels.shape}")
    if labels.dtype.kind not in "iu" or hidden.dtype.kind != "f":
        raise ValueError(f"references {labels.dtype}, {hidden.dtype}")
    numbers = [float(report["threshold"]), float(report["refused_digits"]), *report["usual"], *report["spread"]]
    if len(numbers) != 6 or not np.isfinite(numbers).all():
        raise ValueError(f"numbers {numbers}")
    counts = {str(kind): int(count) for kind, count in report["counts"].items()}
    others = {str(kind): float(share) for kind, share in report["refused_others"].items()}
    if counts.keys() != {"digits", *others}:
        raise ValueError(f"counts of {', '.join(counts)}")
    usual, spread = (tuple(map(float, report[name])) for name in ("usual", "spread"))
    return Refusal(numbers[0], numbers[1], others, counts, usual, spread, References(seen, hidden, labels))
