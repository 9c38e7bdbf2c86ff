"""Feature maps: the output of every layer for one image, in one network or in two side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.loaders import load_digits
from digits_core.dashboard.network.choices import choose_image, choose_other, choose_subject, plain, say_untrained
from digits_core.dashboard.network.diagram import as_maps_or_units
from digits_core.dashboard.network.network_choice import (
    Subject,
    activations_of,
    any_network_of,
    dead_units_of,
    searched_for_dead_units,
)
from digits_core.dashboard.network.scales import RELATIVE_TO, choose_scale, ranges_of
from digits_core.figures.activation_figures import montage
from digits_core.figures.basic_charts import probabilities
from digits_core.figures.network_figures import logits

if TYPE_CHECKING:
    from digits_core.network.layered_network import Activation

MOMENTS = ("after ReLU", "before ReLU")


@st.fragment
def show() -> None:
    image = choose_image()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        subject = choose_subject(traced=True)
        other = choose_other(subject)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        scale = choose_scale("map")
        moment = st.segmented_control(
            "Values",
            MOMENTS,
            default=MOMENTS[0],
            required=True,
            key="moment",
            bind="query-params",
            persist_state="session",
            help="ReLU cuts what is below 0. Before it, blue is below 0 and red above.",
        )
    say_untrained()
    if image is None:
        return
    subjects = [subject, *([other] if other else [])]
    found = [activations_of(each, image.pixels) for each in subjects]
    unknown = [each for each in subjects if not searched_for_dead_units(each, image.dataset)]
    dead = [{} if each in unknown else dead_units_of(each, image.dataset) for each in subjects]
    st.caption(
        f"Label {image.label}, number {image.index} of the dataset. A cross marks a dead unit: after ReLU it is 0 for "
        f"each of the {load_digits(image.dataset).test.sum():,} images of the whole test split of this dataset. Such a "
        "unit costs time and tells nothing; its gradient is 0 as well, so training hardly brings it back."
    )
    search = st.empty()
    for column, place in zip(st.columns(len(subjects), gap="medium"), range(len(subjects)), strict=True):
        with column:
            _show(subjects[place], place, found, dead[place], scale, moment == MOMENTS[1])
    # Draw the pictures first: the crosses need a pass over the whole test split.
    for each in unknown:
        with search, st.spinner("Looking for units that stay silent …"):
            dead_units_of(each, image.dataset)
    if unknown:
        st.rerun()


def _show(
    subject: Subject,
    place: int,
    found: list[dict[str, Activation]],
    dead: Mapping[str, np.ndarray],
    scale: str,
    before: bool,
) -> None:
    """Draw the column of one network; shared colour scales span all networks in `found`."""
    from digits_core.layers.placed import INPUT

    st.subheader(plain(subject), divider="gray")
    *drawn, last = any_network_of(subject).layers
    titles = {INPUT: "What the network reads", **{layer.name: layer.title for layer in drawn}}
    layers = [{name: _maps(each[name], before) for name in titles} for each in found]
    for name, title in titles.items():
        maps = layers[place][name]
        signed = before and found[place][name].function is not None
        shared = [each[name] for each in layers] if scale == RELATIVE_TO[1] else _all(layers)
        silent = np.flatnonzero(dead[name]).tolist() if name in dead else []
        words = f"{title}{f', {len(silent)} dead' if silent else ''}"
        columns, tile = _layout(maps, len(found) > 1)
        picture = montage(
            maps,
            words,
            columns,
            tile,
            ranges_of(maps, shared, scale, signed),
            signed,
            silent,
            "map" if maps.shape[-1] > 1 else "neuron",
        )
        show_chart(picture, f"{name}_{place}", words)
    answer = found[place][last.name]
    # On separate axes, the logits of two networks would look alike: as for the maps, only "each alone" separates them.
    together = len(found) > 1 and scale != RELATIVE_TO[0]
    reach = 1.05 * max(float(each[last.name].before.abs().max()) for each in found) if together else None
    for column, chart, key, words in zip(
        st.columns(2) if len(found) == 1 else (st.container(), st.container()),
        (
            logits(answer.before[0].tolist(), f"{last.name}: the ten logits", reach),
            probabilities(answer.after[0].numpy(), "Softmax: probability of each digit"),
        ),
        ("logits", "softmax"),
        ("The ten logits", "The ten probabilities"),
        strict=True,
    ):
        with column:
            show_chart(chart, f"{key}_{place}", words)


def _maps(activation: Activation, before: bool) -> np.ndarray:
    """Return activations as maps (n, H, W); neurons as maps of one cell."""
    values = (activation.before if before else activation.after)[0].numpy()
    values = as_maps_or_units(values)
    return values if values.ndim == 3 else values[:, None, None]


def _all(layers: list[dict[str, np.ndarray]]) -> list[np.ndarray]:
    return [maps for each in layers for maps in each.values()]


def _layout(maps: np.ndarray, narrow: bool) -> tuple[int, int]:
    """Return the number of maps in a row, and the height of a row in pixels."""
    if maps.shape[-1] == 1:
        return (16, 22) if narrow else (32, 24)
    if len(maps) == 1:
        return 1, 180
    return 8, 52 if narrow else 84
