"""What memory the app takes, and that it stays flat: `python -m tests.benchmarks memory`.

The real app, driven by a browser: one small training after the other is started on the Training page, which follows
each, and after each what the three processes hold: the app itself, the engine, and the worker that trains. The growth
is that from the second quarter of the runs to the last, so that what is loaded once counts for nothing; PyTorch, which
the app loads for recognising when nothing trains, is there before the first of them.
"""

from __future__ import annotations

import sqlite3
import statistics
from collections.abc import Iterator
from contextlib import closing

import psutil
from playwright.sync_api import Page

from tests.benchmarks.in_browser import a_browser, a_tab, an_app
from tests.benchmarks.measurement import Measurement, Target, counted, measured
from tests.browser.conftest import Server
from tests.browser.helpers import open_page, poll, wait_for_app

MIB = 1 << 20
SMALL = "size=8&batch_size=128&epochs=1"
"""The lecture on 8×8 pixels, for one epoch."""
FLAT = Target(1.05)
"""Not the design's: what "flat" is taken to mean here."""


def measurements(quick: bool) -> Iterator[Measurement]:
    with a_browser() as browser, an_app() as server:
        page = a_tab(browser)
        open_page(page, server.url)
        yield counted("app, after its first page", "MiB", server.process.memory_info().rss / MIB)
        load_torch(page, server)
        yield counted("app, with PyTorch for recognising", "MiB", server.process.memory_info().rss / MIB)
        open_page(page, f"{server.url}/training?{SMALL}")
        held = after_each_run(page, server, 12 if quick else 200)
    for name, values in held.items():
        runs, quarter = len(values), len(values) // 4
        yield measured(f"{name}, the last quarter of {runs} runs", "MiB", values[-quarter:])
        before, after = (statistics.median(part) for part in (values[quarter : 2 * quarter], values[-quarter:]))
        yield counted(f"{name}, grown from the second quarter to the last", "×", after / before, FLAT)
        # Half of the runs lie between the middles of these two quarters.
        yield counted(f"{name}, grown in 100 runs", "MiB", (after - before) * 100 / (2 * quarter))


def load_torch(page: Page, server: Server) -> None:
    """Visit a page after which somebody may recognise, and wait until the app can."""
    open_page(page, f"{server.url}/handwriting")
    poll(lambda: holds_torch(server.process), 120, "PyTorch in the app")


def holds_torch(process: psutil.Process) -> bool:
    return any("libtorch_cpu" in each.path for each in process.memory_maps())


def after_each_run(page: Page, server: Server, runs: int) -> dict[str, list[float]]:
    """What each process holds after each run, in MiB."""
    held: dict[str, list[float]] = {"app": [], "engine": [], "worker": []}
    for number in range(1, runs + 1):
        wait_for_app(page)
        page.get_by_role("button", name="Train", exact=True).click()
        poll(lambda number=number: finished(server) >= number, 120, f"run {number} to finish")
        for name, process in processes(server).items():
            held[name].append(process.memory_info().rss / MIB)
    return held


def finished(server: Server) -> int:
    with closing(sqlite3.connect(server.home / "digits.sqlite")) as database:
        return database.execute("SELECT count(*) FROM runs WHERE status = 'finished'").fetchone()[0]


def processes(server: Server) -> dict[str, psutil.Process]:
    """The app, the engine, and the engine's first worker; the others are its like."""
    engine = next(each for each in server.process.children() if "digits_core.engine" in each.cmdline())
    worker = next(each for each in engine.children() if any("spawn_main" in word for word in each.cmdline()))
    return {"app": server.process, "engine": engine, "worker": worker}
