"""A traced network comes from whoever: what it may not do is refused by name before anything of it runs."""

import json
from random import Random

import numpy as np
import pytest
import torch
from safetensors.numpy import save

from digits_core.errors import NetworkError
from digits_core.network.activations import activations, dead_units
from digits_core.network.traced_network import TracedNetwork
from digits_core.network.traced_program import (
    LARGEST_INTEGER,
    NODES,
    PROGRAM_BYTES,
    PROGRAM_FILE,
    WEIGHTS_FILE,
    TracedProgram,
)
from digits_core.network.traced_shapes import NODE_ELEMENTS, Judge
from digits_core.network.traced_steps import make_steps, walk
from digits_core.network.tracing import trace
from tests.unit.network.learners_networks import LectureNet, OneLayer, Recurrent, images_for, make
from tests.unit.networks import improved_net

IMAGES = torch.randn(3, 1, 28, 28, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def lecture():
    """The files of the lecture's network, as a learner writes it."""
    network = LectureNet()
    network.load_state_dict(improved_net().state_dict())
    return trace(network, IMAGES).to_files()


@pytest.fixture(scope="module")
def small():
    """The files of a network of one layer, whose program is `view` and `linear`."""
    return trace(OneLayer(), IMAGES).to_files()


@pytest.fixture(scope="module")
def recurrent():
    return trace(Recurrent(), IMAGES[:, 0]).to_files()


def changed(files, change):
    """Return the files with a program that `change` was let loose on."""
    graph = json.loads(files[PROGRAM_FILE])
    change(graph)
    return files | {PROGRAM_FILE: json.dumps(graph).encode()}


def load(files):
    return TracedNetwork(TracedProgram.from_files(files))


def node(name, op, *args, shape=None, **kwargs):
    return {"name": name, "op": op, "args": list(args), "kwargs": kwargs, "module": "", "shape": shape}


def ref(name):
    return {"node": name}


def before_the_scores(*nodes):
    """Return a change that puts nodes first, and adds what the last of them puts out to the scores, times 0."""

    def change(graph):
        added = ref(nodes[-1]["name"])
        graph["nodes"] = [
            *nodes,
            *graph["nodes"],
            node("added", "aten.sum.default", added, shape=[]),
            node("nothing", "aten.mul.Tensor", ref("added"), 0, shape=[]),
            node("whole", "aten.add.Tensor", ref(graph["output"]), ref("nothing"), shape=["N", 10]),
        ]
        graph["output"] = "whole"

    return change


def test_nodes_can_be_added_as_the_attacks_below_do(small):
    network = load(small)
    images = ref(json.loads(small[PROGRAM_FILE])["input"])
    extra = load(changed(small, before_the_scores(node("more", "aten.relu.default", images, shape=["N", 1, 28, 28]))))
    torch.testing.assert_close(extra(IMAGES), network(IMAGES))


UNKNOWN = (
    "os.system",
    "builtins.eval",
    "aten.from_file.default",
    "aten.empty.memory_format",
    "aten.as_strided.default",
    "aten.relu_.default",
    "aten.add.out",
    "aten.rand.default",
    "aten.nonzero.default",
    "aten._native_batch_norm_legit_no_training.default",
    "aten.__class__.default",
    "aten.relu.__call__",
    "torchvision.nms.default",
    "operator.pow",
    "operator.attrgetter",
    "prims.convert_element_type.default",
)


@pytest.mark.parametrize("op", UNKNOWN)
def test_an_operation_that_is_not_on_the_list_is_refused_by_name(small, op):
    def change(graph):
        graph["nodes"][-1]["op"] = op

    with pytest.raises(NetworkError, match=op):
        load(changed(small, change))


def set_node(place, **fields):
    return lambda graph: graph["nodes"][place].update(fields)


def set_argument(place, argument, value):
    def change(graph):
        graph["nodes"][place]["args"][argument] = value

    return change


def repeat_nodes(graph):
    graph["nodes"] *= NODES


BROKEN = {
    "a node that comes later": (set_argument(0, 0, ref("linear")), "asks for “linear”, which is not before it"),
    "itself": (set_argument(-1, 0, ref("linear")), "asks for “linear”, which is not before it"),
    "nobody": (set_argument(0, 0, ref("nobody")), "asks for “nobody”"),
    "a missing tensor": (set_argument(-1, 1, {"tensor": "2.weight"}), "tensor “2.weight”, which is missing"),
    "two of a name": (set_node(-1, name="view"), "Two nodes have the name “view”"),
    "the input's name": (lambda graph: graph["nodes"][0].update(name=graph["input"]), "Two nodes have the name"),
    "no such output": (lambda graph: graph.update(output="nobody"), "puts out “nobody”"),
    "the input as output": (lambda graph: graph.update(output=graph["input"]), "which is not one of its nodes"),
    "another output": (lambda graph: graph.update(output="view"), r"puts out \(N, 784\); it must be 10 scores"),
    "an untrue shape": (set_node(0, shape=["N", 785]), r"puts out \(N, 784\), not \(N, 785\) as it says"),
    "a shape that is not a number": (set_node(0, shape=["N", float("nan")]), "nodes.0.shape.1"),
    "a shape in words": (set_node(0, shape=["N", "__import__"]), "nodes.0.shape.1"),
    "a negative shape": (set_node(0, shape=["N", -784]), "nodes.0.shape.1"),
    "a type that is no type": (set_node(0, kwargs={"dtype": {"dtype": "os"}}), "nodes.0.kwargs"),
    "complex numbers": (set_node(0, kwargs={"dtype": {"dtype": "complex64"}}), "nodes.0.kwargs"),
    "an integer for a type": (
        set_node(0, op="aten.softmax.int", args=[ref("input"), 1, LARGEST_INTEGER]),
        "dtype may not be",
    ),
    "a device": (set_node(0, kwargs={"device": "cuda"}), "device may not be cuda"),
    "a text for a tensor": (set_argument(0, 0, "x"), "self may not be x"),
    "a list for a tensor": (set_argument(0, 0, [ref("input")]), "self may not be"),
    "an enormous integer": (set_argument(0, 1, [-1, 10**30]), "cannot be read|may not be"),
    "infinity": (set_argument(0, 1, [-1, float("inf")]), "nodes.0.args.1"),
    "too many arguments": (set_node(0, args=[ref("input"), [-1, 784], 1, 1]), "takes 2 arguments at most"),
    "an unknown argument": (set_node(0, kwargs={"out": ref("input")}), "out may not be"),
    "lists in lists": (set_argument(0, 1, [[-1], [784]]), "nodes.0.args.1"),
    "an unknown field": (set_node(0, python="print(1)"), "nodes.0.python"),
    "another version": (lambda graph: graph.update(version=2), "version"),
    "too many nodes": (repeat_nodes, f"at most {NODES} items"),
    "no nodes": (lambda graph: graph.update(nodes=[]), "at least 1 item"),
    "colour pictures": (lambda graph: graph.update(image_shape=[3, 28, 28]), "reads images of shape"),
    "enormous pictures": (lambda graph: graph.update(image_shape=[1, 10**6, 10**6]), "reads images of shape"),
    "no pictures": (lambda graph: graph.update(image_shape=[0]), "reads images of shape"),
    "a parameter that is not there": (lambda graph: graph.update(parameters=["5.bias"]), "“5.bias” is missing"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_program_is_refused_in_one_line(small, name):
    change, words = BROKEN[name]
    files = changed(small, lambda graph: (use_input_as(graph, "input"), change(graph)))
    with pytest.raises(NetworkError, match=words) as refused:
        load(files)
    assert "\n" not in str(refused.value)


def use_input_as(graph, name):
    """Call the input by a name that the changes can know."""
    graph["nodes"][0]["args"][0] = ref(name)
    graph["input"] = name


BOMBS = {
    "expand": [
        node("ones", "aten.ones.default", [1], shape=[1]),
        node("bomb", "aten.expand.default", ref("ones"), [10**9]),
    ],
    "full": [node("bomb", "aten.full.default", [10**5, 10**5], 1.0, shape=[10**5, 10**5])],
    "repeat": [
        node("one", "aten.ones.default", [2000], shape=[2000]),
        node("bomb", "aten.repeat.default", ref("one"), [10**6]),
    ],
    "arange": [node("bomb", "aten.arange.default", 2 * 10**9)],
    "padding": [
        node("one", "aten.ones.default", [1, 1, 2, 2], shape=[1, 1, 2, 2]),
        node("bomb", "aten.constant_pad_nd.default", ref("one"), [10**5] * 4),
    ],
    "one-hot": [
        node("one", "aten.zeros.default", [2], shape=[2], dtype={"dtype": "int64"}),
        node("bomb", "aten.one_hot.default", ref("one"), 2 * 10**9),
    ],
    "parts": [
        node("many", "aten.ones.default", [10**6], shape=[10**6]),
        node("bomb", "aten.split.Tensor", ref("many"), 1),
    ],
    "empty parts": [
        node("none", "aten.ones.default", [0, 2], shape=[0, 2]),
        node("bomb", "aten.chunk.default", ref("none"), LARGEST_INTEGER),
    ],
    "many at a time": [
        *(node(f"part{place}", "aten.ones.default", [NODE_ELEMENTS], shape=[NODE_ELEMENTS]) for place in range(9)),
        node("bomb", "aten.cat.default", [ref(f"part{place}") for place in range(9)]),
    ],
    "a large window": [
        node("many", "aten.ones.default", [1, 1, 1500, 1500], shape=[1, 1, 1500, 1500]),
        node("bomb", "aten.max_pool2d.default", ref("many"), [999, 999], [1, 1], [499, 499]),
    ],
    "multiplications": [
        node("square", "aten.ones.default", [2000, 2000], shape=[2000, 2000]),
        node("bomb0", "aten.mm.default", ref("square"), ref("square"), shape=[2000, 2000]),
        node("bomb1", "aten.mm.default", ref("bomb0"), ref("square"), shape=[2000, 2000]),
        node("bomb2", "aten.mm.default", ref("bomb1"), ref("square"), shape=[2000, 2000]),
    ],
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_program_that_asks_for_too_much_is_refused_before_it_has_any(small, name):
    with pytest.raises(NetworkError, match="is too large"):
        load(changed(small, before_the_scores(*BOMBS[name])))


def test_a_program_that_grows_suddenly_is_refused_when_it_would(small):
    """Nothing for up to 999 images, and a terabyte for 1,000."""
    network = load(
        changed(
            small,
            lambda graph: (
                use_input_as(graph, "input"),
                before_the_scores(
                    node("count", "aten.sym_size.int", ref("input"), 0),
                    node("thousands", "operator.floordiv", ref("count"), 1000),
                    node("millions", "operator.mul", ref("thousands"), 2**20),
                    node("size", "operator.mul", ref("millions"), 2**18),
                    node("bomb", "aten.ones.default", [ref("size")], shape=[0]),
                )(graph),
            ),
        )
    )
    assert network(IMAGES).shape == (3, 10)
    with pytest.raises(NetworkError, match=r"“bomb”.*puts out more than"):
        network(torch.zeros(1000, 1, 28, 28))


def test_numbers_cannot_grow_without_end(small):
    squares = [node("n0", "operator.add", 2**30, 0)]
    squares += [node(f"n{each}", "operator.mul", ref(f"n{each - 1}"), ref(f"n{each - 1}")) for each in range(1, 60)]
    with pytest.raises(NetworkError, match="a number that is too large"):
        load(changed(small, before_the_scores(*squares)))


@pytest.mark.parametrize("change", ["fewer states", "more layers", "another size", "no sequence"])
def test_a_recurrent_layer_whose_weights_do_not_fit_is_refused(recurrent, change):
    """PyTorch itself reads beyond the end of the states, and crashes."""

    def broken(graph):
        states = [each for each in graph["nodes"] if each["op"] == "aten.zeros.default"]
        layer = next(each for each in graph["nodes"] if each["op"] == "aten.lstm.input")
        match change:
            case "fewer states":
                states[-1]["args"][0][0] = 0
                states[-1]["shape"][0] = 0
            case "more layers":
                layer["args"][4] = 7
            case "another size":
                states[-1]["args"][0][2] = 5
                states[-1]["shape"][2] = 5
            case "no sequence":
                layer["args"][0] = {"tensor": "rows.bias_ih_l0"}

    with pytest.raises(NetworkError, match=r"aten\.lstm\.input.*(has|begins|takes)"):
        load(changed(recurrent, broken))


def test_a_lookup_outside_of_its_table_is_an_error_and_no_crash(small):
    """What is looked up is known only when images come."""
    nodes = [
        node("far", "aten.full.default", [1], 10**9, shape=[1], dtype={"dtype": "int64"}),
        node("looked", "aten.index_select.default", {"tensor": "layer.bias"}, 0, ref("far"), shape=[1]),
    ]
    network = load(changed(small, before_the_scores(*nodes)))
    with pytest.raises(NetworkError, match="“looked”"):
        network(IMAGES)


ODD = [0, -1, 1, 2, 3, -2, 7, 100, 65_536, LARGEST_INTEGER, -LARGEST_INTEGER, None, True, 0.5, "same"]
ODD += [{"number": "nan"}, [], [0], [-1, -1], [LARGEST_INTEGER] * 2, [1] * 30, {"dtype": "int64"}, {"dtype": "bool"}]


def misshape(random, graph, tensors):
    """Change one argument, one number in a list, one operation, or the shape of one tensor."""
    node = random.choice(graph["nodes"])
    place = random.randrange(len(node["args"]))
    inner = node["args"][place]
    match random.randrange(4):
        case 0:
            node["args"][place] = random.choice(ODD)
        case 1 if isinstance(inner, list) and inner:
            inner[random.randrange(len(inner))] = random.choice(ODD[:15])
        case 2:
            node["op"] = random.choice(graph["nodes"])["op"]
        case _:
            name = random.choice(sorted(tensors))
            shape = [*tensors[name].shape, 1]
            shape[random.randrange(len(shape))] = random.choice([0, 1, 2, 3, 7])
            tensors[name] = np.zeros(shape[: len(shape) - random.randrange(2)], dtype=tensors[name].dtype)


@pytest.mark.parametrize("name", ["recurrent", "many layers", "attention", "residual"])
def test_a_program_with_anything_changed_runs_or_is_refused(recurrent, name):
    """An argument that PyTorch does not check would end this process."""
    files = recurrent if name == "recurrent" else trace(make(name), images_for(name, 2)[1]).to_files()
    random, refused = Random(0), []
    for _ in range(60):
        graph, tensors = json.loads(files[PROGRAM_FILE]), dict(TracedProgram.from_files(files).tensors)
        misshape(random, graph, tensors)
        for each in graph["nodes"]:
            each["shape"] = None  # so that what runs at all gets as far as it can
        try:
            program = TracedProgram.from_files({PROGRAM_FILE: json.dumps(graph).encode(), WEIGHTS_FILE: save(tensors)})
            kept = {each: torch.from_numpy(values.copy()) for each, values in program.tensors.items()}
            steps = make_steps(program.graph, kept)
            Judge(program.graph, steps, kept).judge()
            for _ in walk(steps, torch.randn(2, *program.graph.image_shape), kept):
                pass
        except NetworkError as error:
            refused.append(str(error))
    assert len(refused) > 20
    assert not [text for text in refused if "\n" in text]


FILES = {
    "no JSON": (b"print(1)", "cannot be read"),
    "nothing": (b"", "cannot be read"),
    "no text": (b"\xff\xfe\x00", "cannot be read"),
    "another thing": (b'["nodes"]', "cannot be read"),
    "deep": (b"[" * 200_000, "cannot be read"),
    "deep in its place": (b'{"nodes": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "cannot be read"),
    "long": (b" " * (PROGRAM_BYTES + 1), "more than 8 MiB"),
    "a million nodes": (b'{"nodes": [' + b"{}," * 1_000_000 + b"{}]}", "cannot be read"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_program_is_refused(small, name):
    data, words = FILES[name]
    with pytest.raises(NetworkError, match=words) as refused:
        load(small | {PROGRAM_FILE: data})
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize("data", [b"", b"\x80\x04.", b"\xff" * 100, (2**62).to_bytes(8, "little") + b"{}"])
def test_weights_that_are_no_safetensors_are_refused(small, data):
    with pytest.raises(NetworkError, match=r"weights\.safetensors cannot be read"):
        load(small | {WEIGHTS_FILE: data})


@pytest.mark.parametrize("missing", [PROGRAM_FILE, WEIGHTS_FILE])
def test_a_missing_file_is_named(small, missing):
    with pytest.raises(NetworkError, match=missing):
        load({name: data for name, data in small.items() if name != missing})


@pytest.mark.parametrize("name", ["..", "training", "forward.weight", "a..b", "layer.bias.x", "a." * 5000 + "b"])
def test_a_tensor_with_a_name_that_none_can_have_is_refused(small, name):
    tensors = dict(TracedProgram.from_files(small).tensors)
    tensors[name] = np.zeros(1, dtype=np.float32)
    with pytest.raises(NetworkError, match="is not a name that a tensor can have"):
        load(small | {WEIGHTS_FILE: save(tensors)})


def test_weights_of_another_shape_are_refused(small):
    tensors = dict(TracedProgram.from_files(small).tensors)
    tensors["layer.weight"] = tensors["layer.weight"][:, :700].copy()
    with pytest.raises(NetworkError, match=r"aten\.linear\.default"):
        load(small | {WEIGHTS_FILE: save(tensors)})


def test_weights_of_a_type_that_numpy_lacks_are_refused(small):
    header = json.dumps({"layer.weight": {"dtype": "F8_E4M3", "shape": [1], "data_offsets": [0, 1]}}).encode()
    with pytest.raises(NetworkError, match=WEIGHTS_FILE):
        load(small | {WEIGHTS_FILE: len(header).to_bytes(8, "little") + header + b"\0"})


def test_the_traced_lecture_network_can_be_asked_what_the_untraced_one_is(lecture):
    expected, network = improved_net().eval(), load(lecture)

    assert [layer.name for layer in network.layers] == [layer.name for layer in expected.layers]
    assert network.size == expected.size
    assert network.last.name == expected.last.name
    assert sum(weights.numel() for weights in network.parameters()) == 816_650
    found, wanted = activations(network, IMAGES), activations(expected, IMAGES)
    assert list(found) == list(wanted)
    for name in wanted:
        torch.testing.assert_close(found[name].after, wanted[name].after)
    assert list(network.features(IMAGES, "fc2", "pool")) == ["pool", "fc2"]


def test_dead_units_are_found_in_a_traced_network(lecture):
    files, expected = dict(lecture), improved_net().eval()
    tensors = {name: values.copy() for name, values in TracedProgram.from_files(files).tensors.items()}
    with torch.no_grad():
        expected.fc1.bias[5] = -1000
    tensors["fc1.bias"][5] = -1000
    network = load(files | {WEIGHTS_FILE: save(tensors)})
    found = dead_units(network, IMAGES)

    assert found["fc1"][5]
    for name, units in dead_units(expected, IMAGES).items():
        np.testing.assert_array_equal(found[name], units)


def test_nothing_changes_a_traced_network(lecture):
    network = load(lecture)
    scores = network(IMAGES)
    network.train()
    assert torch.equal(network(IMAGES), scores)
    network.requires_grad_(False)
    images = IMAGES.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(network(images).sum(), images)
    assert gradient.abs().sum() > 0
