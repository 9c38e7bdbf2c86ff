"""Letters drawn by code: what the score for "not a digit" is fitted against."""

import numpy as np

from digits_core.recognition.letters import LETTERS, letters
from digits_core.recognition.out_of_distribution import LETTERS_FITTED, refused_share


def test_the_same_seed_draws_the_same_letters_and_another_draws_others():
    first, again, other = (letters(len(LETTERS), seed) for seed in (1, 1, 2))

    np.testing.assert_array_equal(first, again)
    assert not (first == other).all(axis=(1, 2)).any()
    assert (first.dtype, first.shape) == (np.uint8, (len(LETTERS), 28, 28))


def test_each_letter_is_a_piece_of_ink_of_its_own():
    drawn = letters(len(LETTERS), seed=1).reshape(len(LETTERS), -1) / 255

    ink = drawn.mean(axis=1)
    assert (ink > 0.02).all()
    assert (ink < 0.5).all()
    alike = np.corrcoef(drawn) - np.eye(len(LETTERS))
    assert alike.max() < 0.99


def test_each_letter_is_fitted_on_more_than_once():
    assert 10 * len(LETTERS) <= LETTERS_FITTED


def test_letters_of_another_seed_are_refused_far_more_often_than_digits(recogniser, refusal, digits):
    others = recogniser.read_alike(letters(2 * len(LETTERS), seed=9))

    assert refused_share(refusal, others) > 0.6
    assert refused_share(refusal, recogniser.read_alike(digits.of("test")[0])) < 0.15
