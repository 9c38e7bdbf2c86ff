"""A trained run reads ink through its own transform, the same for one piece and for many."""

import threading

import numpy as np
import pytest
import torch
from PIL import Image

from digits_core.config import TransformConfig
from digits_core.errors import PictureError, RunError
from digits_core.recognition.recogniser import Recogniser
from digits_core.runs.execution import as_arrays
from tests.unit.conftest import cut
from tests.unit.helpers import run_config
from tests.unit.networks import improved_net
from tests.unit.recognition.conftest import CONFIG, IMAGES


@pytest.fixture(scope="module")
def inks(mnist_5k) -> list[np.ndarray]:
    return list(mnist_5k.of("test")[0][::10])


def drawing_of(*images: np.ndarray) -> Image.Image:
    """Digits side by side, black on white, four times as large, with room around each."""
    row = np.concatenate([np.pad(image, 12) for image in images], axis=1)
    return Image.fromarray(255 - row).resize((row.shape[1] * 4, row.shape[0] * 4), Image.Resampling.BICUBIC)


def test_it_says_what_the_network_said_in_training(trained, mnist_5k):
    recogniser = Recogniser(CONFIG, as_arrays(trained.network))
    digits = cut(mnist_5k, **IMAGES)
    answers = recogniser.read_all(list(digits.of("test")[0]))
    expected = trained.test.logits.softmax(dim=1).numpy()

    np.testing.assert_allclose([answer.probabilities for answer in answers], expected, atol=1e-5)


def test_an_answer_is_ten_probabilities_and_the_most_likely_digit(recogniser, inks):
    answer = recogniser.read(inks[0])

    assert answer.probabilities.shape == (10,)
    assert answer.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert answer.probability == answer.probabilities[answer.digit] == max(answer.probabilities)


def test_what_it_saw_is_what_its_transform_makes_of_the_ink(recogniser, inks):
    wide = np.pad(inks[0], ((60, 10), (5, 200)))
    answer = recogniser.read(wide)

    assert (answer.seen.shape, answer.seen.dtype) == ((28, 28), np.uint8)
    np.testing.assert_array_equal(answer.seen, recogniser.read(inks[0]).seen)


def test_several_pieces_of_ink_are_read_like_each_alone(recogniser, inks):
    several = [inks[0], np.pad(inks[1], 30), inks[2][2:, 3:]]
    together = recogniser.read_all(several)

    for ink, answer in zip(several, together, strict=True):
        np.testing.assert_allclose(answer.probabilities, recogniser.read(ink).probabilities, atol=1e-5)


def test_logits_are_those_of_the_network_and_follow_from_the_last_hidden_layer(trained, recogniser, inks):
    answers = recogniser.read_all(inks)
    seen = recogniser.normalised(np.stack([answer.seen for answer in answers]))
    fc3 = trained.network.fc3

    np.testing.assert_allclose([answer.logits for answer in answers], trained.network.eval()(seen).detach(), atol=1e-4)
    for answer in answers:
        np.testing.assert_allclose(fc3(torch.from_numpy(answer.hidden)).detach(), answer.logits, atol=1e-4)


def test_no_ink_gives_no_answers(recogniser):
    assert recogniser.read_all([]) == []


def test_reading_twice_gives_the_same_answer(recogniser, inks):
    first, second = (recogniser.read(inks[3]).probabilities for _ in range(2))

    np.testing.assert_array_equal(first, second)


def test_threads_may_share_it(recogniser, inks):
    expected = [answer.probabilities for answer in recogniser.read_all(inks)]
    answers: dict[int, list[np.ndarray]] = {}

    def read(number: int) -> None:
        answers[number] = [answer.probabilities for answer in recogniser.read_all(inks)]

    threads = [threading.Thread(target=read, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == 4
    for each in answers.values():
        np.testing.assert_allclose(each, expected, atol=1e-6)


def test_a_picture_of_one_digit_is_found_and_read(recogniser, mnist_5k):
    images, labels = mnist_5k.of("test")
    read = [recogniser.read_picture(drawing_of(image)) for image in images[::40]]
    right = [found[0].answer.digit == label for found, label in zip(read, labels[::40], strict=True)]

    assert [len(found) for found in read] == [1] * len(read)
    assert np.mean(right) > 0.8


def test_digits_side_by_side_come_in_reading_order_with_their_boxes(recogniser, inks):
    picture = drawing_of(*inks[:3])
    found = recogniser.read_picture(picture)
    alone = [recogniser.read_picture(drawing_of(ink))[0].answer.digit for ink in inks[:3]]

    assert [each.answer.digit for each in found] == alone
    for number, each in enumerate(found):
        third = picture.width / 3
        assert number * third <= each.box.left < each.box.left + each.box.width <= (number + 1) * third


def test_boxes_are_in_pixels_of_the_picture_however_large(recogniser, inks):
    picture = drawing_of(inks[0])
    large = picture.resize((picture.width * 8, picture.height * 8))
    (small_box,), (large_box,) = ([each.box for each in recogniser.read_picture(each)] for each in (picture, large))

    for side in ("left", "top", "width", "height"):
        assert getattr(large_box, side) == pytest.approx(8 * getattr(small_box, side), abs=32)


def test_an_empty_picture_is_refused_by_its_name(recogniser):
    with pytest.raises(PictureError, match=r"^scan\.png shows no ink"):
        recogniser.read_picture(Image.new("L", (100, 100), 255), "scan.png")


@pytest.mark.parametrize(
    "change",
    [
        lambda weights: {name: values for name, values in weights.items() if name != "fc3.bias"},
        lambda weights: {**weights, "fc4.bias": weights["fc3.bias"]},
        lambda weights: {**weights, "fc3.bias": np.zeros(11, np.float32)},
    ],
    ids=["missing", "too many", "another shape"],
)
def test_weights_of_another_network_are_refused(trained, change):
    with pytest.raises(RunError, match="do not fit its network"):
        Recogniser(CONFIG, change(as_arrays(trained.network)))


def test_the_size_of_the_run_is_the_size_that_it_reads():
    config = run_config(transform=TransformConfig(size=12), epochs=1)
    answer = Recogniser(config, as_arrays(improved_net(12, 0.3, 0))).read(np.full((50, 40), 200, np.uint8))

    assert answer.seen.shape == (12, 12)
