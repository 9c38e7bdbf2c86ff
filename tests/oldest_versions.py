"""Run the library's tests on the lowest version of every requirement: `python -m tests.oldest_versions`.

uv resolves requirements.txt, and what only tests need, to their lower bounds in a fresh environment, which goes away at
the end. Arguments that are not of this program go to pytest, which takes `tests/unit` unless they say more: `-n 2 -k
transforms`.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = "Scripts" if os.name == "nt" else "bin"


def main(arguments: list[str] | None = None) -> int:
    """Install, show what is installed, test; return pytest's exit status, or that of the step that failed."""
    options, for_pytest = build_parser().parse_known_args(arguments)
    with tempfile.TemporaryDirectory(prefix="digits-lab-oldest-") as folder:
        environment = Path(folder)
        began = time.perf_counter()
        try:
            install(environment, options.torch_backend)
        except subprocess.CalledProcessError as error:
            return error.returncode
        print(f"installed in {time.perf_counter() - began:.0f} s", flush=True)
        tests = [python_of(environment), "-m", "pytest", "-p", "no:cacheprovider", "tests/unit", *for_pytest]
        return subprocess.run(tests, cwd=ROOT, check=False).returncode


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.oldest_versions", description=__doc__.splitlines()[0])
    parser.add_argument("--torch-backend", metavar="NAME", help="as uv has it: cpu leaves out the CUDA libraries")
    return parser


def install(environment: Path, torch_backend: str | None) -> None:
    """Make an environment that has every requirement in its lowest version.

    Raises:
        subprocess.CalledProcessError: A step failed, and has said why.
    """
    python = python_of(environment)
    uv = [python, "-m", "uv", "pip"]
    backend = ["--torch-backend", torch_backend] if torch_backend else []
    tools = environment / "tools.txt"
    lowest = ["--resolution", "lowest-direct", *backend, "-r", "requirements.txt", "-r", str(tools)]
    subprocess.run([sys.executable, "-m", "venv", str(environment)], cwd=ROOT, check=True)
    tools.write_text("\n".join(only_for_tests()), encoding="utf-8")
    for step in ([python, "-m", "pip", "install", "--quiet", "uv"], [*uv, "install", "--python", python, *lowest]):
        subprocess.run(step, cwd=ROOT, check=True)


def only_for_tests() -> list[str]:
    """Return the lines of tests/requirements.txt that name nothing which the app itself requires."""
    apps = set(_required("requirements.txt"))
    return [line for name, line in _required("tests/requirements.txt").items() if name not in apps]


def _required(path: str) -> dict[str, str]:
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    return {name[0]: line for line in lines if (name := re.match(r"[A-Za-z0-9][\w.-]*", line))}


def python_of(environment: Path) -> str:
    """Return the interpreter of a virtual environment."""
    return str(environment / PROGRAMS / "python")


if __name__ == "__main__":
    sys.exit(main())
