"""Convert inert records of pickled tensors, arrays and pictures to arrays and labels, with every size checked."""

from __future__ import annotations

import contextlib
import math
import re
from typing import Any

import numpy as np
from PIL import Image

from digits_core.data.picture import grey
from digits_core.data.readers.file_contents import Refusal, Unusable
from digits_core.data.readers.limits import Limits
from digits_core.data.readers.torch_files import Storage, storage_of
from digits_core.data.readers.unpickling import Call, Global, PickledPicture

_DTYPE = re.compile(r"([buif][1248]|[US][1-9]\d?)")
_TORCH_CODES = {
    "uint8": "u1",
    "uint16": "u2",
    "uint32": "u4",
    "uint64": "u8",
    "int8": "i1",
    "int16": "i2",
    "int32": "i4",
    "int64": "i8",
    "float16": "f2",
    "float32": "f4",
    "float64": "f8",
    "bfloat16": "bfloat16",
    "bool": "?",
}
_PICTURE_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "I", "F", "I;16")
_MAX_DIMENSIONS = 4
_BROKEN = "what it holds makes no sense as an image"


def array_of(thing: Any, limits: Limits) -> np.ndarray | None:
    """Convert a tensor, an array, a picture (to grey) or rows of numbers to an array; return None for anything else.

    Raises `Unusable` if it is one of these, but broken, of a type without values, or too large.
    """
    if isinstance(thing, np.ndarray):
        return thing
    if isinstance(thing, PickledPicture):
        return _picture(getattr(thing, "state", None), limits)
    if isinstance(thing, list):
        return _rows(thing, limits)
    if not isinstance(thing, Call):
        return None
    make = _MAKERS.get(thing.name)
    if make is None:
        return None
    try:
        return make(thing, limits)
    except Unusable:
        raise
    except (Refusal, TypeError, ValueError, IndexError, KeyError, AttributeError, OverflowError):
        raise Unusable(_BROKEN) from None


def label_of(thing: Any, limits: Limits) -> int | None:
    """Return the integer that a label stands for, else None.

    Accepts an int, a whole float, an array or tensor of one value, and a text of digits.
    """
    if isinstance(thing, int):
        return None if isinstance(thing, bool) else int(thing)
    if isinstance(thing, Call | np.ndarray):
        with contextlib.suppress(Unusable):
            array = array_of(thing, limits)
            return label_of(array.reshape(-1)[0].item(), limits) if array is not None and array.size == 1 else None
    if isinstance(thing, float):
        return int(thing) if math.isfinite(thing) and thing == int(thing) else None
    if isinstance(thing, bytes):
        return label_of(thing[:3].decode("latin1"), limits)
    if isinstance(thing, str):
        text = thing[:8].strip()
        return int(text) if len(text) <= 2 and text.isascii() and text.isdigit() else None
    return None


def _tensor(call: Call, limits: Limits) -> np.ndarray:
    """Return the tensor of `_rebuild_tensor[_v2|_v3](storage, offset, size, stride, …[, dtype])`, as a NumPy view."""
    storage = storage_of(call.args[0], limits)
    code = storage.code or _torch_code(call)
    flat = _flat(storage, code)
    offset, size, stride = call.args[1], tuple(call.args[2]), tuple(call.args[3])
    if not all(type(number) is int and number >= 0 for number in (offset, *size, *stride)) or len(size) != len(stride):
        raise Unusable(_BROKEN)
    _check_count(size, limits)
    last = offset + sum((length - 1) * step for length, step in zip(size, stride, strict=True))
    if math.prod(size) == 0:
        return np.empty(size, flat.dtype)
    if last >= len(flat):
        raise Unusable("its tensor says to be larger than what the file holds of it")
    steps = [step * flat.itemsize for step in stride]
    return _as_numbers(np.lib.stride_tricks.as_strided(flat[offset:], size, steps, writeable=False), code)


def _torch_code(call: Call) -> str:
    """Return the type of a tensor over a storage of bytes: the last argument of `_rebuild_tensor_v3`."""
    named = [arg.name for arg in call.args[6:] if isinstance(arg, Global)]
    return _TORCH_CODES[named[-1].removeprefix("torch.")] if named else "u1"


def _flat(storage: Storage, code: str) -> np.ndarray:
    dtype = np.dtype(storage.order + ("u2" if code == "bfloat16" else code))
    return np.frombuffer(storage.data, dtype, count=len(storage.data) // dtype.itemsize)


def _as_numbers(array: np.ndarray, code: str) -> np.ndarray:
    """Convert bfloat16, which NumPy lacks, to float32, of which it is the upper half."""
    return (array.astype(np.uint32) << 16).view(np.float32) if code == "bfloat16" else array


def _array(call: Call, limits: Limits) -> np.ndarray:
    """Return the array of `_reconstruct(ndarray, …)` with the state (version, shape, dtype, by columns, bytes)."""
    shape, dtype, by_columns, data = call.state[-4:]
    return _shaped(data, _dtype(dtype), shape, "F" if by_columns else "C", limits)


def _buffer(call: Call, limits: Limits) -> np.ndarray:
    """Return the array of `_frombuffer(bytes, dtype, shape, order)`."""
    data, dtype, shape, order = call.args[:4]
    return _shaped(data, _dtype(dtype), shape, "F" if order == "F" else "C", limits)


def _scalar(call: Call, limits: Limits) -> np.ndarray:
    """Return the array of `scalar(dtype, bytes)`."""
    return _shaped(call.args[1], _dtype(call.args[0]), (), "C", limits)


def _shaped(data: Any, dtype: np.dtype, shape: Any, order: Any, limits: Limits) -> np.ndarray:
    if isinstance(data, str):  # bytes, as Python 2 pickled them
        data = data.encode("latin1")
    if not isinstance(data, bytes | bytearray) or type(shape) is not tuple:
        raise Unusable(_BROKEN)
    if not all(type(length) is int and length >= 0 for length in shape):
        raise Unusable(_BROKEN)
    _check_count(shape, limits)
    if math.prod(shape) * dtype.itemsize != len(data):
        raise Unusable("its array says to have another size than what the file holds of it")
    return np.frombuffer(data, dtype).reshape(shape, order=order)


def _dtype(call: Any) -> np.dtype:
    """Return the dtype of `dtype(code, …)` with the state (version, byte order, subtype, names, fields, …).

    Raises `Unusable` for anything other than numbers or texts.
    """
    if not isinstance(call, Call) or call.name != "numpy.dtype" or type(call.args[0]) is not str:
        raise Unusable(_BROKEN)
    code = call.args[0]
    if code.startswith("O"):
        raise Unusable("it is an array of Python objects, which could hold anything: save plain numbers")
    state = call.state or (3, "|", None, None, None)
    if not _DTYPE.fullmatch(code) or any(part is not None for part in state[2:5]):
        raise Unusable("it is an array of another type than numbers or labels")
    return np.dtype(code).newbyteorder("<" if state[1] == "<" else ">" if state[1] == ">" else "=")


def _parameter(call: Call, limits: Limits) -> np.ndarray | None:
    return _inner(call.args[0], limits)


def _subclass(call: Call, limits: Limits) -> np.ndarray | None:
    """Return the tensor of `_rebuild_from_type_v2(function, type, its arguments, state)`, used for subclasses."""
    function, _, args = call.args[:3]
    if not isinstance(function, Global) or type(args) is not tuple:
        raise Unusable(_BROKEN)
    return _inner(Call(function.name, args), limits)


def _inner(thing: Any, limits: Limits) -> np.ndarray:
    """Return the tensor inside a tensor's wrapper; it may be wrapped only once."""
    if not isinstance(thing, Call) or not thing.name.startswith("torch._utils._rebuild_tensor"):
        raise Unusable(_BROKEN)
    return _tensor(thing, limits)


def _picture(state: Any, limits: Limits) -> np.ndarray:
    """Convert the state of a Pillow image, [info, mode, (width, height), palette, bytes, …], to an array (H, W).

    Grey, except for modes I, F and I;16, whose values are kept.
    """
    try:
        _, mode, (width, height), palette, data = state[:5]
        if mode not in _PICTURE_MODES or type(data) is not bytes or type(width) is not int or type(height) is not int:
            raise Unusable(_BROKEN)
        _check_count((height, width), limits)
        image = Image.frombytes(mode, (width, height), data)
        if palette and mode in ("P", "PA"):
            image.putpalette(bytes(palette[: 3 * 256]))
        return np.asarray(image if mode in ("I", "F", "I;16") else grey(image))
    except (TypeError, ValueError, IndexError, KeyError, AttributeError, OverflowError, OSError):
        raise Unusable(_BROKEN) from None


def _rows(rows: list[Any], limits: Limits) -> np.ndarray | None:
    """Return lists of numbers, all of one length, as an array (H, W); None if they are not."""
    if not 1 <= len(rows) <= limits.side or not all(type(row) is list and 1 <= len(row) <= limits.side for row in rows):
        return None
    if len({len(row) for row in rows}) > 1 or not all(type(value) in (int, float) for row in rows for value in row):
        return None
    array = np.array(rows)
    if array.dtype == object:
        raise Unusable("its numbers are too large")
    return array


def _check_count(shape: tuple[int, ...], limits: Limits) -> None:
    if len(shape) > _MAX_DIMENSIONS:
        raise Unusable(f"it has {len(shape)} dimensions, which no image has")
    if math.prod(shape) > limits.pixels:
        raise Unusable(f"it has more than the {limits.pixels:,} values that are read")


_MAKERS = {
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._tensor._rebuild_from_type_v2": _subclass,
    "numpy._core.multiarray._reconstruct": _array,
    "numpy._core.numeric._frombuffer": _buffer,
    "numpy._core.multiarray.scalar": _scalar,
}
