"""Read drawings by `reader.js` in a real browser, and draw them on a canvas there."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from playwright.sync_api import Page, Route

from digits_core.browser.canvas import CANVAS_SIDE
from digits_core.browser.model import model_of, reader_source
from digits_core.data.strokes import FORMS
from digits_core.recognition.out_of_distribution import Refusal
from digits_core.recognition.recogniser import Recogniser

ADDRESS = "http://localhost:9/"
"""Answered by the test itself: nothing listens there."""
AT_ONCE = 50

TOOLS = """
async ([description, numbers]) => {
  const reader = await import("/reader.js");
  const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const text = (values) => {
    const all = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    let letters = "";
    for (let i = 0; i < all.length; i += 8192) letters += String.fromCharCode(...all.subarray(i, i + 8192));
    return btoa(letters);
  };
  const model = reader.loadModel(description, bytes(numbers).buffer);
  const answer = (grey, width, height, withLayers) => {
    const found = reader.read(model, grey, width, height);
    if (!found) return null;
    const { seen, side, logits, probabilities, digit, refused, layers } = found;
    const values = withLayers ? layers.map((layer) => ({ ...layer, values: text(layer.values) })) : [];
    return { seen: text(seen), side, logits: [...logits], probabilities: [...probabilities], digit, refused,
      layers: values.map(({ name, title, channels, height, width, values }) =>
        ({ name, title, channels, height, width, values })) };
  };
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  window.reader = reader;
  window.readAll = (greys, width, height, layers) => greys.map((grey) => answer(bytes(grey), width, height, layers));
  window.drawAll = (drawings, side) => drawings.map(({ strokes, brush }) => {
    canvas.width = canvas.height = side;
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, side, side);
    context.lineCap = context.lineJoin = "round";
    context.lineWidth = brush;
    for (const points of strokes) {
      context.beginPath();
      context.moveTo(...points[0]);
      for (let i = 1; i < points.length - 1; i++) {
        const [[x, y], [nextX, nextY]] = [points[i], points[i + 1]];
        context.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
      }
      context.lineTo(...points[points.length - 1]);
      context.stroke();
    }
    const grey = reader.greyOf(context.getImageData(0, 0, side, side).data);
    return { grey: text(grey), answer: answer(grey, side, side, false) };
  });
}
"""


@dataclass(frozen=True)
class Read:
    """What the browser read: as `Answer` has it, with `refused` and the layers by name, float32 (C, H, W)."""

    seen: np.ndarray
    logits: np.ndarray
    probabilities: np.ndarray
    digit: int
    refused: bool | None
    layers: dict[str, np.ndarray]


class BrowserReader:
    """A network in a tab of a browser."""

    def __init__(self, page: Page, recogniser: Recogniser, refusal: Refusal | None = None) -> None:
        def serve(route: Route) -> None:
            script = route.request.url.endswith("reader.js")
            kind = "text/javascript" if script else "text/html"
            route.fulfill(content_type=kind, body=reader_source() if script else "<!doctype html><title>Reader</title>")

        page.route(f"{ADDRESS}**", serve)
        page.goto(ADDRESS)
        description, numbers = model_of(recogniser, refusal)
        page.evaluate(TOOLS, [description, base64.b64encode(numbers).decode()])
        self._page = page

    def read(self, greys: np.ndarray, layers: bool = False) -> list[Read | None]:
        """Read drawings, uint8 (N, H, W), dark on white."""
        texts = [base64.b64encode(grey.tobytes()).decode() for grey in greys]
        height, width = greys.shape[1:]
        found = self._page.evaluate("(all) => readAll(...all)", [texts, width, height, layers])
        return [each and _read(each) for each in found]

    def draw(self, drawings: Sequence[dict]) -> tuple[np.ndarray, list[Read | None]]:
        """Draw on a canvas; return its pixels, uint8 (N, side, side), and what was read."""
        greys, answers = [], []
        for start in range(0, len(drawings), AT_ONCE):
            found = self._page.evaluate(
                "(all) => drawAll(...all)", [list(drawings[start : start + AT_ONCE]), CANVAS_SIDE]
            )
            greys += [_bytes(each["grey"]).reshape(CANVAS_SIDE, CANVAS_SIDE) for each in found]
            answers += [each["answer"] and _read(each["answer"]) for each in found]
        return np.stack(greys), answers


def hand_drawings(count: int, seed: int) -> list[dict]:
    """Return strokes and a brush for digits in turn, each in a form, size, slant and place of its own."""
    rng = np.random.default_rng(seed)
    return [_hand_drawing(number % 10, rng) for number in range(count)]


def _hand_drawing(digit: int, rng: np.random.Generator) -> dict:
    forms = FORMS[digit]
    lines = [np.array(points, float) for points, _ in forms[rng.integers(len(forms))](rng)]
    brush = float(rng.uniform(8, 40))
    height = rng.uniform(70, 220)
    slant = rng.normal(0, 0.2)
    moved = [line + rng.normal(0, 0.03, line.shape) for line in lines]
    placed = [np.stack([line[:, 0] - slant * line[:, 1], line[:, 1]], axis=1) * height for line in moved]
    all_points = np.concatenate(placed)
    room = CANVAS_SIDE - np.ptp(all_points, axis=0)
    corner = rng.uniform(0, 1, 2) * np.maximum(room, 0) - all_points.min(axis=0)
    return {"brush": brush, "strokes": [(line + corner).round(2).tolist() for line in placed]}


def _read(found: dict) -> Read:
    side = found["side"]
    layers = {
        each["name"]: _bytes(each["values"]).view(np.float32).reshape(each["channels"], each["height"], each["width"])
        for each in found["layers"]
    }
    return Read(
        _bytes(found["seen"]).reshape(side, side),
        np.array(found["logits"]),
        np.array(found["probabilities"]),
        found["digit"],
        found["refused"],
        layers,
    )


def _bytes(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), np.uint8)
