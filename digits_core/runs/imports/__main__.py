"""The process that reads files of runs: `python -m digits_core.runs.imports PATH NAME`.

It writes what it read, or why it did not, to standard output. Standard error gets the traceback of what nobody foresaw.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path

from digits_core.data.readers.file_contents import Refusal
from digits_core.data.readers.limits import MIB, confine_this_process
from digits_core.runs.imports.contents import read
from digits_core.runs.imports.records import LIMITS, to_json


def answer(path: Path, name: str) -> str:
    """Return `found` or `refused` in a line of its own, then what was found or the reason, as JSON in ASCII."""
    try:
        return f"found\n{to_json(read(path, name))}"
    except Refusal as refusal:
        reason = str(refusal)
    except MemoryError:
        reason = f"needs more than the {LIMITS.memory_bytes // MIB:,} MiB of memory that reading may take."
    except OSError as error:
        reason = f"could not be read on this machine: {error.strerror or error}."
    except Exception:
        traceback.print_exc()
        reason = "cannot be read: it is damaged, or of a kind that is not known here."
    return f"refused\n{json.dumps(reason)}"


if __name__ == "__main__":
    confine_this_process(LIMITS)
    sys.stdout.write(answer(Path(sys.argv[1]), sys.argv[2]))
