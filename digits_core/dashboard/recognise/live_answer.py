"""Predictions of networks for a drawing, while the pen moves and after each stroke, in one place on the page.

While the pen is down the browser itself reads the paper, with the same network in JavaScript. After the stroke the
server's answer replaces the browser's. If the browser cannot read, only the server's answers are shown.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import streamlit as st

from digits_core.browser.canvas import CANVAS_SIDE
from digits_core.dashboard.app_address import with_app_address
from digits_core.dashboard.pixels import with_paint
from digits_core.dashboard.recognise.recognition_result import SURE, article
from digits_core.data.papers import SIDE
from digits_core.figures.palette import DIGIT_COLOURS, run_colour
from digits_core.runs.store import Run

if TYPE_CHECKING:
    from digits_core.dashboard.browser_models import BrowserModel
    from digits_core.dashboard.recognise.recognition_result import Reading

FOLDER = Path(__file__).parent
READER = FOLDER.parents[1] / "browser" / "reader.js"
Picture = Literal["seen", "stored"]
CAPTIONS: dict[Picture, str] = {"seen": "what the network sees", "stored": "what will be stored"}
HTML = """<div class="live">
<div class="spoken" role="status" aria-live="polite"></div>
<div class="agreement"></div>
<div class="answers"></div>
<button class="show-layers" type="button" aria-pressed="false"
 title="What each layer makes of the drawing while you draw: the feature maps of the convolutions, then the units of the
 fully connected layers. Bright is a large value.">Show the layers</button>
<div class="layers" hidden></div>
</div>"""


def show_live_answer(
    runs: Sequence[Run],
    models: Sequence[BrowserModel],
    readings: Sequence[Reading],
    key: str,
    *,
    hint: str,
    layers: bool = True,
    stored: np.ndarray | None = None,
    picture: Picture = "seen",
) -> None:
    """Show the prediction of each of these runs for the drawing on this page.

    Args:
        models: The networks of these runs; one without an address leaves the reading to the server.
        readings: What the server read, one for each run; none while the paper is empty.
        hint: What to do while the paper is empty.
        layers: Whether the layers of the first run can be shown.
        stored: The drawing as it would be stored, uint8 (112, 112), if `picture` is "stored".
    """
    data = payload(runs, models, readings, hint=hint, layers=layers, stored=stored, picture=picture)
    _component()(key=key, data=data)


def payload(
    runs: Sequence[Run],
    models: Sequence[BrowserModel],
    readings: Sequence[Reading],
    *,
    hint: str,
    layers: bool = True,
    stored: np.ndarray | None = None,
    picture: Picture = "seen",
) -> dict[str, Any]:
    """Return the data that the browser draws, as plain values."""
    # Tuples, because Streamlit treats every list as a possible table.
    return {
        "paper": "main_action",
        "size": (CANVAS_SIDE, CANVAS_SIDE),
        "colours": DIGIT_COLOURS,
        "articles": tuple(article(digit) for digit in range(10)),
        "sure": SURE,
        "hint": hint,
        "caption": CAPTIONS[picture],
        "picture": picture,
        "stored_side": SIDE,
        "stored": "" if stored is None else base64.b64encode(stored.tobytes()).decode(),
        "by": f" · {runs[0].title}" if picture == "stored" and runs else "",
        "layers": bool(layers and runs),
        "runs": tuple(
            {
                "id": model.id,
                "title": run.title,
                "colour": run_colour(run.number),
                "weights": model.address,
            }
            for run, model in zip(runs, models, strict=True)
        ),
        "answers": tuple(_answer(reading) for reading in readings),
    }


def _answer(reading: Reading) -> dict[str, Any]:
    (answer,) = reading.answers
    return {
        "digit": answer.digit,
        "probabilities": tuple(float(share) for share in answer.probabilities),
        "seen": base64.b64encode(answer.seen.tobytes()).decode(),
        "refused": bool(reading.refused),
    }


@cache
def _component() -> Callable[..., Any]:
    source = "".join(path.read_text(encoding="utf-8") for path in (READER, FOLDER / "live_worker.js"))
    return st.components.v2.component(
        "digits_live_answer",
        html=HTML,
        css=(FOLDER / "live_answer.css").read_text(encoding="utf-8"),
        js=f"const WORKER_SOURCE = {json.dumps(source)};\n" + with_app_address(with_paint(FOLDER / "live_answer.js")),
    )
