"""One control for each training variable: what it is called, what it means, when it matters; bounds from `config`."""

from __future__ import annotations

from typing import Any

import streamlit as st

from digits_core.config import TrainingConfig, bounds, choices

SMALLEST_ABOVE_ZERO = 1e-6
"""The lower end of a control whose field must be greater than 0."""
STEPS = {"learning_rate": 0.0005, "weight_decay": 0.001}

MAIN = ("epochs", "batch_size", "learning_rate", "optimizer", "loss", "dropout")
MORE = (
    "schedule", "weight_decay", "seed", "label_smoothing", "momentum", "nesterov", "device", "precision", "batches",
)  # fmt: skip

TITLES = {
    "adam": "Adam", "adamw": "AdamW", "sgd": "SGD", "rmsprop": "RMSprop", "adagrad": "Adagrad",
    "cross_entropy": "Cross-entropy", "multi_margin": "Multi-margin", "mse": "Mean squared error",
    "nll": "Negative log-likelihood", "constant": "Constant", "one_cycle": "One cycle", "cosine": "Cosine",
    "auto": "Automatic", "cpu": "CPU", "cuda": "CUDA (GPU)", "fp32": "32-bit", "bf16": "Mixed bf16",
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


def key_of(field: str) -> str:
    """Where the session keeps what the form says about a field."""
    return f"training_{field}"


def title_of(field: str) -> str:
    return field.replace("_", " ").capitalize()


def training_control(field: str) -> Any:
    """The control of one field of `TrainingConfig`, disabled with the reason where the field has no effect."""
    without = _has_no_effect(field)
    common = {
        "key": key_of(field), "help": f"{HELP[field]} **{without}**" if without else HELP[field],
        "disabled": bool(without), "persist_state": "session",
    }  # fmt: skip
    kind = TrainingConfig.model_fields[field].annotation
    if kind is bool:
        return st.checkbox(title_of(field), **common)
    if kind is int:
        limits = bounds(TrainingConfig, field)
        return st.number_input(title_of(field), int(limits.low), int(limits.high), step=1, **common)
    if kind is float:
        return real_number(title_of(field), field, **common)
    return st.selectbox(title_of(field), choices(TrainingConfig, field), format_func=TITLES.get, **common)


def real_number(label: str, field: str, **common: Any) -> float:
    """A control for a real number within the bounds of `field`."""
    limits = bounds(TrainingConfig, field)
    low = limits.low + SMALLEST_ABOVE_ZERO if limits.open_below else limits.low
    high = limits.high - SMALLEST_ABOVE_ZERO if limits.open_above else limits.high
    return st.number_input(label, float(low), float(high), step=STEPS.get(field, 0.05), format="%g", **common)


def _has_no_effect(field: str) -> str:
    """Why a field changes nothing with what else is chosen, or an empty text."""
    optimizer, loss = st.session_state.get(key_of("optimizer")), st.session_state.get(key_of("loss"))
    if field in ("momentum", "nesterov") and optimizer != "sgd":
        return "Only SGD uses it."
    if field == "nesterov" and not st.session_state.get(key_of("momentum")):
        return "Without momentum there is nothing to look along."
    if field == "label_smoothing" and loss != "cross_entropy":
        return "Only cross-entropy uses it."
    return ""
