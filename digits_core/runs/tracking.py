"""Logging of runs from the user's own training loop: `init`, `log`, `finish`, named as in other trackers.

Values are in the database before `log` returns, and the app's Runs page draws them while the loop continues. The app
need not be running, nor PyTorch installed.
"""

from __future__ import annotations

import atexit
import os
import platform
import sys
import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from digits_core.errors import DigitsError, LogError, RunError, StoreError
from digits_core.home import Home
from digits_core.runs import process_owner
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.heartbeat import Heartbeat
from digits_core.runs.logged import LARGEST_STEP, OWN_LOOP, LoggedRuns
from digits_core.runs.logged_config import tidy_config
from digits_core.runs.metric_names import MOST_NAMES, flattened, known_metric, number
from digits_core.runs.retrying import RETRY_S, keep_trying
from digits_core.runs.rows import Run, Status
from digits_core.runs.starter import open_database
from digits_core.runs.store import RunStore, new_id

if TYPE_CHECKING:
    from torch import Tensor, nn

FINISH_S = 20.0
"""Seconds that ending a run waits while the database is busy or the disk is full."""

_ENDED = "This run has ended: begin another with init, or this one again with init(resume=…)."
_OPEN: list[TrackedRun] = []
"""The runs of this process that have not ended, in order of their start."""


class TrackedRun:
    """A run that this process logs, made by `init`.

    As a context manager, it finishes the run at the end of the block, or marks it as failed with the exception that
    left the block, or as stopped after Ctrl+C. It is thread-safe; a forked child may also log, but not end the run.

    Attributes:
        id: The id of the run in the shell, in `run` and in the app's URLs.

    Example:
        >>> with init("Doctest") as run:
        ...     run.log({"test/accuracy": 0.5})
        >>> run.row().status
        'finished'
    """

    def __init__(self, home: Home, run_id: str, seconds: float, last_step: int, names: set[str]) -> None:
        self.id = run_id
        self._home = home
        self._owner = process_owner.this_process()
        self._lock = threading.RLock()
        self._made_in = self._pid = os.getpid()
        now = time.monotonic()
        self._began = now - seconds
        self._step_began = self._step_ended = now
        self._step = last_step
        self._names = names
        self._waiting: list[tuple[int, dict[str, float], float, float]] = []
        self._warned = False
        self._ended = False
        self._connect()
        self._heartbeat = Heartbeat(self._store.owners, self._owner)
        self._heartbeat.start()

    def log(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Log metrics for a step of the run.

        `train/loss`, `train/accuracy`, `test/loss`, `test/accuracy` and `learning_rate`, in any of their usual
        spellings, are compared with those of other runs; every other name gets a chart of its own. Accuracies are
        fractions of 1. NaN and infinity are stored as gaps.

        Args:
            metrics: Numbers by name; nested mappings are flattened, `{"train": {"loss": 1}}` to `train/loss`.
            step: The epoch that they belong to, 0 or more; by default the one after the last. A step may be
                logged several times: the last value of each name counts.

        Raises:
            LogError: If a value is not a number, or the run would have more than `MOST_NAMES` names. Nothing from
                this call is stored then; earlier values are kept.
            RunError: If the run has ended or was deleted.
            StoreError: If the database cannot be used at all. If it is busy or its disk is full, the values are
                written with the next call.

        Example:
            >>> run = init("Doctest")
            >>> run.log({"train/loss": 2.3, "test/accuracy": 0.11}, step=1)
            >>> run.finish()
        """
        values = {name: number(name, value) for name, value in flattened(metrics).items()}
        with self._lock:
            names = self._names_with(values)
            now = time.monotonic()
            step = self._checked(step)
            if step != self._step:
                self._step_began = self._step_ended
            self._step_ended = now
            self._step, self._names = step, names
            self._waiting.append((step, values, now - self._step_began, now - self._began))
            self._write()

    def log_model(self, network: nn.Module, example: Tensor, **transform: Any) -> None:
        """Save the current network, so that the app can recognise handwriting with it and show its layer outputs.

        The network is traced in this process and saved as plain data, a list of operations and the weights: the app
        never runs the code of its class. Another call replaces the saved state by a later one.

        Args:
            network: Any module that takes images of digits and returns ten logits for each, on any device.
            example: Example input, float32: (N, 1, S, S), (N, S, S) or (N, S·S), or a single image.
            transform: Fields of `TransformConfig` that turn an image into the input, such as `mean=0.1307,
                std=0.3081` if the loop normalises by these; pixels are in [0, 1] before. By default both are 0.5,
                which gives [-1, 1]. The size is that of the example.

        Raises:
            NetworkError: If the network cannot be traced. A state saved before is kept.
            ConfigError: If `transform` is invalid.
            RunError: If the run has ended or was deleted.
            StoreError: If the files cannot be written.

        Example:
            >>> from torch import nn, zeros
            >>> with init("Doctest") as run:
            ...     run.log_model(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), zeros(1, 28, 28))
            >>> run.row().weights
            0
        """
        from digits_core.config import NetworkConfig, RunConfig, TransformConfig
        from digits_core.network.tracing import trace

        program = trace(network, example)
        # Only its transform is used; the layers are a placeholder that works for any image size.
        config = RunConfig(
            transform=TransformConfig(**{"size": program.graph.size, **transform}),
            network=NetworkConfig.model_validate({"layers": "softmax"}),
        )
        with self._lock:
            if self._ended:
                raise RunError(_ENDED)
            Artifacts(self._home.run(self.id)).save_files(program.to_files())
            self._logged().note_network(self.id, self._owner, config, self._step)

    def log_batch(self, metrics: Mapping[str, Any], batch: int) -> None:
        """Log metrics of one batch. Each gets a chart of its own over all batches; epochs are not affected.

        Args:
            metrics: Numbers by name; nested mappings are flattened.
            batch: The number of batches trained before, over all epochs.

        Raises:
            LogError: If a name is a metric of epochs such as `train/loss`, and as in `log`.
            RunError, StoreError: See `log`.

        Example:
            >>> with init("Doctest") as run:
            ...     run.log_batch({"train_loss_step": 2.3}, batch=0)
        """
        values = {name: number(name, value) for name, value in flattened(metrics).items()}
        if figures := [name for name in values if known_metric(name)]:
            raise LogError(f"{figures[0]} belongs to an epoch: log it so, or call it {figures[0]}_step.")
        with self._lock:
            self._names = self._names_with(values)
            self._waiting.append((self._checked(batch), values, 0.0, time.monotonic() - self._began))
            self._write()

    def update_config(self, config: Mapping[str, Any] | Any) -> None:
        """Add settings to the run's config, replacing existing ones.

        Args:
            config: A mapping, or an object with attributes, as in `init`.

        Raises:
            LogError: If the config is neither, or has too many entries.
            RunError: If the run has ended or was deleted.
            StoreError: If the database cannot be used.

        Example:
            >>> with init("Doctest", config={"lr": 0.1}) as run:
            ...     run.update_config({"lr": 0.01, "width": 64})
            >>> run.row().logged_config
            {'lr': 0.01, 'width': 64}
        """
        with self._lock:
            self._names_with({})
            self._logged().update_config(self.id, self._owner, tidy_config(config))

    @property
    def ended(self) -> bool:
        """True once the run has ended in this process."""
        return self._ended

    def finish(self) -> None:
        """Mark the run as finished; a second call has no effect.

        Raises:
            StoreError: if its last values cannot be written.

        Example:
            >>> run = init("Doctest")
            >>> run.finish()
            >>> run.row().status
            'finished'
        """
        self.end("finished")

    def end(self, status: Status, message: str = "") -> None:
        """End the run with the given status; a second call, or one in a forked child, has no effect.

        Args:
            status: `finished`, `stopped`, `failed` or `interrupted`.
            message: A sentence on why, shown with the run.

        Raises:
            StoreError: if its last values cannot be written.

        Example:
            >>> run = init("Doctest")
            >>> run.end("stopped", "The loss no longer fell.")
            >>> run.row().status
            'stopped'
        """
        with self._lock:
            if self._ended or os.getpid() != self._made_in:
                return
            self._ended = True
            if self in _OPEN:
                _OPEN.remove(self)
            end = time.monotonic() + FINISH_S

            def wait(_: StoreError) -> bool:
                time.sleep(RETRY_S)
                return time.monotonic() > end

            try:
                if self._waiting:
                    keep_trying(lambda: self._store.logged.log(self.id, self._owner, self._waiting), wait)
                keep_trying(lambda: self._store.logged.end(self.id, self._owner, status, message), wait)
            finally:
                self._heartbeat.close()

    def row(self) -> Run:
        """Read the run from the database.

        Returns:
            Its row of the table of runs: times in seconds since 1970, accuracy as a fraction of 1.

        Raises:
            RunError: If it was deleted.

        Example:
            >>> with init("Doctest", tags=["lab"]) as run:
            ...     run.row().status, run.row().tags
            ('running', ('lab',))
        """
        return self._store.get(self.id)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.finish()
        else:
            self.end(*_how_it_ended(error))

    def __repr__(self) -> str:
        run = self.row()
        return f"<{run.title}: {run.status}>"

    def _repr_html_(self) -> str:
        from digits_core.markup import heading  # loads Pillow, which logging does not need

        run = self.row()
        accuracy = "" if run.test_accuracy is None else f"{run.test_accuracy:.2%} on test images"
        return heading(run.title, run.status, accuracy)

    def _names_with(self, values: Mapping[str, float]) -> set[str]:
        """Return the run's metric names extended by those of `values`.

        Raises `RunError` if the run has ended, and `LogError` if there are too many names.
        """
        if self._ended:
            raise RunError(_ENDED)
        names = self._names | values.keys()
        if len(names) > MOST_NAMES:
            raise LogError(f"More than {MOST_NAMES} metrics in one run: log what you would look at.")
        return names

    def _checked(self, step: int | None) -> int:
        if step is None:
            return self._step + 1
        if isinstance(step, bool) or not hasattr(step, "__index__") or not 0 <= step.__index__() < LARGEST_STEP:
            raise LogError(f"{step!r:.60} is not a step: it must be a whole number, 0 or more.")
        return step.__index__()

    def _connect(self) -> None:
        self._store = RunStore(open_database(self._home))

    def _logged(self) -> LoggedRuns:
        if os.getpid() != self._pid:
            # SQLite's connections do not survive a fork.
            self._pid = os.getpid()
            self._connect()
        return self._store.logged

    def _write(self) -> None:
        """Write the pending values in order; after a temporary error, they are retried with the next call."""
        try:
            self._logged().log(self.id, self._owner, self._waiting)
        except StoreError as error:
            if not error.passing:
                raise
            if not self._warned:
                warnings.warn(f"{error} What was logged is kept in memory and written later.", stacklevel=4)
            self._warned = True
        except RunError:
            self._waiting.clear()
            raise
        else:
            self._waiting.clear()
            self._warned = False


def init(
    name: str = "",
    config: Mapping[str, Any] | Any = None,
    tags: Sequence[str] = (),
    note: str = "",
    resume: str = "",
    home: str | Path | None = None,
) -> TrackedRun:
    """Start logging a run of the user's own loop, which the app shows alongside its own runs.

    Args:
        name: Its name, at most 120 characters; "My loop" if it is not given.
        config: Its settings: a mapping, or an object with attributes such as an `argparse.Namespace`. `epochs`,
            `batch_size`, `lr`, `optimizer`, `loss`, `dataset` and the like are compared with those of other runs.
        tags: Words to find it by.
        note: A few sentences, shown in the table.
        resume: The id of a logged run that has ended: it is continued instead of starting a new one.
        home: The app's folder; by default the app's own, `DIGITS_HOME`.

    Returns:
        The run, to log to and to finish; a `with` statement finishes it at the end of its block.

    Raises:
        LogError: If `config` is neither a mapping nor such an object, or has too many entries.
        ConfigError: If name, note or tags are too long.
        RunError: If the run to resume does not exist, is still logged, or was trained by the app.
        StoreError: If the folder cannot be written to.

    Example:
        >>> with init("Doctest", config={"lr": 0.1, "epochs": 2}) as run:
        ...     for epoch in (1, 2):
        ...         run.log({"train/loss": 1 / epoch, "test/accuracy": 0.4 * epoch}, step=epoch)
        >>> run.row().test_accuracy
        0.8
    """
    tidy = tidy_config(config)
    folder = (Home.from_environment() if home is None else Home(Path(home).expanduser().absolute())).create()
    store = RunStore(open_database(folder))
    owner = process_owner.this_process()
    if resume:
        store.interrupt_orphans()  # its process may have died without anyone noticing yet
        before = store.find(resume)
        store.logged.resume(before.id, owner)
        epochs = store.epochs([before.id])[before.id]
        names = set(store.logged.metric_names(before.id))
        run = TrackedRun(folder, before.id, before.seconds or 0.0, epochs[-1].epoch if epochs else 0, names)
    else:
        run_id = new_id()
        environment = {"python": platform.python_version(), "logged by": Path(sys.argv[0]).name or "a notebook"}
        store.logged.begin(
            run_id, OWN_LOOP, owner, name=name, config=tidy, tags=tags, note=note, environment=environment
        )
        run = TrackedRun(folder, run_id, 0.0, 0, set())
    _OPEN.append(run)
    return run


def log(metrics: Mapping[str, Any], step: int | None = None) -> None:
    """Log to the latest run of this process that has not ended; see `TrackedRun.log`.

    Args:
        metrics: Numbers by name; nested mappings are flattened.
        step: The epoch that they belong to, 0 or more; by default the one after the last.

    Raises:
        RunError: if there is none.
        LogError: If a value is not a number.
        StoreError: If the database cannot be used at all.

    Example:
        >>> run = init("Doctest")
        >>> log({"train/loss": 2.3, "test/accuracy": 0.11}, step=1)
        >>> finish()
    """
    _last().log(metrics, step)


def finish() -> None:
    """Finish the latest run of this process that has not ended; see `TrackedRun.finish`.

    Raises:
        RunError: if there is none.
        StoreError: if its last values cannot be written.

    Example:
        >>> run = init("Doctest")
        >>> finish()
        >>> run.row().status
        'finished'
    """
    _last().finish()


def _last() -> TrackedRun:
    if not _OPEN:
        raise RunError("No run is being logged: begin one with init.")
    return _OPEN[-1]


def _how_it_ended(error: BaseException) -> tuple[Status, str]:
    if isinstance(error, KeyboardInterrupt):
        return "stopped", "Stopped by hand."
    return "failed", f"{type(error).__name__}: {error}".split("\n")[0][:300]


def _end_all() -> None:
    """End the open runs when Python exits: as finished, or as failed or stopped after an uncaught exception."""
    # A notebook continues after an exception.
    in_notebook = "IPython" in sys.modules and sys.modules["IPython"].get_ipython() is not None
    error = None if in_notebook else getattr(sys, "last_value", None)
    for run in reversed(_OPEN):
        try:
            run.end(*(("finished", "") if error is None else _how_it_ended(error)))
        except DigitsError as problem:
            print(problem, file=sys.stderr)


atexit.register(_end_all)
