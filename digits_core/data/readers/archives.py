"""Zip and gzip files, which are not trusted: nothing is ever unpacked to disk."""

from __future__ import annotations

import gzip
import io
import re
import stat
import zipfile
import zlib

from digits_core.data.readers.file_contents import Refusal
from digits_core.data.readers.limits import MIB, Limits

FEWER_IMAGES = "Keep fewer images in it, or store them as uint8."
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
GZIP = b"\x1f\x8b"
DAMAGED = "is damaged or cut off: it cannot be unpacked. Save or copy it again."
_HIDDEN = re.compile(r"(^|/)(__MACOSX/|\.|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)
_OUTSIDE = re.compile(r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)|\x00")
_CHUNK = MIB


class DamagedMember(Refusal):
    """One member cannot be unpacked; the others may be whole."""


class Archive:
    """The members of a zip, read one by one into memory.

    An archive is refused as a whole if a member is encrypted, is a link, leads out of the archive or is compressed in
    a way that is not read, or if it exceeds the limits once unpacked; `advice` says what to do about too large a size.
    """

    def __init__(self, data: bytes, limits: Limits, advice: str = FEWER_IMAGES) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except MemoryError:
            raise
        except Exception:  # a damaged archive raises nearly anything
            raise Refusal(DAMAGED) from None
        self._left = limits.unpacked_bytes
        self._too_large = _too_large(limits, advice)
        self.names: dict[str, zipfile.ZipInfo] = {}
        self.repeated: set[str] = set()
        """Names that several members have; the last of them is the one that is read."""
        for member in self._zip.infolist():
            _check_name(member.filename)
            if member.filename and not member.filename.endswith("/") and not _HIDDEN.search(member.filename):
                _check_member(member)
                self.repeated |= {member.filename} & self.names.keys()
                self.names[member.filename] = member
        if len(self.names) > limits.entries:
            raise Refusal(f"holds {len(self.names):,} files, more than the {limits.entries:,} that are read.")
        if sum(member.file_size for member in self.names.values()) > limits.unpacked_bytes:
            raise Refusal(self._too_large)

    def read(self, name: str, default: bytes | None = None) -> bytes:
        """Return a member's bytes. All reads count towards one limit: members may overlap, and be read again."""
        if name not in self.names:
            if default is not None:
                return default
            raise Refusal(f"lacks {name[:100]!r}, which it should hold. It is damaged or cut off: copy it again.")
        self._left -= self.names[name].file_size
        if self._left < 0:
            raise Refusal(self._too_large)
        try:
            return self._zip.read(self.names[name])
        except MemoryError:
            raise
        except Exception:
            reason = f"is damaged: {name[:100]!r} inside it cannot be unpacked. Save or copy it again."
            raise DamagedMember(reason) from None


def gunzipped(data: bytes, limits: Limits) -> bytes:
    """Return the bytes in a gzip file; raises `Refusal` as soon as they exceed the limit."""
    parts, size = [], 0
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            while part := file.read(_CHUNK):
                size += len(part)
                if size > limits.unpacked_bytes:
                    raise Refusal(_too_large(limits))
                parts.append(part)
    except (zlib.error, EOFError, OSError):
        raise Refusal(DAMAGED) from None
    return b"".join(parts)


def _check_name(name: str) -> None:
    if _OUTSIDE.search(name):
        raise Refusal(f"holds a file named {name[:100]!r}, which leads out of the archive. Nothing of it was unpacked.")


def _check_member(member: zipfile.ZipInfo) -> None:
    name = repr(member.filename[:100])
    if stat.S_ISLNK(member.external_attr >> 16):
        raise Refusal(f"holds a link, {name}. Pack the file itself instead.")
    if member.flag_bits & 0x1:
        raise Refusal("is encrypted. Pack it again without a password.")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Refusal(f"packs {name} in a way that is not read. Make a plain zip (deflate) of it.")


def _too_large(limits: Limits, advice: str = FEWER_IMAGES) -> str:
    return f"unpacks to more than the {limits.unpacked_bytes // MIB} MiB that are read. {advice}"
