"""Dask clusters as the README starts them, on this machine or on hosts of their own that are cabled to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import dask
import psutil
from distributed.security import Security

from digits_core.engine import connection
from digits_core.engine.credentials import temporary_security
from digits_core.training.threads import cores
from tests.unit.helpers import wait_for

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 120
NOTICE_S = 12
"""A host that says nothing for so long counts as gone, where a cluster was told so; Dask's own patience is 30 s."""


class NoHosts(Exception):
    """Hosts cannot be made here; says why."""


@dataclass(frozen=True)
class Host:
    """A network namespace: a host with an address and a cable of its own, and with one of this machine's cores."""

    name: str
    address: str
    core: int

    @property
    def command(self) -> list[str]:
        """What a command line begins with to run there."""
        return ["ip", "netns", "exec", self.name, "taskset", "--cpu-list", str(self.core)]

    def plug(self, plugged: bool = True) -> None:
        """Put the cable in, or take it out: what is sent after that arrives nowhere, and nobody is told."""
        _ip("-netns", self.name, "link", "set", "cable", "up" if plugged else "down")

    def received(self) -> int:
        """The bytes that came in by the cable so far."""
        counter = ["cat", "/sys/class/net/cable/statistics/rx_bytes"]
        return int(subprocess.run([*self.command, *counter], check=True, capture_output=True, text=True).stdout)


@contextmanager
def hosts(count: int) -> Iterator[list[Host]]:
    """So many hosts on one switch, to which this process is connected too; `NoHosts` where they cannot be made."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        raise NoHosts("network namespaces are made by root on Linux alone")
    # Of this process alone, so that two can have hosts at the same time. The addresses are those set aside for the
    # measuring of networks (RFC 2544): nobody's real network has them.
    number = os.getpid()
    switch, net = f"dl{number}", f"198.{18 + number // 256 % 2}.{number % 256}"
    made: list[Host] = []
    try:
        _ip("link", "add", switch, "type", "bridge")
        _ip("address", "add", f"{net}.1/24", "dev", switch)
        _ip("link", "set", switch, "up")
        for place in range(count):
            made.append(Host(f"digits-{number}-{place}", f"{net}.{10 + place}", place % cores()))
            _connect(made[-1], switch, f"dl{number}p{place}")
        yield made
    finally:
        for host in made:
            _ip("netns", "delete", host.name, check=False)
        _ip("link", "delete", switch, check=False)


def _connect(host: Host, switch: str, plug: str) -> None:
    inside = ("-netns", host.name)
    _ip("netns", "add", host.name)
    _ip("link", "add", plug, "type", "veth", "peer", "name", "cable", "netns", host.name)
    _ip("link", "set", plug, "master", switch, "up")
    _ip(*inside, "address", "add", f"{host.address}/24", "dev", "cable")
    for device in ("lo", "cable"):
        _ip(*inside, "link", "set", device, "up")


def _ip(*arguments: str, check: bool = True) -> None:
    try:
        done = subprocess.run(["ip", *arguments], capture_output=True, text=True)
    except FileNotFoundError as error:
        raise NoHosts("the program ip is not installed (the package iproute2)") from error
    if check and done.returncode:
        raise NoHosts(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


@dataclass
class Cluster:
    """A scheduler and its workers, each a process that was started as the README says, and what lets others in.

    `settings` are of Dask's configuration, as environment variables, for all of them.
    """

    folder: Path
    security: Security = field(default_factory=temporary_security)
    settings: dict[str, str] = field(default_factory=dict)
    processes: dict[str, psutil.Popen] = field(default_factory=dict)

    def start(self, host: Host | None = None) -> None:
        """Start the scheduler."""
        self.folder.mkdir()
        for name in ("tls_ca_file", "tls_scheduler_key", "tls_scheduler_cert"):
            (self.folder / name).write_text(getattr(self.security, name))
        known, listens = self.folder / "scheduler.json", f"tls://{host.address if host else '127.0.0.1'}"
        self._run("scheduler", host, "scheduler", "--port", "0", "--host", listens, "--scheduler-file", str(known))
        wait_for(lambda: known.exists() and known.read_text(), PATIENCE_S, "the scheduler")

    @cached_property
    def address(self) -> str:
        return json.loads((self.folder / "scheduler.json").read_text())["address"]

    def add_worker(self, name: str, host: Host | None = None) -> None:
        own = self.folder / name
        own.mkdir()
        self._run(name, host, "worker", self.address, "--nthreads", "1", "--local-directory", str(own))

    def kill(self, name: str) -> None:
        """As a machine that is switched off: with all its processes at once."""
        process = self.processes.pop(name)
        family = [process, *process.children(recursive=True)]
        for each in family:
            each.kill()
        process.wait()
        psutil.wait_procs(family, timeout=30)

    def end(self) -> None:
        for name in list(self.processes):
            self.kill(name)

    @contextmanager
    def let_in(self) -> Iterator[None]:
        """Set this process up as the README says, so that an engine made in it trains on this cluster."""
        tls = {"ca-file": "tls_ca_file", "client.key": "tls_scheduler_key", "client.cert": "tls_scheduler_cert"}
        files = {f"distributed.comm.tls.{name}": str(self.folder / file) for name, file in tls.items()}
        before = os.environ.get(connection.SCHEDULER_VARIABLE)
        os.environ[connection.SCHEDULER_VARIABLE] = self.address
        try:
            with dask.config.set({**files, "distributed.comm.require-encryption": True}):
                yield
        finally:
            del os.environ[connection.SCHEDULER_VARIABLE]
            if before is not None:
                os.environ[connection.SCHEDULER_VARIABLE] = before

    def _run(self, name: str, host: Host | None, command: str, *options: str) -> None:
        tls = [
            f"--tls-{part}={self.folder / f'tls_{owner}{part}'.replace('-', '_')}"
            for owner, part in (("", "ca-file"), ("scheduler_", "key"), ("scheduler_", "cert"))
        ]
        environment = {name: value for name, value in os.environ.items() if name != "DIGITS_HOME"}
        there = host.command if host else []
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = psutil.Popen(
                [*there, sys.executable, "-m", "dask", command, "--no-dashboard", *tls, *options],
                cwd=self.folder,
                env=environment | {"PYTHONPATH": str(ROOT)} | self.settings,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
