"""A pickle is a program, and none of it runs: attacks that would each leave a file behind, and bombs."""

import builtins
import functools
import io
import os
import pickle
import struct
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from digits_core.data.readers.file_contents import Refusal
from digits_core.data.readers.unpickling import Call, Global, unpickled
from tests.unit.data.readers.helpers import read, torch_file, tuples

pytestmark = pytest.mark.usefixtures("bounded_memory")


class Calls:
    """Pickles as the call of a function."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def writing(canary):
    return f"open({str(canary)!r}, 'w').close()"


def functions_that_write(canary) -> dict[str, Calls]:
    touch = f"touch {canary}"
    return {
        "os.system": Calls(os.system, touch),
        "os.popen": Calls(os.popen, touch),
        "builtins.eval": Calls(eval, writing(canary)),
        "builtins.exec": Calls(exec, writing(canary)),
        "builtins.open": Calls(open, str(canary), "w"),
        "builtins.getattr": Calls(getattr, "text", "upper"),
        "builtins.__import__": Calls(builtins.__import__, "antigravity"),
        "builtins.compile": Calls(compile, writing(canary), "x", "exec"),
        "builtins.map": Calls(map, os.system, [touch]),
        "subprocess.Popen": Calls(subprocess.Popen, ["touch", str(canary)]),
        "functools.partial": Calls(functools.partial, os.system, touch),
        "functools.reduce": Calls(functools.reduce, os.system, [touch]),
        "pickle.loads": Calls(pickle.loads, pickle.dumps(Calls(os.system, touch))),
        "torch.load": Calls(torch.load, str(canary)),
        "torch.save": Calls(torch.save, [], str(canary)),
        "numpy.save": Calls(np.save, str(canary), 0),
        "numpy.load": Calls(np.load, str(canary)),
        "PIL.Image.open": Calls(Image.open, str(canary)),
        "shutil.rmtree": Calls(__import__("shutil").rmtree, str(canary)),
        "importlib.import_module": Calls(__import__("importlib").import_module, "antigravity"),
        "runpy.run_path": Calls(__import__("runpy").run_path, str(canary)),
    }


@pytest.mark.parametrize("name", functions_that_write(""))
@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_pickle_that_calls_something_is_refused_by_its_name(name, protocol, canary):
    attack = pickle.dumps([functions_that_write(canary)[name]], protocol)

    with pytest.raises(Refusal, match=r"wants to call .*nothing of it was run"):
        read(attack)


def test_the_refusal_says_what_was_to_be_called(canary):
    with pytest.raises(Refusal, match=r"wants to call (posix|nt)\.system"):
        read(pickle.dumps(Calls(os.system, f"touch {canary}")))


def test_an_attack_behind_good_entries_is_found(canary, optdigits):
    good = tuples(optdigits.images[:50], optdigits.labels[:50])

    with pytest.raises(Refusal, match="wants to call"):
        read(pickle.dumps([*good, Calls(os.system, f"touch {canary}")]))


@pytest.mark.parametrize("legacy", [False, True])
def test_torch_files_run_nothing_either(legacy, canary):
    with pytest.raises(Refusal, match="wants to call"):
        read(torch_file([Calls(os.system, f"touch {canary}")], legacy), "digits.pt")


def legacy_storage(thing) -> bytes:
    """What `_load_from_bytes` gets, with anything in the place of a storage."""
    return torch_file(thing, legacy=True)


@pytest.mark.parametrize("wrapped", [True, False])
def test_bytes_inside_a_tensor_that_are_a_program_run_nothing(wrapped, canary):
    attack = Calls(os.system, f"touch {canary}")
    inner = legacy_storage(attack) if wrapped else pickle.dumps(attack)
    storage = Calls(torch.storage._load_from_bytes, inner)
    tensor = Calls(torch._utils._rebuild_tensor_v2, storage, 0, (8, 8), (8, 1), False, {})

    with pytest.raises(Refusal, match="holds no"):
        read(pickle.dumps([(tensor, 3)] * 4))


def test_tensors_in_tensors_in_tensors_are_not_followed():
    inner = Calls(torch._utils._rebuild_tensor_v2, 0, 0, (8, 8), (8, 1), False, {})
    for _ in range(200):
        inner = Calls(torch._utils._rebuild_parameter, inner, False, {})

    with pytest.raises(Refusal, match="holds no"):
        read(pickle.dumps([(inner, 3)]))


def test_arrays_of_objects_are_refused(canary):
    array = np.empty((8, 8), dtype=object)
    array[0, 0] = Calls(os.system, f"touch {canary}")

    with pytest.raises(Refusal, match="wants to call"):
        read(pickle.dumps([(array, 3)]))
    array[0, 0] = 7
    with pytest.raises(Refusal, match="holds no digits"):
        read(pickle.dumps([(array, 3)]))


# Written by hand: opcodes in an order that no pickler would write.
SYSTEM = b"cposix\nsystem\n"
PICTURE = b"cPIL.Image\nImage\n"
TENSOR = b"ctorch._utils\n_rebuild_tensor_v2\n"
ENCODE = b"c_codecs\nencode\n"
BY_HAND = {
    "a name with dots": b"\x80\x04\x8c\x05torch\x8c\x0f_utils.os.system\x93.",
    "a name from a list's class": b"\x80\x04\x8c\x08builtins\x8c\x0elist.__class__\x93.",
    "the old way to make an instance": b"(S'echo'\niposix\nsystem\n.",
    "the other old way": b"(" + SYSTEM + b"S'echo'\no.",
    "an extension": b"\x80\x02\x82\x01.",
    "a large extension": b"\x80\x02\x84\xff\xff\xff\x7f.",
    "the class of a picture, changed": PICTURE + b"}S'mode'\nS'L'\nsb.",
    "a picture of another class": PICTURE + b")\x81}S'__class__'\n" + PICTURE + b"sb.",
    "a function's code, changed": ENCODE + b"N}S'__code__'\nNs\x86b.",
    "a function's defaults, changed": ENCODE + b"N}S'__defaults__'\n)s\x86b.",
    "a list with a state": b"]}S'append'\n" + TENSOR + b"sb.",
    "a new object of something that is no class": TENSOR + b")\x81.",
    "a record called": TENSOR + b")R)R.",
    "a number called": b"I1\n)R.",
    "items into a record": TENSOR + b")RI0\nI1\ns.",
    "appending to a record": TENSOR + b")RI0\na.",
    "encode with another codec": ENCODE + b"(S'text'\nS'rot13'\ntR.",
    "an ordered dict of pairs": b"ccollections\nOrderedDict\n(]tR.",
    "reconstructing any class": b"ccopyreg\n_reconstructor\n(" + TENSOR + b"c__builtin__\nobject\nNtR.",
    "a reference to outside": b"Pstorage\n.",
    "a reference to a module": b"(S'module'\nc__main__\nNet\nS'src'\nS'code'\ntQ.",
    "a buffer from outside": b"\x80\x05\x97.",
    "no end": b"\x80\x04]",
    "nothing on the stack": b".",
}


@pytest.mark.parametrize("attack", BY_HAND.values(), ids=BY_HAND)
def test_opcodes_by_hand_do_nothing(attack):
    with pytest.raises(Refusal):
        read(attack)
    assert read_still_works()


def read_still_works() -> bool:
    """Whether the unpickler is as it was: bytes at protocol 2 need its own function to be unharmed."""
    return unpickled(pickle.dumps([b"\xe9"], protocol=2)) == [b"\xe9"]


GIGABYTES = 4 << 30
NESTED = b"".join(b"]q%c(" % n + (b"h%c" % (n - 1)) * 10 + b"e" for n in range(1, 12))
BOMBS = {
    "4 GB of bytes": b"\x80\x04\x8e" + struct.pack("<Q", GIGABYTES) + b"x.",
    "4 GB of a bytearray": b"\x80\x05\x96" + struct.pack("<Q", GIGABYTES) + b"x.",
    "4 GB of text": b"\x80\x04\x8d" + struct.pack("<Q", GIGABYTES) + b"x.",
    "2 GB of a number": b"\x80\x02\x8b" + struct.pack("<i", 2**31 - 1) + b"x.",
    "a frame of 4 GB": b"\x80\x04\x95" + struct.pack("<Q", GIGABYTES) + b"N.",
    "more bytes than can be counted": b"\x80\x04\x8e" + b"\xff" * 8 + b"x.",
    "a memo of 64 GB": b"\x80\x02Nr" + struct.pack("<I", 2**32 - 1) + b".",
    "a memo in words": b"Np4294967295\n.",
    "a number of a million digits": b"I" + b"9" * 1_000_000 + b"\n.",
    "lists in lists": b"]" * 300_000 + b"a" * 299_999 + b".",
    "tuples in tuples": b")" + b"\x85" * 300_000 + b".",
    "a list of itself": b"\x80\x02]q\0" + b"h\0a" * 1000 + b".",
    "ten to the eleven lists": b"\x80\x02]q\0" + NESTED + b".",
    "a million times the same": b"\x80\x02]q\0(" + b"h\0" * 1_000_000 + b"e.",
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_refused_within_bounded_memory(bomb):
    with pytest.raises((Refusal, MemoryError)):
        read(bomb)


def rebuilt(size, stride, offset):
    tensor = Calls(torch._utils._rebuild_tensor_v2, torch.FloatStorage(64), offset, size, stride, False, {})
    return pickle.dumps([(tensor, 3)] * 3)


@pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")
@pytest.mark.parametrize(
    ("size", "stride", "offset"),
    [
        ((8, 9), (8, 1), 0),
        ((8, 8), (8, 1), 1),
        ((8, 8), (8, 1), 2**70),
        ((8, 8), (2**70, 1), 0),
        ((8, 8), (-8, 1), 63),
        ((8, -8), (8, 1), 0),
        ((8, 8), (8,), 0),
        ((8, 8.0), (8, 1), 0),
        ((True, 8), (8, 1), 0),
        ((2**40, 2**40), (0, 0), 0),
        ((8,) * 9, (0,) * 9, 0),
        ((1024, 1024), (0, 0), 0),
        ("88", "81", 0),
        (None, (8, 1), 0),
    ],
    ids=str,
)
def test_a_tensor_that_reaches_beyond_its_values_is_no_image(size, stride, offset):
    with pytest.raises(Refusal, match="holds"):
        read(rebuilt(size, stride, offset))


def test_arrays_that_claim_more_than_they_hold_are_no_images():
    good = pickle.dumps([(np.zeros((8, 8), np.uint8), 3)], protocol=2)
    assert b"K\x08K\x08\x86" in good

    for claim in (b"K\x08K\x09\x86", b"J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86", b"K\x08J\xff\xff\xff\xff\x86"):
        with pytest.raises(Refusal, match="holds no digits"):
            read(good.replace(b"K\x08K\x08\x86", claim))


@pytest.mark.parametrize("dtype", [[("a", "u1"), ("b", "O")], [("a", "u1")], "V8", "M8[s]", "c8", "U500", "g"])
def test_arrays_of_other_things_than_numbers_are_no_images(dtype):
    with pytest.raises(Refusal, match="holds no digits"):
        read(pickle.dumps([(np.zeros((8, 8), dtype), 3)]))


@pytest.mark.parametrize(
    "state",
    [
        [{}, "L", (30_000, 30_000), [], b""],
        [{}, "L", (8, 8), [], b"x" * 63],
        [{}, "L", (-8, -8), [], b"x" * 64],
        [{}, "L", (2**70, 8), [], b"x" * 64],
        [{}, "evil", (8, 8), [], b"x" * 64],
        [{}, ["L"], (8, 8), [], b"x" * 64],
        [{}, "P", (8, 8), ["x"], b"x" * 64],
        [{}, "L", (8, 8), []],
        {"im": None, "__class__": 1},
        None,
        7,
    ],
    ids=str,
)
def test_pictures_with_a_wrong_state_are_no_images(state):
    with pytest.raises(Refusal, match="holds"):
        read(picture_with(state))


def test_a_picture_without_a_state_is_no_image():
    with pytest.raises(Refusal, match="holds no digits"):
        read(b"\x80\x02](" + PICTURE + b")\x81K\x03\x86e.")


def picture_with(state) -> bytes:
    """A pickle of a list of one entry, its image a Pillow image with any state."""
    file = io.BytesIO()
    pickler = pickle._Pickler(file, 2)
    pickler.write(b"\x80\x02](" + PICTURE + b")\x81")
    pickler.save(state)
    pickler.write(b"bK\x03\x86e.")
    return file.getvalue()


def test_a_record_is_inert():
    record = unpickled(b"\x80\x02" + TENSOR + b"(K\x01K\x02t" + b"R}S'name'\nS'other'\nsb.")

    assert isinstance(record, Call)
    assert (record.name, record.args) == ("torch._utils._rebuild_tensor_v2", (1, 2))
    assert not callable(record)


def test_what_a_name_stands_for_cannot_be_changed():
    with pytest.raises(Refusal, match="wants to change"):
        unpickled(TENSOR + b"}S'name'\nS'other'\nsb.")
    assert Global("x")(1).args == (1,)


def test_reading_a_pickle_of_tensors_does_not_load_torch(tmp_path, optdigits):
    path = tmp_path / "digits.pkl"
    path.write_bytes(pickle.dumps(tuples(optdigits.images[:20], optdigits.labels[:20])))
    code = (
        "import sys, pathlib; from digits_core.data.readers.limits import Limits;"
        "from digits_core.data.readers.parse import parse;"
        f"parse(pathlib.Path({str(path)!r}).read_bytes(), 'digits.pkl', Limits()); print('torch' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "False"
