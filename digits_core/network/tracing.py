"""A module of any Python made into a traced program, in the process that has that Python.

`torch.export` follows the module's forward once and writes down each operation; from then on nobody needs the class.
"""

from __future__ import annotations

import io
import logging
import math
import operator
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import ValidationError
from torch import Tensor, fx, nn
from torch.export import Dim, ExportedProgram, default_decompositions, export
from torch.export.graph_signature import InputKind

from digits_core.errors import NetworkError
from digits_core.layers.placed import LOGITS
from digits_core.network.traced_layers import free_name
from digits_core.network.traced_network import LARGEST_SIDE, TracedNetwork, is_image_shape
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

TOLERANCE = 1e-3
"""By how much the program's scores may differ from the module's, relative to the largest."""
_END = 2**63 - 1
"""What PyTorch writes for the end of a slice that goes to the end."""
_BATCH_NORM = "aten._native_batch_norm_legit_no_training.default"
_INSTEAD = {
    # The whole layer looks whether its statistics fit what comes in; this inner operation reads beyond their end.
    _BATCH_NORM: "aten.batch_norm.default",
    # What is not written yet may be anything, so zeros are as good, and show nobody's memory.
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


def trace(network: nn.Module, example: Tensor) -> TracedProgram:
    """Return a module as a program that runs without its class. The module stays as it was.

    Args:
        network: Any module that reads digits and puts out ten scores for each, (N, 10). It is traced in eval mode.
        example: Images as the module reads them: (N, 1, S, S), (N, S, S) or (N, S·S); or a single one, (1, S, S), which
            is taken for an image with its channel, or (S·S,).

    Raises:
        NetworkError: The module does not read such images, puts out something else, or does what no program can say,
            such as deciding by the values of an image. The text names the line of its forward, where that is known.
    """
    network = getattr(network, "_orig_mod", network)  # what torch.compile was given
    images = _as_batch(network, example)
    with _undisturbed(network):
        answers = [(batch, _scores(network, batch)) for batch in (images, images[:1])]
        program = _as_program(_export(network, images), images, type(network).__name__)
        traced = TracedNetwork(program).to(images.device)
        for batch, expected in answers:
            with torch.no_grad():
                found = traced(batch)
            if not torch.allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE * float(expected.abs().max())):
                raise NetworkError(
                    "The traced network gives other scores than the network itself: its answer depends on more than "
                    "the image, such as random numbers or something that its forward remembers."
                )
    return program


def _as_batch(network: nn.Module, example: Tensor) -> Tensor:
    """Return at least two images, on the device of the network: with one, PyTorch takes the 1 for part of the shape."""
    is_single = example.ndim == 1 or (example.ndim == 3 and len(example) == 1)
    images = (example[None] if is_single else example).detach()
    if not images.is_floating_point() or not len(images) or not is_image_shape(tuple(images.shape[1:])):
        raise NetworkError(
            f"The example is {str(example.dtype).removeprefix('torch.')} {tuple(example.shape)}; give images as the "
            f"network reads them, float32 (N, 1, S, S), (N, S, S) or (N, S·S) with S up to {LARGEST_SIDE}."
        )
    first = next(network.parameters(), images)
    return (images if len(images) > 1 else torch.cat([images, images])).to(first.device)


@contextmanager
def _undisturbed(network: nn.Module) -> Iterator[None]:
    """Have the module in eval mode, and leave it, the random numbers and the screen as they were."""
    modes = {module: module.training for module in network.modules()}
    level = logging.root.manager.disable
    with (
        torch.random.fork_rng(),
        warnings.catch_warnings(),
        redirect_stdout(io.StringIO()),
        redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        try:
            network.eval()
            yield
        finally:
            logging.disable(level)
            for module, mode in modes.items():
                module.training = mode


def _scores(network: nn.Module, images: Tensor) -> Tensor:
    """Return the scores as the module itself computes them, float32 (N, 10)."""
    many = "a single image" if len(images) == 1 else f"{len(images)} images"
    try:
        with torch.no_grad():
            scores = network(images)
    except Exception as error:
        raise NetworkError(
            f"The network cannot read {many} of shape {tuple(images.shape)}{_line(error)}: {_first_line(error)}"
        ) from error
    if not isinstance(scores, Tensor):
        raise NetworkError(
            f"The network puts out a {type(scores).__name__}; it must be one tensor of {LOGITS} scores for each image."
        )
    if scores.shape != (len(images), LOGITS) or not scores.is_floating_point():
        raise NetworkError(
            f"The network puts out {tuple(scores.shape)} for {many}; it must be {LOGITS} scores for each image, "
            f"({len(images)}, {LOGITS})."
        )
    return scores.float()


def _export(network: nn.Module, images: Tensor) -> ExportedProgram:
    try:
        return _whole(network, images, strict=False)
    except Exception as error:
        # The other way of PyTorch reads the bytecode: it is pickier, but follows len(images).
        if _is_fixed(error):
            with suppress(Exception):
                return _whole(network, images, strict=True)
        raise _untraceable(error, len(images)) from error


def _whole(network: nn.Module, images: Tensor, strict: bool) -> ExportedProgram:
    exported = export(network, (images,), dynamic_shapes=({0: Dim.DYNAMIC},), strict=strict)
    # Without a table nothing is taken apart: a program of whole layers is shorter, and faster to run. Only what may
    # not be in a program is, as long as that helps.
    known = default_decompositions()
    table: dict[Any, Any] = {}
    while True:
        whole = exported.run_decompositions(table)
        refused = {node.target for node in _calls(whole) if not is_allowed(_op(node))}
        further = {target: known[target] for target in refused - set(table) if target in known}
        if not further:
            return whole
        table |= further


def _is_fixed(error: Exception) -> bool:
    """Return whether it says that a module works for one number of images alone."""
    return any(words in str(error) for words in ("specialized it to be a constant", "Constraints violated"))


def _untraceable(error: Exception, count: int) -> NetworkError:
    if "data-dependent" in str(error):
        reason = (
            "its forward decides by the values of an image, as with if, while or .item(). A traced network has the "
            "same steps for each image: torch.where chooses between two"
        )
    elif _is_fixed(error):
        reason = (
            f"it works only for {count} images at a time. Write x.size(0) or -1 where its forward has a fixed number "
            "of images, and let no loop run over them"
        )
    else:
        reason = _first_line(error).rstrip(".")
    return NetworkError(f"The network cannot be traced{_line(error)}: {reason}.")


def _calls(exported: ExportedProgram) -> list[fx.Node]:
    """Return what is computed for the scores, without the checks that PyTorch adds and what only these need."""
    needed = set(exported.graph_signature.user_outputs)
    calls = []
    for node in reversed(exported.graph.nodes):
        if node.op == "call_function" and node.name in needed:
            needed.update(each.name for each in node.all_input_nodes)
            calls.append(node)
    return calls[::-1]


def _op(node: fx.Node) -> str:
    name = _NUMBERS.get(node.target) or str(node.target)
    return _INSTEAD.get(name, name)


def _as_program(exported: ExportedProgram, images: Tensor, kind: str) -> TracedProgram:
    """Return what was exported as data, with the shapes that the program itself computes."""
    inputs = exported.graph_signature.input_specs
    refs: dict[str, NodeRef | TensorRef] = {}
    for spec in inputs:
        name = spec.arg.name
        refs[name] = NodeRef(node=name) if spec.kind is InputKind.USER_INPUT else TensorRef(tensor=str(spec.target))
    calls = _Calls(kind)
    try:
        nodes = [node for each in _calls(exported) if (node := _node(each, refs, calls)) is not None]
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
    op, args, kwargs = _op(node), list(node.args), dict(node.kwargs)
    if str(node.target) == _BATCH_NORM:
        *args, momentum, eps = args
        args += [False, momentum, eps, False]
    elif op == "operator.getitem" and isinstance(args[0], fx.Node) and _op(args[0]) == "aten.batch_norm.default":
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


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__


def _line(error: BaseException) -> str:
    """Return the line of the person's own code in which an error came up, if there is one."""
    ours = (str(Path(torch.__file__).parent), str(Path(__file__).parents[1]))
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(ours)]
    frames = [frame for frame in frames if frame.line]
    return f" at line {frames[-1].lineno}, “{frames[-1].line}”" if frames else ""
