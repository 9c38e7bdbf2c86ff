"""Run one of our modules on a file, in a process of its own that may crash; its answer is text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Sequence

from digits_core.data.readers.file_contents import Refusal
from digits_core.data.readers.limits import MIB, Limits
from digits_core.data.readers.sandbox import ROOT, why_it_ended

FOUND, REFUSED = "found", "refused"


def ask_apart(module: str, arguments: Sequence[str], limits: Limits) -> str:
    """Run `module`, a name such as `package.module`, in a new process and return what its `answer_apart` found.

    Raises:
        Refusal: if anything is wrong with the file, or if the process was ended; its text follows the file's name.
        OSError: if this machine cannot start a process.
    """
    # One thread for linear algebra: a pool of them costs start-up time and address space, and is not used.
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    try:
        answer = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            timeout=2 * limits.seconds,
        )
    except subprocess.TimeoutExpired:
        raise Refusal(f"took longer than {2 * limits.seconds} s to read and was cancelled.") from None
    if answer.returncode or not answer.stdout:
        raise Refusal(why_it_ended(answer.returncode, limits).reason)
    kind, _, content = answer.stdout.decode("ascii").partition("\n")
    if kind == REFUSED:
        raise Refusal(json.loads(content))
    return content


def answer_apart(find: Callable[[], str], limits: Limits) -> str:
    """Return the ASCII text that the process of `ask_apart` writes to its standard output: the finding or the refusal.

    The tracebacks of unexpected errors go to standard error.

    Args:
        find: Returns what was found, as JSON in ASCII; raises `Refusal` for a file that cannot be read.
    """
    try:
        return f"{FOUND}\n{find()}"
    except Refusal as refusal:
        reason = str(refusal)
    except MemoryError:
        reason = f"needs more than the {limits.memory_bytes // MIB:,} MiB of memory that reading may take."
    except OSError as error:
        reason = f"could not be read on this machine: {error.strerror or error}."
    except Exception:
        traceback.print_exc()
        reason = "cannot be read: it is damaged, or of a kind that is not known here."
    return f"{REFUSED}\n{json.dumps(reason)}"
