"""Programs read as text, also by several threads at once."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from digits_core.runs import store
from digits_core.runs.export.sources import names_in

PROGRAM = Path(store.__file__).read_text(encoding="utf-8")


class Litter:
    """What only the garbage collector takes away; it runs Python code then, in the middle of something else."""

    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        sum(range(1000))


def read_among_litter(program: str) -> set[str]:
    litter = [Litter() for _ in range(100)]
    del litter
    return names_in(program)


def test_threads_that_read_programs_at_once_do_not_disturb_each_other():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(4) as threads:
            found = list(threads.map(read_among_litter, [PROGRAM] * 60))
    finally:
        sys.setswitchinterval(interval)
    assert {"Database", "Run"} <= found[0]
    assert all(names == found[0] for names in found)
