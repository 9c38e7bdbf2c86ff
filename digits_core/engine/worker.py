"""What a worker of the embedded cluster runs: one training, its events sent to the app as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Any

from distributed import get_client, get_worker

from digits_core.config import RunConfig
from digits_core.data.catalogue import Catalogue
from digits_core.data.digits import Digits
from digits_core.database import Database
from digits_core.home import Home
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.heartbeat import Hold, Owners
from digits_core.runs.run_data import RunData
from digits_core.runs.store import RunStore
from digits_core.training.control import Orders
from digits_core.training.events import Changed, EpochFinished, Event, Progress

TOPIC = "digits-lab-events"
LECTURE_DATA = "optdigits"


def orders_topic(task: str) -> str:
    """Return the topic on which the app sends its requests for the run that a task trains."""
    return f"digits-lab-orders-{task}"


def changes_topic(task: str) -> str:
    """Return the topic on which a task notes changes made by hand, for one that takes over from it."""
    return f"digits-lab-changes-{task}"


class HeardOrders:
    """The last requests that were made of a run. They are pushed, so that training need not ask for them."""

    def __init__(self, task: str) -> None:
        self._latest: tuple[int, Orders] = (-1, Orders())
        self._client, self._topic = get_client(), orders_topic(task)
        self._client.subscribe_topic(self._topic, self._hear)
        # A worker that takes over from one that died has missed the requests sent to that one.
        for each in self._client.get_events(self._topic):
            self._hear(each)

    def __call__(self) -> Orders:
        return self._latest[1]

    def close(self) -> None:
        self._client.unsubscribe_topic(self._topic)

    def _hear(self, stamped: tuple[float, dict[str, Any]]) -> None:
        number, orders = stamped[1]["number"], Orders.from_json(stamped[1]["orders"])
        self._latest = max(self._latest, (number, orders), key=lambda each: each[0])


def train(task: str, run_id: str, config_json: str, folder: str, threads: int, owner: str) -> list[dict[str, Any]]:
    """Train a run of the home in `folder`; its events go to the topic that the app listens to, as they come.

    `owner` is the app's process. What was learnt is kept for as long as the run is that process's.

    Returns those that must not be lost on that way: its epochs and its last event.
    """
    hold = Hold(Owners(_database(folder)), owner, run_id)
    artifacts = Artifacts(Home(Path(folder)).run(run_id), hold.check)
    return list(report(task, run_id, config_json, run_loader(folder, run_id), artifacts, threads))


def report(
    task: str,
    run_id: str,
    config_json: str,
    load: Callable[[str], Digits],
    artifacts: Artifacts,
    threads: int,
    said_at_once: Callable[[Event], Event | None] = lambda event: event,
) -> Iterator[dict[str, Any]]:
    """Train a run and send the app what `said_at_once` makes of each event; yield its epochs and its last event."""
    # Here and not above: the app imports this module to hand `train` over, and must not wait for torch.
    from digits_core.runs.execution import execute

    worker = get_worker()
    last: dict[str, Any] = {}
    with closing(HeardOrders(task)) as orders:
        for event in execute(RunConfig.from_json(config_json), load, artifacts, orders, threads):
            last = event.as_dict()
            if said := said_at_once(event):
                worker.log_event(TOPIC, {"task": task, "run": run_id, "event": said.as_dict()})
            if isinstance(event, Changed):
                worker.log_event(changes_topic(task), last)
            if isinstance(event, EpochFinished):
                yield last
    yield last


def load_digits(folder: str, name: str) -> Digits:
    """Return a dataset, kept in this worker for the next run: one copy per worker, not one per run."""
    catalogue = _catalogue(folder)
    return _load(folder, name, catalogue.version(name))


def run_loader(folder: str, run_id: str) -> Callable[[str], Digits]:
    """Return what loads the data of a run of the home in `folder`, as it was when the run was created."""
    return run_data(folder).lenient_loader(run_id, lambda name, version: _load(folder, name, version))


def warm_up(folder: str, threads: int) -> None:
    """Do once what is slow the first time: import what a training needs, read the lecture's data, train a little."""
    train_a_little(RunConfig(), [load_digits(folder, LECTURE_DATA)], threads)


def train_a_little(config: RunConfig, digits: Sequence[Digits], threads: int) -> None:
    """Train until the first report: from then on a training begins at once."""
    import torch

    from digits_core.runs.execution import execute  # noqa: F401
    from digits_core.training.loop import Training

    torch.set_num_threads(threads)
    for event in Training(config, digits, digits).run():
        if isinstance(event, Progress):
            break


@lru_cache(maxsize=1)
def _database(folder: str) -> Database:
    return Database(Home(Path(folder)).database)


@lru_cache(maxsize=1)
def _catalogue(folder: str) -> Catalogue:
    return Catalogue(Home(Path(folder)), _database(folder))


@lru_cache(maxsize=1)
def run_data(folder: str) -> RunData:
    """Return the data of the runs of the home in `folder`."""
    return RunData(_database(folder), _catalogue(folder), RunStore(_database(folder)))


@lru_cache(maxsize=8)
def _load(folder: str, name: str, version: str) -> Digits:
    return _catalogue(folder).load_version(name, version)
