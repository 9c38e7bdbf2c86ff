"""The steps as controls, in the order in which they are applied; the URL reflects the resulting transform."""

from __future__ import annotations

from functools import partial

import streamlit as st

from digits_core.config import TransformConfig, bounds, choices
from digits_core.dashboard import page_address
from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.transforms.url import from_query, of_transform, to_query
from digits_core.entries.augmentations import STRENGTHS
from digits_core.errors import ConfigError
from digits_core.settings import SETTINGS, title_of, written
from digits_core.transforms.steps import PIPELINE, Step

CONFIG = "transform_config"
IN_URL = "transform_in_url"
ADDED = "transform_added"
TRAINING_ONLY = ":orange-badge[training only]"
WAS_OFF = "transform_normalise_was_off"
SMALLEST_STD = 1e-6


def _switched() -> dict[str, tuple[str, str]]:
    """Return the title and the purpose of each step that can be switched off, by the name of its switch."""
    found: dict[str, tuple[str, str]] = {}
    for step in PIPELINE:
        if step.random:
            found |= {name: (STRENGTHS[name].title, STRENGTHS[name].why) for name in step.fields}
        elif "centre" in step.fields:
            found["centre"] = (step.title, step.why)
        elif "mean" in step.fields:
            found["normalise"] = (step.title, step.why)
    return found


SWITCHED = _switched()


def add_step() -> None:
    """Draw the list of the steps that are off: choosing one switches it on."""
    titles = {name: title for name, (title, _) in SWITCHED.items() if not _is_on(name)}
    st.selectbox(
        "Add a step",
        list(titles),
        format_func=lambda name: titles.get(name, name),
        index=None,
        key=ADDED,
        placeholder="rotation, noise …",
        on_change=_add,
        help="Switches a step on; its switch in the list of steps takes it out again.\n\n"
        + "\n".join(f"- **{title}**: {why}" for title, why in SWITCHED.values()),
    )


def _add() -> None:
    st.session_state[_key(st.session_state[ADDED], "on")] = True
    st.session_state[ADDED] = None


def choose_steps() -> TransformConfig:
    """Draw the controls of the active steps; return their transform, which is also written into the URL."""
    fields: dict[str, object] = {}
    for step in PIPELINE:
        if step.random:
            fields |= {name: _strength(name) for name in step.fields}
        elif "centre" in step.fields:
            fields["centre"] = _switch("centre")
        elif "size" in step.fields:
            fields |= _resize(step, centred=bool(fields["centre"]))
        elif "mean" in step.fields:
            fields |= _normalise(step)
        else:
            _always(step)
    config = TransformConfig(**fields)
    st.session_state[CONFIG] = config
    _put_into_url(config)
    return config


def fill(config: TransformConfig) -> None:
    """Put a transform into the controls; call it before they are drawn, or in a callback."""
    st.session_state[CONFIG] = config
    for name, value in dict(config).items():
        st.session_state[_key(name)] = value or (STRENGTHS[name].first if name in STRENGTHS else value)
        st.session_state[_key(name, "on")] = bool(value)
    st.session_state[_key("centre", "on")] = config.centre
    st.session_state[_key("normalise", "on")] = _normalises(config)
    st.session_state.pop(WAS_OFF, None)


def take_from_url() -> None:
    """Put the transform of the URL into the controls, which must not have been drawn yet, or show what is wrong."""
    query = of_transform(st.query_params)
    if not query or not page_address.is_new(TransformConfig.model_fields.__contains__, IN_URL):
        return
    try:
        fill(from_query(query))
    except ConfigError as error:
        fill(TransformConfig())
        text = as_plain_text(str(error))
        st.warning(f"This address asks for a transform that does not exist: {text} The lecture's is shown.")


def _put_into_url(config: TransformConfig) -> None:
    query = {name: [text] for name, text in to_query(config).items()}
    page_address.write(query, TransformConfig.model_fields.__contains__, IN_URL)


def _current() -> TransformConfig:
    """Return the last transform of the controls: Streamlit forgets those that are not on the screen."""
    return st.session_state.get(CONFIG, TransformConfig())


def _is_on(name: str) -> bool:
    """Return True if a step that can be switched off is on."""
    current = _current()
    on = _normalises(current) if name == "normalise" else bool(getattr(current, name))
    return st.session_state.setdefault(_key(name, "on"), on)


def _switch(name: str) -> bool:
    """Draw the switch of a step if the step is on; return True if it stays on."""
    if not _is_on(name):
        return False
    title, why = SWITCHED[name]
    mark = f" {TRAINING_ONLY}" if name in STRENGTHS else ""
    return st.toggle(f"{title}{mark}", key=_key(name, "on"), help=why, persist_state="session")


def _always(step: Step) -> None:
    st.markdown(f":small[:material/check: {step.title}]", help=f"{step.why} Every image takes this step.")


def _strength(name: str) -> float:
    """Draw the switch of a random step, and a slider while it is on; return its strength, 0 while it is off."""
    strength, key = STRENGTHS[name], _key(name)
    if not _switch(name):
        return 0.0
    st.session_state.setdefault(key, float(getattr(_current(), name) or strength.first))
    st.session_state[key] = float(min(strength.most, st.session_state[key]))
    return st.slider(
        strength.title,
        0.0,
        float(strength.most),
        step=float(strength.step),
        format=strength.form,
        key=key,
        help=strength.help,
        label_visibility="collapsed",
        persist_state="session",
    )


def _resize(step: Step, centred: bool) -> dict[str, object]:
    _always(step)
    for name in step.fields:
        st.session_state.setdefault(_key(name), getattr(_current(), name))
    limits = bounds(TransformConfig, "size")
    with st.container(horizontal=True):
        size = st.number_input(
            title_of("size"),
            int(limits.low),
            int(limits.high),
            step=1,
            key=_key("size"),
            persist_state="session",
            help=SETTINGS["size"].help,
        )
        interpolation = st.selectbox(
            title_of("interpolation"),
            choices(TransformConfig, "interpolation"),
            key=_key("interpolation"),
            format_func=partial(written, "interpolation"),
            disabled=centred,
            persist_state="session",
            help=SETTINGS["interpolation"].help,
        )
    return {"size": size, "interpolation": interpolation}


def _normalise(step: Step) -> dict[str, object]:
    if not _switch("normalise"):
        st.session_state[WAS_OFF] = True
        return {"normalisation": "fixed", "mean": 0.0, "std": 1.0}
    if st.session_state.pop(WAS_OFF, False):  # start from the lecture's numbers
        st.session_state[_key("mean")], st.session_state[_key("std")] = 0.5, 0.5
    for name in step.fields:
        st.session_state.setdefault(_key(name), getattr(_current(), name))
    own = st.segmented_control(
        title_of("normalisation"),
        choices(TransformConfig, "normalisation"),
        key=_key("normalisation"),
        format_func=partial(written, "normalisation"),
        required=True,
        persist_state="session",
        help=SETTINGS["normalisation"].help,
    )
    if own == "dataset":
        return {"normalisation": own}
    with st.container(horizontal=True):
        numbers = {
            name: st.number_input(
                title_of(name),
                low,
                1.0,
                step=0.05,
                format="%g",
                key=_key(name),
                persist_state="session",
                help=SETTINGS[name].help,
            )
            for name, low in (("mean", 0.0), ("std", SMALLEST_STD))
        }
    return {"normalisation": own, **numbers}


def _normalises(config: TransformConfig) -> bool:
    return config.normalisation == "dataset" or (config.mean, config.std) != (0.0, 1.0)


def _key(name: str, part: str = "value") -> str:
    return f"transform_{name}_{part}"
