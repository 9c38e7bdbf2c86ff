"""What the module `reader.js` needs of a run: a description, and one block of bytes with all of its numbers.

Every constant that Python and JavaScript share goes through the description, so that each has one source.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from digits_core.config import RunConfig, TransformConfig
from digits_core.data.digits import CLASSES
from digits_core.data.strokes import read_strokes
from digits_core.errors import ExportError
from digits_core.layers.placed import Layer, place_layers
from digits_core.runs.rows import OTHER_LAYERS
from digits_core.transforms.steps import INK_LEVEL, INK_SHARE

if TYPE_CHECKING:
    from digits_core.recognition.out_of_distribution import Refusal
    from digits_core.recognition.recogniser import Recogniser

READER = Path(__file__).with_name("reader.js")
LOGIT_TOLERANCE = 0.005
"""So far may the logits move where weights are rounded to half precision: a probability then moves by an eighth of a
percent at most, for its slope is a quarter."""
CHECKED = 100
"""Drawings on which that is checked, ten of each digit."""


@cache
def reader_source() -> str:
    """Return the JavaScript of the module."""
    return READER.read_text(encoding="utf-8")


def model_of(recogniser: Recogniser, refusal: Refusal | None = None) -> tuple[dict[str, Any], bytes]:
    """Return what `loadModel` of `reader.js` takes: a description, fit for JSON, and the bytes that it refers to.

    Weights are of half precision where the logits stay the same to `LOGIT_TOLERANCE`, else of single precision.

    Args:
        refusal: Tells digits from other marks. Without it, the reader calls nothing “not a digit”.

    Raises:
        ExportError: The network was traced from somebody else's code.
    """
    from digits_core.network.traced_network import TracedNetwork

    if isinstance(recogniser.network, TracedNetwork):
        raise ExportError(OTHER_LAYERS)
    state = {name: values.numpy() for name, values in recogniser.network.state_dict().items()}
    block = _Block()
    block.add_all(_numbers(state), half=_stays_with_half_precision(recogniser, state))
    judged = None if refusal is None else _refusal(refusal, recogniser, block)
    return _description(recogniser.config.transform, recogniser.network.layers, judged, block)


def model_of_halves(config: RunConfig, weights: Mapping[str, np.ndarray]) -> tuple[dict[str, Any], bytes]:
    """Return the same without what tells digits from other marks, and without PyTorch, which takes seconds to load.

    Args:
        weights: What half precision holds exactly, such as the weights of the run that is shipped.
    """
    block = _Block()
    block.add_all(_numbers(weights), half=True)
    layers = place_layers(config.network.layers, config.transform.size, config.training.dropout)
    return _description(config.transform, layers, None, block)


@dataclass
class _Block:
    """Arrays one behind the other, each with its place: type, first byte, and how many numbers."""

    content: bytearray = field(default_factory=bytearray)
    places: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add_all(self, weights: Mapping[str, np.ndarray], half: bool) -> None:
        for name, values in weights.items():
            self.add(name, values.astype(np.float16 if half else np.float32))

    def add(self, name: str, values: np.ndarray) -> None:
        little = values.astype(values.dtype.newbyteorder("<"))
        raw = little.tobytes()
        self.places[name] = {"type": values.dtype.name, "offset": len(self.content), "length": values.size}
        # Most of an image is paper: a 0 is followed by how many there are in a row.
        self.content += re.sub(rb"\0{1,255}", _counted, raw) if values.dtype == np.uint8 else raw


def _numbers(state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return what a network computes with. Batch norm also counts its batches, in whole numbers."""
    return {name: values for name, values in state.items() if np.issubdtype(values.dtype, np.floating)}


def _description(
    transform: TransformConfig, layers: Sequence[Layer], refusal: dict[str, Any] | None, block: _Block
) -> tuple[dict[str, Any], bytes]:
    description = {
        "transform": _transform(transform),
        "layers": [_layer(layer) for layer in layers],
        "refusal": refusal,
        "arrays": block.places,
    }
    return description, bytes(block.content)


def _counted(zeros: re.Match[bytes]) -> bytes:
    return bytes((0, len(zeros[0])))


def _transform(config: TransformConfig) -> dict[str, Any]:
    return {
        "size": config.size,
        "centre": config.centre,
        "interpolation": config.interpolation,
        "mean": config.mean,
        "std": config.std,
        "ink_level": INK_LEVEL,
        "ink_side": round(config.size * INK_SHARE),
    }


def _layer(layer: Layer) -> dict[str, Any]:
    operator, attributes = layer.kind.operator()
    return {
        "name": layer.name,
        "title": layer.title,
        "operator": operator,
        "attributes": attributes,
        "activation": layer.function.operator if layer.function else None,
        "input": layer.input_shape,
        "output": layer.output_shape,
    }


def _refusal(refusal: Refusal, recogniser: Recogniser, block: _Block) -> dict[str, Any]:
    from digits_core.recognition.digit_score import LARGEST_LOGITS

    references = refusal.score.references
    block.add("references.seen", references.seen)
    block.add("references.hidden", references.hidden.astype(np.float16))
    block.add("score", refusal.score.weights.astype(np.float32))
    return {
        "threshold": refusal.threshold,
        "intercept": refusal.score.intercept,
        "least_margin": refusal.least_margin,
        "largest_logits": LARGEST_LOGITS,
        "layers": recogniser.judged_layers,
        "starts": [0, *accumulate(np.bincount(references.labels, minlength=CLASSES).tolist())],
    }


def _stays_with_half_precision(recogniser: Recogniser, state: dict[str, np.ndarray]) -> bool:
    """Return True if half precision changes no logit of some drawings by more than `LOGIT_TOLERANCE`."""
    from digits_core.recognition.recogniser import Recogniser

    with np.errstate(over="ignore"):
        half = {name: values.astype(np.float16).astype(np.float32) for name, values in _numbers(state).items()}
    # Made anew and not copied: others read with this one meanwhile, and what it remembers grows.
    rounded = Recogniser(recogniser.config, state | half)
    seen = recogniser.seen(read_strokes().images[:CHECKED])
    one, other = (np.stack([answer.logits for answer in each.read_seen(seen)]) for each in (recogniser, rounded))
    return bool(abs(one - other).max() <= LOGIT_TOLERANCE)
