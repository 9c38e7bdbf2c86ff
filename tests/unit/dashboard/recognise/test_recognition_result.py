"""What was read, in words and in parts."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from digits_core.config import RunConfig
from digits_core.dashboard.recognise.recognition_result import (
    Ink,
    Reading,
    between,
    digit_on,
    how_sure,
    in_words,
    number_on,
    rates,
    read,
    runner_up,
    verdict,
)
from digits_core.dashboard.thresholds import Threshold
from digits_core.errors import PictureError
from digits_core.network.improved_net import ImprovedNet
from digits_core.recognition.digit_score import DigitScore, References, feature_count
from digits_core.recognition.out_of_distribution import Refusal
from digits_core.recognition.recogniser import Answer, Recogniser
from tests.pictures import STROKES


def answer(**probabilities: float) -> Answer:
    """`answer(d7=0.9, d1=0.1)`."""
    values = np.zeros(10, dtype=np.float32)
    for name, value in probabilities.items():
        values[int(name[1:])] = value
    return Answer(
        np.zeros((28, 28), dtype=np.uint8),
        values,
        np.log(values + 1e-6),
        *(np.zeros(size, np.float32) for size in (64, 128, 1568)),
    )


def drawing(*digits: int) -> Image.Image:
    """Digits beside each other on white paper, as the wide canvas gives them."""
    paper = Image.new("L", (160 * len(digits), 280), 255)
    pen = ImageDraw.Draw(paper)
    for place, digit in enumerate(digits):
        for stroke in STROKES[digit]:
            pen.line([(160 * (place + x), 280 * y) for x, y in stroke], fill=0, width=16, joint="curve")
    return paper


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    network = ImprovedNet()
    return Recogniser(RunConfig(), {name: values.numpy() for name, values in network.state_dict().items()})


def test_an_answer_says_how_sure_it_is_and_what_else_it_might_be():
    seven = answer(d7=0.93, d1=0.05, d2=0.02)

    assert runner_up(seven.probabilities) == (1, pytest.approx(0.05))
    assert in_words(seven) == "93.0% sure · else a 1 (5.0%)"
    assert in_words(answer(d3=0.9, d8=0.1)).endswith("else an 8 (10.0%)")


def test_words_of_confidence_fall_with_the_probability():
    words = [how_sure(probability) for probability in (1.0, 0.99, 0.95, 0.7, 0.3)]

    assert words == ["Almost certainly", "Almost certainly", "Very likely", "Probably", "Unsure, perhaps"]


def reading(*answers: Answer, refused: tuple[int, ...] = ()) -> Reading:
    inks = tuple(each.seen for each in answers)
    return Reading(Ink(drawing(1), inks, "canvas"), answers, "#1", frozenset(refused))


def test_what_may_be_no_digit_carries_a_question_mark():
    number = reading(answer(d4=1), answer(d0=1), answer(d7=1), refused=(1,))

    assert number.text == "407"
    assert number.marked_text == "40?7"


def test_one_digit_is_read_as_it_lies_on_the_whole_paper():
    (ink,) = digit_on(drawing(1)).digits

    assert ink.shape == (280, 280)
    assert ink.any()


@pytest.mark.parametrize("digits", [(1, 9, 8, 4), (2, 0, 6), (5, 3, 7)])
def test_a_number_is_as_many_digits_as_were_drawn_in_their_order(digits, recogniser):
    paper = drawing(*digits)
    found = number_on(paper)
    reading = read(found, recogniser, "#1 Lecture")

    assert len(found.digits) == len(digits)
    assert len(reading.text) == len(digits)
    # Each part alone is what it is in the number.
    for place, digit in enumerate(digits):
        (alone,) = number_on(drawing(digit)).digits
        assert abs(alone.shape[0] - found.digits[place].shape[0]) <= 2
        assert reading.only(place).text == reading.text[place]


def test_the_least_sure_digit_of_a_number_is_named(recogniser):
    reading = read(number_on(drawing(1, 7)), recogniser, "#1 Lecture")
    sure = [each.probability for each in reading.answers]

    assert sure[reading.least_sure] == min(sure)
    assert reading.probabilities.shape == (2, 10)
    assert reading.seen.shape == (2, 28, 28)


@pytest.mark.parametrize("look", [digit_on, number_on])
def test_empty_paper_is_refused_in_words(look):
    with pytest.raises(PictureError, match="shows no ink"):
        look(Image.new("L", (280, 280), 255))


class Nearest:
    """A refusal that takes nothing but answers of these digits."""

    def __init__(self, *digits: int) -> None:
        self._digits = digits

    def accepts(self, answer: Answer) -> bool:
        return answer.digit in self._digits


def test_what_is_refused_is_known_by_its_place(recogniser):
    ink = number_on(drawing(1, 7, 4))
    free = read(ink, recogniser, "#1 Lecture")
    assert free.refused == frozenset()

    kept = free.answers[0].digit
    reading = read(ink, recogniser, "#1 Lecture", Nearest(kept))
    assert reading.refused == {place for place, answer in enumerate(free.answers) if answer.digit != kept}
    assert [bool(reading.only(place).refused) for place in range(3)] == [place in reading.refused for place in range(3)]


def test_whether_it_is_a_digit_is_said_in_every_state_of_the_threshold(refusal):
    known = Threshold(refusal)

    assert "still being worked out" in verdict(Threshold(pending=True), 0, "7")
    assert verdict(known, 0, "7") == "Close enough to the training images: this is a digit."
    assert "these are digits" in verdict(known, 0, "714")
    assert verdict(Threshold(problem="The run has 12 test images."), 0, "7").endswith("The run has 12 test images.")


def test_a_verdict_leads_with_the_answer_and_says_what_is_unusual(refusal):
    known = Threshold(refusal)

    assert verdict(known, 1, "7", "thin, off centre") == (
        "**7** – but unlike what this network learnt (thin, off centre)"
    )
    assert "(in its shape: stroke, size, place and slant are usual)" in verdict(known, 1, "7")
    assert verdict(known, 1, "714") == "1 of these 3 digits is unlike what this network learnt."
    assert verdict(known, 2, "714").startswith("2 of these 3 digits are unlike")
    assert "test digits wrongly" in rates(refusal)


def test_an_answer_between_two_digits_says_between_which(refusal):
    words = between(answer(d8=0.5, d1=0.4))

    assert verdict(Threshold(refusal), 1, "8", "thin", words) == "**8** – but hardly more like an 8 than like a 1"


@pytest.fixture
def refusal() -> Refusal:
    references = References(np.zeros((1, 28, 28), np.uint8), np.ones((1, 64), np.float32), np.zeros(1, int))
    score = DigitScore(references, np.zeros(feature_count(answer(d1=1))), 0.0)
    return Refusal(0.0, 0.03, {"letters": 0.8}, {"digits": 100, "letters": 40}, score)
