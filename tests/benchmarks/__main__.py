"""Everything that the design holds the app to, measured: `python -m tests.benchmarks [PROGRAM ...] [--quick]`.

Each program measures two or more things in turn within one run, on a server, a home folder and a browser of its own.
At the end there is one table, and a JSON file with every value. The figures mean something on a quiet machine alone;
nothing here is ever asserted in a test.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import traceback
from importlib import import_module
from pathlib import Path

import digits_core  # noqa: F401 - says how threads wait, before any program loads torch
from tests.benchmarks.measurement import Measurement
from tests.benchmarks.report import Program, as_json, run, table

PROGRAMS = {
    "training": "training_speed",
    "company": "in_company",
    "training-memory": "training_memory",
    "reports": "events",
    "first-report": "first_report",
    "accuracy": "recognition_accuracy",
    "hands": "hands",
    "own-hand": "own_hand",
    "start": "start",
    "first-digit": "first_digit",
    "pages": "page_change",
    "stroke": "stroke",
    "pen": "pen",
    "chart": "epoch_to_chart",
    "store": "store",
    "data": "data_page",
    "transforms": "transforms_page",
    "network": "network_views",
    "runs": "runs_page",
    "shell": "recognition_speed",
    "memory": "memory",
    "load": "load",
    "polls": "week_of_polls",
    "idle": "idle",
    "two-hosts": "two_hosts",
}
"""By name the module of each, in the order of the design's table."""


def program(name: str) -> Program:
    """Imported only now: each needs other heavy libraries."""
    return import_module(f"tests.benchmarks.{PROGRAMS[name]}").measurements


def main(arguments: list[str] | None = None) -> int:
    """Run what was named; a program that fails is shown as such, and the others run all the same."""
    options = build_parser().parse_args(arguments)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    results: dict[str, list[Measurement]] = {}
    failures: dict[str, str] = {}
    seconds: dict[str, float] = {}
    for name in options.programs or PROGRAMS:
        began, results[name] = time.perf_counter(), []
        print(f"{name} …", flush=True)
        try:
            for measurement in run(name, program(name), options.quick):
                results[name].append(measurement)
        except Exception as error:
            traceback.print_exc()
            failures[name] = f"{type(error).__name__}: {error}".splitlines()[0]
        seconds[name] = time.perf_counter() - began
        # After each, so that what was measured is there also when somebody loses patience.
        options.json.write_text(as_json(results, failures, options.quick, seconds), encoding="utf-8")
    print(f"\n{table(results, failures)}\n\nEvery value: {options.json}")
    return 1 if failures else 0


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument(
        "programs", nargs="*", metavar="PROGRAM", type=_known, help=f"by default all: {', '.join(PROGRAMS)}"
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds: to see that it works, not to quote")
    stamp = time.strftime("%Y%m%d-%H%M%S")
    parser.add_argument(
        "--json",
        type=Path,
        default=Path(tempfile.gettempdir()) / f"digits-lab-benchmarks-{stamp}.json",
        help="where every value is written (default: %(default)s)",
    )
    return parser


def _known(name: str) -> str:
    if name not in PROGRAMS:
        raise argparse.ArgumentTypeError(f"no program {name!r}; there are: {', '.join(PROGRAMS)}")
    return name


if __name__ == "__main__":
    raise SystemExit(main())
