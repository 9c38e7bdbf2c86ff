"""Not a digit: what is refused, how often rightly and how often wrongly, and that the threshold stays with its run."""

from dataclasses import replace
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digits_core.config import DataConfig
from digits_core.dashboard.recognise.recognition_result import rates
from digits_core.errors import DatasetError
from digits_core.recognition.out_of_distribution import (
    VERSION,
    WRONGLY_REFUSED,
    Refusal,
    _read_kept,
    _to_keep,
    calibrate,
    data_key,
    load_refusal,
    refused_share,
)
from digits_core.recognition.recogniser import Recogniser
from digits_core.recognition.synthetic_negatives import MAKERS, not_digits
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.execution import as_arrays
from tests.benchmarks.other_marks import other_marks
from tests.unit.conftest import cut
from tests.unit.helpers import fill
from tests.unit.recognition.conftest import CONFIG

KEPT_NUMBERS = ("data", "threshold", "refused_digits", "refused_others", "counts", "intercept")
KEPT_ARRAYS = ("seen", "hidden", "labels")


@pytest.fixture
def artifacts(tmp_path) -> Artifacts:
    return Artifacts(tmp_path)


@pytest.fixture(scope="module")
def worked_out(recogniser, few_mnist, tmp_path_factory) -> tuple[Refusal, Path]:
    """The threshold of a run and the folder of the artifacts with which it was kept."""
    folder = tmp_path_factory.mktemp("worked_out")
    return load_refusal(recogniser, Artifacts(folder), lambda name: few_mnist), folder


@pytest.fixture
def kept(worked_out, artifacts, tmp_path) -> Refusal:
    """What was worked out and kept with the artifacts: a copy of these, the test's own to change."""
    refusal, folder = worked_out
    copytree(folder, tmp_path, dirs_exist_ok=True)
    return refusal


@pytest.fixture(scope="module")
def refused(recogniser, refusal, digits, mnist_5k) -> dict[str, float]:
    """The refused shares of digits that neither training nor the threshold saw, and of other kinds of marks."""
    images, known = mnist_5k.images, {image.tobytes() for image in digits.images}
    fresh = np.stack([image for image in images if image.tobytes() not in known])[::8]
    marks = other_marks(25, seed=7)
    return {
        "digits": refused_share(refusal, recogniser.read_alike(fresh)),
        **{kind: refused_share(refusal, recogniser.read_all(inks)) for kind, inks in marks.items()},
    }


def test_digits_that_neither_training_nor_the_threshold_saw_are_seldom_refused(refused):
    assert refused["digits"] <= WRONGLY_REFUSED + 0.1  # a hundred digits set the threshold here: it is a rough one


def test_marks_of_other_kinds_and_fonts_than_it_was_judged_by_are_refused_far_more_often(refused):
    others = {kind: share for kind, share in refused.items() if kind != "digits"}

    assert np.mean(list(others.values())) > 0.4
    assert min(others.values()) > 2 * refused["digits"]


def test_paper_without_ink_is_refused_however_sure_the_network_is(recogniser, refusal):
    blank = recogniser.read_seen(np.zeros((1, 28, 28), np.uint8))[0]

    assert not refusal.accepts(blank)


def test_the_rates_say_on_how_many_they_were_measured(refusal):
    assert set(refusal.refused_others) == set(MAKERS)
    assert refusal.counts == {"digits": 100, **dict.fromkeys(MAKERS, 40)}
    assert 0 <= refusal.refused_digits <= WRONGLY_REFUSED + 0.07
    assert all(0 <= rate <= 1 for rate in refusal.refused_others.values())


def test_a_reference_is_as_alike_as_can_be(recogniser, refusal):
    references = refusal.score.references
    answers = recogniser.read_seen(references.seen[::20])
    alike = references.likeness(answers)

    np.testing.assert_allclose(alike[:, 0], 1, atol=1e-5)
    # In pixels it is compared with those of the digit that it is read as.
    read_rightly = [answer.digit for answer in answers] == references.labels[::20]
    assert read_rightly.sum() > 20
    np.testing.assert_allclose(alike[read_rightly, 1], 1, atol=1e-5)


def test_asking_for_one_says_what_asking_for_many_does(recogniser, refusal):
    answers = recogniser.read_all(not_digits(4, seed=3)["letters"])

    alike = refusal.scores(answers) >= refusal.threshold
    assert [refusal.accepts(answer) for answer in answers] == [
        bool(near) and refusal.decides(answer) for near, answer in zip(alike, answers, strict=True)
    ]
    assert refused_share(refusal, answers) == 1 - np.mean([refusal.accepts(answer) for answer in answers])


def test_an_answer_between_two_digits_is_refused_though_it_looks_like_one(recogniser, refusal, digits):
    (answer, *_) = (each for each in recogniser.read_alike(digits.of("test")[0]) if refusal.accepts(each))
    torn = np.array(answer.logits)
    torn[np.argsort(torn)[-2]] = torn.max() - refusal.least_margin / 2
    between = replace(answer, logits=torn)

    assert refusal.least_margin > 0
    assert not replace(refusal, threshold=-np.inf).accepts(between)
    assert replace(refusal, threshold=-np.inf).accepts(answer)


def test_it_is_kept_with_the_run_and_needs_no_data_the_next_time(recogniser, artifacts, kept, answers):
    again = load_refusal(recogniser, artifacts, unread)

    assert (again.threshold, again.refused_others, again.counts) == (kept.threshold, kept.refused_others, kept.counts)
    np.testing.assert_array_equal(again.scores(answers), kept.scores(answers))


def test_a_run_that_learnt_more_gets_a_threshold_of_its_own(trained, recogniser, artifacts, kept, few_mnist):
    weights = {name: values * 1.05 for name, values in as_arrays(trained.network).items()}
    asked = []
    load_refusal(Recogniser(CONFIG, weights), artifacts, lambda name: asked.append(name) or few_mnist)

    assert asked


def test_a_damaged_file_is_worked_out_again(recogniser, artifacts, kept, few_mnist, tmp_path):
    (tmp_path / "refusal.npz").write_bytes(b"half a zip")

    assert load_refusal(recogniser, artifacts, lambda name: few_mnist).threshold == pytest.approx(kept.threshold)


def unread(name: str):
    raise AssertionError(f"{name} was read again")


def gone(name: str):
    raise DatasetError(f"There is no dataset {name!r}.")


def worked_out_again(recogniser, artifacts, few_mnist, data: str = "") -> bool:
    asked = []
    load_refusal(recogniser, artifacts, lambda name: asked.append(name) or few_mnist, data)
    return bool(asked)


@pytest.mark.parametrize("version", [None, 0, VERSION + 1])
def test_a_threshold_of_another_version_is_worked_out_again_and_then_kept(
    recogniser, artifacts, kept, few_mnist, version
):
    report, arrays = artifacts.load_refusal()
    artifacts.save_refusal(report | {"version": version}, arrays)

    assert worked_out_again(recogniser, artifacts, few_mnist)
    assert not worked_out_again(recogniser, artifacts, few_mnist)


def test_a_threshold_of_other_data_is_worked_out_again_and_stays_in_use_where_they_are_gone(
    recogniser, artifacts, kept, few_mnist
):
    assert worked_out_again(recogniser, artifacts, few_mnist, data="one more digit")
    assert not worked_out_again(recogniser, artifacts, few_mnist, data="one more digit")
    assert load_refusal(recogniser, artifacts, gone, "deleted").threshold == pytest.approx(kept.threshold)


def test_on_a_full_disk_it_is_used_all_the_same_and_kept_once_there_is_room(recogniser, small_disk, few_mnist):
    artifacts = Artifacts(small_disk / "run")
    fill(small_disk / "everything")
    assert worked_out_again(recogniser, artifacts, few_mnist)
    assert artifacts.load_refusal() is None

    (small_disk / "everything").unlink()
    assert worked_out_again(recogniser, artifacts, few_mnist)
    assert not worked_out_again(recogniser, artifacts, few_mnist)


def test_without_data_and_without_a_kept_threshold_it_is_said(recogniser, artifacts):
    with pytest.raises(DatasetError, match="There is no dataset"):
        load_refusal(recogniser, artifacts, gone)


def test_what_the_threshold_depends_on_changes_with_each_of_the_runs_datasets():
    config = CONFIG.replace(data=DataConfig(train=("optdigits", "handwriting"), test=("optdigits",)))

    def key(**versions: str) -> str:
        return data_key(config, lambda name: versions.get(name, "1"))

    assert key() == key(mnist="2")
    assert len({key(), key(handwriting="2"), key(optdigits="2")}) == 3


WRONG = st.sampled_from([None, "", "x", -1, [], [1.0], {}, float("nan"), [float("nan")] * 2])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(["report", *KEPT_NUMBERS, *KEPT_ARRAYS]), wrong=WRONG, missing=st.booleans())
def test_a_kept_threshold_with_something_wrong_in_it_is_left_alone_or_can_be_used(
    recogniser, answers, kept, artifacts, name, wrong, missing
):
    """A file that another version or another program wrote: never an error with every drawing."""
    report, arrays = _to_keep(kept, recogniser.fingerprint, "")
    part = arrays if name in arrays else report
    if missing or name == "report":
        part.pop(name, None)
    else:
        part[name] = np.asarray(wrong) if name in arrays else wrong
    try:
        artifacts.save_refusal(wrong if name == "report" else report, arrays)
    except ValueError:  # NumPy refuses an array of `None`: nobody can have written that
        return

    found = _read_kept(artifacts, recogniser)

    if found is not None:
        refusal, _ = found
        assert np.isfinite([*refusal.scores(answers), refusal.threshold]).all()
        assert "test digits wrongly" in rates(refusal)


def test_a_threshold_without_one_of_its_values_is_worked_out_again(recogniser, artifacts, kept, few_mnist):
    report, arrays = artifacts.load_refusal()
    del report["intercept"]
    artifacts.save_refusal(report, arrays)

    assert worked_out_again(recogniser, artifacts, few_mnist)


def test_too_few_test_images_are_said(recogniser, mnist_5k):
    few = cut(mnist_5k, train=100, test=12)

    with pytest.raises(DatasetError, match="has 12 test images"):
        calibrate(recogniser, [few], [few])


def test_the_same_seed_makes_the_same_marks_and_another_makes_others():
    first, again, other = (not_digits(2, seed) for seed in (1, 1, 2))

    for kind, inks in first.items():
        np.testing.assert_array_equal(inks, again[kind])
        assert not np.array_equal(inks, other[kind])
        assert all(ink.dtype == np.uint8 and ink.shape == (84, 84) and ink.any() for ink in inks)
