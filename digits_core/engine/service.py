"""The engine as the app sees it: submit runs, control them, end everything. Never blocks a page.

Runs wait in the store and are handed to the cluster when there is room. Requests to a run are in the store
too, so that any process may make them; the engine that owns the run passes them on. Whatever talks to the cluster
happens, in order, on one thread of the engine; events arrive on the cluster client's thread and go through the inbox.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from distributed import Future, KilledWorker

from digits_core.config import RunConfig, TrainingConfig
from digits_core.engine import worker
from digits_core.engine.connection import Connection
from digits_core.engine.event_writer import Inbox
from digits_core.engine.remote_training import DataLost, Outcome
from digits_core.errors import DatasetError, DigitsError, RunError, StoreError
from digits_core.home import Home
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.heartbeat import Heartbeat
from digits_core.runs.process_owner import this_process
from digits_core.runs.retrying import log_wait
from digits_core.runs.rows import RESUMABLE, Status, why_not_continued
from digits_core.runs.store import Run, RunStore, new_id
from digits_core.training.control import Orders
from digits_core.training.events import Changed, Event, Failed, Finished, Paused, Started, from_dict

log = logging.getLogger(__name__)

KILLED = (
    "The process that trained was ended by the system several times in a row: most likely memory ran out. "
    "Choose less data or a smaller batch size, then resume."
)
GIVE_UP = Orders(pause=True, leave=True)
"""Ends a training that keeps nothing more."""
LOST = "The training processes ended unexpectedly, or cannot be reached any more. Resume continues from what is kept."


class Engine:
    """Trains the runs of one store. The cluster starts with the first run, or earlier by `warm_up`."""

    def __init__(self, home: Home, store: RunStore) -> None:
        self._home = home
        self._store = store
        self._owner = this_process()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._futures: dict[str, Future[Any]] = {}
        self._shares: dict[str, int] = {}
        self._last_task: dict[str, str] = {}
        self._published: dict[str, Orders | None] = {}
        self._orders_sent = 0
        self._closing = threading.Event()
        self._warm = False
        self._not_filled = False
        self.heartbeat = Heartbeat(store.owners, self._owner)
        self._inbox = Inbox(store, self._owner, self._artifacts, self._noted, self._look_around, self._is_busy)
        self._connection = Connection(
            home, self._heard, self._inbox.put_files, lambda: self._later(self._see_to_cluster)
        )

    def submit(self, config: RunConfig, session: str = "", sweep: str = "", threads: int = 0) -> Run:
        """Write the run as queued and return it; it trains when it is its turn, fairly between sessions.

        `threads` are those of a run whose numbers it is to repeat; 0 for the usual number.
        """
        threads = threads or self._connection.usual_threads(trial=bool(sweep))
        run = self._store.create(config, self._owner, session, sweep=sweep, threads=threads)
        self.heartbeat.start()
        self._later(self._fill)
        return run

    def train_again(self, run: Run, session: str = "") -> Run:
        """Queue a new run with the settings of this one, on the same digits, and return it."""
        self._record_data(run)
        again = self._store.create(run.plan, self._owner, session, data_of=run.id, threads=run.threads)
        self.heartbeat.start()
        self._later(self._fill)
        return again

    def stop(self, run: Run) -> None:
        """Ask a run to stop: a waiting one ends at once, a running one within a fifth of a second of training."""
        if self._store.cancel(run.id):
            return
        now = self._store.get(run.id)
        if now.status == "paused" and now.orders.leave:
            done = len(self._store.epochs([run.id])[run.id])
            self._store.apply(run.id, Finished("stopped", done, None, None, now.seconds or 0.0, "Stopped by hand."))
        else:
            self._order(run, stop=True)

    def pause(self, run: Run) -> None:
        """Pause a run after its current batch; it keeps its place until another one waits for it."""
        self._order(run, pause=True)

    def go_on(self, run: Run) -> None:
        """Resume a paused run: where it was, or from its checkpoint if it had to make room for another."""
        if self._store.get(run.id).orders.leave:
            with suppress(RunError):  # another process was faster
                self._requeue(run, "paused")
        else:
            self._order(run, pause=False)

    def order(self, run: Run, epochs: int | None = None, learning_rate: float | None = None) -> None:
        """Change how many epochs a live run trains in all, or its learning rate from the next report on.

        Raises `ConfigError` for what no config may hold, `RunError` if the run has ended.
        """
        given = {"epochs": epochs, "learning_rate": learning_rate}
        wishes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        TrainingConfig(**wishes)
        self._store.order(run.id, **wishes)
        self._later(self._pass_on)

    def resume(self, run: Run) -> Run:
        """Queue a run that was interrupted, stopped or has failed to continue from its checkpoint.

        `RunError` if it has another status, or another app was faster.
        """
        return self._requeue(run, *RESUMABLE)

    def continue_training(self, run: Run, epochs: int, session: str = "") -> Run:
        """Train what a run has learnt for more epochs, as a run of its own, and return that.

        It trains on the same digits and starts at the checkpoint after the last whole epoch, with the optimizer as it
        was then: with a constant learning rate the numbers are those of one training that long. A schedule restarts
        over the epochs that are added, a warm restart; one that was ended by hand stays ended. `RunError` if there is
        no checkpoint, `ConfigError` past the most epochs.
        """
        run = self._store.get(run.id)
        done = run.weights or 0
        artifacts = self._artifacts(run.id)
        if why_not := why_not_continued(run, done, artifacts.has_checkpoint()):
            raise RunError(f"{run.title} cannot be continued. {why_not}")
        self._record_data(run)
        training = run.config.training.replace(epochs=done + epochs)
        config = run.config.replace(training=training, name=f"{run.name[:100]} +{epochs}")
        child = new_id()
        self._artifacts(child).start_from(artifacts, done)
        created = self._store.create(config, self._owner, session, parent=run.id, run_id=child, threads=run.threads)
        self.heartbeat.start()
        self._later(self._fill)
        return created

    def move(self, run: Run, places: int) -> None:
        """Move a waiting run back in the queue by this many places, or forward if that is negative."""
        self._store.move(run.id, places)

    def warm_up(self) -> None:
        """Start the cluster before it is needed, once; returns at once."""
        if not self._warm:
            self._warm = True
            self._later(self._connection.warm_up)

    @property
    def is_training(self) -> bool:
        """True if a run trains, or has ended so recently that its last events are still on their way."""
        return bool(self._futures)

    def close(self) -> None:
        """End the cluster and every training in it; the runs show as interrupted at the next start."""
        self._closing.set()
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._connection.close()
        self._inbox.close()
        self.heartbeat.close()

    def _record_data(self, run: Run) -> None:
        """Record the data of a run created before runs did so themselves, so that runs that continue it inherit it."""
        data = worker.run_data(str(self._home.folder))
        for name in (*run.config.data.train, *run.config.data.test):
            with suppress(DatasetError):  # it has changed since: later runs begin with the current data
                data.version(run.id, name)

    def _requeue(self, run: Run, *statuses: Status) -> Run:
        """Requeue a run; later events of its last task no longer count."""
        # Also of a task that is over: its last events may still be on their way into the store.
        with self._inbox.closing_to(self._last_task.get(run.id, "")):
            again = self._store.requeue(run.id, self._owner, statuses)
        self.heartbeat.start()
        self._later(self._fill)
        return again

    def _order(self, run: Run, **wishes: bool) -> None:
        with suppress(RunError):  # it has ended meanwhile: there is nothing left to request
            self._store.order(run.id, **wishes)
        self._later(self._pass_on)

    def _later(self, task: Any, *arguments: Any) -> None:
        """Do something on the engine's thread."""
        with suppress(RuntimeError):  # closed already
            self._thread.submit(self._guarded, task, *arguments)

    def _guarded(self, task: Any, *arguments: Any) -> None:
        try:
            if not self._closing.is_set():
                task(*arguments)
        except StoreError as error:
            log_wait(error)
        except Exception:
            log.exception("The engine could not do what it was asked to")

    def _artifacts(self, run_id: str) -> Artifacts:
        return Artifacts(self._home.run(run_id))

    def _is_busy(self) -> bool:
        """Return True while something trains, or waits because the store could not be used."""
        return self.is_training or self._not_filled

    def _fill(self) -> None:
        """Hand over the runs that are next while there is room for them."""
        self._not_filled = True
        for run in self._store.queue():
            if run.owner != self._owner or run.id in self._futures:
                continue
            if not self._connection.has_room([self._shares[each] for each in self._futures], run.threads):
                break
            if self._store.take(run.id, self._owner):
                self._hand_over(run)
        self._pass_on()
        if not self._futures:
            self._connection.rest()
        self._not_filled = False

    def _hand_over(self, run: Run) -> None:
        task = self._last_task[run.id] = f"train-{run.id}-{new_id()}"
        try:
            self._note_changes(run)
            future = self._connection.submit(task, run.id, run.config_json, run.threads)
        except DigitsError as error:
            self._inbox.put(task, run.id, Failed(str(error)))
        except Exception as error:
            log.exception("A run could not be handed to the cluster")
            self._inbox.put(task, run.id, Failed(f"The run could not be handed to the cluster ({error})."))
        else:
            self._futures[run.id] = future
            self._shares[run.id] = self._connection.share(run.threads)
            future.add_done_callback(lambda future: self._ended(run.id, future))

    def _note_changes(self, run: Run) -> None:
        """Complete the changes made by hand to a run that continues: its last machine may not have sent all of it."""
        artifacts = self._artifacts(run.id)
        noted = artifacts.load_changes()
        stored = [
            asdict(Changed(each.what, each.value, each.epoch, each.batch))
            for each in self._store.changes(run.id)
            if (each.what == "learning_rate" or each.what == "epochs") and each.value is not None
        ]
        if missing := [change for change in stored if change not in noted]:
            artifacts.save_changes(sorted([*noted, *missing], key=lambda change: (change["epoch"], change["batch"])))

    def _pass_on(self) -> None:
        """Send the runs their new requests, if any; paused runs make room for those that wait."""
        live = {run.id: run for run in self._store.live() if run.owner == self._owner}
        training = [live[run_id] for run_id in self._futures if run_id in live]
        self._end_lost()
        used = sum(self._shares[run_id] for run_id in self._futures)
        room = self._connection.places() - used + sum(self._shares[run.id] for run in training if run.orders.leave)
        crowd = sum(self._connection.share(run.threads) for run in live.values() if run.waits) - room
        for run in training:
            if run.waits:
                continue  # it is about to leave, and waits for its next turn already
            if run.status == "paused" and crowd > 0 and not run.orders.leave:
                self._publish(run.id, self._store.order(run.id, leave=True))
                crowd -= self._shares[run.id]
            else:
                self._publish(run.id, run.orders)

    def _end_lost(self) -> None:
        """End the trainings whose runs were taken over by another process, or deleted, while this one slept.

        Others had given them up; what they trained meanwhile is not to be written over.
        """
        held = {run.id for run in self._store.some(list(self._futures)) if run.owner == self._owner}
        for run_id in self._futures.keys() - held:
            self._publish(run_id, GIVE_UP)

    def _publish(self, run_id: str, orders: Orders) -> None:
        if orders != self._published.get(run_id, Orders()):
            self._orders_sent += 1
            message = {"number": self._orders_sent, "orders": orders.to_json()}
            self._connection.client().log_event(worker.orders_topic(str(self._futures[run_id].key)), message)
            self._published[run_id] = orders

    def _ended(self, run_id: str, future: Future[Any]) -> None:
        """Finish a task that is over: apply its last events, in case they were lost, or say why there are none."""
        if future.status in ("cancelled", "lost"):
            self._later(self._lose, run_id, future)
            return
        files, epochs = {}, 0
        try:
            result = future.result()
            if isinstance(result, Outcome):
                files, epochs, result = result.files, result.epochs, result.events
            events = [from_dict(event) for event in result]
        except DataLost:
            self._later(self._hand_over_again, run_id, future)
            return
        except KilledWorker:
            events = [Failed(KILLED)]
        except DigitsError as error:
            events = [Failed(str(error))]
        except Exception as error:
            events = [Failed(f"The process that trained ended ({error}).")]
        self._inbox.put_files(str(future.key), run_id, files, epochs, events)
        self._later(self._forget, run_id, future)

    def _lose(self, run_id: str, future: Future[Any]) -> None:
        """Give a task up: the connection broke, or its worker was lost with what the task needed."""
        self._see_to_cluster()
        if self._futures.get(run_id) is future:
            self._inbox.interrupt(str(future.key), run_id, LOST)
            self._forget(run_id, future)

    def _hand_over_again(self, run_id: str, future: Future[Any]) -> None:
        """Send a run's data again, and the run with it: the machine that had them is gone."""
        if self._futures.get(run_id) is not future:
            return
        self._connection.send_again()
        del self._futures[run_id]
        self._published.pop(run_id, None)
        self._hand_over(self._store.get(run_id))
        self._pass_on()

    def _forget(self, run_id: str, future: Future[Any]) -> None:
        """Make room for the next run."""
        if self._futures.get(run_id) is future:
            del self._futures[run_id]
            self._published.pop(run_id, None)
        self._fill()

    def _heard(self, message: dict[str, Any]) -> None:
        """Handle an event of a run."""
        self._inbox.put(message["task"], message["run"], from_dict(message["event"]))

    def _noted(self, run_id: str, event: Event | None) -> None:
        """Follow up on an event that is in the store by now, or on an interruption (`None`)."""
        if event is None:
            self._later(self._fill)
        elif isinstance(event, Started):
            self._later(self._repeat_orders, run_id)
        elif isinstance(event, Paused):
            self._later(self._pass_on)

    def _repeat_orders(self, run_id: str) -> None:
        """Send a run's requests again: those sent while a worker took it up may not have reached it."""
        if run_id in self._published:
            self._published[run_id] = None
        self._pass_on()

    def _look_around(self) -> None:
        """Carry out what other processes on this home requested of our runs, and what could not be done before."""
        self._later(self._fill)

    def _see_to_cluster(self) -> None:
        """Mark the runs of a cluster that died or is out of reach; the next one handed over connects again.

        One death is noticed from several sides. Those that notice it late must not end the cluster that came after.
        """
        if not self._connection.lost:
            return
        log.error("The training processes ended unexpectedly, or cannot be reached")
        lost, self._futures, self._published = self._futures, {}, {}
        for run_id, future in lost.items():
            # Even if the training continues, none of its later events count.
            self._inbox.interrupt(str(future.key), run_id, LOST)
        self._connection.close()
        self._warm = False
        self._fill()
