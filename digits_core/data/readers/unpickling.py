"""Pickles, unpacked without running anything of theirs.

A pickle is a program: it names functions and has them called. Here none is ever called. Every name that it asks for
is looked up in a list of those that tensors, arrays, pictures and plain containers are pickled with, and stands for
an inert object; "calling" that gives a record of the name and its arguments (`Call`). What the records mean is worked
out afterwards, in `values`, with every size checked. A name that is not in the list ends the reading.

This holds for tensors too: `torch.storage._load_from_bytes`, which would run an unrestricted `torch.load`, is a record
like the others, and torch itself is never imported. The alternative, `torch.load(weights_only=True)`, costs seconds and
gigabytes of address space for a format that takes a page to read.
"""

from __future__ import annotations

import io
import pickle
import re
from collections.abc import Callable
from typing import Any

from digits_core.data.readers.file_contents import Refusal

DAMAGED = "is damaged or cut off: what it holds ends too early or makes no sense as a pickle. Save or copy it again."
_BUFFER = 1 << 20
_NAME_LENGTH = 100


class Call:
    """What a pickle wanted to have called: inert, and whatever is done to it only leaves its mark in `state`."""

    __slots__ = ("args", "made", "name", "state")

    def __init__(self, name: str, args: tuple[Any, ...]) -> None:
        self.name, self.args = name, args
        self.state: Any = None
        self.made: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


class Global:
    """A function or class that a pickle may name. To call it is to write that down."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *args: Any) -> Call:
        return Call(self.name, args)

    def __setstate__(self, state: Any) -> None:
        raise Refusal(f"wants to change {self.name}, which no dataset has a need to. Nothing of it was run.")


class Maker(Global):
    """A name that stands for a function of ours, which makes something plain at once."""

    __slots__ = ("make",)

    def __init__(self, name: str, make: Callable[..., Any]) -> None:
        super().__init__(name)
        self.make = make

    def __call__(self, *args: Any) -> Any:
        return self.make(*args)


class PickledPicture:
    """A Pillow image before it is one. A class, since pickles make these by `__new__`."""

    __slots__ = ("state",)

    def __setstate__(self, state: Any) -> None:
        self.state = state


class PickledDict(dict[Any, Any]):
    """An ordered dict. Those of torch have attributes of their own, which say nothing of digits."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        pass


def _encoded(text: Any = None, encoding: Any = None) -> bytes:
    """How pickles up to protocol 2 write bytes: `_codecs.encode(text, "latin1")`."""
    if type(text) is not str or encoding != "latin1":
        raise Refusal("calls _codecs.encode in a way that bytes are not written. Nothing of it was run.")
    return text.encode("latin1")


def _empty(kind: type) -> Callable[..., Any]:
    """A constructor without arguments, as an empty container is pickled."""

    def make(*args: Any) -> Any:
        if args:
            raise Refusal("makes bytes or a dict in a way that is not read. Save it as plain lists.")
        return kind()

    return make


def _reconstructed(kind: Any = None, base: Any = None, state: Any = None) -> PickledPicture:
    """How protocols 0 and 1 make an instance of a class."""
    if kind is not PickledPicture or state is not None:
        raise Refusal("rebuilds an object that is neither a picture nor an array. Nothing of it was run.")
    return PickledPicture()


_INERT = {
    "numpy._core.multiarray._reconstruct",
    "numpy._core.multiarray.scalar",
    "numpy._core.numeric._frombuffer",
    "numpy.ndarray",
    "numpy.dtype",
    "builtins.object",
    "torch._utils._rebuild_tensor",
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_tensor_v3",
    "torch._utils._rebuild_parameter",
    "torch._tensor._rebuild_from_type_v2",
    "torch.storage._load_from_bytes",
    "torch.Tensor",
    "torch.nn.parameter.Parameter",
    "torch.Size",
    "torchvision.tv_tensors._image.Image",
    "torchvision.tv_tensors._mask.Mask",
}
_EAGER: dict[str, Callable[..., Any]] = {
    "_codecs.encode": _encoded,
    "builtins.bytes": _empty(bytes),
    "collections.OrderedDict": _empty(PickledDict),
    "copyreg._reconstructor": _reconstructed,
}
"""What is made at once: bytes, empty containers, and pictures that are still inert."""
_STORAGE = re.compile(r"torch\.(cuda\.|storage\.)?[A-Z][A-Za-z0-9]{2,15}Storage")
_DTYPE = re.compile(r"torch\.(u?int(8|16|32|64)|float(16|32|64)|bfloat16|bool)")
_PICTURE = re.compile(r"PIL\.([A-Z][A-Za-z0-9]*Plugin\.[A-Z][A-Za-z0-9]*|Image\.Image)")
_OLD_NAMES = {"__builtin__": "builtins", "copy_reg": "copyreg", "numpy.core": "numpy._core"}
"""What Python 2 and NumPy 1 called these modules."""

PersistentLoad = Callable[[Any], Any]


class InertUnpickler(pickle.Unpickler):
    """Gives plain containers, numbers, texts, and records of what else the pickle asked for."""

    def __init__(self, file: io.BufferedIOBase, persistent: PersistentLoad | None = None) -> None:
        super().__init__(file, encoding="latin1")  # as NumPy's arrays in pickles of Python 2 need it
        self._persistent = persistent

    def find_class(self, module: str, name: str) -> Any:
        full = f"{_renewed(module)}.{name}"
        if full in _EAGER:
            return Maker(full, _EAGER[full])
        if full in _INERT or _STORAGE.fullmatch(full) or _DTYPE.fullmatch(full):
            return Global(full)
        if _PICTURE.fullmatch(full):
            return PickledPicture
        raise Refusal(
            f"wants to call {_shown(f'{module}.{name}')}, and a pickle that calls something can do anything. "
            "Only tensors, arrays, pictures, numbers and plain containers are read; nothing of it was run."
        )

    def persistent_load(self, pid: Any) -> Any:
        if self._persistent is None:
            raise Refusal("refers to things outside of itself, which a pickle of digits does not.")
        return self._persistent(pid)


def unpickled(data: bytes | memoryview) -> Any:
    """What a pickle holds, inert; `Refusal` where it asks for more, or is none."""
    # A buffer that can be peeked into saves a call per instruction.
    return load_next(io.BufferedReader(io.BytesIO(data), _BUFFER))


def load_next(file: io.BufferedIOBase, persistent: PersistentLoad | None = None) -> Any:
    """The next pickle in a file, inert."""
    try:
        return InertUnpickler(file, persistent).load()
    except (Refusal, MemoryError):
        raise
    except Exception:  # a broken pickle raises nearly anything
        raise Refusal(DAMAGED) from None


def _renewed(module: str) -> str:
    for old, new in _OLD_NAMES.items():
        if module == old or module.startswith(f"{old}."):
            return new + module[len(old) :]
    return module


def _shown(name: str) -> str:
    """A name from a hostile file, fit to be read out."""
    text = "".join(c if c.isprintable() else "?" for c in name[: _NAME_LENGTH + 1])
    return text if len(text) <= _NAME_LENGTH else text[:_NAME_LENGTH] + "…"
