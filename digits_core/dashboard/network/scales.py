"""The colour scale: for each map alone, per layer, or over all layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from digits_core.figures.activation_figures import Range, value_range

RELATIVE_TO = ("each alone", "per layer", "over all")


def choose_scale(thing: str) -> str:
    return st.segmented_control(
        "Colour scale",
        RELATIVE_TO,
        default=RELATIVE_TO[1],
        required=True,
        key="colours",
        bind="query-params",
        persist_state="session",
        help=f"What is drawn as the brightest. **Each alone** shows the pattern of every {thing}, however weak. **Per "
        "layer** shows which are strong in their layer, **over all** which layers are. The last two are shared by both "
        "networks where two are compared.",
    )


def ranges_of(maps: np.ndarray, shared: Sequence[np.ndarray], scale: str, signed: bool) -> list[Range]:
    """Return the value range of each map (n, H, W): its own, or that of `shared`. Maps of one cell share a range."""
    if maps.shape[-1] == 1 and scale == RELATIVE_TO[0]:
        return [value_range([maps], signed)] * len(maps)
    if scale == RELATIVE_TO[0]:
        return [value_range([each], signed) for each in maps]
    return [value_range(shared, signed)] * len(maps)
