"""Unpickle without running any of a pickle's code.

A pickle is a program: it names functions and has them called. Here none is ever called. Every name that it asks for
is looked up in an allowlist of those used to pickle tensors, arrays, pictures and plain containers, and is replaced by
an inert object; "calling" that returns a record of the name and its arguments (`Call`). The records are interpreted
afterwards, in `values`, with every size checked. A name that is not in the list ends the reading.

This holds for tensors too: `torch.storage._load_from_bytes`, which would run an unrestricted `torch.load`, is a record
like the others, and torch itself is never imported. The alternative, `torch.load(weights_only=True)`, costs seconds and
gigabytes of address space for a format that takes a page of code to read.
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
    """A call that a pickle asked for: inert; setting its state only records that in `state`."""

    __slots__ = ("args", "made", "name", "state")

    def __init__(self, name: str, args: tuple[Any, ...]) -> None:
        self.name, self.args = name, args
        self.state: Any = None
        self.made: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


class Global:
    """A function or class that a pickle may name. Calling it only records the call."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *args: Any) -> Call:
        return Call(self.name, args)

    def __setstate__(self, state: Any) -> None:
        raise Refusal(f"wants to change {self.name}, which no dataset has a need to. Nothing of it was run.")


class Maker(Global):
    """A name that is replaced by a function of ours, which creates a plain object at once."""

    __slots__ = ("make",)

    def __init__(self, name: str, make: Callable[..., Any]) -> None:
        super().__init__(name)
        self.make = make

    def __call__(self, *args: Any) -> Any:
        return self.make(*args)


class PickledPicture:
    """A Pillow image not yet decoded. A class, since pickles create these by `__new__`."""

    __slots__ = ("state",)

    def __setstate__(self, state: Any) -> None:
        self.state = state


class PickledDict(dict[Any, Any]):
    """An ordered dict. Those of torch have attributes of their own, which are irrelevant here."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        pass


def _encoded(text: Any = None, encoding: Any = None) -> bytes:
    """Return bytes as pickles up to protocol 2 write them: `_codecs.encode(text, "latin1")`."""
    if type(text) is not str or encoding != "latin1":
        raise Refusal("calls _codecs.encode in a way that bytes are not written. Nothing of it was run.")
    return text.encode("latin1")


def _empty(kind: type) -> Callable[..., Any]:
    """Return a constructor without arguments, as used to pickle an empty container."""

    def make(*args: Any) -> Any:
        if args:
            raise Refusal("makes bytes or a dict in a way that is not read. Save it as plain lists.")
        return kind()

    return make


def _reconstructed(kind: Any = None, base: Any = None, state: Any = None) -> PickledPicture:
    """Create an instance of a class, as protocols 0 and 1 do."""
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
"""Objects that are created at once: bytes, empty containers, and pictures that are still inert."""
_STORAGE = re.compile(r"torch\.(cuda\.|storage\.)?[A-Z][A-Za-z0-9]{2,15}Storage")
_DTYPE = re.compile(r"torch\.(u?int(8|16|32|64)|float(16|32|64)|bfloat16|bool)")
_PICTURE = re.compile(r"PIL\.([A-Z][A-Za-z0-9]*Plugin\.[A-Z][A-Za-z0-9]*|Image\.Image)")
_OLD_NAMES = {"__builtin__": "builtins", "copy_reg": "copyreg", "numpy.core": "numpy._core"}
"""The names of these modules in Python 2 and NumPy 1."""

PersistentLoad = Callable[[Any], Any]


class InertUnpickler(pickle.Unpickler):
    """Unpickles plain containers, numbers and texts, and records what else the pickle asked for."""

    def __init__(self, file: io.BufferedIOBase, persistent: PersistentLoad | None = None) -> None:
        super().__init__(file, encoding="latin1")  # required by NumPy arrays in pickles of Python 2
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
    """Return what a pickle holds, inert; raise `Refusal` if it asks for more, or is not a pickle."""
    # A buffer with `peek` saves a call per instruction.
    return load_next(io.BufferedReader(io.BytesIO(data), _BUFFER))


def load_next(file: io.BufferedIOBase, persistent: PersistentLoad | None = None) -> Any:
    """Return the next pickle in a file, inert."""
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
    """Return a name from a hostile file in a form that is safe to show."""
    text = "".join(c if c.isprintable() else "?" for c in name[: _NAME_LENGTH + 1])
    return text if len(text) <= _NAME_LENGTH else text[:_NAME_LENGTH] + "…"
