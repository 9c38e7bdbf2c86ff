"""Digits drawn by code: the file is what the code draws, every form is there, and one seed draws one set."""

import numpy as np
import pytest

from digits_core.data.strokes import FORMS, PER_DIGIT, SIDE, draw, draw_digits, read_strokes


def test_the_file_holds_what_the_code_draws():
    digits = read_strokes()
    images, labels = draw_digits(per_digit=3)

    np.testing.assert_array_equal(digits.labels[:30], labels)
    # Another version of Pillow may round edges differently; a change of the forms moves whole strokes.
    assert np.abs(digits.images[:30].astype(int) - images).mean() < 1


def test_each_digit_is_there_as_often_and_a_fifth_of_it_is_for_testing():
    digits = read_strokes()

    assert digits.shape == (SIDE, SIDE)
    np.testing.assert_array_equal(digits.counts("train") + digits.counts("test"), PER_DIGIT)
    np.testing.assert_array_equal(digits.counts("test"), PER_DIGIT // 5)


@pytest.mark.parametrize("digit", range(10))
def test_a_drawing_of_any_form_is_ink_inside_its_image(digit):
    rng = np.random.default_rng(digit)
    for _ in range(10 * len(FORMS[digit])):
        image = draw(digit, rng)

        assert image.dtype == np.uint8
        assert image.max() > 200
        rows, columns = np.nonzero(image > 32)
        assert 14 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 24


def test_another_seed_draws_other_digits():
    assert not np.array_equal(draw_digits(1, seed=0)[0], draw_digits(1, seed=1)[0])
