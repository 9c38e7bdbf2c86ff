"""What the app costs while nobody uses it: `python -m tests.benchmarks idle`.

The real app, after somebody opened the Training page, so that its training processes are there and warm. Processor time
of all its processes together, as a share of one core: with that page still open in a browser (whose own time does not
count), then with no page open.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress

import psutil

from tests.benchmarks.in_browser import a_browser, a_tab, an_app
from tests.benchmarks.measurement import Measurement, Target, counted
from tests.browser.helpers import open_page, poll

IDLE = Target(1.5)
SETTLED_S, SETTLED_SHARE = 5, 0.1
"""The warm-up is over when all processes together have used less than this share of a core for so long."""


def measurements(quick: bool) -> Iterator[Measurement]:
    seconds = 30 if quick else 300
    with a_browser() as browser, an_app() as server:
        page = a_tab(browser)
        open_page(page, f"{server.url}/training")
        poll(lambda: len(server.process.children()) > 0, 120, "the training processes")
        poll(lambda: settled(server.process), 300, "the end of the warm-up")
        yield from shares(server.process, seconds, "Training page open")
        page.close()
        yield from shares(server.process, seconds, "no page open")


def settled(app: psutil.Process) -> bool:
    return sum(used(app, SETTLED_S).values()) < SETTLED_SHARE * SETTLED_S


def shares(app: psutil.Process, seconds: float, when: str) -> Iterator[Measurement]:
    """Percent of a core, by process and in all."""
    found = used(app, seconds)
    for name, processor_seconds in found.items():
        yield counted(f"{name}, {when}", "% of a core", 100 * processor_seconds / seconds)
    yield counted(f"all processes, {when}", "% of a core", 100 * sum(found.values()) / seconds, IDLE)


def used(app: psutil.Process, seconds: float) -> dict[str, float]:
    """Processor seconds that each kind of process uses within so many seconds."""
    before = times(app)
    time.sleep(seconds)
    found: dict[str, float] = {}
    for process, (name, now) in times(app).items():
        found[name] = found.get(name, 0.0) + now - before.get(process, (name, 0.0))[1]
    return found


def times(app: psutil.Process) -> dict[psutil.Process, tuple[str, float]]:
    """The name of the kind of each process, and the processor seconds that it has used so far."""
    found = {}
    for process in [app, *app.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            command = " ".join(process.cmdline())
            name = "app" if process == app else "engine" if "digits_core.engine" in command else "workers"
            spent = process.cpu_times()
            found[process] = name, spent.user + spent.system
    return found
