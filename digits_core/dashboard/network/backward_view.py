"""Backward by hand: from softmax minus one-hot to the gradient of one weight, and what an optimizer makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.network.choices import ChosenImage
from digits_core.dashboard.network.network_choice import Subject, backward_of, layers_of, network_of
from digits_core.dashboard.network.sums import with_minus
from digits_core.figures.activation_figures import montage, value_range
from digits_core.settings import title_of

if TYPE_CHECKING:
    from digits_core.layers.placed import Layer
    from digits_core.network.backward import Backward

PARTS = ("What came in", "× delta there", "= product")


def show_backward(subject: Subject, image: ChosenImage, layer: Layer, unit: int) -> None:
    """Draw the backward pass of one image through one layer, with a control to choose the weight."""
    layers = layers_of(subject.config)
    found = backward_of(subject, image.pixels, image.label)
    st.subheader("The loss and the logits", divider="gray")
    _show_logits(found, image.label)
    st.subheader(f"How the gradient reaches {layer.name} {unit}", divider="gray")
    _show_delta(subject, found, layers, layer, unit)
    if not layer.kind.weights or layer.kind.collects:
        st.caption(
            f"{layer.name} has no weights that inputs are multiplied by. Choose a layer that has, to see one learn."
        )
        return
    st.subheader(f"One weight of {layer.name} {unit}", divider="gray")
    _show_weight(subject, found, layer, unit)


def _show_logits(found: Backward, label: int) -> None:
    import pandas as pd

    table = pd.DataFrame(
        {
            "softmax": found.probabilities,
            "one-hot": found.target,
            "softmax − one-hot": found.probabilities - found.target,
        }
    )
    st.dataframe(
        table.T.set_axis([str(digit) for digit in range(10)], axis=1),
        column_config={str(digit): st.column_config.NumberColumn(format="%.4f") for digit in range(10)},
        alt="Softmax, one-hot and their difference for each digit",
    )
    loss = with_minus(f"{found.loss:.6f}")
    st.caption(
        f"The image is a {label}: the cross-entropy is −ln {found.probabilities[label]:.6f} = **{loss}**. How it "
        "changes with each logit is the difference in the last row: above 0 for too much of it, below for too little. "
        "That is the delta of the last layer."
    )


def _show_delta(subject: Subject, found: Backward, layers: tuple[Layer, ...], layer: Layer, unit: int) -> None:
    """Draw the delta of the chosen unit; before a fully connected layer, also the sum that it is computed from."""
    deltas, slopes = found.deltas[layer.name][unit], found.slopes[layer.name][unit]
    place = [each.name for each in layers].index(layer.name)
    after = layers[place + 1] if place + 1 < len(layers) else None
    if deltas.ndim:
        lines = [(f"Deltas of map {unit}: {deltas.shape[0]} × {deltas.shape[1]} numbers", deltas)]
        _show_maps(lines, "deltas")
        st.caption(
            f"How the loss changes with each place of this map before its function. {np.mean(deltas == 0):.0%} of them "
            "are 0: there the function is flat, or a pooling chose another place."
        )
        return
    with st.container(horizontal=True):
        if after is not None and after.kind.flattens:
            weights = network_of(subject).weights(after.name).numpy().astype(np.float64)[:, unit]
            told = float(weights @ found.deltas[after.name])
            words = (
                f"The {len(weights)} weights from here to {after.name}, each times the delta of its neuron, added up."
            )
            _metric(f"Σ weight · delta of {after.name}", told, words)
            function = layer.function.title if layer.function else "no function"
            _metric(f"× slope of {function}", float(slopes), "How steep the function is at this value.")
        _metric(
            f"= delta of {layer.name} {unit}",
            float(deltas),
            "How the loss changes with this number, before its function.",
        )


def _show_weight(subject: Subject, found: Backward, layer: Layer, unit: int) -> None:
    from digits_core.network.backward import updates, weight_gradient

    weights = network_of(subject).weights(layer.name)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = ("Map that comes in", "Row", "Column") if weights.ndim == 4 else ("Number that comes in",)
        place = (unit, *(_choose(name, count) for name, count in zip(names, weights.shape[1:], strict=True)))
        rate = st.number_input(
            title_of("learning_rate"),
            1e-6,
            100.0,
            subject.config.training.learning_rate,
            format="%g",
            key="backward_rate",
            width=170,
        )
    step = weight_gradient(found, layer, place)
    if step.products.size > 1:
        _show_maps([*zip(PARTS, (step.inputs, step.deltas, step.products), strict=True)], "gradient")
    with st.container(horizontal=True):
        if step.products.size == 1:
            _metric("What came in", float(step.inputs[0, 0]), f"The number that {layer.name} read here.")
            _metric("× delta", float(step.deltas[0, 0]), "Of the neuron, from above.")
        words = (
            "What came in at each place, times the delta there, added up."
            if step.products.size > 1
            else "Their product."
        )
        _metric("= gradient of the weight", step.total, words)
        _metric("Weight before", float(weights[place]), "As it is now.")
    difference = abs(step.total - float(found.weights[layer.name][place]))
    st.caption(f"PyTorch's autograd has the same gradient: the difference is {difference:.0e}.")
    before = float(weights[place])
    with st.container(horizontal=True):
        for update in updates(before, step.total, rate):
            _metric(
                update.title, update.after, f"{update.formula}, with w the weight, g its gradient, η the learning rate."
            )
    st.caption(
        "The weight after one step with each optimizer, if this image were the whole batch. SGD follows the size of "
        "the gradient; the first step of Adam is about as long as the learning rate, however small the gradient is."
    )


def _choose(name: str, count: int) -> int:
    key = f"backward_{name.partition(' ')[0].lower()}"
    st.session_state[key] = min(st.session_state.get(key, 0), count - 1)
    return st.number_input(name, 0, count - 1, key=key, width=170, help=f"0 to {count - 1}.")


def _metric(name: str, value: float, words: str) -> None:
    st.metric(
        name, with_minus(f"{value:.6f}" if abs(value) >= 1e-4 or not value else f"{value:.3e}"), border=True, help=words
    )


def _show_maps(maps: list[tuple[str, np.ndarray]], key: str) -> None:
    for number, (column, (title, values)) in enumerate(zip(st.columns(3), maps, strict=False)):
        with column:
            chart = montage(values[None], title, 1, 260, [value_range([values[None]], signed=True)], signed=True)
            show_chart(chart, f"backward_{key}_{number}", title)
