"""The layers of a traced network: what each one is, reads, puts out and costs."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from digits_core.layers.base import Count, Shape
from digits_core.layers.functions import FUNCTIONS, SOFTMAX, ActivationFunction
from digits_core.layers.placed import BYTES_PER_NUMBER, INPUT
from digits_core.network.traced_program import Graph, Node, NodeRef, TracedProgram
from digits_core.network.traced_shapes import Costs

WHOLE = "network"
"""The name of the one layer of a network without modules."""
SCORES = "scores"
"""The name of what a network does after its last module, such as a softmax."""
_SOFTMAX = ("aten.softmax.int", "aten._softmax.default", "aten.log_softmax.int", "aten._log_softmax.default")
_PLUMBING = ("getitem", "sym_size", "clone", "contiguous", "alias", "detach", "_to_copy", "lift_fresh_copy")
"""Operations that say nothing to a reader."""


@dataclass(frozen=True)
class TracedLayer:
    """A module of a traced network at its place in it. The shape is that of one image.

    name: dotted, as in the network's Python, with a number if the module is called again; kind: the name of its class;
    function: the activation function that the forward itself has after it, softmax for the last; reads: the layers
    before it, or `INPUT`: several where branches come together; then: what happens to what it puts out before the next
    layer, in PyTorch's words; place: of its last operation.
    """

    name: str
    kind: str
    function: ActivationFunction | None
    output_shape: Shape
    parameters: Count
    multiply_adds: Count
    reads: tuple[str, ...]
    then: str
    place: int

    @property
    def title(self) -> str:
        return f"{self.name}: {self.kind}"

    @property
    def activations(self) -> int:
        """How many numbers come out."""
        return math.prod(self.output_shape)

    @property
    def activation_bytes(self) -> int:
        """The memory of what comes out, in float32."""
        return BYTES_PER_NUMBER * self.activations


def place_traced_layers(program: TracedProgram, costs: Costs) -> tuple[TracedLayer, ...]:
    """Return the modules that call no other module, in the order of their calls, the one of the scores last.

    What the network does after the last of them, if anything, is a layer too. The costs are what `Judge` found out.
    """
    graph = program.graph
    owners = _owners(graph)
    reads, then = _connections(graph, owners)
    ends = _ends(graph, owners, costs)
    functions = _functions(graph, owners)
    calls = {call.name: call for call in graph.modules}
    parameters = _parameters(program, [calls[name].path for name in ends if name in calls])
    names, taken = {INPUT: INPUT}, {INPUT}
    for name in ends:
        names[name] = free_name(name or WHOLE, taken)
        taken.add(names[name])
    work = Counter[str | None]()
    for place, owner in enumerate(owners):
        work[owner] += costs.multiply_adds[place]
    last = next(reversed(ends))
    return tuple(
        TracedLayer(
            name=names[name],
            kind=calls[name].kind if name in calls else ", ".join(then.get(name, ())),
            function=SOFTMAX if name == last else functions.get(place),
            output_shape=shape_of_one(costs.shapes[place]),
            # What modules share, and what one that is called again has, is counted where it comes first.
            parameters=Count(parameters.pop(calls[name].path, 0) if name in calls else 0),
            multiply_adds=Count(work[name]),
            reads=tuple(names[each] for each in reads.get(name, ()) if each in names),
            then=", ".join(then.get(name, ())) if name in calls else "",
            place=place,
        )
        for name, place in ends.items()
    )


def shape_of_one(shape: Sequence[int | str] | None) -> Shape:
    """Return the shape for one image: ("N", 16, 28, 28) → (16, 28, 28), and ("4*N", 32) → (4, 32)."""
    folded = [int(each.split("*")[0]) for each in shape or () if isinstance(each, str) and "*" in each]
    return (*folded, *(each for each in shape or () if isinstance(each, int)))


def _owners(graph: Graph) -> list[str | None]:
    """Return for each place the layer that it belongs to; `None` for what happens between layers."""
    paths = {call.path for call in graph.modules}
    callers = {path[:place] for path in paths for place, letter in enumerate(path) if letter == "."}
    callers |= {""} if paths - {""} else set()
    leaves = {call.name for call in graph.modules if call.path not in callers}
    owners: list[str | None] = [INPUT, *(node.module if node.module in leaves else None for node in graph.nodes)]
    # What no layer reads any more comes after the last one.
    numbers = _numbers(graph)
    read: set[int] = set()
    for place in range(len(graph.nodes), 0, -1):
        if owners[place] is not None or place in read:
            read.update(_read_by(graph.nodes[place - 1], numbers))
        else:
            owners[place] = SCORES
    for place, node in enumerate(graph.nodes, start=1):
        before = _read_by(node, numbers)
        if owners[place] == SCORES and node.op in _SOFTMAX and len(before) == 1 and owners[before[0]] is not None:
            # The last layer with a softmax behind it is still the last layer: what it puts out are the scores.
            owners[place] = owners[before[0]]
    return owners


def _connections(graph: Graph, owners: Sequence[str | None]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return by layer which layers it reads, and in words what happens to what it puts out."""
    numbers = _numbers(graph)
    order = {INPUT: 0}
    sources: list[dict[str, None]] = [{INPUT: None}]
    reads: dict[str, dict[str, None]] = defaultdict(dict)
    then: dict[str, list[str]] = defaultdict(list)
    for place, node in enumerate(graph.nodes, start=1):
        # A size says nothing about what is in the images.
        read = [] if node.op == "aten.sym_size.int" else _read_by(node, numbers)
        comes_from = {name: None for each in read for name in sources[each]}
        owner = owners[place]
        if owner is not None:
            order.setdefault(owner, place)
            reads[owner] |= {name: None for name in comes_from if name != owner}
            sources.append({owner: None})
        else:
            sources.append(comes_from)
        between = owner in (None, SCORES) or owner != node.module
        latest = owner if owner is not None else max(comes_from, key=order.__getitem__, default=None)
        if between and latest is not None and node.shape is not None:
            word = node.op.split(".")[1].strip("_")
            if word not in _PLUMBING and then[latest][-1:] != [word]:
                then[latest].append(word)
    return {name: sorted(found, key=order.__getitem__) for name, found in reads.items()}, then


def _ends(graph: Graph, owners: Sequence[str | None], costs: Costs) -> dict[str, int]:
    """Return for each layer the place of what it puts out, in order: the output's own is the last."""
    output = _numbers(graph)[graph.output]
    ends: dict[str, int] = {}
    for place, node in enumerate(graph.nodes, start=1):
        owner = owners[place]
        # Of several tensors, as recurrent layers put them out, the first is what the layer is for.
        further = node.op == "operator.getitem" and node.args[1:] != (0,)
        if owner is not None and costs.shapes[place] is not None and (owner not in ends or not further):
            ends[owner] = place
    owner = owners[output]
    last = SCORES if owner is None else owner
    ends.pop(last, None)
    if last != SCORES:
        ends.pop(SCORES, None)
    return dict(sorted(ends.items(), key=lambda each: each[1])) | {last: output}


def _functions(graph: Graph, owners: Sequence[str | None]) -> dict[int, ActivationFunction]:
    """Return by place the activation function that is all that comes after it, outside of layers."""
    numbers = _numbers(graph)
    users: dict[int, list[int]] = defaultdict(list)
    for place, node in enumerate(graph.nodes, start=1):
        for read in _read_by(node, numbers):
            users[read].append(place)
    found = {}
    for read, places in users.items():
        node = graph.nodes[places[0] - 1]
        if len(places) == 1 and owners[places[0]] is None and len(node.args) == 1 and not node.kwargs:
            name = node.op.removeprefix("aten.").removesuffix(".default")
            if name in FUNCTIONS:
                found[read] = FUNCTIONS[name]
    return found


def _parameters(program: TracedProgram, paths: Iterable[str]) -> dict[str, int]:
    """Return by path how many parameters a module has, those of modules in it included."""
    counts = dict.fromkeys(paths, 0)
    for name in program.graph.parameters:
        path = name
        while path and path not in counts:
            path = path.rpartition(".")[0]
        if path in counts:
            counts[path] += program.tensors[name].size
    return counts


def _numbers(graph: Graph) -> dict[str, int]:
    return {graph.input: 0} | {node.name: place for place, node in enumerate(graph.nodes, start=1)}


def _read_by(node: Node, numbers: Mapping[str, int]) -> list[int]:
    """Return the places that a node reads."""
    return [numbers[each.node] for each in node.values if isinstance(each, NodeRef)]


def free_name(name: str, taken: Container[str]) -> str:
    """Return the name, or with a number if it is taken."""
    tries = itertools.chain([name], (f"{name} ({number})" for number in itertools.count(2)))
    return next(each for each in tries if each not in taken)
