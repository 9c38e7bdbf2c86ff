"""Build: the layers as editable cards, the size and cost of the network, and controls to save or train it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from digits_core.config import NetworkConfig, RunConfig, TransformConfig, choices
from digits_core.dashboard import saved_configs_view
from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.hiding import is_hidden
from digits_core.dashboard.network import built
from digits_core.dashboard.network.choices import BUILT, ChosenImage, choose_image, choose_size, look_by_hand
from digits_core.dashboard.network.diagram import show_diagram
from digits_core.dashboard.network.facts import Fact, show_facts
from digits_core.dashboard.network.layer_cards import show_cards
from digits_core.dashboard.network.network_choice import activations_of, layers_of, untrained
from digits_core.dashboard.pages import page
from digits_core.dashboard.state import state
from digits_core.dashboard.training.setting_controls import real_number
from digits_core.dashboard.training.time_estimate import estimated
from digits_core.dashboard.widgets import show_error
from digits_core.errors import ConfigError
from digits_core.layers.edits import changed, inserted, moved, removed, with_activation
from digits_core.layers.functions import FUNCTIONS
from digits_core.layers.placed import BYTES_PER_NUMBER, Layer, parameter_count
from digits_core.layers.presets import PRESETS, summary
from digits_core.layers.problems import Problem, problem_of
from digits_core.settings import help_of, label_of, written
from digits_core.training.estimate import duration
from digits_core.training.recipes import LECTURE

DRAWN = "network_drawn"
"""The last network that could be built; it is drawn while the current one cannot be built."""
PROBLEM, REFUSED = "network_edit_problem", "network_edits_refused"
ALL_SAME = "network_activation"


def show(row: DeltaGenerator) -> None:
    """Draw the view; the controls to undo and redo, and to save networks, are in `row`."""
    network = built.built()
    if network is None:
        network = NetworkConfig()
        built.fill(network)
    with st.container(horizontal=True, vertical_alignment="bottom", key="choices_build"):
        presets = {preset.title: NetworkConfig(layers=preset.layers) for preset in PRESETS.values()}
        saved_configs_view.start_from(state().networks, presets, built.fill, "a network")
        size = choose_size()
        _choose_activation(network)
        with st.popover("More", icon=":material/tune:", type="tertiary", help="Starting weights, and the image."):
            _choose_start(network)
            image = choose_image()
        problem = problem_of(network.layers, size)
        if problem is None and not is_hidden("use"):
            _use_in_training(network, size)
    with row:
        _draw_steps()
        if not is_hidden("use"):
            saved_configs_view.keep(
                state().networks, network, partial(_words, size=size), built.fill, "wide and shallow"
            )
    built.put_into_url(network)
    if problem is None:
        st.session_state[DRAWN] = (network, size)
    with st.container(key="build"):
        with st.container(horizontal=True, key="build_picture"):
            _draw(image)
            with st.container(key="build_facts"):
                if problem is None:
                    show_facts(_facts(network, size))
                else:
                    _offer_repair(network, problem)
        with st.container(key="build_cards"):
            show_cards(network.layers, size, _edit, st.session_state.get(REFUSED, 0))
            if error := st.session_state.pop(PROBLEM, None):
                show_error(error)


def _draw(image: ChosenImage | None) -> None:
    """Draw the last network that could be built, with its untrained activations for an image."""
    network, size = st.session_state.get(DRAWN, (NetworkConfig(), TransformConfig().size))
    subject = untrained(size, 0, network)
    with st.container(key="main_picture"):
        if image is not None:
            words = f"image {image.index:,} of {image.dataset}, a {image.label}"
            show_diagram(
                layers_of(subject.config), activations_of(subject, image.pixels), "", words, _pressed, compact=True
            )


def _facts(network: NetworkConfig, size: int) -> list[Fact]:
    """Return the totals of the network, compared with those of the lecture's network."""
    base: RunConfig = st.session_state.get("form_config", LECTURE.config)
    config = base.replace(network=network, transform=base.transform.replace(size=size))
    layers, lecture = layers_of(config), layers_of(config.replace(network=NetworkConfig()))
    counted: dict[str, Callable[[Layer], int]] = {
        "Parameters": lambda layer: layer.parameters.number,
        "Multiply-adds": lambda layer: layer.multiply_adds.number,
        "Activations": lambda layer: layer.activations,
    }
    facts = []
    for name, count in counted.items():
        here, there = (sum(map(count, each)) for each in (layers, lecture))
        facts.append((name, f"{here:,}", _compared(here, there)))
    memory = sum(layer.activation_bytes for layer in layers) + BYTES_PER_NUMBER * parameter_count(layers)
    field = max((layer.receptive_field for layer in layers if layer.kind.window), default=1)
    time = estimated(config)
    return [
        *facts,
        ("Memory", f"{memory / 2**20:,.2f} MiB", "weights, and what one image comes to"),
        ("Receptive field", f"{field} × {field}", "pixels, of the last layer with a window"),
        (
            "Training time",
            duration(time.seconds) if time else "not known",
            f"about, for {config.training.epochs} epochs" if time else "train once, and it is estimated from that",
        ),
    ]


def _compared(here: int, there: int) -> str:
    if here == there:
        return "same as ImprovedNet"
    factor = here / there
    return f"{factor:.1f} times ImprovedNet's" if factor >= 1.05 else f"{factor:.1%} of ImprovedNet's"


def _words(network: NetworkConfig, size: int) -> str:
    """Summarise a saved network, and note if it is only a draft."""
    problem = problem_of(network.layers, size)
    return summary(network.layers) + (f" (draft: {problem.sentence})" if problem else "")


def _choose_activation(network: NetworkConfig) -> None:
    used = {layer.activation for layer in network.layers if layer.activation}
    st.session_state[ALL_SAME] = used.pop() if len(used) == 1 else None

    def take() -> None:
        network = built.built()
        if network and (chosen := st.session_state[ALL_SAME]):
            built.fill(network.replace(layers=with_activation(network.layers, chosen)))

    st.selectbox(
        "Activation",
        list(FUNCTIONS),
        format_func=lambda name: FUNCTIONS[name].title,
        key=ALL_SAME,
        placeholder="different ones",
        on_change=take,
        width=150,
        help="Gives all layers that have an activation function the same one. Each card changes its own.",
    )


def _draw_steps() -> None:
    before, after = built.steps()
    icons = {"Undo": (built.undo, "Z", before), "Redo": (built.redo, "Shift+Z", after)}
    for name, (action, shortcut, count) in icons.items():
        st.button(
            name,
            icon=f":material/{name.lower()}:",
            shortcut=shortcut,
            key=f"network_{name.lower()}",
            on_click=action,
            disabled=not count,
            type="tertiary",
        )


def _choose_start(network: NetworkConfig) -> NetworkConfig:
    """Choose how the weights are initialised."""
    scheme = st.selectbox(
        label_of("initialisation"),
        choices(NetworkConfig, "initialisation"),
        index=choices(NetworkConfig, "initialisation").index(network.initialisation),
        format_func=partial(written, "initialisation"),
        help=help_of("initialisation"),
    )
    scale = real_number(label_of("initial_scale"), "initial_scale", value=network.initial_scale)
    changed_ = network.replace(initialisation=scheme, initial_scale=scale)
    built.fill(changed_)
    return changed_


def _use_in_training(network: NetworkConfig, size: int) -> None:
    st.page_link(
        page("training"),
        label="**Use in training**",
        query_params=built.as_link(network, size),
        help="Opens the Training page with this network in its form, in place of the recipe's.",
    )


def _edit(edited: Mapping[str, Any]) -> None:
    """Apply the edit of a card; an edit that makes a layer invalid changes nothing."""
    # Not the network that the page was drawn with: the second of two quick edits arrives before the page is redrawn.
    network = built.built()
    assert network is not None
    layers, place = network.layers, int(edited["place"])
    if not 0 <= place <= len(layers):
        return  # the card was removed in the meantime
    try:
        match edited["what"]:
            case "insert":
                new: Any = inserted(layers, place, str(edited["kind"]))
            case "remove":
                new = removed(layers, place)
            case "move":
                new = moved(layers, place, int(edited["to"]))
            case _:
                new = changed(layers, place, str(edited["field"]), edited["value"])
        built.fill(network.replace(layers=new))
    except ConfigError as error:
        st.session_state[PROBLEM] = error
        st.session_state[REFUSED] = st.session_state.get(REFUSED, 0) + 1


def _offer_repair(network: NetworkConfig, problem: Problem) -> None:
    st.error(
        f"**{as_plain_text(problem.sentence)}.** The network can be saved as a draft, but not trained. The picture "
        "shows the last one that could be built.",
        icon=":material/error:",
    )
    st.button(
        "Repair",
        icon=":material/build:",
        type="primary",
        on_click=built.fill,
        args=(network.replace(layers=problem.repaired),),
        help=f"Makes it: {as_plain_text(summary(problem.repaired))}.",
    )


def _pressed(layer: str, unit: int | None) -> None:
    """Open the pressed layer, or one of its units by hand, in the network as built."""
    st.session_state["weights"] = BUILT
    if unit is not None:
        look_by_hand(layer, unit)
        return
    st.session_state["layer"] = layer
    st.session_state["look"] = "Layers"
