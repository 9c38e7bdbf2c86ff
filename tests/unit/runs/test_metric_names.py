"""What metrics are called elsewhere."""

import pytest

from digits_core.runs.export.tensorboard import TAGS
from digits_core.runs.metric_names import known_metric


@pytest.mark.parametrize(("field", "tag"), TAGS.items())
def test_the_tags_of_our_own_event_files_are_known(field, tag):
    assert known_metric(tag) == field


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("train/loss", "train_loss"),
        ("Loss/train", "train_loss"),
        ("Accuracy/val", "test_accuracy"),
        ("Validation Loss", "test_loss"),
        ("val_acc", "test_accuracy"),
        ("train_loss_epoch", "train_loss"),
        ("accuracy", "train_accuracy"),
        ("lr", "learning_rate"),
        ("train_loss_step", None),
        ("loss/total", None),
        ("train", None),
        ("", None),
    ],
)
def test_usual_spellings_are_known_and_others_are_metrics_of_their_own(name, figure):
    assert known_metric(name) == figure
