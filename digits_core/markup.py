"""Small pieces of HTML for notebooks: pictures, tables and a curve, all inline, so that a saved notebook keeps them.

Text is escaped here. Text that is already HTML has its own type, `Html`.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterable, Sequence
from html import escape

import numpy as np
from PIL import Image

ACCENT = "#3472ff"
"""The blue of the app: readable on white and on black."""
SHOWN_SIDE = 56
"""In pixels: smaller images are enlarged to about this size, because browsers would blur eight pixels over fifty."""
CURVE_WIDTH, CURVE_HEIGHT, CURVE_ROOM = 120, 28, 4
_TABLE = "border-collapse:collapse;font-size:13px"
_CELL = "padding:2px 8px;text-align:left;vertical-align:middle;border:0"


class Html(str):
    """Text that is HTML already: it is not escaped again, and a notebook shows it as such."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return str(self)


def as_html(content: object) -> Html:
    """Return `Html` unchanged, and any other object as escaped text."""
    return content if isinstance(content, Html) else Html(escape(str(content)))


def joined(parts: Iterable[object], between: str = "") -> Html:
    """Join the parts, each as `as_html` returns it, with `between` between them."""
    return Html(between.join(as_html(part) for part in parts))


def as_png(image: np.ndarray) -> str:
    """Return an image, uint8 (H, W) or (H, W, 4), as the data URL of a PNG, enlarged without smoothing."""
    factor = max(1, SHOWN_SIDE // image.shape[0])
    buffer = io.BytesIO()
    Image.fromarray(image.repeat(factor, axis=0).repeat(factor, axis=1)).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def picture(image: np.ndarray, words: str, side: int = 36) -> Html:
    """Return an image, uint8 (H, W), drawn `side` pixels high; `words` label it, also under the mouse."""
    label = escape(words)
    style = "display:inline-block;margin:1px;image-rendering:pixelated"
    return Html(f'<img src="{as_png(image)}" alt="{label}" title="{label}" height="{side}" style="{style}">')


def table(rows: Iterable[Sequence[object]], head: Sequence[object] = ()) -> Html:
    """Return a table; cells are `Html` or text, those of `head` bold."""
    lines = [_row("th", head)] if head else []
    lines += [_row("td", row) for row in rows]
    return Html(f'<table style="{_TABLE}">{"".join(lines)}</table>')


def bold(text: str) -> Html:
    return Html(f"<b>{escape(text)}</b>")


def heading(title: str, *facts: object) -> Html:
    """Return a title in bold followed by facts, separated by dots; empty facts are omitted."""
    parts = [bold(title), *(fact for fact in facts if str(fact))]
    return Html(f'<div style="margin:4px 0">{joined(parts, " · ")}</div>')


def curve(values: Sequence[float], words: str) -> Html:
    """Return values as a line in a small picture, its last point marked; an empty text if none is a number."""
    known = [(place, value) for place, value in enumerate(values) if math.isfinite(value)]
    if not known:
        return Html("")
    low, high = min(value for _, value in known), max(value for _, value in known)
    across, up = CURVE_WIDTH - 2 * CURVE_ROOM, CURVE_HEIGHT - 2 * CURVE_ROOM
    points = [
        (
            CURVE_ROOM + across * place / max(1, len(values) - 1),
            CURVE_ROOM + up * (1 - (value - low) / (high - low) if high > low else 0.5),
        )
        for place, value in known
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    return Html(
        f'<svg width="{CURVE_WIDTH}" height="{CURVE_HEIGHT}" role="img" aria-label="{escape(words)}" '
        f'style="vertical-align:middle"><title>{escape(words)}</title>'
        f'<polyline points="{line}" fill="none" stroke="{ACCENT}" stroke-width="1.5"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{ACCENT}"/></svg>'
    )


def bar(share: float, strong: bool = True, width: int = 160) -> Html:
    """Return a horizontal bar for a share, 0 to 1."""
    filled = f"width:{width * min(1.0, max(0.0, share)):.1f}px;height:11px;background:{ACCENT}"
    return Html(f'<div style="{filled};opacity:{1 if strong else 0.45};border-radius:2px"></div>')


def _row(tag: str, cells: Sequence[object]) -> str:
    written = "".join(f'<{tag} style="{_CELL}">{as_html(cell)}</{tag}>' for cell in cells)
    return f'<tr style="background:transparent">{written}</tr>'
