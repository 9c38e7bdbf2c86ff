"""Charts on a page: plotly figures that change in place, and whose colours are the theme's.

Streamlit's own takes a chart with other data for another chart: it is built anew on each change, which flickers and
loses what the mouse points at. Ours hands new data to the chart that is there, and is on the page in half the time.
Where a click or a lasso in a chart is an answer, pages use Streamlit's, with the config that stands here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import plotly
import plotly.graph_objects as go
import streamlit as st
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

from digits_core.dashboard.app_address import served_at, with_app_address
from digits_core.dashboard.presenter import is_presenting

CHART_CONFIG = {"displayModeBar": False, "scrollZoom": False}
"""For Streamlit's own charts: they keep still under the finger, without a toolbar that covers their titles."""
PLOTLY_PATH = "/digits-lab/plotly.js"
FOLDER = Path(__file__).parent
HTML = """<div class="digits-figure">
<div class="digits-chart"></div>
<button class="digits-enlarge" type="button" aria-label="Full screen" title="Full screen">
<svg viewBox="0 0 16 16" width="14" height="14"><path d="M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4"/></svg>
</button>
</div>"""


def plotly_route() -> Route:
    """Return the route that serves the plotly.js that comes with plotly: the page works offline."""
    return Route(served_at(PLOTLY_PATH), _send_plotly)


def on_projector(chart: go.Figure) -> go.Figure:
    """Return a figure for Streamlit's own chart: in presenter mode with larger type, as `charts.js` has it for ours."""
    if is_presenting():
        chart = go.Figure(chart)  # the one that was handed in may be kept
        chart.update_layout(font_size=18, title_font_size=22)
        chart.update_traces(textfont_size=18)
    return chart


Brush = list[tuple[str, list[float]]]
"""For each axis of parallel coordinates that is brushed: its title, and the lower and upper ends of its ranges."""


def show_chart(
    chart: go.Figure | str, key: str, alt: str, height: int | None = None, *, awaited: str | None = None
) -> None:
    """Draw a figure, or its JSON; drawn again with the same `key`, the chart on the page changes in place.

    `alt` says in words what it shows. `height` in pixels is the figure's own where it is not given: JSON needs it.
    `awaited` names what somebody has just asked for: where its chart is not on the screen, it is brought there, once.
    """
    if height is None:
        assert isinstance(chart, go.Figure)
        height = chart.layout.height
    height = int(height)
    data = payload(chart, alt, height) | {"awaited": awaited if awaited is None else str(awaited)}
    _component()(key=key, height=height, data=data)


def show_brushed_chart(chart: go.Figure | str, key: str, alt: str, height: int, least: int) -> Brush:
    """Show parallel coordinates; the page runs again when they are brushed. Returns what is brushed.

    `least` is the width, in pixels, below which the chart is moved sideways in its frame rather than pressed.
    """
    data = payload(chart, alt, height) | {"brush": True, "least": int(least)}
    shown = _component()(key=key, height=int(height), data=data, on_brush_change=lambda: None)
    return [(title, ends) for title, ends in shown.brush or []]


def payload(chart: go.Figure | str, alt: str, height: int) -> dict[str, object]:
    """Return what the browser draws from, as plain values: with an `np.int64` among them it could not read any."""
    return {
        "figure": str(chart) if isinstance(chart, str) else chart.to_json(),
        "plotly": f"{PLOTLY_PATH}?{plotly.__version__}",
        "alt": str(alt),
        "height": int(height),
    }


@cache
def _component() -> Callable[..., Any]:
    return st.components.v2.component(
        "digits_lab_chart",
        html=HTML,
        js=with_app_address((FOLDER / "charts.js").read_text(encoding="utf-8")),
        css=(FOLDER / "charts.css").read_text(encoding="utf-8"),
        isolate_styles=False,
    )


async def _send_plotly(_request: Request) -> FileResponse:
    path = Path(str(files("plotly") / "package_data" / "plotly.min.js"))
    # Its address carries its version: another version is another address.
    return FileResponse(
        path, media_type="text/javascript", headers={"Cache-Control": "public, max-age=31536000, immutable"}
    )
