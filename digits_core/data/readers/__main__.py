"""The process that reads one file: `python -m digits_core.data.readers FILE NAME FOLDER LIMITS`.

It writes what it read, or why it failed, to FOLDER. The tracebacks of unexpected errors go to standard error.
"""

from __future__ import annotations

import gc
import sys
import traceback
from pathlib import Path

from digits_core.data.readers.file_contents import Refusal, write_reading, write_refusal
from digits_core.data.readers.limits import MIB, Limits, confine_this_process
from digits_core.data.readers.parse import parse


def main(file: Path, name: str, folder: Path, limits: Limits) -> None:
    confine_this_process(limits)
    gc.disable()  # the records of a large pickle would be searched for cycles again and again
    try:
        write_reading(parse(file.read_bytes(), name, limits), folder)
    except Refusal as refusal:
        write_refusal(str(refusal), folder)
    except MemoryError:
        reason = f"needs more than the {limits.memory_bytes // MIB:,} MiB of memory that reading may take. It was left."
        write_refusal(reason, folder)
    except OSError as error:  # of this machine: an error in the file's contents is a refusal
        traceback.print_exc()
        write_refusal(f"could not be read on this machine: {error.strerror or error}.", folder, stopped=True)
    except Exception:
        traceback.print_exc()
        write_refusal("cannot be read: it is damaged, or of a kind that is not known here.", folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), Limits.from_json(sys.argv[4]))
