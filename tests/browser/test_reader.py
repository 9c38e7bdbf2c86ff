"""A network reads the same in a browser's JavaScript as in Python."""

import os

import numpy as np
import pytest
from PIL import Image

from digits_core.browser import model
from digits_core.browser.model import model_of
from digits_core.config import NetworkConfig, RunConfig, TrainingConfig, TransformConfig
from digits_core.data.builtin import read_mnist_5k, read_optdigits
from digits_core.errors import PictureError
from digits_core.layers.functions import FUNCTIONS, SOFTMAX
from digits_core.layers.presets import PRESETS
from digits_core.recognition.out_of_distribution import Refusal, calibrate
from digits_core.recognition.recogniser import Recogniser
from digits_core.recognition.sample import drawn
from digits_core.recognition.synthetic_negatives import not_digits
from digits_core.runs.execution import as_arrays
from digits_core.training.loop import Training
from tests.browser.reading import BrowserReader, hand_drawings
from tests.unit.conftest import cut
from tests.unit.networks import EVERY_KIND, improved_net

DRAWINGS = 1000 if os.environ.get("HYPOTHESIS_PROFILE") == "explore" else 200
SAME_DIGIT, SAME_REFUSAL, CLOSE = 0.999, 0.995, 2e-3
MARKS_OF_A_KIND = 15
AT_THE_EDGE = 0.02
CONFIG = RunConfig(
    transform=TransformConfig(centre=True), training=TrainingConfig(epochs=3, batch_size=64, learning_rate=0.002)
)
TRANSFORMS = {
    "the lecture's": TransformConfig(),
    "centred": TransformConfig(centre=True, mean=0.13, std=0.31),
    "centred, small": TransformConfig(size=9, centre=True),
    "centred, large": TransformConfig(size=41, centre=True),
    "bicubic": TransformConfig(size=20, interpolation="bicubic"),
    "nearest": TransformConfig(size=33, interpolation="nearest"),
    "of odd size": TransformConfig(size=11, interpolation="bilinear"),
}


@pytest.fixture(scope="module")
def trained() -> tuple[Recogniser, Refusal]:
    """A network that was really trained, some seconds, and what it tells digits from other marks by."""
    digits = cut(read_mnist_5k(), 1000, 200)
    training = Training(CONFIG, [digits], [digits])
    for _ in training.run():
        pass
    recogniser = Recogniser(CONFIG, as_arrays(training.network))
    return recogniser, calibrate(recogniser, [digits], [digits])


def untrained(transform: TransformConfig) -> Recogniser:
    config = RunConfig(transform=transform)
    return Recogniser(config, as_arrays(improved_net(transform.size, 0.3, seed=3)))


def test_drawings_on_a_canvas_are_read_the_same(trained, browser_page):
    recogniser, refusal = trained
    greys, found = BrowserReader(browser_page, recogniser, refusal).draw(hand_drawings(DRAWINGS, seed=16))

    answers = recogniser.read_all([drawn(Image.fromarray(grey)) for grey in greys])
    refused = ~refusal.accepted(answers)
    worst = max(abs(one.probabilities - other.probabilities).max() for one, other in zip(found, answers, strict=True))
    same = np.mean([one.digit == other.digit for one, other in zip(found, answers, strict=True)])
    same_refusal = np.mean([one.refused == other for one, other in zip(found, refused, strict=True)])
    print(f"{len(found)} drawings: {same:.2%} the same digit, {worst:.1e} apart, {same_refusal:.2%} the same refusal")
    assert len({answer.digit for answer in answers}) == 10
    assert (same >= SAME_DIGIT, worst <= CLOSE, same_refusal >= SAME_REFUSAL) == (True, True, True)


def test_what_is_not_a_digit_is_refused_the_same(trained, browser_page):
    recogniser, refusal = trained
    marks = np.stack([ink for inks in not_digits(MARKS_OF_A_KIND, seed=5).values() for ink in inks])
    found = BrowserReader(browser_page, recogniser, refusal).read(255 - marks)

    refused = ~refusal.accepted(recogniser.read_alike(marks))
    assert refused.sum() > 0
    assert np.mean([one.refused == other for one, other in zip(found, refused, strict=True)]) >= SAME_REFUSAL


def test_without_what_tells_digits_from_other_marks_nothing_is_refused_or_accepted(trained, browser_page):
    recogniser, _ = trained
    (found,) = BrowserReader(browser_page, recogniser).read(255 - read_mnist_5k().images[:1])

    assert found.refused is None


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
def test_images_of_any_dataset_are_seen_and_read_the_same_by_any_transform(transform, browser_page):
    recogniser = untrained(transform)
    reader = BrowserReader(browser_page, recogniser)

    for images in (read_optdigits().images[:20], read_mnist_5k().images[::250]):
        for one, other in zip(reader.read(255 - images), recogniser.read_alike(images), strict=True):
            np.testing.assert_array_equal(one.seen, other.seen)
            np.testing.assert_allclose(one.logits, other.logits, atol=model.LOGIT_TOLERANCE)
            np.testing.assert_allclose(one.probabilities, other.probabilities, atol=CLOSE)


@pytest.mark.parametrize("shape", [(200, 300), (301, 157)])
def test_paper_that_is_not_square_is_read_the_same(shape, browser_page):
    recogniser = untrained(TransformConfig())
    grey = np.full(shape, 255, np.uint8)
    grey[40:150, 60:80] = 0

    (found,) = BrowserReader(browser_page, recogniser).read(grey[None])

    np.testing.assert_array_equal(found.seen, recogniser.read(drawn(Image.fromarray(grey))).seen)


def test_bare_paper_and_faint_smudges_are_no_drawing(browser_page):
    reader = BrowserReader(browser_page, untrained(TransformConfig(centre=True)))
    papers = np.full((2, 280, 280), 255, np.uint8)
    papers[1, 100:120, 100:120] -= 31

    assert reader.read(papers) == [None, None]
    for paper in papers:
        with pytest.raises(PictureError, match="no ink"):
            drawn(Image.fromarray(paper))


def test_the_feature_maps_of_each_layer_are_those_of_python(trained, browser_page):
    recogniser, _ = trained
    images = read_mnist_5k().images[::1000]
    found = BrowserReader(browser_page, recogniser).read(255 - images, layers=True)

    maps = recogniser.network.features(recogniser.normalised(recogniser.seen(images)))
    for place, one in enumerate(found):
        assert list(one.layers) == [layer.name for layer in recogniser.network.layers]
        for name, values in one.layers.items():
            np.testing.assert_allclose(values.ravel(), maps[name].after[place].ravel(), atol=0.01)


NETWORKS = {**{name: each.layers for name, each in PRESETS.items()}, "every kind": EVERY_KIND}


@pytest.mark.parametrize("name", NETWORKS)
def test_any_network_is_read_and_refuses_the_same(name, browser_page):
    digits = cut(read_mnist_5k(), 600, 200)
    config = CONFIG.replace(
        network=NetworkConfig(layers=NETWORKS[name]), training=CONFIG.training.replace(epochs=1, learning_rate=0.005)
    )
    training = Training(config, [digits], [digits])
    for _ in training.run():
        pass
    recogniser = Recogniser(config, as_arrays(training.network))
    refusal = calibrate(recogniser, [digits], [digits])
    marks = np.stack([ink for inks in not_digits(4, seed=5).values() for ink in inks])

    reader = BrowserReader(browser_page, recogniser, refusal)
    for drawings in (read_mnist_5k().images[::50], marks):
        found, answers = reader.read(255 - drawings), recogniser.read_alike(drawings)
        for one, other in zip(found, answers, strict=True):
            np.testing.assert_allclose(one.logits, other.logits, atol=model.LOGIT_TOLERANCE)
            np.testing.assert_allclose(one.probabilities, other.probabilities, atol=CLOSE)
        # What is at the threshold itself falls to either side by the rounding of the weights.
        margins = np.array([each.margin for each in answers])
        away = np.abs([refusal.scores(answers) - refusal.threshold, margins - refusal.least_margin])
        clear = away.min(axis=0) > AT_THE_EDGE
        refused = [one.refused for one in found]
        np.testing.assert_array_equal(np.array(refused)[clear], ~refusal.accepted(answers)[clear])


def test_every_kind_of_layer_and_every_activation_function_can_be_read(browser_page):
    BrowserReader(browser_page, untrained(TransformConfig()))
    known, functions = browser_page.evaluate("[Object.keys(reader.kinds), Object.keys(reader.activations)]")

    assert {layer.operator()[0] for layer in EVERY_KIND} <= set(known)
    assert {each.operator for each in (*FUNCTIONS.values(), SOFTMAX)} <= set(functions)


def test_colours_become_the_tones_that_pillow_makes_of_them(browser_page):
    BrowserReader(browser_page, untrained(TransformConfig()))
    colours = np.random.default_rng(0).integers(0, 256, (8, 8, 4), np.uint8)
    colours[..., 3] = 255

    tones = browser_page.evaluate("(rgba) => [...reader.greyOf(Uint8Array.from(rgba))]", colours.ravel().tolist())

    assert tones == np.asarray(Image.fromarray(colours).convert("L")).ravel().tolist()


def test_weights_are_of_half_precision_only_while_the_logits_stay(trained):
    recogniser, _ = trained
    large = Recogniser(
        recogniser.config, {name: 300 * values for name, values in as_arrays(recogniser.network).items()}
    )

    (halves, _), (singles, _) = model_of(recogniser), model_of(large)

    assert {each["type"] for each in halves["arrays"].values()} == {"float16"}
    assert {each["type"] for each in singles["arrays"].values()} == {"float32"}
