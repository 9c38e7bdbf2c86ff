"""Real trainings, small enough to be run by the dozen."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

import pytest
import torch

from digits_core.data.builtin import read_mnist_5k, read_optdigits
from digits_core.home import Home
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.execution import execute
from digits_core.runs.export.run_history import History
from digits_core.training.control import Orders
from digits_core.training.events import Changed


@pytest.fixture
def artifacts(home) -> Callable[[str], Artifacts]:
    return lambda run_id: Artifacts(Home(home).run(run_id))


@pytest.fixture
def history_of(store) -> Callable[[str], History]:
    return lambda run_id: History(store.get(run_id), store.epochs([run_id])[run_id], store.changes(run_id))


@pytest.fixture
def train(store, artifacts, history_of):
    """Train a config with what is to be changed on the way, and return its history."""
    threads = torch.get_num_threads()
    # One: several wait for each other at every step where the machine is busy. A script takes as many as its run.
    torch.set_num_threads(1)

    def trained(config, load, changes: Sequence[Changed] = (), parent: str = "", orders=Orders) -> History:
        run = store.create(config, "test:1:1", parent=parent)
        own = artifacts(run.id)
        if parent:
            own.start_from(artifacts(parent), len(store.epochs([parent])[parent]))
        if changes:
            own.save_changes([asdict(change) for change in changes])
        for event in execute(config, load, own, orders):
            store.apply(run.id, event)
        return history_of(run.id)

    yield trained
    torch.set_num_threads(threads)


@pytest.fixture
def load(few_optdigits, few_mnist):
    known = {
        "mine": replace(few_optdigits, name="mine"),
        "others": replace(few_mnist, name="others"),
        "optdigits": read_optdigits(),
        "mnist-5k": read_mnist_5k(),
    }
    return known.__getitem__
