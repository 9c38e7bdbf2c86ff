"""What would tip an answer: a change that really tips it, near the ink, and no larger than it has to be."""

import numpy as np
import pytest
from scipy import ndimage

from digits_core.recognition.counterfactual import MOST_CHANGED, Counterfactual, find_counterfactual


@pytest.fixture(scope="module")
def tips(recogniser, answers) -> list[tuple]:
    """For eight answers: the answer, its runner-up, and what would tip it to that."""
    runners_up = [int(np.argsort(answer.probabilities)[-2]) for answer in answers[:8]]
    return [
        (answer, other, find_counterfactual(recogniser, answer.seen, other))
        for answer, other in zip(answers[:8], runners_up, strict=True)
    ]


def found(tips) -> list[tuple]:
    return [each for each in tips if each[2] is not None]


def test_most_answers_can_be_tipped_to_the_runner_up(tips):
    assert len(found(tips)) >= 6


def test_the_network_really_says_the_other_digit_then(recogniser, tips):
    for answer, other, tip in found(tips):
        again = recogniser.read_seen(tip.seen[None])[0]

        assert answer.digit != again.digit == other
        np.testing.assert_allclose(tip.probabilities, again.probabilities, atol=1e-5)


def test_the_change_leads_from_what_was_seen_to_what_tips(tips):
    for answer, _, tip in found(tips):
        np.testing.assert_allclose(answer.seen / 255 + tip.change, tip.seen / 255, atol=0.5 / 255 + 1e-6)
        assert tip.share == pytest.approx(np.abs(tip.change).sum() / (answer.seen.sum() / 255))
        assert 0 < tip.share <= MOST_CHANGED


def test_half_of_the_change_is_not_enough(recogniser, tips):
    for answer, other, tip in found(tips):
        half = np.rint(answer.seen + 127.5 * tip.change).astype(np.uint8)

        assert recogniser.read_seen(half[None])[0].digit != other


def test_ink_is_only_added_within_reach_of_a_pen_that_goes_on_from_a_stroke(tips):
    for answer, _, tip in found(tips):
        strokes = np.maximum(answer.seen, tip.seen) > 0
        marks, count = ndimage.label(strokes, np.ones((3, 3)))
        touching = [(answer.seen[marks == mark] > 0).any() for mark in range(1, count + 1)]

        assert all(touching)


def test_an_answer_is_not_tipped_to_itself(recogniser, answers):
    assert find_counterfactual(recogniser, answers[0].seen, answers[0].digit) is None


def test_empty_paper_is_not_tipped(recogniser):
    assert find_counterfactual(recogniser, np.zeros((28, 28), np.uint8), 5) is None


def test_what_would_take_too_much_ink_is_not_found(recogniser, answers):
    speck = np.zeros((28, 28), np.uint8)
    speck[14, 14] = 255
    said = recogniser.read_seen(speck[None])[0].digit
    tips = [find_counterfactual(recogniser, speck, other) for other in range(10) if other != said]

    assert None in tips
    assert all(isinstance(tip, Counterfactual) and tip.share <= MOST_CHANGED for tip in tips if tip)
