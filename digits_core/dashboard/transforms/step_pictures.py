"""The steps of one image next to each other: the result of each as a picture, in facts, and as a histogram.

One component and no charts: it fills any width, and a change is on the page in a fraction of the time.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from digits_core.dashboard.pixels import with_paint
from digits_core.figures.palette import DIGIT_COLOURS

if TYPE_CHECKING:
    from digits_core.transforms.preview import TracedStep

FOLDER = Path(__file__).parent

_steps = st.components.v2.component(
    "digits_transform_steps",
    html='<div class="steps"></div>',
    css=(FOLDER / "step_pictures.css").read_text(encoding="utf-8"),
    js=with_paint(FOLDER / "step_pictures.js"),
)


def show_steps(traced: Sequence[TracedStep], words: str) -> None:
    """Show the steps in their order; `words` describe the image."""
    _steps(data=payload(traced, words), key="steps")


def payload(traced: Sequence[TracedStep], words: str) -> dict[str, Any]:
    """Return the data for the browser as plain values."""
    # Tuples, because Streamlit checks if a list is a table.
    return {"words": str(words), "colour": DIGIT_COLOURS[0], "steps": tuple(map(_step, traced))}


def _step(each: TracedStep) -> dict[str, Any]:
    values = np.ascontiguousarray(each.pixels, dtype="<f4")
    kind, shape, number_type, spread = each.facts
    counts, _ = each.histogram
    low, high = each.value_range
    return {
        "title": each.name,
        "why": each.why,
        "random": bool(each.random),
        "type": kind,
        "shape": shape,
        "dtype": number_type,
        "range": spread,
        "height": int(values.shape[0]),
        "width": int(values.shape[1]),
        "values": base64.b64encode(values.tobytes()).decode(),
        "counts": tuple(map(int, counts)),
        "low": float(low),
        "high": float(high),
    }
