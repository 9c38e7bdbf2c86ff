"""What a worker of the cluster runs: one training, its events sent to the app as they come."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from distributed import Event as Flag
from distributed import get_worker

from digits_core.config import RunConfig
from digits_core.data.catalogue import Catalogue
from digits_core.data.digits import Digits
from digits_core.database import Database
from digits_core.home import Home
from digits_core.runs.artifacts import Artifacts

TOPIC = "digits-lab-events"


def stop_flag(run_id: str) -> str:
    """The name of the cluster-wide flag that asks a run to stop."""
    return f"stop-{run_id}"


def train(run_id: str, config_json: str, folder: str, threads: int) -> dict[str, Any]:
    """Train a run and return its last event; the earlier ones go to the topic that the app listens to."""
    # Here and not above: the app imports this module to hand `train` over, and must not wait for torch.
    import torch

    from digits_core.runs.execution import execute

    torch.set_num_threads(threads)
    home, worker, stop = Home(Path(folder)), get_worker(), Flag(stop_flag(run_id))
    last: dict[str, Any] = {}
    for event in execute(
        RunConfig.from_json(config_json),
        lambda name: load_digits(folder, name),
        Artifacts(home.run(run_id)),
        stop.is_set,
    ):
        last = event.as_dict()
        worker.log_event(TOPIC, {"run": run_id, "event": last})
    return last


def load_digits(folder: str, name: str) -> Digits:
    """A dataset, kept in this worker for the next run: one copy a worker, not one a run."""
    catalogue = _catalogue(folder)
    return _load(folder, name, catalogue.version(name))


def warm_up() -> None:
    """Import what a training needs, so that the first one need not wait for it."""
    import digits_core.training.loop  # noqa: F401


@lru_cache(maxsize=1)
def _catalogue(folder: str) -> Catalogue:
    home = Home(Path(folder))
    return Catalogue(home, Database(home.database))


@lru_cache(maxsize=8)
def _load(folder: str, name: str, version: str) -> Digits:
    return _catalogue(folder).load(name)
