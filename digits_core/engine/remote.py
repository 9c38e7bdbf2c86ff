"""Training on other machines' workers, which share no disk with the app.

A task takes along what its run has learnt so far, and brings back what it has learnt since. Its datasets wait on the
cluster: each worker fetches one when a run first needs it, and keeps it for the next.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from distributed import Client, Future, get_client, get_worker

from digits_core.config import RunConfig
from digits_core.data.digits import Digits
from digits_core.engine import worker
from digits_core.home import Home
from digits_core.runs.artifacts import Artifacts
from digits_core.training.events import Event, Failed, Finished, Paused
from digits_core.training.threads import cores, threads_of_worker

FETCH_TIMEOUT_S = 300
VERSIONS_AT_MOST = 4
"""Of each dataset that wait on the cluster at once: a run that finds an earlier one gone has it sent again."""


class DataLost(Exception):
    """The machine that held a dataset for the others has gone: it has to be sent again."""


@dataclass(frozen=True)
class Outcome:
    """What comes back from a training: the events that must not be lost, and its files."""

    events: list[dict[str, Any]]
    files: dict[str, bytes]


class Freight:
    """What the app sends to the workers of one cluster: each dataset once, for all of them and all runs."""

    def __init__(self, client: Client, home: Home) -> None:
        self._client = client
        self._home = home
        self._sent: dict[str, Future] = {}

    def submit(self, task: str, run_id: str, config_json: str) -> Future:
        """Hand a run over; `DatasetError` where its data is not there to be sent."""
        data = RunConfig.from_json(config_json).data
        load = worker.run_loader(str(self._home.folder), run_id)
        keys = {name: self._send(load(name)) for name in dict.fromkeys((*data.train, *data.test))}
        files = Artifacts(self._home.run(run_id)).contents()
        return self._client.submit(train, task, run_id, config_json, keys, files, key=task, pure=False)

    def warm_up(self, address: str) -> Future:
        """Have a worker do once what is slow the first time."""
        key = self._send(worker.load_digits(str(self._home.folder), worker.LECTURE_DATA))
        return self._client.submit(warm_up, RunConfig().to_json(), key, workers=[address], key=f"warm-up-{address}")

    def send_again(self) -> None:
        """Trust no more that what was sent is still there."""
        self._sent.clear()

    def _send(self, digits: Digits) -> str:
        """The key under which the workers find these digits."""
        key = f"digits-{digits.name}-{digits.fingerprint}"
        sent = self._sent.pop(key, None)
        if sent is None or sent.status != "finished":
            sent = self._client.scatter({key: digits})[key]
        self._sent[key] = sent  # the last one used stands last
        # Runs may mean several versions of one dataset. What is dropped here goes from the cluster with this reference.
        of_this_name = [each for each in self._sent if each.rpartition("-")[0] == f"digits-{digits.name}"]
        for old in of_this_name[:-VERSIONS_AT_MOST]:
            del self._sent[old]
        return key


def receive(outcome: Outcome, artifacts: Artifacts) -> list[dict[str, Any]]:
    """Keep what a training has learnt; returns its events, which say that it is kept. `StoreError` where it is not."""
    artifacts.put(outcome.files)
    return outcome.events


def train(task: str, run_id: str, config_json: str, keys: Mapping[str, str], files: Mapping[str, bytes]) -> Outcome:
    """What a worker runs: a training in a folder of its own, begun at what `files` hold.

    `keys` says for each dataset where it waits; `DataLost` where it no longer does.
    """
    by_name = {name: fetch(key) for name, key in keys.items()}
    with TemporaryDirectory(prefix="digits-run-", dir=get_worker().local_directory) as folder:
        artifacts = Artifacts(Path(folder))
        artifacts.put(files)
        _repeat_changes(task, artifacts)
        events = list(worker.report(task, run_id, config_json, by_name.__getitem__, artifacts, threads(), _ends))
        return Outcome(events, artifacts.contents())


def warm_up(config_json: str, key: str) -> None:
    """Import what a training needs and train a little, on a worker."""
    worker.train_a_little(RunConfig.from_json(config_json), [fetch(key)], threads())


@lru_cache(maxsize=8)
def fetch(key: str) -> Digits:
    """A dataset that waits on the cluster, kept in this worker for the next run.

    Not as something that the task depends on: then Dask would keep the copies, give up those that no task waits for
    at the moment, and end every run that depends on a copy whose machine has gone.
    """
    client = get_client()
    if not client.sync(client.scheduler.who_has, keys=[key]).get(key):
        raise DataLost(key)
    try:
        return Future(key, client=client, state="memory").result(timeout=FETCH_TIMEOUT_S)
    except (CancelledError, TimeoutError, KeyError) as error:
        raise DataLost(key) from error


@cache
def threads() -> int:
    """How many threads a training has here: this machine's processors, shared between the workers that it has.

    Asked once: the number decides a run's last digits, and a neighbour that goes away must not change them.
    """
    workers = get_client().scheduler_info(n_workers=-1)["workers"].values()
    here = sum(each["host"] == get_worker().ip for each in workers)
    return threads_of_worker(here, cores(), os.cpu_count() or 1)


def _ends(event: Event) -> bool:
    """Whether this task is over with it: then what was learnt has to arrive first."""
    return isinstance(event, Finished | Failed) or (isinstance(event, Paused) and event.left)


def _repeat_changes(task: str, artifacts: Artifacts) -> None:
    """What was changed by hand before this worker took over from one that died is changed again at the same places."""
    changes = artifacts.load_changes()
    for _, change in get_client().get_events(worker.changes_topic(task)):
        made = {name: value for name, value in change.items() if name != "event"}
        if made not in changes:
            changes.append(made)
    if changes:
        artifacts.save_changes(changes)
