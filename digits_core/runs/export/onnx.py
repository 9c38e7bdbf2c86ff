"""The network of a run as ONNX, to run it in other programs and languages.

The graph is built from the operator of each layer: PyTorch's own exporter takes seconds, more packages, and a
process-wide lock for the same few nodes.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from digits_core.config import RunConfig
from digits_core.data.digits import CLASSES
from digits_core.errors import ExportError
from digits_core.layers.placed import place_layers
from digits_core.layers.presets import class_name

if TYPE_CHECKING:
    from digits_core.layers.placed import Layer

OPSET = 20
IR_VERSION = 9
"""Supported by onnxruntime 1.17 (2024) and later; this graph needs nothing of the newer IR versions."""
MISSING = "ONNX needs a package that is not installed: pip install onnx"


def is_available() -> bool:
    return importlib.util.find_spec("onnx") is not None


def as_onnx(config: RunConfig, weights: Mapping[str, np.ndarray]) -> bytes:
    """Return a model with input `images`, normalised float32 (N, 1, S, S), and output `logits`, float32 (N, 10).

    The normalisation is in its metadata. Raises `ExportError` if the package `onnx` is not installed.
    """
    if not is_available():
        raise ExportError(MISSING)
    from onnx import TensorProto, checker, helper, numpy_helper

    size = config.transform.size
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["N", 1, size, size])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", CLASSES])
    layers = place_layers(config.network.layers, size, config.training.dropout)
    nodes = [helper.make_node(*arguments, **attributes) for arguments, attributes in operators(layers)]
    tensors = [
        numpy_helper.from_array(np.ascontiguousarray(values), name)
        for name, values in weights.items()
        if values.dtype.kind == "f"  # batch norm also counts its batches
    ]
    graph = helper.make_graph(nodes, class_name(config.network.layers), [images], [logits], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    helper.set_model_props(model, _metadata(config))
    checker.check_model(model, full_check=True)
    return model.SerializeToString()


def operators(layers: Sequence[Layer]) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Yield the arguments of each node: the operator with the names of its inputs and outputs, and the attributes."""
    reads = "images"
    for layer in layers:
        if layer.kind.flattens and len(layer.input_shape) > 1:
            yield ("Flatten", [reads], [f"{reads}.flat"]), {"axis": 1}
            reads = f"{reads}.flat"
        operator, attributes = layer.kind.operator()
        own = [f"{layer.name}.{weight}" for weight in layer.kind.weights]
        last = layer is layers[-1]
        yield (operator, [reads, *own], ["logits" if last else layer.name]), attributes
        reads = layer.name
        if layer.function and not last:
            reads = f"{layer.name}.activated"
            yield (layer.function.operator, [layer.name], [reads]), {}


def _metadata(config: RunConfig) -> dict[str, str]:
    transform = config.transform
    return {
        "input": "(ink / 255 - mean) / std, where ink is 0 for paper and 255 for full ink",
        "mean": str(transform.mean),
        "std": str(transform.std),
        "config": json.dumps(config.model_dump(mode="json")),
    }
