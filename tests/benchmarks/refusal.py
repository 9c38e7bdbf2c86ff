"""How often digits are refused wrongly, and what is no digit rightly: `python -m tests.benchmarks.refusal`.

Trains a recipe with the product's own loop, sets the threshold as the product does, and shows it digits of unseen
writers (the test split of mnist-5k, as drawings and as photos) and marks of kinds and fonts that the library does not
calibrate with. Then the same for other scores, each with a threshold set on the same images at the same rate.
`--development` takes the seed by which the score was chosen, the default the one that decides.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np

from digits_core.data.builtin import read_mnist_5k, read_optdigits
from digits_core.data.digits import Digits
from digits_core.errors import PictureError
from digits_core.recognition.out_of_distribution import WRONGLY_REFUSED, Refusal, calibrate, refused_share
from digits_core.recognition.prepare import cut_out, to_ink, whole_square
from digits_core.recognition.recogniser import Answer, Recogniser
from digits_core.training.recipes import find
from tests.benchmarks.other_marks import other_marks
from tests.benchmarks.recognition_accuracy import test_digits, trained
from tests.benchmarks.rendering import DEVELOPMENT_SEED, HELD_BACK_SEED, canvas_drawing, paper_photo, render

Answers = Sequence[Answer]
Score = Callable[[Answers], np.ndarray]
"""Higher is more like a digit, float (n,)."""


def rival_scores(refusal: Refusal, labelled: Answers, labels: np.ndarray) -> dict[str, Score]:
    """What else might tell digits from other marks; `labelled` are answers to training images."""
    hidden = np.stack([answer.hidden for answer in labelled])  # (n, 64)
    means = np.stack([hidden[labels == digit].mean(axis=0) for digit in range(10)])
    covariance = np.cov((hidden - means[labels]).T)
    precision = np.linalg.inv(covariance + 1e-3 * np.trace(covariance) / len(covariance) * np.eye(len(covariance)))

    def mahalanobis(answers: Answers) -> np.ndarray:
        away = np.stack([answer.hidden for answer in answers])[:, None] - means  # (n, 10, 64)
        return -np.einsum("nci,ij,ncj->nc", away, precision, away).min(axis=1)

    return {
        "largest softmax": lambda answers: np.array([answer.probability for answer in answers]),
        "energy": lambda answers: np.array([np.logaddexp.reduce(answer.logits) for answer in answers]),
        "Mahalanobis, fc2": mahalanobis,
        "nearest in fc2": lambda answers: refusal.score.references.likeness(answers)[:, 0],
        "nearest in pixels": lambda answers: refusal.score.references.likeness(answers)[:, 1],
        "all of it (the product)": refusal.scores,
    }


def read_rendered(recogniser: Recogniser, pictures: Sequence[np.ndarray], square: Callable) -> list[Answer]:
    """The answers to pictures of one digit; those in which no ink is found are refused before."""
    inks = []
    for picture in pictures:
        with suppress(PictureError):
            inks.append(square(to_ink(picture)))
    return recogniser.read_all(inks)


def show(name: str, rates: dict[str, float]) -> None:
    print(f"{name:<20} " + " ".join(f"{rate:>17.1%}" for rate in rates.values()), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", default="Robust")
    parser.add_argument("--seed", type=int, default=0, help="of the training")
    parser.add_argument("--limit", type=int, default=300, help="pictures of each kind")
    parser.add_argument("--development", action="store_true", help="render with the seed that tuning may look at")
    options = parser.parse_args()

    config = find(options.recipe).config
    recogniser, *_ = trained(config.replace(training=config.training.replace(seed=options.seed)))
    sets: dict[str, Digits] = {"optdigits": read_optdigits(), "mnist-5k": read_mnist_5k()}
    train, test = ([sets[name] for name in names] for names in (config.data.train, config.data.test))
    began = time.perf_counter()
    refusal = calibrate(recogniser, train, test)
    print(
        f"calibrated in {time.perf_counter() - began:.2f} s; on its own held-out images {refusal.refused_digits:.1%} "
        f"of digits refused, of others {refusal.refused_others}"
    )

    seed = DEVELOPMENT_SEED if options.development else HELD_BACK_SEED
    images, _ = test_digits(sets["mnist-5k"], options.limit)
    shown = {
        "drawings": read_rendered(recogniser, render(images, canvas_drawing, seed), whole_square),
        "photos": read_rendered(recogniser, render(images, paper_photo, seed), cut_out),
        **{kind: recogniser.read_all(inks) for kind, inks in other_marks(options.limit, seed).items()},
    }
    print(f"{'refused':<20} " + " ".join(f"{kind:>17}" for kind in shown))
    show("as the product does", {kind: refused_share(refusal, answers) for kind, answers in shown.items()})
    held_out = [answer for each in test for answer in recogniser.read_alike(each.of("test")[0])][::2]
    labelled = [answer for each in train for answer in recogniser.read_alike(each.of("train")[0])]
    labels = np.concatenate([each.of("train")[1] for each in train])
    for name, score in rival_scores(refusal, labelled, labels).items():
        threshold = np.quantile(score(held_out), WRONGLY_REFUSED)
        show(name, {kind: float((score(answers) < threshold).mean()) for kind, answers in shown.items()})


if __name__ == "__main__":
    main()
