"""Nothing in the app is only Linux: what other systems lack is used where it is there, and done without where not."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from digits_core.data.readers.file_contents import Reading, read_outcome
from tests.unit.test_imports import FILES, ROOT, shown

POSIX_MODULES = {"resource", "fcntl", "pwd", "grp", "termios", "tty", "pty", "syslog", "posix"}
POSIX_NAMES = {
    "os.fork",
    "os.forkpty",
    "os.getuid",
    "os.geteuid",
    "os.getpgid",
    "os.setsid",
    "os.setpgid",
    "os.killpg",
    "os.wait",
    "os.waitid",
    "os.WNOHANG",
    "os.mkfifo",
    "os.chown",
    "os.sched_getaffinity",
    "os.getloadavg",
    "os.uname",
    "os.O_NONBLOCK",
    "os.sync",
    "signal.SIGKILL",
    "signal.SIGHUP",
    "signal.SIGALRM",
    "signal.SIGXCPU",
    "signal.SIGUSR1",
    "signal.SIGCHLD",
    "signal.alarm",
    "signal.setitimer",
    "signal.pause",
    "socket.AF_UNIX",
    "time.tzset",
}
GUARDED = {"data/readers/limits.py": {"resource"}}
"""Each held below by running without it."""

WITHOUT = """
import os, pathlib, sys
import psutil  # on Linux it needs itself what others do without
sys.modules["resource"] = None  # importing it fails, as where there is none
del os.sched_getaffinity
real = pathlib.Path.read_text, pathlib.Path.exists
def hidden(path): return str(path).startswith("/proc")
def read_text(path, *arguments, **named):
    if hidden(path): raise FileNotFoundError(path)
    return real[0](path, *arguments, **named)
pathlib.Path.read_text = read_text
pathlib.Path.exists = lambda path, **named: not hidden(path) and real[1](path, **named)
"""


def parts(path: Path) -> str:
    return shown(path).removeprefix("digits_core/")


def posix_only(path: Path) -> set[str]:
    """What a file uses that Windows has not."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    return (names & POSIX_NAMES) | (imported & POSIX_MODULES)


def texts_without_encoding(path: Path) -> Iterator[int]:
    """The lines that read or write a text in whatever encoding the system prefers."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            named = {each.arg for each in node.keywords}
            if node.func.attr in ("read_text", "write_text") and "encoding" not in named and not node.args[1:]:
                yield node.lineno


def test_what_only_some_systems_have_is_used_where_it_is_guarded():
    assert {parts(path): names for path in FILES if (names := posix_only(path))} == GUARDED


def test_a_text_is_read_in_the_encoding_in_which_it_was_written():
    # The numbers of /proc are plain in every encoding.
    numbers_of_linux = {"runs/process_owner.py", "data/readers/limits.py"}
    found = {parts(path): lines for path in FILES if (lines := list(texts_without_encoding(path)))}

    assert {name: lines for name, lines in found.items() if name not in numbers_of_linux} == {}


def run_without(code: str) -> str:
    answer = subprocess.run([sys.executable, "-c", WITHOUT + code], cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system has none of what is taken away")
def test_without_them_a_process_knows_itself_and_its_processors():
    said = run_without("""
from digits_core.runs.process_owner import is_alive, this_process
from digits_core.training.threads import cores, threads_per_run
owner = this_process()
print(is_alive(owner), is_alive(owner + "1"), cores() >= 1, threads_per_run() >= 1, "-" in owner.rpartition(":")[2])
""")

    assert said == "True False True True False", "the last: not told by Linux's own account of when it was started"


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system has none of what is taken away")
def test_without_them_a_file_is_read(tmp_path: Path):
    file = tmp_path / "digits.npz"
    np.savez(file, images=np.arange(40 * 64).reshape(40, 8, 8) % 17, labels=np.arange(40) % 10)
    run_without(f"""
from pathlib import Path
from digits_core.data.readers.__main__ import main
from digits_core.data.readers.limits import Limits
main(Path({str(file)!r}), "digits.npz", Path({str(tmp_path)!r}), Limits())
""")
    reading = read_outcome(tmp_path)

    assert isinstance(reading, Reading)
