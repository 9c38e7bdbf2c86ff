"""The images behind a run's answers: in their order, of several datasets, and only where they are still the same."""

import numpy as np
import pytest
import torch

from digits_core.config import DataConfig, TransformConfig
from digits_core.data.digits import Digits
from digits_core.errors import DatasetError
from digits_core.evaluation import test_set
from digits_core.network.improved_net import ImprovedNet
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.execution import execute
from digits_core.runs.store import RunStore
from digits_core.transforms import batched
from tests.unit.helpers import run_config

TWO = DataConfig(train=("small",), test=("small", "large"))


@pytest.fixture
def sets(few_optdigits, few_mnist) -> dict[str, Digits]:
    small, large = few_optdigits, few_mnist
    writers = tuple("ada" if place % 3 else "bob" for place in range(len(large)))
    return {
        "small": Digits("small", small.images, small.labels, small.test),
        "large": Digits("large", large.images, large.labels, large.test, writers),
    }


def trained(store: RunStore, artifacts: Artifacts, sets: dict[str, Digits], data: DataConfig):
    """A run of one epoch on these sets."""
    config = run_config(data, TransformConfig(size=10), epochs=1, batch_size=50)
    run = store.create(config, "test")
    for event in execute(config, sets.__getitem__, artifacts):
        store.apply(run.id, event)
    return store.get(run.id)


def grown(digits: Digits, by: int) -> Digits:
    """The same digits, and the first `by` of them again at the end."""
    again = np.concatenate([np.arange(len(digits)), np.arange(by)])
    writers = tuple(digits.writers[place] for place in again) if digits.writers else ()
    return Digits(digits.name, digits.images[again], digits.labels[again], digits.test[again], writers)


@pytest.mark.parametrize(
    "data", [TWO, TWO.replace(test_writers=("bob",)), DataConfig(train=("large",), test=("small",))]
)
def test_images_stand_in_the_order_of_the_answers_that_a_run_has_kept(store, tmp_path, sets, data):
    artifacts = Artifacts(tmp_path / "run")
    run = trained(store, artifacts, sets, data)
    kept = artifacts.load_test_result()
    tested = test_set.test_set_of_run(run, sets.__getitem__)
    weights = {name: torch.from_numpy(values) for name, values in artifacts.load_weights().items()}

    assert (tested.labels == kept.labels).all()
    network = ImprovedNet(10).eval()
    network.load_state_dict(weights)
    for number in (0, 1, len(tested) // 2, len(tested) - 1):
        pixels = batched.prepare(tested.image(number)[None], run.config.transform)
        logits = network(batched.normalise(pixels, run.config.transform))
        assert logits[0].detach().numpy() == pytest.approx(kept.logits[number], abs=1e-4)


def test_each_image_is_found_in_its_dataset(sets):
    tested = test_set.test_set_of(TWO.replace(test_writers=("bob",)), sets.__getitem__)

    places = [tested.place(number) for number in range(len(tested))]
    assert {name for name, _ in places} == {"large", "small"}
    for number, (name, index) in enumerate(places):
        assert (sets[name].images[index] == tested.image(number)).all()
        assert sets[name].labels[index] == tested.labels[number]
    assert [len(images) for images in tested.images()] == [80, int((np.array(sets["large"].writers) == "bob").sum())]


@pytest.mark.parametrize(
    "data", [DataConfig(train=("small",), test=("large",)), TWO, TWO.replace(test_writers=("bob",))]
)
@pytest.mark.parametrize("by", [1, 40])
def test_a_set_that_has_grown_since_still_shows_the_images_of_that_time(store, tmp_path, sets, data, by):
    run = trained(store, Artifacts(tmp_path / "run"), sets, data)
    before = test_set.test_set_of_run(run, sets.__getitem__)
    sets["large"] = grown(sets["large"], by)
    after = test_set.test_set_of_run(run, sets.__getitem__)

    assert [after.place(number) for number in range(len(after))] == [
        before.place(number) for number in range(len(before))
    ]


@pytest.mark.parametrize("change", ["relabelled", "shorter", "another split"])
def test_a_set_that_has_changed_since_is_named_and_shows_nothing(store, tmp_path, sets, change):
    run = trained(store, Artifacts(tmp_path / "run"), sets, TWO)
    old = sets["large"]
    labels, test = old.labels.copy(), old.test.copy()
    labels[5] = (labels[5] + 1) % 10
    test[5] = ~test[5]
    sets["large"] = {
        "relabelled": Digits("large", old.images, labels, old.test),
        "shorter": Digits("large", old.images[1:], old.labels[1:], old.test[1:]),
        "another split": Digits("large", old.images, old.labels, test),
    }[change]

    with pytest.raises(DatasetError, match="large has changed since it was trained"):
        test_set.test_set_of_run(run, sets.__getitem__)


def test_a_set_that_is_gone_is_said_to_be(catalogue, store, tmp_path, sets):
    run = trained(store, Artifacts(tmp_path / "run"), sets, TWO)

    with pytest.raises(DatasetError, match=r"cannot be shown\. There is no dataset 'small'"):
        test_set.test_set_of_run(run, catalogue.load)
