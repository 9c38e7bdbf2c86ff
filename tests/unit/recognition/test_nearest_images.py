"""The training images that the network takes for most alike."""

import numpy as np
import pytest

from digits_core.recognition.nearest_images import HiddenNeighbours


@pytest.fixture(scope="module")
def neighbours(recogniser, digits, few_optdigits) -> HiddenNeighbours:
    return HiddenNeighbours(recogniser, [few_optdigits, digits])


def test_a_training_image_is_its_own_nearest_at_distance_zero(recogniser, neighbours, digits):
    for index in digits.indices("train")[::100]:
        nearest = neighbours.nearest(recogniser.read(digits.images[index]).seen, count=1)[0]

        assert nearest.distance == pytest.approx(0, abs=1e-5)
        np.testing.assert_array_equal(nearest.image, digits.images[index])
        assert (nearest.dataset, nearest.label) == (digits.name, digits.labels[index])


def test_neighbours_say_where_they_stand_and_come_the_nearest_first(neighbours, answers, digits, few_optdigits):
    sets = {digits.name: digits, few_optdigits.name: few_optdigits}
    found = neighbours.nearest(answers[0].seen, count=200)
    distances = [each.distance for each in found]

    assert len(found) == 200
    assert {each.dataset for each in found} == set(sets)
    assert distances == sorted(distances)
    assert 0 <= distances[0] <= distances[-1] <= 1
    for each in found:
        assert each.label == sets[each.dataset].labels[each.index]
        np.testing.assert_array_equal(each.image, sets[each.dataset].images[each.index])


def test_no_neighbour_is_a_test_image(neighbours, digits, answers):
    found = neighbours.nearest(answers[3].seen, count=10_000)
    own = [each.index for each in found if each.dataset == digits.name]

    assert not digits.test[own].any()
    assert sorted(own) == digits.indices("train").tolist()


def test_the_nearest_images_mostly_show_the_digit_that_the_network_answers(neighbours, answers):
    same = [each.label == answer.digit for answer in answers for each in neighbours.nearest(answer.seen)]

    assert len(same) == 3 * len(answers)
    assert np.mean(same) > 0.8
