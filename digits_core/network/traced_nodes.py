"""What PyTorch exported, written as the nodes of a program."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from pydantic import ValidationError
from torch import Tensor, fx
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind

from digits_core.errors import NetworkError
from digits_core.network.traced_layers import free_name
from digits_core.network.traced_operations import is_allowed, refusal
from digits_core.network.traced_program import (
    DTYPES,
    Dtype,
    Graph,
    MemoryFormat,
    ModuleCall,
    Node,
    NodeRef,
    NotFinite,
    Single,
    TensorRef,
    TracedProgram,
    Value,
)
from digits_core.network.traced_shapes import Judge
from digits_core.network.traced_steps import make_steps

_END = 2**63 - 1
"""What PyTorch writes for the end of a slice that goes to the end."""
_BATCH_NORM = "aten._native_batch_norm_legit_no_training.default"
_INSTEAD = {
    # The whole layer looks whether its statistics fit what comes in; this inner operation reads beyond their end.
    _BATCH_NORM: "aten.batch_norm.default",
    # What is not written yet may be anything, so zeros are as good, and expose no memory.
    "aten.empty.memory_format": "aten.zeros.default",
}
"""Operations that PyTorch takes networks apart into, and those that a program has instead."""
_DROPPED = ("device", "layout", "pin_memory")
_NUMBERS: dict[Any, str] = {
    operator.getitem: "operator.getitem",
    operator.add: "operator.add",
    operator.sub: "operator.sub",
    operator.mul: "operator.mul",
    operator.floordiv: "operator.floordiv",
    operator.truediv: "operator.truediv",
    operator.mod: "operator.mod",
    operator.neg: "operator.neg",
    torch.sym_float: "sym_float",
}


def calls_of(exported: ExportedProgram) -> list[fx.Node]:
    """Return what is computed for the scores, without the checks that PyTorch adds and what only these need."""
    needed = set(exported.graph_signature.user_outputs)
    calls = []
    for node in reversed(exported.graph.nodes):
        if node.op == "call_function" and node.name in needed:
            needed.update(each.name for each in node.all_input_nodes)
            calls.append(node)
    return calls[::-1]


def op_of(node: fx.Node) -> str:
    """Return the operation by the name that it has in a program."""
    name = _NUMBERS.get(node.target) or str(node.target)
    return _INSTEAD.get(name, name)


def as_program(exported: ExportedProgram, images: Tensor, kind: str) -> TracedProgram:
    """Return what was exported as data, with the shapes that the program itself computes."""
    inputs = exported.graph_signature.input_specs
    refs: dict[str, NodeRef | TensorRef] = {}
    for spec in inputs:
        name = spec.arg.name
        refs[name] = NodeRef(node=name) if spec.kind is InputKind.USER_INPUT else TensorRef(tensor=str(spec.target))
    calls = _Calls(kind)
    try:
        nodes = [node for each in calls_of(exported) if (node := _node(each, refs, calls)) is not None]
        (output,) = exported.graph_signature.user_outputs
        used = {value.tensor for node in nodes for value in node.values if isinstance(value, TensorRef)}
        graph = Graph(
            input=next(spec.arg.name for spec in inputs if spec.kind is InputKind.USER_INPUT),
            image_shape=tuple(images.shape[1:]),
            dtype=_word(images.dtype),
            nodes=tuple(nodes),
            output=_name_of(refs[str(output)]),
            parameters=tuple(sorted({str(spec.target) for spec in inputs if spec.kind is InputKind.PARAMETER} & used)),
            modules=tuple(calls.found),
        )
    except ValidationError as error:
        raise NetworkError(f"The network cannot be written as a program: {error.errors()[0]['msg']}.") from error
    kept = {**exported.constants, **exported.state_dict}
    tensors = {name: _as_array(name, kept[name]) for name in sorted(used)}
    steps = make_steps(graph, tensors)
    shapes = (
        Judge(graph, steps, {name: torch.from_numpy(values) for name, values in tensors.items()}).judge().shapes[1:]
    )
    shaped = tuple(node.model_copy(update={"shape": shape}) for node, shape in zip(nodes, shapes, strict=True))
    return TracedProgram(graph.model_copy(update={"nodes": shaped}), tensors)


def _name_of(ref: NodeRef | TensorRef) -> str:
    return ref.node if isinstance(ref, NodeRef) else ref.tensor


class _Calls:
    """The calls of modules that were met, in order; the first is that of the network itself, of class `kind`."""

    def __init__(self, kind: str) -> None:
        self.found = [ModuleCall(name="", path="", kind=kind)]
        self._names = {"": ""}
        self._taken = {""}

    def name(self, stack: Mapping[str, tuple[str, Any]]) -> str:
        """Return the name of the call that a node was made in: the innermost of its stack that computes something."""
        key, path, kind = "", "", ""
        for inner, (at, of) in stack.items():
            # Normalised weights are modules in a layer, and no layers themselves.
            if "parametrizations" in at or inner.startswith("_empty"):
                break
            key, path, kind = inner, at, of if isinstance(of, str) else of.__qualname__
        path = ".".join(part.split("@")[0] for part in path.split("."))
        if not path:
            return ""
        if key not in self._names:
            self._names[key] = free_name(path, self._taken)
            self._taken.add(self._names[key])
            self.found.append(ModuleCall(name=self._names[key], path=path, kind=kind.rpartition(".")[2]))
        return self._names[key]


def _node(node: fx.Node, refs: dict[str, NodeRef | TensorRef], calls: _Calls) -> Node | None:
    """Return one operation as data and enter its name in `refs`; `None` where it is what it reads."""
    op, args, kwargs = op_of(node), list(node.args), dict(node.kwargs)
    if str(node.target) == _BATCH_NORM:
        *args, momentum, eps = args
        args += [False, momentum, eps, False]
    elif op == "operator.getitem" and isinstance(args[0], fx.Node) and op_of(args[0]) == "aten.batch_norm.default":
        refs[node.name] = refs[args[0].name]
        return None
    if not is_allowed(op):
        raise NetworkError(refusal(op))
    if op == "aten.zeros.default":
        kwargs.pop("memory_format", None)
    if op in ("aten.slice.Tensor", "aten.slice_scatter.default"):
        args = [None if value == _END else value for value in args]
    refs[node.name] = NodeRef(node=node.name)
    return Node(
        name=node.name,
        op=op,
        args=tuple(_value(value, refs) for value in args),
        kwargs={name: _value(value, refs) for name, value in kwargs.items() if name not in _DROPPED},
        module=calls.name(node.meta.get("nn_module_stack") or {}),
        shape=None,
    )


def _value(value: Any, refs: Mapping[str, NodeRef | TensorRef]) -> Value:
    """Return an argument as data."""
    if isinstance(value, list | tuple):
        return tuple(_single(each, refs) for each in value)
    return _single(value, refs)


def _single(value: Any, refs: Mapping[str, NodeRef | TensorRef]) -> Single:
    match value:
        case fx.Node():
            return refs[value.name]
        case torch.dtype() if value.is_complex:
            raise NetworkError(f"The network computes with {_word(value)}; a traced network has no complex numbers.")
        case torch.dtype():
            return Dtype(dtype=_word(value))
        case torch.memory_format():
            return MemoryFormat(memory_format=_word(value))
        case float() if not math.isfinite(value):
            return NotFinite.model_validate({"number": str(value)})
        case None | bool() | int() | float() | str():
            return value
    raise NetworkError(f"The network cannot be written as a program: it has {type(value).__name__} as an argument.")


def _word(of_torch: torch.dtype | torch.memory_format) -> Any:
    return str(of_torch).removeprefix("torch.")


def _as_array(name: str, values: Tensor) -> np.ndarray:
    if _word(values.dtype) not in DTYPES:
        raise NetworkError(f"The weights “{name}” are {_word(values.dtype)}. Call network.float() before it is traced.")
    return values.detach().cpu().numpy().copy()
