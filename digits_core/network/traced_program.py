"""A traced network as data: the operations that it is made of, in order, and the tensors that they use.

The two files of it are JSON and safetensors. Their origin is unknown, so what is read here is bounded and has the
right form, and nothing more: `TracedNetwork` checks what the operations are before it runs any.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load, save

from digits_core.errors import NetworkError

PROGRAM_FILE, WEIGHTS_FILE = "program.json", "weights.safetensors"
MIB = 2**20
PROGRAM_BYTES = 8 * MIB
WEIGHTS_BYTES = 512 * MIB
NODES = 10_000
LONGEST_LIST = 1_000
LARGEST_INTEGER = 2**31 - 1
"""Of what is written in a program. No size that it could stand for comes near it."""
DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64")
"""Of a tensor that is kept, in the words of PyTorch and NumPy."""

BATCH = "N"
"""The number of images, in a shape."""


def _no_integer(value: Any) -> Any:
    """Keep an integer that is too large from being read as a float."""
    if isinstance(value, int):
        raise ValueError("not a number with a fraction")
    return value


Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Word = Annotated[str, Field(max_length=200)]
Dimension = Annotated[int, Field(ge=0, le=LARGEST_INTEGER)] | Annotated[str, Field(pattern=r"^([1-9]\d{0,8}\*)?N$")]
Integer = Annotated[int, Field(ge=-LARGEST_INTEGER, le=LARGEST_INTEGER)]
Float = Annotated[float, Field(allow_inf_nan=False), BeforeValidator(_no_integer)]


class Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class NodeRef(Data):
    """What another node puts out; the images, where it is the input."""

    node: Name


class TensorRef(Data):
    """One of the tensors, by the name that it has in the network."""

    tensor: Name


class Dtype(Data):
    dtype: Literal["bool", "uint8", "int8", "int16", "int32", "int64", "bfloat16", "float16", "float32", "float64"]


class MemoryFormat(Data):
    memory_format: Literal["contiguous_format", "preserve_format", "channels_last"]


class NotFinite(Data):
    """A number that JSON has no word for."""

    number: Literal["inf", "-inf", "nan"]


Single = bool | Integer | Float | Word | NodeRef | TensorRef | Dtype | MemoryFormat | NotFinite | None
Value = Single | Annotated[tuple[Single, ...], Field(max_length=LONGEST_LIST, fail_fast=True)]


class Node(Data):
    """One operation: what it computes and from what.

    op: as PyTorch names it, `aten.relu.default`, or `operator.mul` for numbers; module: the name of the `ModuleCall` in
    whose forward it happens; shape: of what it puts out, with N for the number of images: ("N", 16, 28, 28). `None` if
    that is a number or several tensors.
    """

    name: Name
    op: Name
    args: Annotated[tuple[Value, ...], Field(max_length=100, fail_fast=True)]
    kwargs: Annotated[dict[Name, Value], Field(max_length=20)]
    module: Annotated[str, Field(max_length=200)]
    shape: Annotated[tuple[Dimension, ...], Field(max_length=16)] | None

    @property
    def values(self) -> list[Single]:
        """All arguments, those in lists too."""
        arguments = (*self.args, *self.kwargs.values())
        return [each for value in arguments for each in (value if isinstance(value, tuple) else (value,))]


class ModuleCall(Data):
    """One call of a module: a module that is called again has a second name with a number.

    path: dotted, "" for the network itself; kind: the name of its class.
    """

    name: Annotated[str, Field(max_length=200)]
    path: Annotated[str, Field(max_length=200)]
    kind: Name


class Graph(Data):
    """What `program.json` holds.

    input: the name by which nodes refer to the images; image_shape: of one image as the network reads it, (1, S, S),
    (S, S) or (S²,); dtype: of the images; output: the node of the scores; parameters: the names of those tensors that
    training changes; modules: in the order of their first operation.
    """

    version: Literal[1] = 1
    input: Name
    image_shape: Annotated[tuple[Integer, ...], Field(min_length=1, max_length=3)]
    dtype: Literal["float16", "float32", "float64"]
    nodes: Annotated[tuple[Node, ...], Field(min_length=1, max_length=NODES, fail_fast=True)]
    output: Name
    parameters: Annotated[tuple[Name, ...], Field(max_length=NODES, fail_fast=True)]
    modules: Annotated[tuple[ModuleCall, ...], Field(max_length=NODES, fail_fast=True)]

    @property
    def size(self) -> int:
        """The side of an image in pixels."""
        return self.image_shape[-1] if len(self.image_shape) > 1 else math.isqrt(self.image_shape[0])


@dataclass(frozen=True)
class TracedProgram:
    """A network without its Python: its operations, and its tensors by name. `tracing.trace` makes one."""

    graph: Graph
    tensors: Mapping[str, np.ndarray]

    def to_files(self) -> dict[str, bytes]:
        """Return the two files by name; the same program gives the same bytes."""
        # Without the defaults of JSON: a number that it has no word for would be one that other readers refuse.
        text = json.dumps(self.graph.model_dump(mode="json"), allow_nan=False, ensure_ascii=False, sort_keys=True)
        # Copied, because safetensors keeps memory as it lies; `ascontiguousarray` would give a number a dimension.
        plain = {name: self.tensors[name].copy(order="C") for name in sorted(self.tensors)}
        return {PROGRAM_FILE: text.encode(), WEIGHTS_FILE: save(plain)}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> TracedProgram:
        """Read the two files. Their form is checked, not what the operations do: that is for `TracedNetwork`.

        Raises:
            NetworkError: A file is missing, is too large, or is not what its name says.
        """
        for name, limit in ((PROGRAM_FILE, PROGRAM_BYTES), (WEIGHTS_FILE, WEIGHTS_BYTES)):
            if name not in files:
                raise NetworkError(f"The traced network has no {name}. Log it again with log_model.")
            if len(files[name]) > limit:
                raise NetworkError(f"{name} has more than {limit // MIB} MiB, the limit for a traced network.")
        return cls(_read_graph(files[PROGRAM_FILE]), _read_tensors(files[WEIGHTS_FILE]))


def _read_graph(data: bytes) -> Graph:
    try:
        return Graph.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise NetworkError(f"{PROGRAM_FILE} cannot be read: {_where(first['loc'])}{first['msg']}.") from error


def _where(location: tuple[Any, ...]) -> str:
    """Return the place of a problem, without the alternatives that pydantic tried there."""
    parts = []
    for part in location:
        if isinstance(part, str) and not part.isidentifier():
            break
        parts.append(str(part))
    return f"at {'.'.join(parts)[:200]}: " if parts else ""


def _read_tensors(data: bytes) -> dict[str, np.ndarray]:
    try:
        tensors = load(data)
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise NetworkError(f"{WEIGHTS_FILE} cannot be read ({error}).") from error
    if len(tensors) > NODES:
        raise NetworkError(f"{WEIGHTS_FILE} has {len(tensors):,} tensors; a traced network may have {NODES:,}.")
    for name, values in tensors.items():
        if values.dtype.name not in DTYPES:
            raise NetworkError(
                f"{WEIGHTS_FILE}: “{name[:200]}” has the type {values.dtype}; one of {', '.join(DTYPES)}."
            )
    return tensors
