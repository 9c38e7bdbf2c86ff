"""The steps as controls, in the order in which they are taken; the transform that they say is in the URL."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from digits_core.config import TransformConfig, bounds, choices
from digits_core.dashboard.errors import as_plain_text
from digits_core.dashboard.transforms.url import from_query, of_transform, to_query
from digits_core.errors import ConfigError
from digits_core.transforms.steps import STEPS, StepInfo

CONFIG = "transform_config"
IN_URL = "transform_in_url"
EVERY_IMAGE, TRAINING_ONLY = ":gray-badge[every image]", ":orange-badge[training only]"
WAS_OFF = "transform_normalise_was_off"
SMALLEST_STD = 1e-6


class Strength(NamedTuple):
    """How a random step's slider works: where it begins when switched on, its step, how it is written and meant."""

    first: float
    step: float
    form: str
    help: str


STRENGTHS = {
    "rotation": Strength(12, 1, "±%g°", "Each image is turned by an angle between minus and plus this. Beyond some 30° "
                         "a 6 begins to be a 9."),
    "translation": Strength(2, 1, "±%g px", "Each image is moved by up to this many whole pixels, both ways. Too far "
                            "and ink leaves the image."),
    "scale": Strength(0.15, 0.01, "±%.2f", "Each image becomes larger or smaller by up to this share of its size."),
    "shear": Strength(12, 1, "±%g°", "Upright strokes lean by up to this angle, as slanted handwriting does."),
    "elastic": Strength(0.7, 0.1, "%.1f px", "How far a pixel typically moves. Neighbouring pixels move alike, so that "
                        "strokes bend and do not break."),
    "stroke_width": Strength(0.7, 0.05, "±%.2f px", "Edges of strokes move out- or inwards by up to this share of a "
                             "pixel."),
    "noise": Strength(0.1, 0.01, "%.2f", "The standard deviation of what is added to each pixel, where full ink is 1."),
    "erasing": Strength(0.3, 0.05, "%.2f", "How likely an image loses a rectangle, of 2 to 15 % of its area."),
}  # fmt: skip


def choose_steps() -> TransformConfig:
    """Draw the controls of all steps and return what they say, which is what the address says from then on."""
    _take_from_url()
    fields: dict[str, object] = {}
    group = None
    for name, step in STEPS.items():
        if step.random != group:
            group = step.random
            st.markdown(TRAINING_ONLY if group else EVERY_IMAGE)
        if step.random:
            fields[name] = _random_step(name, step)
        elif name == "centre":
            fields[name] = _switch(name, step, _current().centre)
        elif name == "resize":
            fields |= _resize(step, centred=bool(fields["centre"]))
        elif name == "normalise":
            fields |= _normalise(step)
        else:
            _always(step)
    config = TransformConfig(**fields)
    st.session_state[CONFIG] = config
    _put_into_url(config)
    return config


def fill(config: TransformConfig) -> None:
    """Put a transform into the controls; they must not have been drawn yet, or it is to be called back by one."""
    st.session_state[CONFIG] = config
    for name, value in dict(config).items():
        st.session_state[_key(name)] = value or (STRENGTHS[name].first if name in STRENGTHS else value)
        st.session_state[_key(name, "on")] = bool(value)
    st.session_state[_key("centre", "on")] = config.centre
    st.session_state[_key("normalise", "on")] = _normalises(config)
    st.session_state.pop(WAS_OFF, None)


def _take_from_url() -> None:
    query = of_transform(st.query_params)
    if not query or query == st.session_state.get(IN_URL):
        return
    try:
        fill(from_query(query))
    except ConfigError as error:
        fill(TransformConfig())
        text = as_plain_text(str(error))
        st.warning(f"This address asks for a transform that does not exist: {text} The lecture's is shown.")


def _put_into_url(config: TransformConfig) -> None:
    query = to_query(config)
    for name in TransformConfig.model_fields:
        if name in query and st.query_params.get(name) != query[name]:
            st.query_params[name] = query[name]
        elif name not in query and name in st.query_params:
            del st.query_params[name]
    st.session_state[IN_URL] = query


def _current() -> TransformConfig:
    """What the controls said last: Streamlit forgets those that are not on the screen."""
    return st.session_state.get(CONFIG, TransformConfig())


def _switch(name: str, step: StepInfo, on: bool) -> bool:
    key = _key(name, "on")
    st.session_state.setdefault(key, on)
    return st.toggle(step.title, key=key, help=step.why, persist_state="session")


def _always(step: StepInfo) -> None:
    st.markdown(f":small[:material/check: {step.title}]", help=f"{step.why} Every image takes this step.")


def _random_step(name: str, step: StepInfo) -> float:
    """A switch, and a slider for the strength while it is on; 0 while it is off."""
    if not _switch(name, step, bool(getattr(_current(), name))):
        return 0.0
    strength, key = STRENGTHS[name], _key(name)
    st.session_state.setdefault(key, float(getattr(_current(), name) or strength.first))
    limits = bounds(TransformConfig, name)
    st.session_state[key] = float(min(limits.high, st.session_state[key]))
    st.caption(step.why)
    return st.slider(
        step.title, float(limits.low), float(limits.high), step=float(strength.step), format=strength.form, key=key,
        help=strength.help, label_visibility="collapsed", persist_state="session",
    )  # fmt: skip


def _resize(step: StepInfo, centred: bool) -> dict[str, object]:
    _always(step)
    for name in step.fields:
        st.session_state.setdefault(_key(name), getattr(_current(), name))
    limits = bounds(TransformConfig, "size")
    with st.container(horizontal=True):
        size = st.number_input(
            "Size", int(limits.low), int(limits.high), step=1, key=_key("size"), persist_state="session",
            help="The side of the square image in pixels. The first fully connected layer grows with its square.",
        )  # fmt: skip
        interpolation = st.selectbox(
            "Interpolation", choices(TransformConfig, "interpolation"), key=_key("interpolation"), disabled=centred,
            persist_state="session",
            help="How new pixels come from old ones: the nearest one, or a weighted mean of 4 (bilinear) or 16 "
            "(bicubic). Centring by mass always takes bilinear.",
        )  # fmt: skip
    return {"size": size, "interpolation": interpolation}


def _normalise(step: StepInfo) -> dict[str, object]:
    if not _switch("normalise", step, _normalises(_current())):
        st.session_state[WAS_OFF] = True
        return {"normalisation": "fixed", "mean": 0.0, "std": 1.0}
    if st.session_state.pop(WAS_OFF, False):  # the lecture's numbers are the ones to start from
        st.session_state[_key("mean")], st.session_state[_key("std")] = 0.5, 0.5
    for name in step.fields:
        st.session_state.setdefault(_key(name), getattr(_current(), name))
    own = st.segmented_control(
        "Mean and deviation", choices(TransformConfig, "normalisation"), key=_key("normalisation"),
        required=True, persist_state="session",
        help="Fixed numbers, as in the lecture, or the dataset's own, measured over all pixels of its training images. "
        "The test images are normalised by the same numbers, or they would mean something else to the network.",
    )  # fmt: skip
    if own == "dataset":
        return {"normalisation": own}
    with st.container(horizontal=True):
        mean = st.number_input(
            "Mean", 0.0, 1.0, step=0.05, format="%g", key=_key("mean"), persist_state="session",
            help="What is subtracted, where no ink is 0 and full ink is 1. 0.5 and 0.5 bring the values to -1 to 1.",
        )  # fmt: skip
        std = st.number_input(
            "Standard deviation", SMALLEST_STD, 1.0, step=0.05, format="%g", key=_key("std"), persist_state="session",
            help="What is divided by afterwards. The smaller it is, the larger are the values that the network reads.",
        )  # fmt: skip
    return {"normalisation": own, "mean": mean, "std": std}


def _normalises(config: TransformConfig) -> bool:
    return config.normalisation == "dataset" or (config.mean, config.std) != (0.0, 1.0)


def _key(name: str, part: str = "value") -> str:
    return f"transform_{name}_{part}"
