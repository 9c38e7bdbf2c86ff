"""Which pixels decided: shares that add up, signs that mean what the page says."""

import numpy as np
import pytest

from digits_core.recognition.explain import attribute, contributions, preference


def gain(recogniser, seen: np.ndarray, digit: int, against: int | None) -> float:
    """By how much what was seen speaks more for the digit than empty paper does, in logits."""
    images = recogniser.normalised(np.stack([seen, np.zeros_like(seen)]))
    inked, blank = preference(recogniser, images, digit, against).tolist()
    return inked - blank


@pytest.mark.parametrize("against", [None, 4])
def test_the_shares_of_all_pixels_add_up_to_the_difference_that_the_ink_makes(recogniser, answers, against):
    for answer in answers[:6]:
        shares = contributions(recogniser, answer.seen, 7, against)

        assert shares.sum() == pytest.approx(gain(recogniser, answer.seen, 7, against), abs=0.1, rel=0.02)


@pytest.mark.parametrize("against", [None, 4])
def test_the_shares_are_those_that_captum_finds(recogniser, answers, against):
    from captum.attr import IntegratedGradients

    for answer in answers[:3]:
        images, blank = recogniser.normalised(np.stack([answer.seen, np.zeros_like(answer.seen)])).split(1)
        method = IntegratedGradients(lambda batch: preference(recogniser, batch, 7, against))
        expected = method.attribute(images, blank, n_steps=128)[0, 0].detach().numpy()
        np.testing.assert_allclose(contributions(recogniser, answer.seen, 7, against), expected, atol=1e-4)


def test_the_strongest_share_has_size_one_and_paper_has_none(recogniser, answers):
    answer = answers[0]
    shares = attribute(recogniser, answer.seen, answer.digit)

    assert (shares.shape, shares.dtype) == (answer.seen.shape, np.float32)
    assert np.abs(shares).max() == pytest.approx(1)
    assert np.abs(shares[answer.seen == 0]).max() == 0


def test_what_speaks_for_one_digit_speaks_against_the_other(recogniser, answers):
    seen = answers[1].seen

    np.testing.assert_allclose(
        attribute(recogniser, seen, 3, against=8), -attribute(recogniser, seen, 8, against=3), atol=1e-3
    )


def test_without_the_ink_that_speaks_for_it_the_answer_loses_more_than_without_as_much_other_ink(recogniser, answers):
    lost, lost_elsewhere = [], []
    for answer in answers:
        shares = contributions(recogniser, answer.seen, answer.digit)
        inked = np.flatnonzero(answer.seen)
        order = inked[np.argsort(-shares.reshape(-1)[inked])]
        for places, losses in ((order[:20], lost), (order[-20:], lost_elsewhere)):
            without = answer.seen.copy()
            without.reshape(-1)[places] = 0
            losses.append(answer.logits[answer.digit] - recogniser.read_seen(without[None])[0].logits[answer.digit])

    assert np.mean(lost) > np.mean(lost_elsewhere)


def test_empty_paper_has_no_shares(recogniser):
    assert not attribute(recogniser, np.zeros((28, 28), np.uint8), 3).any()


def test_asking_changes_nothing_in_the_network(recogniser, answers):
    before = {name: values.clone() for name, values in recogniser.network.state_dict().items()}
    attribute(recogniser, answers[2].seen, 1)

    assert all(values.equal(before[name]) for name, values in recogniser.network.state_dict().items())
    assert all(values.grad is None for values in recogniser.network.parameters())
    np.testing.assert_array_equal(recogniser.read_seen(answers[2].seen[None])[0].logits.argmax(), answers[2].digit)
