"""What a program would compute, found out without computing it: every shape, what it costs, and that it is bounded.

The operations run on tensors of PyTorch's device "meta", which have a shape and no numbers. So a program that asks for
more memory than there is has asked for nothing yet when it is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from digits_core.errors import NetworkError
from digits_core.network.traced_program import BATCH, Graph
from digits_core.network.traced_recurrent import (
    recurrent_length,
    recurrent_multiply_adds,
    recurrent_shapes,
    recurs,
)
from digits_core.network.traced_steps import Step, check_arguments, walk

NODE_ELEMENTS = 4_000_000
"""Numbers that one operation may put out for each image: 3.2 million in a VGG on 224 × 224."""
LIVE_ELEMENTS = 16_000_000
"""The same for all that is kept at a time."""
WORK = 1_000_000_000
"""Numbers that all operations together may read and write for each image."""
MULTIPLY_ADDS = 20_000_000_000
"""Of one image; such a VGG has 15.5 billion."""
PARTS = 65_536
"""Into which an operation may take a tensor apart, and steps that a recurrent one may go through."""
WORK_OF_A_PART, WORK_OF_A_STEP = 1_000, 10_000
"""How many numbers could be read and written in the time that one such part takes, or such a step with one tensor."""
_IN_PARTS = ("split", "chunk", "unbind")
_COUNTS = (1, 2, 3)
"""Numbers of images by which a program is judged: from three follows which dimension grows with it, and how."""

Shape = tuple[int | str, ...]


@dataclass(frozen=True)
class Costs:
    """Of every place of a program: its shape with N for the number of images, and the multiply-adds of one image.

    The shape is `None` if the place holds a number or several tensors.
    """

    shapes: list[Shape | None]
    multiply_adds: list[int]


class Judge:
    """Finds out what a program would compute, and refuses one that is not bounded."""

    def __init__(self, graph: Graph, steps: Sequence[Step], tensors: Mapping[str, Tensor]) -> None:
        self._graph = graph
        self._steps = [
            replace(step, compute=recurrent_shapes(step.node.op)) if recurs(step.node.op) else step for step in steps
        ]
        self._tensors = {name: torch.empty_like(values, device="meta") for name, values in tensors.items()}
        self._accepted: set[int] = set()

    def judge(self) -> Costs:
        """Return what the program computes for any number of images.

        Raises:
            NetworkError: It cannot be run, is too large, or its shapes neither stay nor grow with the number of images.
        """
        found = [self._sizes(count) for count in _COUNTS]
        self._accepted.update(_COUNTS)
        shapes = [self._shape(place, [each[place] for each in found]) for place in range(len(self._steps) + 1)]
        return Costs(shapes, self._multiply_adds())

    def accept(self, count: int) -> None:
        """Refuse to run a number of images that would take too much for each. Each number is tried only once."""
        if count not in self._accepted:
            self._sizes(count)
            self._accepted.add(count)

    def _sizes(self, count: int) -> list[tuple[int, ...] | None]:
        """Return the sizes of what each place holds for `count` images; bounded, or `NetworkError`."""
        sizes: list[tuple[int, ...] | None] = [(count, *self._graph.image_shape)]
        held: dict[int, int] = {}
        work, live, window = 0, 0, 1

        def look(step: Step, made: list[Any]) -> None:
            nonlocal work, window
            args, kwargs = step.filled(made, self._tensors)
            check_arguments(step.compute, args, kwargs)
            work += _reading(step, args, kwargs)
            window = _window(step, args, kwargs)
            self._bound(step, 0, live, work, count)

        for place, made in self._walk(count, look):
            step = self._steps[place - 1]
            held[place] = _elements(made, step)
            live += held[place]
            work += held[place] * window
            self._bound(step, held[place], live, work, count)
            for used in step.last_used:
                live -= held.pop(used, 0)
            sizes.append(tuple(made.shape) if isinstance(made, Tensor) else None)
        return sizes

    def _walk(self, count: int, look: Callable[[Step, list[Any]], None]) -> Iterator[tuple[int, Any]]:
        dtype = getattr(torch, self._graph.dtype)
        images = torch.empty(count, *self._graph.image_shape, dtype=dtype, device="meta")
        with torch.no_grad():
            yield from walk(self._steps, images, self._tensors, look=look)

    def _bound(self, step: Step, elements: int, live: int, work: int, count: int) -> None:
        each = max(count, 1)
        for found, limit, words in (
            (elements, NODE_ELEMENTS, "puts out more than {:,} numbers for each image"),
            (live, LIVE_ELEMENTS, "needs more than {:,} numbers at a time for each image"),
            (work, WORK, "brings the numbers that are read and written for each image to more than {:,}"),
        ):
            if found > limit * each:
                raise NetworkError(
                    f"The network is too large: “{step.node.name}” ({step.node.op}) {words.format(limit)}."
                )

    def _multiply_adds(self) -> list[int]:
        """Return the multiplications with their additions that each place takes for one image."""
        counts = [0]

        def look(step: Step, made: list[Any]) -> None:
            is_recurrent = recurs(step.node.op)
            counts.append(recurrent_multiply_adds(step.filled(made, self._tensors)[0]) if is_recurrent else 0)

        with _Flops() as counter:
            for place, _ in self._walk(1, look):
                counts[place] += counter.total // 2
                counter.total = 0
        if sum(counts) > MULTIPLY_ADDS:
            raise NetworkError(
                f"The network is too large: it takes {sum(counts):,} multiplications for each image, and a traced one "
                f"may take {MULTIPLY_ADDS:,}."
            )
        return counts

    def _shape(self, place: int, sizes: Sequence[tuple[int, ...] | None]) -> Shape | None:
        """Return the shape for any number of images from those for each of `_COUNTS`."""
        if sizes[0] is None:
            return None
        found: list[int | str] = []
        for dimension in zip(*(each or () for each in sizes), strict=False):
            if len(set(dimension)) == 1:
                found.append(dimension[0])
            elif list(dimension) == [dimension[0] * count for count in _COUNTS]:
                found.append(BATCH if dimension[0] == 1 else f"{dimension[0]}*{BATCH}")
        fits = all(each is not None and len(each) == len(found) for each in sizes)
        if not fits or sum(isinstance(each, str) for each in found) > 1:
            name = self._graph.nodes[place - 1].name if place else self._graph.input
            raise NetworkError(
                f"“{name}” puts out {sizes[0]} for one image and {sizes[1]} for two: a traced network reads each image "
                "by itself, so one dimension at most may grow with the number of images."
            )
        return tuple(found)


def _elements(made: Any, step: Step) -> int:
    """Return how many numbers a step put out; `NetworkError` if it is anything but tensors or a number."""
    if isinstance(made, Tensor):
        return made.numel()
    if isinstance(made, tuple | list) and all(isinstance(each, Tensor) for each in made):
        return sum(each.numel() for each in made)
    if isinstance(made, int | float):
        return 0
    raise NetworkError(f"“{step.node.name}” ({step.node.op}) puts out neither tensors nor a number.")


class _Flops(TorchDispatchMode):
    """Counts the floating-point operations of sums of products, two for each multiplication with its addition.

    As PyTorch's own counter does it, with its formulas; but that one hooks into every module of the process.
    """

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if func._overloadpacket in flop_registry:
            self.total += flop_registry[func._overloadpacket](*args, **(kwargs or {}), out_val=made)
        return made


def _reading(step: Step, args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    """Return how many numbers a step reads, with what its parts come to; `NetworkError` for too many parts."""
    tensors = [
        each
        for value in (*args, *kwargs.values())
        for each in (value if isinstance(value, list | tuple) else [value])
        if isinstance(each, Tensor)
    ]
    parts, work = 0, 0
    if recurs(step.node.op):
        parts = recurrent_length(args)
        work = WORK_OF_A_STEP * parts * len(tensors)
    elif any(word in step.node.op for word in _IN_PARTS):
        # As many as a dimension is long, or as it is asked for: PyTorch makes empty ones too.
        asked = (
            each for value in (*args, *kwargs.values()) for each in (value if isinstance(value, list) else [value])
        )
        parts = max(
            *(side for each in tensors for side in each.shape), *(each for each in asked if isinstance(each, int)), 0
        )
        work = WORK_OF_A_PART * parts
    if parts > PARTS:
        raise NetworkError(f"The network is too large: “{step.node.name}” ({step.node.op}) has over {PARTS:,} parts.")
    return work + sum(each.numel() for each in tensors)


def _window(step: Step, args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    """Return how many numbers the window of a pooling sees; 1 for anything else."""
    if "pool" not in step.node.op or "adaptive" in step.node.op:
        return 1
    kernel = args[1] if len(args) > 1 else kwargs.get("kernel_size", 1)
    sides = kernel if isinstance(kernel, list) else [kernel] * 3
    return max(1, math.prod(side for side in sides if isinstance(side, int)))
