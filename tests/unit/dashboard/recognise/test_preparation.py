"""The steps that the page shows are those that recognition takes."""

import numpy as np
import pytest
import torch

from digits_core.config import RunConfig, TransformConfig
from digits_core.dashboard.recognise.preparation import steps
from digits_core.dashboard.recognise.recognition_result import digit_on
from digits_core.network.improved_net import ImprovedNet
from digits_core.recognition.recogniser import Recogniser
from digits_core.transforms import batched
from tests.unit.dashboard.recognise.test_recognition_result import drawing


@pytest.mark.parametrize("config", [TransformConfig(), TransformConfig(centre=True), TransformConfig(size=20)])
def test_the_last_but_one_step_is_what_the_network_sees_and_the_last_what_it_gets(config):
    ink = digit_on(drawing(5))
    weights = {name: values.numpy() for name, values in ImprovedNet(config.size).state_dict().items()}
    seen = Recogniser(RunConfig(transform=config), weights).read(ink.digits[0]).seen

    *_, before, last = steps(ink.picture, ink.digits[0], config)
    assert np.array_equal(before.image, seen)
    fed = batched.normalise(torch.from_numpy(seen)[None, None], config)[0, 0].numpy()
    assert np.abs(last.image - fed).max() <= 0.005
    assert last.value_range == (-1, 1)


def test_centring_is_shown_in_its_three_parts():
    ink = digit_on(drawing(1))
    way = {step.title: step.image for step in steps(ink.picture, ink.digits[0], TransformConfig(centre=True))}

    assert list(way) == ["Picture", "Ink", "Crop", "Scale", "Centre of mass", "Normalise"]
    assert way["Crop"].shape[0] < way["Ink"].shape[0]
    assert max(way["Scale"].shape) == 20
    rows = np.arange(28) + 0.5
    middle = (way["Centre of mass"].sum(axis=1) * rows).sum() / way["Centre of mass"].sum()
    assert abs(middle - 14) <= 0.5


def test_without_centring_size_and_place_stay():
    ink = digit_on(drawing(1))

    titles = [step.title for step in steps(ink.picture, ink.digits[0], TransformConfig())]
    assert titles == ["Picture", "Ink", "Resize", "Normalise"]
