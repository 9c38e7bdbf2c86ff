"""Unusual properties of a digit that a run refuses, and remedies: transform steps for its training, or a recipe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from digits_core.config import RunConfig
from digits_core.dashboard.pages import page
from digits_core.dashboard.recognise.recognition_result import article
from digits_core.dashboard.state import state
from digits_core.evaluation.before_after import learnt_from_handwriting, with_handwriting
from digits_core.settings import SETTINGS, name_of
from digits_core.training.config_fields import to_query
from digits_core.training.recipes import FULL, ROBUST

if TYPE_CHECKING:
    from digits_core.recognition.out_of_distribution import Refusal
    from digits_core.recognition.recogniser import Answer
    from digits_core.recognition.unusual import Unusual, Usual

_STEPS = {
    "stroke": ("stroke_width",),
    "size": ("centre", "scale"),
    "across": ("centre", "translation"),
    "down": ("centre", "translation"),
    "slant": ("shear",),
}
"""The steps that make a network invariant to a property; the first one that a run lacks is suggested."""
_TITLES = {
    "stroke": "Width of the stroke",
    "size": "Longest side of the ink",
    "across": "Right of the middle",
    "down": "Below the middle",
    "slant": "Slant to the right",
}


def unusual_of(answer: Answer, refusal: Refusal, run_id: str) -> list[Unusual]:
    """Return the unusual properties of an answer, compared with the run's training images of that digit."""
    run = state().runs.get(run_id)
    usual = _usual(str(state().home.folder), run_id, run.finished or 0.0, refusal.threshold, refusal, run.config)
    return usual.unusual(answer.seen, answer.digit)


def words_of(found: Sequence[Unusual]) -> str:
    """Format unusual properties in words, as in "thin, off centre"."""
    return ", ".join(dict.fromkeys(each.word for each in found))


def missing_steps(config: RunConfig, found: Sequence[Unusual]) -> dict[str, bool | float]:
    """Return the steps that would help with the unusual properties and that the run lacks, or has at a lower value.

    Keys are field names, values those of the recipe Robust.
    """
    own, robust = config.transform, ROBUST.config.transform
    steps: dict[str, bool | float] = {}
    for each in found:
        lacking = [name for name in _STEPS[each.name] if getattr(own, name) < getattr(robust, name)]
        steps |= {name: getattr(robust, name) for name in lacking[:1]}
    return steps


def offer_help(run_id: str, digit: int, found: Sequence[Unusual], key: str) -> None:
    """Draw a popover with the measured values, and links to filled-in forms with helpful steps or a recipe."""
    config = state().runs.get(run_id).config
    with st.popover(
        "What would help",
        icon=":material/build:",
        key=f"{key}_help",
        help="What was measured, and ways to train a network that reads such digits.",
    ):
        for each in found:
            unit = "°" if each.name == "slant" else " pixels"
            st.markdown(
                f"{_TITLES[each.name]}: **{each.value:.1f}{unit}**. Training images of {article(digit)} {digit}, as "
                f"the network sees them: {each.low:.1f} to {each.high:.1f}{unit}."
            )
        if steps := missing_steps(config, found):
            for name in steps:
                st.markdown(f"**{SETTINGS[name].title}**: {SETTINGS[name].why}")
            _link(with_steps(config, steps), f"Train these settings with {_listed(steps)}")
        if config.recipe not in (ROBUST.name, FULL.name):
            _link(ROBUST.config, f"Train the {ROBUST.name} recipe: {ROBUST.lesson}")
        if not learnt_from_handwriting(config):
            _link(with_handwriting(config), "Save such digits with their right label, and train with your handwriting")


def with_steps(config: RunConfig, steps: dict[str, bool | float]) -> RunConfig:
    """Return the config of the same training with these steps in its transform."""
    name = f"{config.name or config.recipe or 'Run'} + {_listed(steps)}"[:120]
    return config.replace(transform=config.transform.replace(**steps), name=name)


def _listed(steps: dict[str, bool | float]) -> str:
    return ", ".join(name_of(name) for name in steps)


def _link(config: RunConfig, label: str) -> None:
    st.page_link(
        page("training"),
        label=label,
        icon=":material/model_training:",
        query_params=to_query(config),
        help="Opens the form on Training, filled in. Nothing is started yet.",
    )


@st.cache_resource(max_entries=16, show_spinner=False)
def _usual(folder: str, run_id: str, finished: float, threshold: float, _refusal: Refusal, _config: RunConfig) -> Usual:
    from digits_core.recognition.unusual import usual_of

    references = _refusal.score.references
    return usual_of(references.seen, references.labels, _config.transform)
