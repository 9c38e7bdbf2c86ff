"""TensorBoard's event files, byte by byte: records with checksums, each with a Protocol Buffers message.

Only the parts needed for scalars are parsed; neither TensorBoard nor a generated parser is needed, and every length is
checked against the available data before it is used.

Sources: TensorFlow's `tfrecord` format (length, masked CRC-32C of it, data, masked CRC-32C of that), and "Encoding" in
the documentation of Protocol Buffers.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

HEADER = struct.Struct("<QI")
_CRC = struct.Struct("<I")
CHECKED = 4096
"""Largest record, in bytes, whose content is checked against its checksum: scalars are far smaller, and pure Python
takes a second for ten million bytes."""
_MASK = 0xA282EAD8
_LONGEST_VARINT = 10
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class Malformed(ValueError):
    """Raised for bytes that are not a valid message."""


def _table() -> tuple[int, ...]:
    """Return the byte table of CRC-32C (Castagnoli), polynomial 0x1EDC6F41 reflected."""
    entries = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
        entries.append(byte)
    return tuple(entries)


_TABLE = _table()


def masked_crc(data: bytes) -> int:
    """Return the checksum that event files store for these bytes.

    Example:
        >>> hex(masked_crc(b"123456789"))
        '0xc78ab0e5'
    """
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + _MASK) & 0xFFFFFFFF


def begins_like_one(data: bytes) -> bool:
    """Return True if the data begins with the length of a record and its correct checksum."""
    return len(data) >= HEADER.size and masked_crc(data[:8]) == HEADER.unpack_from(data)[1]


class Records:
    """The contents of the records of an event file, in order, up to the first damaged or incomplete one.

    After iteration, `count` is the number of records, and `whole` is False if the file was cut off or damaged.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.whole = True
        self.count = 0

    def __iter__(self) -> Iterator[bytes]:
        data, place = self._data, 0
        while place < len(data):
            self.whole = False
            if len(data) - place < HEADER.size or not begins_like_one(data[place : place + HEADER.size]):
                return
            length, _ = HEADER.unpack_from(data, place)
            begin = place + HEADER.size
            if length > len(data) - begin - _CRC.size:
                return
            content = data[begin : begin + length]
            if length <= CHECKED and _CRC.unpack_from(data, begin + length)[0] != masked_crc(content):
                return
            self.whole = True
            self.count += 1
            place = begin + length + _CRC.size
            yield content


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the number and value of each field of a message: an int for a varint, else its bytes.

    Raises:
        Malformed: If the bytes are not a valid message.
    """
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        kind = key & 7
        value: int | bytes
        if kind == VARINT:
            value, place = _varint(message, place)
        else:
            if kind == BYTES:
                size, place = _varint(message, place)
            elif kind in (FIXED32, FIXED64):
                size = 4 if kind == FIXED32 else 8
            else:
                raise Malformed
            if size > len(message) - place:
                raise Malformed
            value = message[place : place + size]
            place += size
        yield key >> 3, value


def signed(value: int) -> int:
    """Return the int64 that a varint represents."""
    return value - (1 << 64) if value >= 1 << 63 else value


def _varint(message: bytes, place: int) -> tuple[int, int]:
    if place < len(message) and message[place] < 0x80:  # the common case
        return message[place], place + 1
    value = 0
    for count, byte in enumerate(message[place : place + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, place + count + 1
    raise Malformed
