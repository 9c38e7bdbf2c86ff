"""The nodes of a program made ready to be run one after the other: each function is allowed, each argument there."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from digits_core.errors import NetworkError
from digits_core.network.traced_operations import find, needs_device
from digits_core.network.traced_program import Dtype, Graph, MemoryFormat, Node, NodeRef, NotFinite, TensorRef


@dataclass(frozen=True)
class _Made:
    """What an earlier node put out, by its place."""

    place: int


@dataclass(frozen=True)
class _Kept:
    """A tensor of the network, by its name."""

    name: str


@dataclass(frozen=True)
class Step:
    """A node made ready: its function, its arguments, and what no later node asks for."""

    node: Node
    compute: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    on_device: bool
    last_used: tuple[int, ...]

    def run(self, made: Sequence[Any], tensors: Mapping[str, Tensor], device: torch.device) -> Any:
        args, kwargs = self.filled(made, tensors)
        if self.on_device:
            kwargs["device"] = device
        return self.compute(*args, **kwargs)

    def filled(self, made: Sequence[Any], tensors: Mapping[str, Tensor]) -> tuple[list[Any], dict[str, Any]]:
        """Return its arguments with what earlier steps put out in their place."""
        args = [_fill(value, made, tensors) for value in self.args]
        return args, {name: _fill(value, made, tensors) for name, value in self.kwargs.items()}


def _fill(value: Any, made: Sequence[Any], tensors: Mapping[str, Tensor]) -> Any:
    kind = type(value)
    if kind is _Made:
        return made[value.place]
    if kind is _Kept:
        return tensors[value.name]
    if kind is list:
        return [_fill(each, made, tensors) for each in value]
    return value


def make_steps(graph: Graph, tensors: Container[str]) -> list[Step]:
    """Return the nodes ready to be run, in their order. Place 0 is the input, place i + 1 what node i puts out.

    Raises:
        NetworkError: An operation is not allowed, a name is there twice, or a node asks for what comes after it.
    """
    places = {graph.input: 0}
    last_use = {0: 0}
    prepared = []
    for place, node in enumerate(graph.nodes, start=1):
        compute = find(node.op)
        args = tuple(_ready(value, node, places, tensors) for value in node.args)
        kwargs = {name: _ready(value, node, places, tensors) for name, value in node.kwargs.items()}
        if node.name in places:
            raise NetworkError(f"Two nodes have the name “{node.name}”.")
        places[node.name] = place
        last_use |= {places[each.node]: place for each in node.values if isinstance(each, NodeRef)} | {place: place}
        prepared.append((node, compute, args, kwargs))
    if places.get(graph.output, 0) == 0:
        raise NetworkError(f"The network puts out “{graph.output}”, which is not one of its nodes.")
    last_use[places[graph.output]] = len(prepared) + 1
    ends: dict[int, list[int]] = {}
    for place, user in last_use.items():
        ends.setdefault(user, []).append(place)
    return [
        Step(*each, needs_device(each[0].op), tuple(ends.get(place, ())))
        for place, each in enumerate(prepared, start=1)
    ]


def _ready(value: Any, node: Node, places: Mapping[str, int], tensors: Container[str]) -> Any:
    """Return an argument as it is given to a function, with the places of what is known only when it runs."""
    match value:
        case NodeRef():
            if value.node not in places:
                raise NetworkError(f"The node “{node.name}” asks for “{value.node}”, which is not before it.")
            return _Made(places[value.node])
        case TensorRef():
            if value.tensor not in tensors:
                raise NetworkError(f"The node “{node.name}” asks for the tensor “{value.tensor}”, which is missing.")
            return _Kept(value.tensor)
        case Dtype():
            return getattr(torch, value.dtype)
        case MemoryFormat():
            return getattr(torch, value.memory_format)
        case NotFinite():
            return float(value.number)
        case tuple():
            return [_ready(each, node, places, tensors) for each in value]
    return value


def check_arguments(compute: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Raise `TypeError` if arguments are not of the kinds that an operation of PyTorch declares.

    PyTorch itself accepts any integer as a dtype, and crashes if it stands for none.
    """
    if not isinstance(compute, torch._ops.OpOverload):
        return
    declared = compute._schema.arguments
    kinds = {argument.name: str(argument.real_type) for argument in declared}
    if len(args) > len(declared):
        raise TypeError(f"takes {len(declared)} arguments at most")
    for name, value in [*zip(kinds, args, strict=False), *kwargs.items()]:
        if name not in kinds or not _is_kind(value, kinds[name]):
            raise TypeError(f"{name} may not be {str(value)[:50]}")


def _is_kind(value: Any, kind: str) -> bool:
    """Return whether a value is of a kind as PyTorch names it: `Tensor`, `List[int]`, `Optional[ScalarType]`."""
    outer, _, inner = kind.removesuffix("]").partition("[")
    if outer == "Optional":
        return value is None or _is_kind(value, inner)
    if outer == "List" and isinstance(value, list):
        return all(_is_kind(each, inner) for each in value)
    if outer == "List":
        return inner in ("int", "float") and _is_kind(value, inner)  # one for all
    return isinstance(value, _KINDS.get(kind, ())) and (kind != "int" or not isinstance(value, bool))


_KINDS: dict[str, Any] = {
    "Tensor": Tensor | int | float,  # of a number, PyTorch makes a tensor
    "number": int | float,
    "int": int,
    "float": int | float,
    "bool": bool,
    "str": str,
    "ScalarType": torch.dtype,
    "MemoryFormat": torch.memory_format,
}
"""Where a tensor lies and how is not for a program to say."""


def walk(
    steps: Sequence[Step],
    images: Tensor,
    tensors: Mapping[str, Tensor],
    look: Callable[[Step, list[Any]], None] = lambda step, made: None,
) -> Iterator[tuple[int, Any]]:
    """Run the steps one by one; yield the place of each, and what it put out.

    Args:
        look: Called before each step with what there is so far.

    Raises:
        NetworkError: A step cannot be run on what it is given.
    """
    made: list[Any] = [images, *[None] * len(steps)]
    for place, step in enumerate(steps, start=1):
        try:
            look(step, made)
            made[place] = step.run(made, tensors, images.device)
        except NetworkError:
            raise
        except Exception as error:
            said = str(error).strip().splitlines() or [type(error).__name__]
            where = f"“{step.node.name}” ({step.node.op})"
            raise NetworkError(f"The traced network cannot be run: {where}: {said[0][:300]}") from error
        yield place, made[place]
        for used in step.last_used:
            made[used] = None
