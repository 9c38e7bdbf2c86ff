"""Controls that the views share: a network, another to compare it with, an image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from digits_core.config import NetworkConfig, TrainingConfig, TransformConfig, bounds
from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.hiding import group
from digits_core.dashboard.loaders import load_digits
from digits_core.dashboard.network.built import built, is_buildable
from digits_core.dashboard.network.network_choice import Subject, subject_of, untrained
from digits_core.dashboard.pages import link
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import (
    choose_best_run,
    choose_dataset,
    choose_named,
    choose_split,
    run_label,
    say_not_here,
)

AFTER, BEFORE, BUILT = "after training", "before training", "as built"
NOTHING, START = "nothing", "start"


@dataclass(frozen=True)
class ChosenImage:
    """An image of a dataset: its index, its pixels uint8 (H, W), and its label."""

    dataset: str
    index: int
    pixels: np.ndarray
    label: int


def choose_size() -> int:
    return st.number_input(
        "Image size",
        int(bounds(TransformConfig, "size").low),
        int(bounds(TransformConfig, "size").high),
        28,
        step=2,
        key="size",
        bind="query-params",
        persist_state="session",
        width=150,
        help="Height and width of the input in pixels. Convolutions take any size; the first fully connected layer has "
        "a weight for each number that reaches it, and so has to be built for one.",
    )


def choose_dropout() -> float:
    return st.number_input(
        "Dropout",
        0.0,
        0.95,
        TrainingConfig().dropout,
        step=0.05,
        key="dropout",
        bind="query-params",
        persist_state="session",
        width=150,
        help="The share of activations that training switches off at random, so that no single one is relied on. It "
        "adds no parameters, and recognising goes without it.",
    )


@group("weights")
def choose_subject(traced: bool = False) -> Subject:
    """Choose the network of a run, before or after its training; without a run, an untrained one.

    traced: Whether networks that were traced from foreign code are offered, too.
    """
    runs = state().runs.usable(logged=traced)
    if not runs:
        size = choose_size()
        seed = st.number_input(
            "Seed",
            0,
            9999,
            0,
            key="start_seed",
            bind="query-params",
            persist_state="session",
            width=130,
            help="The starting weights are random, and follow from this number: the same seed, the same network.",
        )
        network = built()
        return untrained(size, seed, network if network and is_buildable(network, size) else NetworkConfig())
    subject = subject_of(choose_best_run(runs, "The run whose network is looked at."))
    if subject.traced:
        return subject
    network = built()
    offered = network if network and is_buildable(network, subject.size) else None
    weights = st.segmented_control(
        "Weights",
        [AFTER, BEFORE, *([BUILT] if offered else [])],
        default=AFTER,
        required=True,
        key="weights",
        bind="query-params",
        persist_state="session",
        help="Training starts from small random weights, which follow from the run's seed, and changes them step by "
        "step. What a network has learnt is the difference. **As built** is the network of the view "
        "Build, which has not been trained yet.",
    )
    if offered and weights == BUILT:
        return untrained(subject.size, subject.config.training.seed, offered)
    return subject if weights == AFTER else subject.start


def say_untrained() -> None:
    """Explain, while nothing is trained, that these are starting weights, and link to Training."""
    if not state().runs.usable():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("Nothing is trained yet: this network has its random starting weights.", width="content")
            link("training", "Train one, to see what it learns")


def look_by_hand(layer: str, unit: int) -> None:
    """Show the arithmetic of this map or unit on the next rerun, and write its number into the URL."""
    st.session_state["layer"] = layer
    st.session_state["look"] = "By hand"
    st.session_state["unit"] = unit
    # The view's own control is drawn later, and writes only its own changes into the URL.
    st.query_params["unit"] = str(unit)


def choose_other(subject: Subject) -> Subject | None:
    """Choose a second network to show next to the first; `None` for none. In the URL as `other`."""
    runs = {run.id: run for run in state().runs.usable()}
    if not runs:
        return None
    titles = {NOTHING: "nothing", **({START: "itself before training"} if subject.trained else {})}
    titles |= {run.id: run_label(run) for run in runs.values() if run.id != subject.run_id or not subject.trained}
    chosen = choose_named(
        "Compare with",
        titles,
        "other",
        "A second network next to the first, on the same scale: before and after training, or two runs.",
        lambda wanted: f"{wanted} cannot be compared with here: it is gone, or it is the network itself.",
    )
    if chosen == NOTHING:
        return None
    return subject.start if chosen == START else subject_of(runs[chosen])


@group("image")
def choose_image() -> ChosenImage | None:
    """Choose an image by dataset, split and position in the split; if there is none, say what to do, return `None`."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = choose_dataset()
        if here := state().catalogue.available(name):
            digits = load_digits(name)
            split = choose_split()
            indices = digits.indices(split)
            count = max(1, len(indices))
            if st.session_state.get("image", 1) > count:  # chosen in a larger split
                st.session_state["image"] = count
            place = st.number_input(
                "Image",
                1,
                count,
                1,
                key="image",
                bind="query-params",
                persist_state="session",
                width=150,
                help=f"1 to {len(indices):,} in this split.",
            )
    if not here:
        say_not_here(name)
        return None
    if not len(indices):
        st.info("This split has no images yet. Choose the other one.")
        return None
    index = int(indices[place - 1])
    return ChosenImage(name, index, digits.images[index], int(digits.labels[index]))


def plain(subject: Subject) -> str:
    """Escape the title of a network for Markdown."""
    return as_plain_text(subject.title)
