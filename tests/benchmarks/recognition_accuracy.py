"""How well a recipe reads handwriting that it never saw: `python -m tests.benchmarks accuracy`.

Trains the recipe with the product's own loop, then reads the test split of mnist-5k four ways: as it is, re-rendered
as drawings on a canvas, as photos of paper, and a part of it as large photos under slanting light, through the code
that the Recognise page runs. No image of that split was trained on. The renderings that decide come from
`HELD_BACK_SEED`.
`python -m tests.benchmarks.recognition_accuracy` takes another recipe, seed or number of pictures, names each picture
that was read wrongly, and with `--development` takes the seed that tuning may look at.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image

from digits_core.config import RunConfig
from digits_core.data.builtin import read_mnist_5k, read_optdigits
from digits_core.data.digits import Digits
from digits_core.data.picture import read_picture
from digits_core.data.strokes import read_strokes
from digits_core.errors import PictureError
from digits_core.recognition.prepare import cut_out, to_ink, whole_square
from digits_core.recognition.recogniser import Recogniser
from digits_core.training.events import EpochFinished, Finished
from digits_core.training.loop import Training
from digits_core.training.recipes import find
from tests.benchmarks.measurement import Measurement, Target, counted, measured
from tests.benchmarks.rendering import (
    DEVELOPMENT_SEED,
    HELD_BACK_SEED,
    canvas_drawing,
    large_photo,
    paper_photo,
    render,
)

TIMED = 25  # preparations
LARGE = 200  # of the large photos: drawing and reading one takes half a second


def measurements(quick: bool) -> Iterator[Measurement]:
    """The Robust recipe with its own seed, on pictures that were kept back."""
    recogniser, _, seconds = trained(find("Robust").config)
    yield counted("Robust recipe, training", "s", seconds, Target(60))
    images, labels = test_digits(read_mnist_5k(), 100 if quick else None)
    unseen = f"{len(labels):,} unseen digits"
    drawings = [read_drawing(recogniser, drawing) for drawing in render(images, canvas_drawing, HELD_BACK_SEED)]
    yield counted(f"{unseen} as canvas drawings, right", "%", 100 * accuracy(drawings, labels), Target(98.5, True))
    photos = render(images, paper_photo, HELD_BACK_SEED)
    read = [read_photo(recogniser, photo) for photo in photos]
    yield counted(f"{unseen} as photos of paper, right", "%", 100 * accuracy(read, labels), Target(98, True))
    few, labels = test_digits(read_mnist_5k(), min(len(labels), LARGE))
    large = [read_photo(recogniser, photo) for photo in render(few, large_photo, HELD_BACK_SEED)]
    yield counted(
        f"{len(labels)} unseen digits as photos of 500 to 1,000 pixels, right",
        "%",
        100 * accuracy(large, labels),
        Target(98, True),
    )
    times = preparations_ms(max(photos, key=np.size))
    yield measured("preparing a photo of 1,000 × 1,000 pixels", "ms", times, target=Target(50))


def trained(config: RunConfig) -> tuple[Recogniser, float, float]:
    """A recogniser of a fresh run, its accuracy on its own test set (a fraction of 1) and the seconds of training."""
    readers = {"optdigits": read_optdigits, "mnist-5k": read_mnist_5k, "strokes": read_strokes}
    return trained_on(config, *([readers[name]() for name in names] for names in (config.data.train, config.data.test)))


def trained_on(config: RunConfig, train: Sequence[Digits], test: Sequence[Digits]) -> tuple[Recogniser, float, float]:
    """The same, with the digits at hand."""
    training = Training(config, train, test)
    for event in training.run():
        if isinstance(event, EpochFinished):
            print(event.lecture_line(), flush=True)
    if not (isinstance(event, Finished) and event.outcome == "finished"):
        raise SystemExit(f"The training did not finish: {event}")
    weights = {name: value.cpu().numpy() for name, value in training.network.state_dict().items()}
    return Recogniser(config, weights), event.test_accuracy, event.seconds


def read_drawing(recogniser: Recogniser, drawing: np.ndarray) -> str:
    """What the Recognise page reads in a drawing, uint8 (280, 280); "" where it finds no ink."""
    try:
        return str(recogniser.read(whole_square(to_ink(drawing))).digit)
    except PictureError:
        return ""


def read_photo(recogniser: Recogniser, photo: np.ndarray) -> str:
    """What the Recognise page reads in an uploaded photo, uint8 (H, W, 3): all digits that it finds, "" for none."""
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "PNG")
    try:
        found = recogniser.read_picture(read_picture(file.getvalue()))
    except PictureError:
        return ""
    return "".join(str(each.answer.digit) for each in found)


def accuracy(read: list[str], labels: np.ndarray) -> float:
    """The share of pictures in which the right digit, and no other, was read."""
    return float(np.mean([text == str(label) for text, label in zip(read, labels, strict=True)]))


def show(title: str, read: list[str], labels: np.ndarray) -> None:
    wrong = [
        f"{i}: {label}→{text or '?'}"
        for i, (text, label) in enumerate(zip(read, labels, strict=True))
        if text != str(label)
    ]
    print(f"{title}: {accuracy(read, labels):.2%} of {len(read)}  (wrong: {', '.join(wrong)})", flush=True)


def preparations_ms(photo: np.ndarray) -> list[float]:
    """Milliseconds from a decoded photo of 1,000 × 1,000 pixels to the ink cut out."""
    picture = Image.fromarray(photo).resize((1000, 1000), Image.Resampling.BICUBIC)
    times = []
    for _ in range(TIMED):
        began = time.perf_counter()
        cut_out(to_ink(picture))
        times.append(1000 * (time.perf_counter() - began))
    return times


def test_digits(digits: Digits, limit: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of the test split, every class alike where only `limit` of them are wanted."""
    images, labels = digits.of("test")
    chosen = np.arange(len(labels)) if limit is None else np.linspace(0, len(labels) - 1, limit).astype(int)
    return images[chosen], labels[chosen]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", default="Robust")
    parser.add_argument("--seed", type=int, default=0, help="of the training")
    parser.add_argument("--epochs", type=int, help="instead of the recipe's")
    parser.add_argument("--limit", type=int, help="pictures of each kind, by default the whole test split")
    parser.add_argument("--part", choices=("same", "drawings", "photos", "large"), help="one way of reading alone")
    parser.add_argument("--development", action="store_true", help="render with the seed that tuning may look at")
    options = parser.parse_args()

    config = find(options.recipe).config
    epochs = options.epochs or config.training.epochs
    config = config.replace(training=config.training.replace(seed=options.seed, epochs=epochs))
    recogniser, test_accuracy, seconds = trained(config)
    print(f"{options.recipe}: {test_accuracy:.2%} on its own test set after {seconds:.1f} s of training", flush=True)

    images, labels = test_digits(read_mnist_5k(), options.limit)
    seed = DEVELOPMENT_SEED if options.development else HELD_BACK_SEED
    if options.part in (None, "same"):
        show("mnist-5k test split", [str(answer.digit) for answer in recogniser.read_all(list(images))], labels)
    if options.part in (None, "drawings"):
        drawings = render(images, canvas_drawing, seed)
        show("as canvas drawings", [read_drawing(recogniser, drawing) for drawing in drawings], labels)
    if options.part in (None, "photos"):
        photos = render(images, paper_photo, seed)
        show("as photos of paper", [read_photo(recogniser, photo) for photo in photos], labels)
        milliseconds = np.median(preparations_ms(max(photos, key=np.size)))
        print(f"preparing a photo of 1,000 × 1,000 pixels: {milliseconds:.0f} ms")
    if options.part in (None, "large"):
        show("as large photos", [read_photo(recogniser, photo) for photo in render(images, large_photo, seed)], labels)


if __name__ == "__main__":
    main()
