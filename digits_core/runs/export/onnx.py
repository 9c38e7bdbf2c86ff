"""The network of a run as ONNX, which other programs and languages run.

The graph is written down node by node: it is the network's `forward`, and PyTorch's own exporter takes seconds, more
packages, and a lock on the process for the same nine nodes.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping

import numpy as np

from digits_core.config import RunConfig
from digits_core.data.digits import CLASSES
from digits_core.errors import ExportError

OPSET = 20
IR_VERSION = 9
"""Read by onnxruntime from 1.17 on (2024); later ones have nothing that this graph needs."""
MISSING = "ONNX needs a package that is not installed: pip install onnx"


def is_available() -> bool:
    return importlib.util.find_spec("onnx") is not None


def as_onnx(config: RunConfig, weights: Mapping[str, np.ndarray]) -> bytes:
    """A model with the input `images`, normalised float32 (N, 1, S, S), and the output `logits` float32 (N, 10).

    How to normalise is in its metadata. `ExportError` where the package `onnx` is not there.
    """
    if not is_available():
        raise ExportError(MISSING)
    from onnx import TensorProto, checker, helper, numpy_helper

    size = config.transform.size
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["N", 1, size, size])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", CLASSES])
    node = helper.make_node
    nodes = [
        node("Conv", ["images", "conv1.weight", "conv1.bias"], ["conv1"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        node("Relu", ["conv1"], ["relu1"]),
        node("Conv", ["relu1", "conv2.weight", "conv2.bias"], ["conv2"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        node("MaxPool", ["conv2"], ["pool"], kernel_shape=[2, 2], strides=[2, 2]),
        node("Relu", ["pool"], ["relu2"]),
        node("Flatten", ["relu2"], ["flat"], axis=1),
        node("Gemm", ["flat", "fc1.weight", "fc1.bias"], ["fc1"], transB=1),
        node("Relu", ["fc1"], ["relu3"]),
        node("Gemm", ["relu3", "fc2.weight", "fc2.bias"], ["fc2"], transB=1),
        node("Relu", ["fc2"], ["relu4"]),
        node("Gemm", ["relu4", "fc3.weight", "fc3.bias"], ["logits"], transB=1),
    ]
    tensors = [numpy_helper.from_array(np.ascontiguousarray(values), name) for name, values in weights.items()]
    graph = helper.make_graph(nodes, "ImprovedNet", [images], [logits], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    helper.set_model_props(model, _metadata(config))
    checker.check_model(model, full_check=True)
    return model.SerializeToString()


def _metadata(config: RunConfig) -> dict[str, str]:
    transform = config.transform
    return {
        "input": "(ink / 255 - mean) / std, where ink is 0 for paper and 255 for full ink",
        "mean": str(transform.mean),
        "std": str(transform.std),
        "config": json.dumps(config.model_dump(mode="json")),
    }
