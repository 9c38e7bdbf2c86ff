"""What the browser reads with: the network of the run that is shipped can be had without PyTorch, and is the same."""

import numpy as np

from digits_core.browser.model import model_of, model_of_halves
from digits_core.config import RunConfig
from digits_core.recognition.recogniser import Recogniser
from digits_core.runs.starter import load_shipped_weights, shipped_run


def test_the_shipped_network_is_the_same_without_pytorch() -> None:
    config, weights = RunConfig.model_validate(shipped_run()["config"]), load_shipped_weights()
    whole, numbers = model_of(Recogniser(config, weights))

    light, light_numbers = model_of_halves(config, weights)

    assert (light["layers"], light["transform"], light["refusal"]) == (whole["layers"], whole["transform"], None)
    assert light["arrays"].keys() == whole["arrays"].keys() == weights.keys()
    for name, values in weights.items():
        np.testing.assert_array_equal(_read(light["arrays"][name], light_numbers), values.ravel())
        np.testing.assert_array_equal(_read(whole["arrays"][name], numbers), values.ravel())


def _read(place: dict, numbers: bytes) -> np.ndarray:
    return np.frombuffer(numbers, place["type"], place["length"], place["offset"])
