"""PyTorch's own files: the values of tensors ("storages"), and a pickle that says which tensor uses which storage.

Two layouts are read. Since 1.6 `torch.save` writes a zip with `data.pkl` and one member per storage. Before, and still
inside every pickled tensor, it wrote five pickles in a row: a magic number, the protocol's version, details of the
machine, the object, the storages' keys; and then each storage as its length (int64) and its values.
Source: `torch/serialization.py` of PyTorch (`_legacy_save`, `_save`).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from digits_core.data.readers.archives import Archive
from digits_core.data.readers.file_contents import Refusal
from digits_core.data.readers.limits import Limits
from digits_core.data.readers.unpickling import DAMAGED, Call, Global, load_next

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
_BFLOAT16 = "bfloat16"
_CODES = {
    "Float": "f4",
    "Double": "f8",
    "Half": "f2",
    "BFloat16": _BFLOAT16,
    "Bool": "?",
    "Byte": "u1",
    "Char": "i1",
    "Short": "i2",
    "Int": "i4",
    "Long": "i8",
}


@dataclass
class Storage:
    """The values of one or more tensors. `code` is NumPy's for their type, "bfloat16", or "" for bytes of any type."""

    code: str
    data: bytes | memoryview = b""
    order: str = "<"

    @property
    def item_bytes(self) -> int:
        return {"": 1, "?": 1, _BFLOAT16: 2}.get(self.code) or int(self.code[1:])


def is_torch_zip(archive: Archive) -> bool:
    return any(map(_is_object, archive.names))


def read_torch_zip(archive: Archive) -> Any:
    """Return the object in a zip of `torch.save`; tensors are records that refer to `Storage` objects."""
    name = next(filter(_is_object, archive.names))
    folder = name.removesuffix("data.pkl")
    if f"{folder}constants.pkl" in archive.names:
        raise Refusal("is a TorchScript program, not data. Save the list of (image, label) itself with torch.save.")
    order = ">" if archive.read(f"{folder}byteorder", b"little").strip() == b"big" else "<"
    storages: dict[str, Storage] = {}

    def persistent(pid: Any) -> Storage:
        code, key, _ = _described(pid)
        if key not in storages:
            storages[key] = Storage(code, archive.read(f"{folder}data/{key}"), order)
        return storages[key]

    return load_next(io.BytesIO(archive.read(name)), persistent)


def is_legacy(data: bytes) -> bool:
    return data.startswith(b"\x80\x02\x8a\x0a" + MAGIC.to_bytes(10, "little"))


def read_legacy(data: bytes, limits: Limits) -> Any:
    """Return the object in a file of the older layout, or the `Storage` in the bytes of a pickled tensor."""
    file = io.BytesIO(data)
    if load_next(file) != MAGIC or load_next(file) != PROTOCOL:
        raise Refusal(DAMAGED)
    load_next(file)
    storages: dict[str, Storage] = {}
    lengths: dict[str, int] = {}

    def persistent(pid: Any) -> Storage:
        code, key, length = _described(pid)
        lengths[key] = length
        return storages.setdefault(key, Storage(code))

    thing = load_next(file, persistent)
    keys = load_next(file)
    if type(keys) is not list or len(keys) > limits.entries:
        raise Refusal(DAMAGED)
    _fill(storages, lengths, keys, file)
    return thing


def _is_object(member: str) -> bool:
    return member == "data.pkl" or member.endswith("/data.pkl")


def storage_of(thing: Any, limits: Limits) -> Storage:
    """Return the storage that a tensor's record refers to; raise `Refusal` if it does not refer to one."""
    if isinstance(thing, Storage):
        return thing
    if isinstance(thing, Call) and thing.name == "torch.storage._load_from_bytes":
        if thing.made is None:  # tensors that share a storage share its record
            thing.made = _loaded(thing.args, limits)
        made: Storage = thing.made
        return made
    raise Refusal(DAMAGED)


def _loaded(args: tuple[Any, ...], limits: Limits) -> Storage:
    if len(args) != 1 or type(args[0]) is not bytes:
        raise Refusal(DAMAGED)
    storage = read_legacy(args[0], limits)
    if not isinstance(storage, Storage):
        raise Refusal(DAMAGED)
    return storage


def _fill(storages: dict[str, Storage], lengths: dict[str, int], keys: list[Any], file: io.BytesIO) -> None:
    content = file.getbuffer().toreadonly()
    place = file.tell()
    for key in keys:
        storage = storages.get(key) if type(key) is str else None
        count = int.from_bytes(content[place : place + 8], "little")
        if storage is None or count != lengths[key]:
            raise Refusal(DAMAGED)
        end = place + 8 + count * storage.item_bytes
        if end > len(content):
            raise Refusal(DAMAGED)
        storage.data = content[place + 8 : end]
        place = end


def _described(pid: Any) -> tuple[str, str, int]:
    """Return type code, key and number of values, from ("storage", type, key, device, number, …)."""
    if type(pid) is not tuple or len(pid) < 5 or pid[0] != "storage" or not isinstance(pid[1], Global):
        raise Refusal("refers to things outside of itself that are not the values of a tensor.")
    kind = pid[1].name.rpartition(".")[2].removesuffix("Storage")
    key, count = pid[2], pid[4]
    if type(key) is not str or type(count) is not int or count < 0:
        raise Refusal(DAMAGED)
    if kind not in _CODES and kind != "Untyped":
        raise Refusal(f"holds tensors of a type that is not read here ({kind}). Save them as uint8 or float32.")
    return _CODES.get(kind, ""), key, count
