"""Training on other machines' workers, which share no disk with the app.

A task takes its datasets and what its run has learnt so far along, and brings back what it has learnt since.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
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
from digits_core.training.threads import cores


@dataclass(frozen=True)
class Outcome:
    """What comes back from a training: the events that must not be lost, and its files."""

    events: list[dict[str, Any]]
    files: dict[str, bytes]


class Freight:
    """What the app sends to the workers of one cluster: each dataset once to each of them, not once a run."""

    def __init__(self, client: Client, home: Home) -> None:
        self._client = client
        self._home = home
        self._sent: dict[str, Future] = {}

    def submit(self, task: str, run_id: str, config_json: str) -> Future:
        """Hand a run over; `DatasetError` where its data is not there to be sent."""
        data = RunConfig.from_json(config_json).data
        datasets = [self._dataset(name) for name in dict.fromkeys((*data.train, *data.test))]
        files = Artifacts(self._home.run(run_id)).contents()
        return self._client.submit(train, task, run_id, config_json, datasets, files, key=task, pure=False)

    def warm_up(self, address: str) -> Future:
        """Have a worker do once what is slow the first time."""
        config_json = RunConfig().to_json()
        datasets = [self._dataset(worker.LECTURE_DATA)]
        return self._client.submit(warm_up, config_json, datasets, workers=[address], key=f"warm-up-{address}")

    def _dataset(self, name: str) -> Future:
        digits = worker.load_digits(str(self._home.folder), name)
        key = f"digits-{name}-{digits.fingerprint}"
        sent = self._sent.get(name)
        if sent is None or sent.key != key or sent.status != "finished":
            # What stood under the name before goes from the workers with the last reference to it.
            self._sent[name] = self._client.scatter({key: digits}, broadcast=True)[key]
        return self._sent[name]


def receive(outcome: Outcome, artifacts: Artifacts) -> list[dict[str, Any]]:
    """Keep what a training has learnt; returns its events, which say that it is kept. `StoreError` where it is not."""
    artifacts.put(outcome.files)
    return outcome.events


def train(task: str, run_id: str, config_json: str, datasets: list[Digits], files: Mapping[str, bytes]) -> Outcome:
    """What a worker runs: a training in a folder of its own, begun at what `files` hold."""
    by_name = {each.name: each for each in datasets}
    with TemporaryDirectory(prefix="digits-run-", dir=get_worker().local_directory) as folder:
        artifacts = Artifacts(Path(folder))
        artifacts.put(files)
        _repeat_changes(task, artifacts)
        events = list(worker.report(task, run_id, config_json, by_name.__getitem__, artifacts, threads(), _ends))
        return Outcome(events, artifacts.contents())


def warm_up(config_json: str, datasets: list[Digits]) -> None:
    """Import what a training needs and train a little, on a worker."""
    worker.train_a_little(RunConfig.from_json(config_json), datasets, threads())


@cache
def threads() -> int:
    """This machine's processors, shared between the workers that it has.

    Asked once: the number decides a run's last digits, and a neighbour that goes away must not change them.
    """
    workers = get_client().scheduler_info(n_workers=-1)["workers"].values()
    return max(1, cores() // max(1, sum(each["host"] == get_worker().ip for each in workers)))


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
