"""The form that makes a `RunConfig`: one control a field, filled by a recipe, bounds from `config`."""

from __future__ import annotations

from typing import Any

import streamlit as st

from digits_core.config import DataConfig, RunConfig, TrainingConfig, bounds, choices
from digits_core.data.catalogue import ENTRIES
from digits_core.training.recipes import RECIPES, Recipe

SMALLEST_ABOVE_ZERO = 1e-6
"""The lower end of a control whose field must be greater than 0."""

TITLES = {
    "adam": "Adam", "adamw": "AdamW", "sgd": "SGD", "rmsprop": "RMSprop", "adagrad": "Adagrad",
    "cross_entropy": "Cross-entropy", "multi_margin": "Multi-margin", "mse": "Mean squared error",
    "nll": "Negative log-likelihood", "constant": "Constant", "one_cycle": "One cycle", "cosine": "Cosine",
    "auto": "Automatic", "cpu": "CPU", "cuda": "CUDA (GPU)", "fp32": "32-bit (fp32)", "bf16": "Mixed (bf16)",
    "tensors": "Prepared tensors (fast)", "dataloader": "DataLoader with Pillow (the lecture's)",
}  # fmt: skip

HELP = {
    "epochs": "How often training goes through all its images. Too few underfits, too many may overfit.",
    "batch_size": "Images per step of the optimizer. Small batches learn in more, noisier steps; large ones compute "
    "faster per image.",
    "learning_rate": "How far a step goes along the gradient. Too high and the loss jumps or explodes, too low and it "
    "hardly moves.",
    "optimizer": "The rule that turns gradients into steps. Adam adapts the step for each weight; SGD does not.",
    "loss": "The number that training makes small. Cross-entropy punishes confident wrong answers most.",
    "dropout": "The share of activations switched off at random while training, so that no single one is relied on.",
    "schedule": "How the learning rate changes: constant, falling as a cosine, or up and down in one cycle.",
    "weight_decay": "Pulls weights towards zero at each step, which keeps the network simpler.",
    "momentum": "How much of the previous step SGD keeps. 0 is plain gradient descent.",
    "nesterov": "SGD looks at the gradient where its momentum is about to take it.",
    "label_smoothing": "Cross-entropy aims at slightly less than certainty, which curbs overconfidence.",
    "seed": "Starting weights, order and random steps follow from it: the same seed gives the same numbers on the same "
    "machine with as many threads.",
    "device": "Where training computes. Automatic takes a GPU where there is one. Another device rounds otherwise.",
    "precision": "Mixed precision computes in 16 bits where that is safe: faster on processors that have it, and with "
    "slightly other numbers.",
    "batches": "Prepared tensors do the fixed steps once. The lecture's DataLoader runs Pillow for every sample "
    "in each epoch: the same numbers, several times slower.",
}


def training_form() -> RunConfig:
    """Draw the form and return what it says; raises `ConfigError` where a field is refused."""
    recipe = _choose_recipe()
    _fill(recipe)
    data = _choose_data()
    columns = st.columns(2)
    fields: dict[str, Any] = {}
    for place, name in enumerate(("epochs", "batch_size", "learning_rate", "optimizer", "loss", "dropout")):
        with columns[place % 2]:
            fields[name] = _control(name)
    with st.expander("More settings"):
        columns = st.columns(2)
        more = ("schedule", "weight_decay", "seed", "label_smoothing", "momentum", "nesterov", "device", "precision")
        for place, name in enumerate(more):
            with columns[place % 2]:
                fields[name] = _control(name)
        fields["batches"] = _control("batches")
    name = st.text_input(
        "Name",
        max_chars=120,
        key="run_name",
        placeholder=recipe.name,
        help="What lists and charts call this run.",
    )
    return recipe.config.replace(name=name, data=data, training=TrainingConfig(**fields))


def _choose_recipe() -> Recipe:
    name = st.selectbox(
        "Recipe", list(RECIPES), key="recipe", bind="query-params",
        help="A recipe fills the form with settings that belong together. Change what you like afterwards.",
    )  # fmt: skip
    st.caption(RECIPES[name].lesson)
    return RECIPES[name]


def _fill(recipe: Recipe) -> None:
    """Put the recipe's values into the controls when it was just chosen, and leave later changes alone."""
    if st.session_state.get("filled_from") == recipe.name:
        return
    st.session_state["filled_from"] = recipe.name
    for name, value in dict(recipe.config.training).items():
        st.session_state[_key(name)] = value
    st.session_state[_key("train")] = list(recipe.config.data.train)
    st.session_state[_key("test")] = list(recipe.config.data.test)


def _choose_data() -> DataConfig:
    train = st.multiselect(
        "Train on", list(ENTRIES), key=_key("train"), persist_state="session",
        help="The training images of these datasets, together.",
    )  # fmt: skip
    test = st.multiselect(
        "Test on", list(ENTRIES), key=_key("test"), persist_state="session",
        help="The test images of these datasets. Testing on other hands than those trained on shows what carries over.",
    )  # fmt: skip
    return DataConfig(train=tuple(train), test=tuple(test))


def _control(name: str) -> Any:
    """The control of one field of `TrainingConfig`."""
    label = name.replace("_", " ").capitalize()
    common = {"key": _key(name), "help": HELP[name], "persist_state": "session"}
    kind = TrainingConfig.model_fields[name].annotation
    if kind is bool:
        return st.checkbox(label, **common)
    if kind is int:
        limits = bounds(TrainingConfig, name)
        return st.number_input(label, int(limits.low), int(limits.high), step=1, **common)
    if kind is float:
        return _real_number(label, name, common)
    return st.selectbox(label, choices(TrainingConfig, name), format_func=TITLES.get, **common)


def _real_number(label: str, name: str, common: dict[str, Any]) -> float:
    limits = bounds(TrainingConfig, name)
    low = limits.low + SMALLEST_ABOVE_ZERO if limits.open_below else limits.low
    high = limits.high - SMALLEST_ABOVE_ZERO if limits.open_above else limits.high
    step = {"learning_rate": 0.0005, "weight_decay": 0.001}.get(name, 0.05)
    return st.number_input(label, float(low), float(high), step=step, format="%g", **common)


def _key(name: str) -> str:
    return f"training_{name}"
