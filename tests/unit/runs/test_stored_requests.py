"""A run that trains in the shell does what is wished of it in the browser."""

from digits_core.data.digits import Digits
from digits_core.runs import stored_requests
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.execution import execute
from digits_core.runs.store import RunStore
from digits_core.runs.stored_requests import StoredOrders
from digits_core.training import loop
from digits_core.training.control import Orders
from tests.unit.helpers import run_config


def test_a_run_stops_when_that_is_written_in_its_store(store: RunStore, few_mnist: Digits, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "PROGRESS_INTERVAL_S", 0.0)
    monkeypatch.setattr(stored_requests, "ASK_INTERVAL_S", 0.0)
    config = run_config(epochs=1000, batch_size=125)
    run = store.create(config, "the shell")
    for event in execute(config, lambda name: few_mnist, Artifacts(tmp_path / "run"), StoredOrders(store, run.id)):
        store.apply(run.id, event)
        if event.kind == "epoch":
            store.order(run.id, stop=True)

    assert (store.get(run.id).status, event.epochs_done) == ("stopped", 1)


def test_the_store_is_asked_a_few_times_a_second_only(store: RunStore):
    run = store.create(run_config(), "the shell")
    orders = StoredOrders(store, run.id)
    assert orders() == Orders()
    store.order(run.id, pause=True)
    asked_at_once = orders()

    assert asked_at_once == Orders()
    orders._asked -= stored_requests.ASK_INTERVAL_S
    assert orders() == Orders(pause=True)
