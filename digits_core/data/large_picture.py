"""Decode a large picture in a process of its own, one at a time: `python -m digits_core.data.large_picture`.

Decoding fifty million pixels takes seconds and half a gigabyte. In another process, one picture at a time, it neither
blocks the threads of other sessions nor adds to the memory of their uploads. The memory of that process is bounded, so
that a file whose contents are larger than its header says is refused. A crash of the decoder ends only that process.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from PIL import Image

from digits_core.data.picture import MAX_PIXELS, beginning, damaged, decode
from digits_core.data.readers.limits import MIB, Limits, confine_this_process
from digits_core.errors import PictureError, PictureReadingStopped

ROOT = Path(__file__).resolve().parents[2]
"""The folder from which `digits_core` can be imported."""
PATIENCE_S = 60
MEMORY_BYTES = 1536 * MIB
"""For decoding: fifty million pixels of colour with transparency take a gigabyte on their way to grey."""
_CRASHES = {signal.SIGSEGV, signal.SIGABRT, signal.SIGILL, signal.SIGFPE, getattr(signal, "SIGBUS", signal.SIGSEGV)}
_ONE_AT_A_TIME = threading.Lock()
_PICTURE, _REFUSAL = b"P", b"R"


def read_large_picture(data: bytes, name: str, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Decode a file's bytes as `read_picture` does, in another process; raises `PictureError` if anything is wrong."""
    command = [sys.executable, "-m", "digits_core.data.large_picture"]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    # The name as JSON: command lines and pipes do not carry every file name unchanged.
    asked = json.dumps([name, max_pixels]).encode() + b"\n" + data
    with _ONE_AT_A_TIME:
        try:
            answer = subprocess.run(
                command, cwd=ROOT, env=environment, input=asked, stdout=subprocess.PIPE, timeout=PATIENCE_S
            )
        except subprocess.TimeoutExpired:
            raise PictureReadingStopped(
                f"{beginning(name)} took longer than {PATIENCE_S} s to read and was cancelled. Save it smaller."
            ) from None
        except OSError as error:
            raise PictureReadingStopped(
                f"{beginning(name)} could not be read on this machine: {error.strerror or error}. Try again, or save "
                "it smaller."
            ) from error
    kind = answer.stdout[:40].partition(b"\n")[0]
    content = memoryview(answer.stdout)[len(kind) + 1 :]  # not a copy of fifty megabytes
    if kind == _REFUSAL:
        raise PictureError(json.loads(bytes(content)))
    if -answer.returncode in _CRASHES:
        raise PictureError(damaged(name))
    if not kind.startswith(_PICTURE):
        raise PictureReadingStopped(
            f"{beginning(name)} could not be read: the process that reads it was ended, most likely because this "
            "machine is short of memory. Save it smaller, or try again later."
        )
    width, height = map(int, kind[1:].split())
    # Pillow accepts any buffer, whatever its annotation says.
    return Image.frombuffer("L", (width, height), content, "raw", "L", 0, 1)  # type: ignore[arg-type]


def main() -> None:
    name, max_pixels = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read()
    confine_this_process(Limits(memory_bytes=MEMORY_BYTES, seconds=PATIENCE_S))
    try:
        picture = decode(data, name, max_pixels)
    except PictureError as refusal:
        sys.stdout.buffer.write(_REFUSAL + b"\n" + json.dumps(str(refusal)).encode())
    else:
        sys.stdout.buffer.write(_PICTURE + b"%d %d\n" % picture.size + picture.tobytes())


if __name__ == "__main__":
    main()
