"""What a test set's answers come to, held to scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

from digits_core.evaluation.metrics import Answers, accuracy, digit_counts, per_digit

TOP = 8.0


def answers(labels: list[int], digits: list[int], logit: float = TOP) -> Answers:
    """Answers that name these digits; the higher the logit, the surer."""
    logits = np.zeros((len(digits), 10), dtype=np.float32)
    logits[np.arange(len(digits)), digits] = logit
    return Answers(np.array(labels, dtype=np.int64), logits)


pairs = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=60)


@given(pairs)
def test_matrix_precision_recall_and_f1_are_those_of_scikit_learn(each):
    labels, digits = map(list, zip(*each, strict=True))
    found = answers(labels, digits)
    scores = per_digit(found.confusion)
    expected = precision_recall_fscore_support(labels, digits, labels=range(10), zero_division=np.nan)

    assert (found.confusion == confusion_matrix(labels, digits, labels=range(10))).all()
    assert found.accuracy == pytest.approx(accuracy_score(labels, digits))
    for name, values in zip(("precision", "recall", "f1", "images"), expected, strict=True):
        assert [getattr(score, name) for score in scores] == pytest.approx(values.tolist(), nan_ok=True)


def test_a_digit_that_is_neither_there_nor_answered_has_no_scores():
    seven = per_digit(answers([1, 2], [1, 1]).confusion)[7]

    assert (seven.images, seven.answers) == (0, 0)
    assert np.isnan([seven.precision, seven.recall, seven.f1]).all()


def test_probabilities_add_up_to_one_for_logits_of_any_size():
    found = Answers(np.array([0, 1]), np.array([[1e30] + [0] * 9, [-1e4] * 10], dtype=np.float32))

    assert found.probabilities.sum(axis=1) == pytest.approx([1, 1])
    assert found.confidence == pytest.approx([1, 0.1])


def test_a_cell_holds_its_images_the_surest_first():
    logits = np.zeros((4, 10), dtype=np.float32)
    logits[[0, 1, 2, 3], [9, 9, 4, 9]] = [1, 3, 2, 2]
    found = Answers(np.array([4, 4, 4, 4]), logits)

    assert found.where(4, 9).tolist() == [1, 3, 0]
    assert found.where(wrong=True).tolist() == [1, 3, 0]
    assert found.where(4).tolist() == [1, 2, 3, 0]
    assert found.where(answer=5).tolist() == []


def test_the_accuracy_of_each_digit_counts_its_own_images():
    counts = digit_counts(Answers(np.array([1, 1, 2]), np.eye(10)[[1, 7, 2]]))

    assert counts.right[1] == 1
    assert counts.accuracy[[1, 2]].tolist() == [0.5, 1.0]
    assert np.isnan(counts.accuracy[0])


def test_no_images_have_no_accuracy():
    assert np.isnan(accuracy(np.zeros((10, 10), dtype=int)))
