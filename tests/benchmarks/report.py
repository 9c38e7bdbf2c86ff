"""What became of benchmarks, for people and for programs: a table, and JSON with every single value."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.benchmarks.measurement import Measurement, in_words

ROOT = Path(__file__).resolve().parents[2]
HEADS = ("what", "figure", "spread (p5 to p95)", "n", "target", "")
LIBRARIES = ("torch", "streamlit", "plotly", "pandas", "distributed", "playwright")

Program = Callable[[bool], Iterable[Measurement]]
"""Measures; told whether to be quick about it, with fewer rounds."""


def run(name: str, program: Program, quick: bool) -> Iterator[Measurement]:
    """The measurements of a program as they come, each printed at once: a long program shows that it goes on."""
    for measurement in program(quick):
        print(f"{name}: {one_line(measurement)}", flush=True)
        yield measurement


def one_line(measurement: Measurement) -> str:
    return " ".join(cell for cell in _cells(measurement) if cell)


def table(results: Mapping[str, Sequence[Measurement]], failures: Mapping[str, str] | None = None) -> str:
    """All measurements below each other, by program; programs that failed with what they said."""
    rows: list[tuple[str, ...]] = [HEADS]
    for name, measurements in results.items():
        rows.append((name, *[""] * (len(HEADS) - 1)))
        rows += [(f"  {cells[0]}", *cells[1:]) for cells in map(_cells, measurements)]
        if name in (failures or {}):
            rows.append((f"  FAILED: {failures[name]}", *[""] * (len(HEADS) - 1)))
    # What stands alone in its row may be longer than the column.
    first, *others = (max(len(row[column]) for row in rows if any(row[1:])) for column in range(len(HEADS)))
    return "\n".join(
        "  ".join(
            [f"{row[0]:<{first}}", *(f"{cell:>{width}}" for cell, width in zip(row[1:], others, strict=True))]
        ).rstrip()
        for row in rows
    )


def as_json(
    results: Mapping[str, Sequence[Measurement]], failures: Mapping[str, str], quick: bool, seconds: Mapping[str, float]
) -> str:
    """Everything: where and when it was measured, and each value."""
    programs = {
        name: {
            "seconds": seconds.get(name),
            "failure": failures.get(name),
            "measurements": [each.as_dict() for each in measurements],
        }
        for name, measurements in results.items()
    }
    return json.dumps({"environment": environment(), "quick": quick, "programs": programs}, indent=1)


def environment() -> dict[str, Any]:
    """What the figures depend on beside the code."""
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "commit": _commit(),
        "machine": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": os.getloadavg() if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def _cells(measurement: Measurement) -> tuple[str, ...]:
    """As wide as they come, in the order of `HEADS`."""
    low, high = measurement.spread
    single = len(measurement.values) < 2
    figure = "" if single else f"{measurement.figure} "
    note = f" ({measurement.note})" if measurement.note else ""
    return (
        f"{measurement.what}{note}",
        f"{figure}{in_words(measurement.value)} {measurement.unit}".rstrip(),
        "" if single else f"{in_words(low)} to {in_words(high)}",
        "" if single else str(len(measurement.values)),
        str(measurement.target or ""),
        measurement.verdict,
    )


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return answer.stdout.strip()


def _processor() -> str:
    """As Linux calls it; elsewhere what Python knows."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
