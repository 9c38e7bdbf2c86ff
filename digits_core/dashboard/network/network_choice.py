"""The networks of the views, and values computed from them: cached across reruns and sessions, never modified."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from digits_core.config import NetworkConfig, RunConfig, TrainingConfig, TransformConfig
from digits_core.dashboard.loaders import load_digits
from digits_core.dashboard.state import state
from digits_core.data.digits import Split
from digits_core.errors import RunError
from digits_core.figures.comparison_figures import shortened
from digits_core.figures.palette import run_colour
from digits_core.layers.placed import Layer, place_layers
from digits_core.runs.store import Run

if TYPE_CHECKING:
    from torch import Tensor

    from digits_core.network.backward import Backward
    from digits_core.network.build import AnyNetwork
    from digits_core.network.layered_network import Activation, Network
    from digits_core.network.separation import SampleMap
    from digits_core.network.weights import Spread

MAPPED = 300
"""Samples on a map: more would overlap, and PCA over tens of thousands of dimensions is slow."""
TRIED = 1000
"""Test images that a changed network is evaluated on: enough to see half a percent, and as fast as a click."""
NOISE_SEED = 0
START_COLOUR = "#8a8fa3"
LEGEND_LENGTH = 30
_AT_START = ", before training"


@dataclass(frozen=True)
class Subject:
    """A network to look at: that of a run, before or after training, or an untrained one.

    `run_id` is empty if it has no run; `config` gives the layers, the starting weights and the preparation of images.
    """

    title: str
    colour: str
    run_id: str
    trained: bool
    config: RunConfig
    traced: bool = False
    """Whether the network is a traced program of foreign code; `config` then has only the preparation of its images."""

    @property
    def size(self) -> int:
        return self.config.transform.size

    @property
    def short_title(self) -> str:
        """The title shortened for a legend; "start of" comes first, so that it is not cut off."""
        name = self.title.removesuffix(_AT_START)
        return f"{'' if name == self.title else 'start of '}{shortened(name, LEGEND_LENGTH)}"

    @property
    def start(self) -> Subject:
        """The same network before its first step."""
        return Subject(f"{self.title}{_AT_START}", START_COLOUR, self.run_id, False, self.config)


def subject_of(run: Run) -> Subject:
    """Return the trained network of a run."""
    return Subject(run.title, run_colour(run.number), run.id, True, run.config, run.is_logged)


def untrained(size: int, seed: int, network: NetworkConfig) -> Subject:
    """Return a network that has not been trained."""
    config = RunConfig(transform=TransformConfig(size=size), network=network, training=TrainingConfig(seed=seed))
    return Subject(f"Untrained, seed {seed}", START_COLOUR, "", False, config)


def network_of(subject: Subject) -> Network:
    """Return the network in evaluation mode, built of layers of this app.

    Raises `RunError` if the weights of the run are missing or broken, or its network was traced from foreign code.
    """
    from digits_core.network.layered_network import Network

    network = any_network_of(subject)
    if not isinstance(network, Network):
        raise RunError(f"{subject.title} has a network of layers that Digits Lab did not build.")
    return network


def any_network_of(subject: Subject) -> AnyNetwork:
    """Return the network of any run in evaluation mode; a foreign one has layer names, shapes and activations."""
    return _network(_key(subject), subject)


def layers_of(config: RunConfig) -> tuple[Layer, ...]:
    """Return the layers of a network in order, without building it."""
    return place_layers(config.network.layers, config.transform.size, config.training.dropout)


def activations_of(subject: Subject, image: np.ndarray) -> dict[str, Activation]:
    """Return the activations of each layer for one image, uint8 (H, W), prepared by the network's test transform."""
    from digits_core.network.activations import activations

    return activations(any_network_of(subject), _as_input(subject, image[None]))


def dead_units_of(subject: Subject, dataset: str) -> dict[str, np.ndarray]:
    """Mark, by layer, the units that stay 0 for the whole test split of a dataset; bool (units,)."""
    key = (_key(subject), dataset, state().catalogue.version(dataset))
    found = _dead_units(*key, subject)
    _searched().add(key)
    return found


def searched_for_dead_units(subject: Subject, dataset: str) -> bool:
    """Return True if `dead_units_of` has run before, in any session, and its result is cached."""
    return (_key(subject), dataset, state().catalogue.version(dataset)) in _searched()


def sample_maps_of(subject: Subject, dataset: str) -> dict[str, SampleMap]:
    """Return, by layer, the map of the samples that `mapped_samples` chooses."""
    return _sample_maps(_key(subject), dataset, state().catalogue.version(dataset), subject)


def weights_of(subjects: tuple[Subject, ...], layer: str) -> list[Spread]:
    """Return the histogram of a layer's weights in each of these networks, over the same edges."""
    return _weights(tuple(_key(subject) for subject in subjects), layer, subjects)


def mapped_samples(dataset: str) -> np.ndarray:
    """Return the dataset indices of the mapped test images: balanced over the digits, at most `MAPPED`."""
    from digits_core.network.separation import choose_samples

    digits = load_digits(dataset)
    test: Split = "test"
    return digits.indices(test)[choose_samples(digits.of(test)[1], MAPPED)]


def excitement_of(subject: Subject, dataset: str, layer: str) -> np.ndarray:
    """Return the largest activation of each unit for each of the `tried` test images, float32 (N, units)."""
    return _excitement(_key(subject), dataset, state().catalogue.version(dataset), layer, subject)


def answers_of(subject: Subject, dataset: str, change: Change) -> np.ndarray:
    """Return the prediction of the changed network for each of the `tried` test images, int64 (N,)."""
    return _answers(_key(subject), dataset, state().catalogue.version(dataset), change, subject)


def tried(dataset: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the first `TRIED` test images of a dataset, uint8 (N, H, W), and their labels."""
    images, labels = load_digits(dataset).of("test")
    return images[:TRIED], labels[:TRIED]


def backward_of(subject: Subject, image: np.ndarray, label: int) -> Backward:
    """Return the gradients of the loss of one image, uint8 (H, W), with the correct digit `label`."""
    from digits_core.network.backward import backward

    return backward(network_of(subject), _as_input(subject, image[None]), label)


def changed_weights(subject: Subject, change: Change) -> dict[str, np.ndarray]:
    """Return the changed weights of a network; the next layer with weights ignores the units that are off."""
    from digits_core.network.units import silenced

    return silenced(_changed(subject, change), change.off_by_layer)


def _changed(subject: Subject, change: Change) -> Network:
    """Return the network pruned and with noise, or unchanged; units that are off are not applied here."""
    from digits_core.network.build import restore_network
    from digits_core.network.units import noisy, pruned

    network = network_of(subject)
    if change.prune:
        network = restore_network(subject.config, pruned(network, change.prune)).eval()
    if change.noise:
        network = restore_network(subject.config, noisy(network, change.noise, NOISE_SEED)).eval()
    return network


def _as_input(subject: Subject, images: np.ndarray) -> Tensor:
    """Return images uint8 (N, H, W) as this network reads them, float32 (N, 1, S, S)."""
    from digits_core.transforms import batched

    return batched.normalise(batched.prepare(images, subject.config.transform), subject.config.transform)


@dataclass(frozen=True)
class Change:
    """A change of a network to see what it needs: units switched off, the smallest weights set to 0, noise on all.

    off: Pairs of layer and unit; prune: the share of the weights; noise: in standard deviations of a layer's weights.
    """

    off: tuple[tuple[str, int], ...] = ()
    prune: float = 0.0
    noise: float = 0.0

    @property
    def off_by_layer(self) -> dict[str, list[int]]:
        return {layer: [unit for where, unit in self.off if where == layer] for layer, _ in self.off}

    @property
    def words(self) -> str:
        """The change in words, as in `2 units off, noise 0.2`; a single unit is named. Empty without a change."""
        names = [f"{layer} {unit}" for layer, unit in self.off]
        return ", ".join(
            [
                *([f"{names[0] if len(names) == 1 else f'{len(names)} units'} off"] if names else []),
                *([f"{self.prune:.0%} of weights at 0".replace("%", " %")] if self.prune else []),
                *([f"noise {self.noise:g}"] if self.noise else []),
            ]
        )


Key = tuple[str, str, int, str]


def _key(subject: Subject) -> Key:
    """Return the cache key of a network: home, run, modification time of its weights file, config.

    For weights that follow from the seed, the run is "" and the time is 0.
    """
    path = state().artifacts(subject.run_id).weights_path
    written = path.stat().st_mtime_ns if subject.trained and path.exists() else 0
    return (
        str(state().home.folder),
        subject.run_id if subject.trained else "",
        written,
        subject.config.to_json(),
    )


# The cache ignores arguments that begin with an underscore, which follow from the others; `version` identifies the
# content of a dataset.


@st.cache_resource(max_entries=16, show_spinner="Loading the network …")
def _network(key: Key, _subject: Subject) -> AnyNetwork:
    from digits_core.network.build import build_network, restore_any

    if _subject.trained:
        return restore_any(_subject.config, state().artifacts(_subject.run_id).load_kept()).eval()
    return build_network(_subject.config).eval()


@st.cache_data(max_entries=64, show_spinner=False)
def _weights(keys: tuple[Key, ...], layer: str, _subjects: tuple[Subject, ...]) -> list[Spread]:
    from digits_core.network.weights import spread

    return spread([network_of(subject).weights(layer).numpy() for subject in _subjects])


@st.cache_data(max_entries=64, show_spinner="Looking for what excites each unit …")
def _excitement(key: Key, dataset: str, version: str, layer: str, _subject: Subject) -> np.ndarray:
    from digits_core.network.units import excitement

    return excitement(network_of(_subject), _as_input(_subject, tried(dataset)[0]), layer)


@st.cache_data(max_entries=1024, show_spinner=False)
def _answers(key: Key, dataset: str, version: str, change: Change, _subject: Subject) -> np.ndarray:
    from digits_core.network.units import answers

    return answers(_changed(_subject, change), _as_input(_subject, tried(dataset)[0]), change.off_by_layer)


@st.cache_resource(show_spinner=False)
def _searched() -> set[tuple[Key, str, str]]:
    return set()


@st.cache_data(max_entries=256, show_spinner=False)
def _dead_units(key: Key, dataset: str, version: str, _subject: Subject) -> dict[str, np.ndarray]:
    from digits_core.network.activations import dead_units

    return dead_units(any_network_of(_subject), _as_input(_subject, load_digits(dataset).of("test")[0]))


@st.cache_data(max_entries=16, show_spinner="Mapping the samples layer by layer …")
def _sample_maps(key: Key, dataset: str, version: str, _subject: Subject) -> dict[str, SampleMap]:
    from digits_core.network.activations import BATCH, activations
    from digits_core.network.separation import map_samples

    digits, chosen = load_digits(dataset), mapped_samples(dataset)
    network = network_of(_subject)
    batches = [activations(network, batch) for batch in _as_input(_subject, digits.images[chosen]).split(BATCH)]
    return {
        layer: map_samples(np.concatenate([batch[layer].after.numpy() for batch in batches]), digits.labels[chosen])
        for layer in batches[0]
        if layer != network.last.name
    }
