"""Units: what one unit responds to, and what the network loses without it, without small weights, and with noise."""

from __future__ import annotations

import numpy as np
import streamlit as st

from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.loaders import run_loader
from digits_core.dashboard.network.choices import choose_subject, say_untrained
from digits_core.dashboard.network.network_choice import (
    Change,
    Subject,
    answers_of,
    changed_weights,
    excitement_of,
    layers_of,
    tried,
)
from digits_core.dashboard.read_only import change_button
from digits_core.dashboard.state import state
from digits_core.dashboard.tiles import Tile, show_tiles
from digits_core.dashboard.widgets import choose_dataset, say_not_here, show_error
from digits_core.errors import DigitsError
from digits_core.figures.network_figures import accuracy_by_share
from digits_core.layers.placed import Layer

SHOWN = 12
OFF, PRUNE, NOISE = "units_off", "units_prune", "units_noise"
KEPT = "units_kept"
"""The network and change that were last kept as a run, and the message or error about it."""
SHARES = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98)
"""Shares of the weights that are set to 0: most networks do without half of them."""


@st.fragment
def show() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        dataset = choose_dataset()
        subject = choose_subject()
    say_untrained()
    if not state().catalogue.available(dataset):
        say_not_here(dataset)
        return
    images, labels = tried(dataset)
    if not len(images):
        st.info("This dataset has no test images. Choose another one.")
        return
    layers = layers_of(subject.config)[:-1]
    if not layers:
        st.info("This network has no hidden layer: its ten outputs read the pixels themselves.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        layer, unit = _choose_unit(layers)
        _choose_off(layers, layer, unit)
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(width=460):
            with st.container(horizontal=True):
                _choose_pruning()
                _choose_noise()
            change = _change_by_now()
            _offer_to_keep(subject, change)
        _show_loss(subject, dataset, labels, change)
    _show_what_excites(subject, dataset, layer, unit)
    _show_pruning(subject, dataset, labels)


def _choose_unit(layers: tuple[Layer, ...]) -> tuple[Layer, int]:
    names = [layer.name for layer in layers]
    if st.session_state.get("units_layer") not in names:
        st.session_state["units_layer"] = names[0]
    name = st.segmented_control("Layer", names, required=True, key="units_layer")
    layer = next(each for each in layers if each.name == name)
    last = layer.output_shape[0] - 1
    st.session_state["units_unit"] = min(st.session_state.get("units_unit", 0), last)
    unit = st.number_input(layer.kind.unit, 0, last, key="units_unit", width=150, help=f"0 to {last} in this layer.")
    return layer, unit


def _show_what_excites(subject: Subject, dataset: str, layer: Layer, unit: int) -> None:
    images, labels = tried(dataset)
    values = excitement_of(subject, dataset, layer.name)[:, unit]
    first = np.argsort(-values, kind="stable")[:SHOWN]
    digits = ", ".join(map(str, np.unique(labels[first])))
    st.subheader(f"What excites {layer.name} {unit}", divider="gray")
    show_tiles(
        images[first],
        [Tile(int(labels[place]), number, note=f"{values[place]:.2f}") for number, place in enumerate(first)],
        "units_exciting",
        words=f"The {len(first)} test images that excite unit {unit} of {layer.name} most",
        columns=SHOWN,
    )
    silent = float((values <= 0).mean())
    words = f" It stays at 0 or below for {silent:.0%} of them." if silent else ""
    st.caption(
        f"Of {len(images):,} test images, those for which its largest value is highest: the digits {digits}.{words}"
    )


def _choose_off(layers: tuple[Layer, ...], layer: Layer, unit: int) -> None:
    """Choose the units to switch off; the run itself does not change."""
    every = [f"{each.name} {number}" for each in layers for number in range(each.output_shape[0])]
    chosen = [name for name in st.session_state.get(OFF, []) if name in every]
    st.session_state[OFF] = chosen
    name = f"{layer.name} {unit}"

    def switch() -> None:
        chosen = st.session_state[OFF]
        st.session_state[OFF] = [each for each in chosen if each != name] if name in chosen else [*chosen, name]

    st.button(
        f"Switch {name} back on" if name in chosen else f"Switch {name} off",
        icon=":material/power_settings_new:",
        key="units_switch",
        on_click=switch,
    )
    st.multiselect(
        "Switched off", every, key=OFF, persist_state="page", placeholder="none", help="What they put out is 0."
    )


def _change_by_now() -> Change:
    """Return the change that is currently chosen; callable from a callback."""
    session = st.session_state
    pairs = [name.rsplit(" ", 1) for name in session[OFF]]
    return Change(tuple((where, int(number)) for where, number in pairs), session[PRUNE] / 100, session[NOISE])


def _choose_pruning() -> None:
    st.slider(
        "Smallest weights set to 0",
        0,
        98,
        0,
        format="%d %%",
        key=PRUNE,
        persist_state="page",
        width=220,
        help="The weights of all layers closest to 0. The curve below says how many the network does without.",
    )


def _choose_noise() -> None:
    st.slider(
        "Noise on weights",
        0.0,
        2.0,
        0.0,
        0.1,
        key=NOISE,
        persist_state="page",
        width=220,
        help="Normal noise, in standard deviations of each layer's weights.",
    )


def _show_loss(subject: Subject, dataset: str, labels: np.ndarray, change: Change) -> None:
    before = answers_of(subject, dataset, Change()) == labels
    after = answers_of(subject, dataset, change) == labels
    digits = np.unique(labels)
    lost = {int(digit): float(after[labels == digit].mean() - before[labels == digit].mean()) for digit in digits}
    worst = min(lost, key=lambda digit: lost[digit])
    st.metric(
        f"Accuracy on {len(labels):,} test images",
        f"{after.mean():.1%}",
        f"{100 * (after.mean() - before.mean()):+.1f} points" if change != Change() else None,
        border=True,
    )
    if lost[worst] < 0:
        st.metric("Lost most", f"digit {worst}", f"{100 * lost[worst]:+.1f} points", border=True)


def _offer_to_keep(subject: Subject, change: Change) -> None:
    """Offer to keep the changed network as a new run; the original run does not change."""
    why_not = ""
    if not subject.trained:
        why_not = "Only the weights of a run can be kept: choose one above."
    elif not change.words:
        why_not = "Nothing is changed yet: switch units off, set weights to 0 or add noise."
    with st.container(horizontal=True, vertical_alignment="center"):
        change_button(
            "Keep as a new run",
            icon=":material/bookmark_add:",
            key="units_keep",
            on_click=_keep,
            args=(subject,),
            disabled=bool(why_not),
            help=why_not or "Tests the changed network on all test images of its run, and lists it with the others.",
        )
        kept, words = st.session_state.get(KEPT, (None, None))
        if kept == (subject, change):
            if isinstance(words, DigitsError):
                show_error(words)
            else:
                st.markdown(words)


def _keep(subject: Subject) -> None:
    """Keep the changed network as a new run; the message next to the button stays until the change is edited."""
    from digits_core.runs.changed_weights import keep_changed

    here, change = state(), _change_by_now()
    if not change.words:
        return  # the button says why
    try:
        run = keep_changed(
            here.runs.get(subject.run_id),
            changed_weights(subject, change),
            change.words,
            here.runs,
            here.home,
            run_loader(subject.run_id),
        )
    except DigitsError as error:
        st.session_state[KEPT] = ((subject, change), error)
        return
    words = f":material/check: Kept as **{as_plain_text(run.title)}**: {run.test_accuracy:.2%} on all its test images."
    st.session_state[KEPT] = ((subject, change), words)


def _show_pruning(subject: Subject, dataset: str, labels: np.ndarray) -> None:
    st.subheader("How many weights it needs", divider="gray")
    with st.spinner("Setting the smallest weights to 0 …"):
        found = [float((answers_of(subject, dataset, Change(prune=share)) == labels).mean()) for share in SHARES]
    chart = accuracy_by_share(SHARES, found, len(labels))
    show_chart(chart, "units_pruned", "Accuracy by the share of weights set to 0")
    st.caption(
        "The smallest weights of all layers are set to 0, and nothing is trained again. Where the curve stays flat, "
        "the network does without them. Nothing of this page changes the run: what is kept is another one."
    )
