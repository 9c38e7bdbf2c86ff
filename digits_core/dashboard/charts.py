"""Charts on a page: plotly figures that are updated in place, in the colours of the theme.

Streamlit's own component treats a chart with other data as another chart: it is rebuilt on each change, which flickers
and loses the hovered point. Ours passes the new data to the existing chart, and is on the page in half the time. Where
a click or a lasso in a chart is an input, pages use Streamlit's, with the config defined here.
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
"""For Streamlit's own charts: no zooming by scrolling, and no toolbar that covers their titles."""
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
    """Return a figure for Streamlit's own chart: in larger type in presenter mode, as `charts.js` does for ours."""
    if is_presenting():
        chart = go.Figure(chart)  # the caller's figure may be cached
        chart.update_layout(font_size=18, title_font_size=22)
        chart.update_traces(textfont_size=18)
    return chart


Brush = list[tuple[str, list[float]]]
"""For each brushed axis of parallel coordinates: its title, and the lower and upper ends of its ranges."""


def show_chart(
    chart: go.Figure | str, key: str, alt: str, height: int | None = None, *, awaited: str | None = None
) -> None:
    """Draw a figure, or its JSON; drawn again with the same `key`, the chart on the page is updated in place.

    `alt` describes the chart in words. `height` in pixels defaults to that of the figure; it is required for JSON.
    `awaited` names what the user has just asked for: if its chart is not on the screen, it is scrolled into view, once.
    """
    if height is None:
        assert isinstance(chart, go.Figure)
        height = chart.layout.height
    height = int(height)
    data = payload(chart, alt, height) | {"awaited": awaited if awaited is None else str(awaited)}
    _component()(key=key, height=height, data=data)


def show_brushed_chart(chart: go.Figure | str, key: str, alt: str, height: int, least: int) -> Brush:
    """Show parallel coordinates and return what is brushed; brushing reruns the page.

    `least` is the width, in pixels, below which the chart scrolls sideways instead of being squeezed.
    """
    data = payload(chart, alt, height) | {"brush": True, "least": int(least)}
    shown = _component()(key=key, height=int(height), data=data, on_brush_change=lambda: None)
    return [(title, ends) for title, ends in shown.brush or []]


def payload(chart: go.Figure | str, alt: str, height: int) -> dict[str, object]:
    """Return the data for the browser as plain values: it cannot read a NumPy scalar such as `np.int64`."""
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
    # The version is part of its URL: another version has another URL.
    return FileResponse(
        path, media_type="text/javascript", headers={"Cache-Control": "public, max-age=31536000, immutable"}
    )
