"""Processes that call their host by another name, as a container, another laptop or a changed network makes them.

`python -m tests.seams.hosts FOLDER` is one that owns a run and a paused sweep on the home in FOLDER, and reports of the
run what it is told to on standard input.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from digits_core.config import TransformConfig
from digits_core.database import Database
from digits_core.errors import RunError
from digits_core.home import Home
from digits_core.runs import heartbeat
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.heartbeat import Heartbeat, Hold
from digits_core.runs.process_owner import STALE_S, this_process
from digits_core.runs.store import RunStore
from digits_core.runs.sweep_store import SweepStore
from digits_core.training.events import Finished
from digits_core.training.sweep_plan import SweepPlan, parse_varied
from tests.unit.helpers import run_config
from tests.unit.runs.test_store import STARTED, epoch

ROOT = Path(__file__).resolve().parents[2]
PLAN = SweepPlan(
    base=run_config(transform=TransformConfig(size=8), batch_size=128), varied=[parse_varied("epochs=1,2")]
)


def on_another_host(command: Sequence[str]) -> list[str]:
    """Return a command line that runs a command under another host name; skips the test if that cannot be done."""
    if shutil.which("unshare") is None or os.geteuid() != 0:
        pytest.skip("only root on Linux gives a process another host name")
    there = ["unshare", "--uts", "sh", "-c", 'hostname another-host && exec "$@"', "sh"]
    tried = subprocess.run([*there, "true"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"no other host name here: {tried.stderr.strip()}")
    return [*there, *command]


@dataclass
class Other:
    """The process on the other host, and what it owns."""

    process: subprocess.Popen
    run: str
    waiting: str
    sweep: str

    def tell(self, command: str) -> Any:
        """Have it do something, and return what it says of that."""
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        """As a laptop that sleeps."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOWAIT)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def other_host(folder: Path, renew_s: float = 0.05) -> Iterator[Other]:
    command = on_another_host([sys.executable, "-m", "tests.seams.hosts", str(folder), str(renew_s)])
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Other(process, *json.loads(process.stdout.readline()))
    finally:
        process.kill()
        process.communicate()


def let_pass(database: Database, seconds: float = STALE_S + 1) -> None:
    """Move the heartbeats that are stored into the past, or into the future: so much time has passed since."""
    with database.write() as db:
        db.execute("UPDATE owners SET seen = seen - ?", (seconds,))


def main(folder: Path, renew_s: float) -> None:
    heartbeat.RENEW_S = renew_s
    home = Home(folder)
    database = Database(home.database)
    store, owner = RunStore(database), this_process()
    run, waiting = store.create(run_config(), owner), store.create(run_config(), owner, "session")
    store.apply(run.id, STARTED, owner)
    sweep = SweepStore(database).create(PLAN, owner)
    SweepStore(database).set_status(sweep.id, "paused", ["running"])
    artifacts = Artifacts(home.run(run.id), Hold(store.owners, owner, run.id).check)
    with Heartbeat(store.owners, owner) as beating:
        beating.start()
        say([run.id, waiting.id, sweep.id])
        for line in sys.stdin:
            match line.split():
                case ["epoch", number]:
                    say(store.apply(run.id, epoch(int(number)), owner))
                case ["finish"]:
                    say(store.apply(run.id, Finished("finished", 4, 0.1, 0.9, 1.0), owner))
                case ["keep"]:
                    say(kept(artifacts))


def kept(artifacts: Artifacts) -> str:
    try:
        artifacts.save_evaluation("result", {"from": "the other host"})
    except RunError as error:
        return str(error)
    return ""


def say(thing: Any) -> None:
    print(json.dumps(thing), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
