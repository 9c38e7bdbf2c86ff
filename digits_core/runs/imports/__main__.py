"""The process that reads files of runs: `python -m digits_core.runs.imports PATH NAME`.

It writes the runs, or the reason why there are none, to standard output, and the traceback of an unexpected error to
standard error.
"""

from __future__ import annotations

import sys
from pathlib import Path

from digits_core.data.readers.apart import answer_apart
from digits_core.data.readers.limits import confine_this_process
from digits_core.runs.imports.contents import read
from digits_core.runs.imports.records import LIMITS, to_json

if __name__ == "__main__":
    confine_this_process(LIMITS)
    path, name = sys.argv[1:]
    sys.stdout.write(answer_apart(lambda: to_json(read(Path(path), name)), LIMITS))
