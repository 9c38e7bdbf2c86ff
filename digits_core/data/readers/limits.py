"""The cost limits for reading one file: bounds on its contents, and on the process that reads it."""

from __future__ import annotations

import contextlib
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

MIB = 2**20

_NOT_OURS = (
    "os.system",
    "os.exec",
    "os.fork",
    "os.spawn",
    "os.posix_spawn",
    "os.kill",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.putenv",
    "os.chmod",
    "os.chown",
    "os.link",
    "os.symlink",
    "os.startfile",
    "shutil.",
    "subprocess.",
    "pty.",
    "socket.",
    "ctypes.",
    "ftplib.",
    "smtplib.",
    "urllib.",
    "webbrowser.",
    "winreg.SetValue",
    "_winapi.CreateProcess",
)
"""Audit events that reading a dataset never has a reason to raise."""


@dataclass(frozen=True)
class Limits:
    """Bounds on reading one file.

    file_bytes: size of the file itself; unpacked_bytes: total size of what is unpacked from it; entries, pixels:
    totals; side: of one image, in pixels; memory_bytes: in addition to what Python itself uses; seconds: of processor
    time, and of waiting.
    """

    file_bytes: int = 256 * MIB
    unpacked_bytes: int = 512 * MIB
    entries: int = 200_000
    pixels: int = 100_000_000
    side: int = 1024
    memory_bytes: int = 2048 * MIB
    seconds: int = 60

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Limits:
        return cls(**json.loads(text))


def confine_this_process(limits: Limits) -> None:
    """Limit this process's memory, time and files permanently, and forbid it to start or reach anything else.

    On platforms without such limits (Windows has none, macOS no memory limit), the parent's timeout and the limits on
    the file's contents still apply.
    """
    with contextlib.suppress(ImportError):
        import resource

        # The soft limit sends SIGXCPU; at the hard one the system sends SIGKILL, as it does where memory runs out.
        _lower(resource.RLIMIT_CPU, limits.seconds, limits.seconds + 2)
        _lower(resource.RLIMIT_FSIZE, limits.unpacked_bytes)
        _lower(resource.RLIMIT_CORE, 0)
        _lower(resource.RLIMIT_AS, _address_space() + limits.memory_bytes)
    sys.addaudithook(_forbid)


def _forbid(event: str, arguments: tuple[Any, ...]) -> None:
    """Raise `PermissionError` for forbidden audit events.

    The last line of defence if a file gets code to run: Python cannot remove an audit hook.
    """
    if event.startswith(_NOT_OURS):
        raise PermissionError(f"The reading of a file may not use {event}.")


def _lower(kind: int, soft: int, hard: int | None = None) -> None:
    """Set the soft and the hard limit (by default the same), never above the current hard limit."""
    import resource

    most = resource.getrlimit(kind)[1]
    low, high = (each if most == resource.RLIM_INFINITY else min(each, most) for each in (soft, hard or soft))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(kind, (low, high))


def _address_space() -> int:
    """Return the bytes mapped by this process; 0 if the system does not tell, which leaves the limit alone."""
    with contextlib.suppress(OSError, ValueError):
        import resource

        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    return 0
