"""The one test program, `python -m tests`: lint, format, types, a Chromium, then pytest with the arguments given.

`--deep` searches longer: ten times as many examples for each property, and many more moments to kill a process at.
"""

import os
import subprocess
import sys
from pathlib import Path

from tests.browser.chromium import ChromiumMissing, find_or_install

ROOT = Path(__file__).resolve().parents[1]
SIDE_BY_SIDE = ["-n", str(min(4, os.cpu_count() or 1)), "--dist", "loadfile", "--no-loadscope-reorder"]
"""Tests run in as many processes as the machine has processors, those of one file in one of them; the browser's, whose
files take longest, begin. `-n 0` among the arguments runs all in one process, in order."""
DEEP = "--deep"
DEEP_KILLS = ["--kill-seeds", "20"]


def main(arguments: list[str]) -> int:
    """Take every step, so that one run shows all there is to fix; return 0 if all of them passed."""
    if DEEP in arguments:
        os.environ["HYPOTHESIS_PROFILE"] = "explore"
        arguments = [*DEEP_KILLS, *(each for each in arguments if each != DEEP)]
    # pytest comes last: its closing line is the last thing to read unless a step before it failed.
    failed = [
        name
        for name, passed in (
            ("ruff check", _python("ruff", "check", ".")),
            ("ruff format", _python("ruff", "format", "--check", ".")),
            ("mypy", _python("mypy")),
            ("chromium", _chromium()),
            ("pytest", _python("pytest", *SIDE_BY_SIDE, *arguments)),
        )
        if not passed
    ]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _python(module: str, *arguments: str) -> bool:
    """Run `python -m module` in the repository's root; whether it succeeded."""
    print("$ python -m", module, *arguments, flush=True)
    return subprocess.run([sys.executable, "-m", module, *arguments], cwd=ROOT, check=False).returncode == 0


def _chromium() -> bool:
    """Whether there is a Chromium now; says so, or what to install."""
    try:
        print("chromium:", find_or_install(), flush=True)
    except ChromiumMissing as missing:
        print(missing, file=sys.stderr)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
