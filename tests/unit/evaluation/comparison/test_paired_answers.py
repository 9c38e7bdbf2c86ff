"""Each image to which two runs give different answers is counted for the run that is right."""

import numpy as np
import pytest

from digits_core.evaluation.comparison.paired_answers import disagreement
from digits_core.evaluation.metrics import Answers


def answers(labels, said) -> Answers:
    return Answers(np.array(labels), np.eye(10, dtype=np.float32)[list(said)])


def test_each_image_that_two_runs_split_on_is_in_its_group():
    labels = [1, 2, 3, 4, 5]
    found = disagreement(answers(labels, [1, 2, 7, 0, 0]), answers(labels, [1, 8, 3, 9, 0]))

    assert found.only_first_right.tolist() == [1]
    assert found.only_second_right.tolist() == [2]
    assert found.both_wrong_otherwise.tolist() == [3]
    assert found.both_wrong_alike.tolist() == [4]
    assert found.everywhere.tolist() == [1, 2, 3]


def test_answers_to_different_images_are_not_compared():
    with pytest.raises(ValueError, match="different images"):
        disagreement(answers([1, 2], [1, 2]), answers([2, 1], [1, 2]))
