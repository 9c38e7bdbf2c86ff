"""Training on other machines' workers, which share no disk with the app.

A task takes along what its run has learnt so far, and brings back what it has learnt since: at its end, and now and
then on the way, so that little is lost with a machine. Its datasets wait on the cluster: each worker fetches one when a
run first needs it, and keeps it for the next.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
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
from digits_core.training.events import EpochFinished, Event, Failed, Finished, Paused
from digits_core.training.threads import cores, threads_of_worker

log = logging.getLogger(__name__)

FETCH_TIMEOUT_S = 300
OFFER_TIMEOUT_S = 60
FILES_TOPIC = "digits-lab-files"
_IN_MEMORY: Any = "memory"
"""The state of a future, which Dask takes as this word, whatever its annotation says."""
"""The topic on which a task says under which key its files wait to be fetched."""
SEND_INTERVAL_S = 30.0
"""After an epoch that ends this long after the last time, a task offers its files again."""
SECONDS_PER_WORKER = 0.5
"""With more workers the interval is longer: 13 MB from one of them every half second are a quarter of 1 Gbit/s."""
VERSIONS_AT_MOST = 4
"""Of each dataset that wait on the cluster at once: a run that finds an earlier one gone has it sent again."""


class DataLost(Exception):
    """The machine that held a dataset for the others has gone: it has to be sent again."""


@dataclass(frozen=True)
class Outcome:
    """What comes back from a training: the events that must not be lost, and its files."""

    events: list[dict[str, Any]]
    files: dict[str, bytes]

    @property
    def epochs(self) -> int:
        """How many whole epochs the files have behind them."""
        return max((event["epoch"] for event in self.events if event["event"] == EpochFinished.kind), default=0)


class Freight:
    """What travels between the app and the workers of one cluster.

    Each dataset is sent once, for all workers and all runs. What runs have learnt on the way is fetched from one run at
    a time, and passed to `received`: task, run, files, and how many epochs they have behind them.
    """

    def __init__(self, client: Client, home: Home, received: Callable[[str, str, dict[str, bytes], int], None]) -> None:
        self._client = client
        self._home = home
        self._received = received
        self._sent: dict[str, Future[Any]] = {}
        self._tasks: set[str] = set()
        self._offered: dict[str, dict[str, Any]] = {}
        self._fetching = ThreadPoolExecutor(1, thread_name_prefix="engine-files")
        client.subscribe_topic(FILES_TOPIC, lambda stamped: self._note_offer(stamped[1]))

    def submit(self, task: str, run_id: str, config_json: str, threads: int) -> Future[Any]:
        """Hand a run over; `DatasetError` if its data is missing.

        threads: those that it began with, 0 for as many as its worker has for it.
        """
        data = RunConfig.from_json(config_json).data
        load = worker.run_loader(str(self._home.folder), run_id)
        keys = {name: self._send(load(name)) for name in dict.fromkeys((*data.train, *data.test))}
        files = Artifacts(self._home.run(run_id)).contents()
        workers = self._client.scheduler_info(n_workers=0)["n_workers"]
        every_s = max(SEND_INTERVAL_S, SECONDS_PER_WORKER * workers)
        arguments = task, run_id, config_json, keys, files, every_s, threads
        self._tasks.add(task)
        return self._client.submit(train, *arguments, key=task, pure=False)

    def warm_up(self, address: str) -> Future[Any]:
        """Have a worker do once what is slow the first time."""
        key = self._send(worker.load_digits(str(self._home.folder), worker.LECTURE_DATA))
        return self._client.submit(warm_up, RunConfig().to_json(), key, workers=[address], key=f"warm-up-{address}")

    def send_again(self) -> None:
        """Forget what was sent: it may be lost."""
        self._sent.clear()

    def close(self) -> None:
        """Fetch no more files; returns at once."""
        self._fetching.shutdown(wait=False, cancel_futures=True)

    def _note_offer(self, offer: dict[str, Any]) -> None:
        """Queue the files of a run to be fetched; only the latest of each run still count by then."""
        if offer["task"] not in self._tasks:
            return  # of another app on the same cluster
        self._offered[offer["task"]] = offer
        with suppress(RuntimeError):  # closed already
            self._fetching.submit(self._fetch_files, offer["task"])

    def _fetch_files(self, task: str) -> None:
        offer = self._offered.pop(task, None)
        if offer is None:
            return
        try:
            offered: Future[Any] = Future(offer["key"], client=self._client, state=_IN_MEMORY)
            files = offered.result(timeout=OFFER_TIMEOUT_S)
        except Exception as error:  # the machine has gone, or has newer files already
            log.info("The files of run %s were not fetched on the way: %s", offer["run"], error)
        else:
            self._received(task, offer["run"], files, offer["epochs"])

    def _send(self, digits: Digits) -> str:
        """Send these digits to the workers; return the key under which they find them."""
        key = f"digits-{digits.name}-{digits.fingerprint}"
        sent = self._sent.pop(key, None)
        if sent is None or sent.status != "finished":
            sent = self._client.scatter({key: digits})[key]
        self._sent[key] = sent  # the last one used comes last
        # Runs may mean several versions of one dataset. What is dropped here goes from the cluster with this reference.
        of_this_name = [each for each in self._sent if each.rpartition("-")[0] == f"digits-{digits.name}"]
        for old in of_this_name[:-VERSIONS_AT_MOST]:
            del self._sent[old]
        return key


class Offers:
    """What a task on a worker offers the app to fetch: its files after the last epoch, at intervals."""

    def __init__(self, task: str, run_id: str, artifacts: Artifacts, every_s: float) -> None:
        self._task = task
        self._run_id = run_id
        self._artifacts = artifacts
        self._every_s = every_s
        self._offered = time.monotonic()
        self._held: Future[Any] | None = None

    def after(self, epoch: int) -> None:
        """Offer the files that a training has after this epoch, if it is time to; what was offered before may go."""
        if time.monotonic() - self._offered < self._every_s:
            return
        self._offered = time.monotonic()
        key = f"files-{self._task}-{epoch}"
        try:
            self._held = get_client().scatter({key: self._artifacts.contents()})[key]
        except Exception as error:  # the training goes on: the next offer has all of this
            log.warning("What run %s has learnt could not be offered: %s", self._run_id, error)
        else:
            get_worker().log_event(FILES_TOPIC, {"task": self._task, "run": self._run_id, "key": key, "epochs": epoch})


def train(
    task: str,
    run_id: str,
    config_json: str,
    keys: Mapping[str, str],
    files: Mapping[str, bytes],
    every_s: float,
    begun_with: int,
) -> Outcome:
    """Train a run on a worker, in a folder of its own, beginning at what `files` hold.

    `keys` says for each dataset where it waits; `DataLost` if it no longer does. What was learnt on the way is
    offered to the app at intervals. It trains with the threads that it was begun with, 0 for this worker's.
    """
    by_name = {name: fetch(key) for name, key in keys.items()}
    with TemporaryDirectory(prefix="digits-run-", dir=get_worker().local_directory) as folder:
        artifacts = Artifacts(Path(folder))
        artifacts.put(files)
        _repeat_changes(task, artifacts)
        offers, events = Offers(task, run_id, artifacts, every_s), []
        for event in worker.report(
            task, run_id, config_json, by_name.__getitem__, artifacts, begun_with or threads(), _said_at_once
        ):
            events.append(event)
            if event["event"] == EpochFinished.kind:
                offers.after(event["epoch"])
        return Outcome(events, artifacts.contents())


def warm_up(config_json: str, key: str) -> None:
    """Import what a training needs and train a little, on a worker."""
    worker.train_a_little(RunConfig.from_json(config_json), [fetch(key)], threads())


@lru_cache(maxsize=8)
def fetch(key: str) -> Digits:
    """Return a dataset that waits on the cluster, and keep it in this worker for the next run.

    Not as something that the task depends on: then Dask would keep the copies, give up those that no task waits for
    at the moment, and end every run that depends on a copy whose machine has gone.
    """
    client = get_client()
    scheduler: Any = client.scheduler
    if not client.sync(scheduler.who_has, keys=[key]).get(key):
        raise DataLost(key)
    try:
        waiting: Future[Digits] = Future(key, client=client, state=_IN_MEMORY)
        return waiting.result(timeout=FETCH_TIMEOUT_S)
    except (CancelledError, TimeoutError, KeyError) as error:
        raise DataLost(key) from error


@cache
def threads() -> int:
    """Return how many threads a training has here: this machine's processors, shared between its workers.

    Asked once: the number decides a run's last digits, and a neighbour that goes away must not change them.
    """
    workers = get_client().scheduler_info(n_workers=-1)["workers"].values()
    here = sum(each["host"] == get_worker().ip for each in workers)
    return threads_of_worker(here, cores(), os.cpu_count() or 1)


def _said_at_once(event: Event) -> Event | None:
    """Return what the app is told of an event before the files arrive; nothing of one that ends this task."""
    if isinstance(event, Finished | Failed) or (isinstance(event, Paused) and event.left):
        return None
    return replace(event, kept=False) if isinstance(event, EpochFinished) else event


def _repeat_changes(task: str, artifacts: Artifacts) -> None:
    """Repeat, at the same places, the changes made by hand before this worker took over from one that died."""
    changes = artifacts.load_changes()
    for _, change in get_client().get_events(worker.changes_topic(task)):
        made = {name: value for name, value in change.items() if name != "event"}
        if made not in changes:
            changes.append(made)
    if changes:
        artifacts.save_changes(changes)
