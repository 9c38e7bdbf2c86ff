"""A logger for Lightning's `Trainer`: its runs appear next to those of the app.

Lightning is only needed to train with it, as `lightning` or as `pytorch-lightning`.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digits_core.runs import tracking
from digits_core.runs.tracking import TrackedRun

MISSING = "DigitsLogger needs a package that is not installed: pip install lightning"

# Lightning is two packages, whose trainers only accept their own loggers: use the one that is loaded or installed.
_LOADED = "pytorch_lightning" in sys.modules and "lightning" not in sys.modules
_PYTORCH_LIGHTNING = _LOADED or find_spec("lightning") is None

try:
    if TYPE_CHECKING or not _PYTORCH_LIGHTNING:
        from lightning.pytorch.loggers import Logger
        from lightning.pytorch.utilities import rank_zero_only
    else:
        from pytorch_lightning.loggers import Logger
        from pytorch_lightning.utilities import rank_zero_only
except ImportError as error:
    raise ImportError(MISSING) from error


class DigitsLogger(Logger):
    """Logs a Lightning training as a run that the app shows while it trains.

    Lightning counts epochs from 0 and the app from 1: Lightning's epoch 0 is epoch 1 here. If a metric is logged
    several times in an epoch, the last value counts for it; all of them are drawn by Lightning's global step, under the
    name with the suffix `_step`. Metrics of `trainer.test` belong to the last epoch.

    Args:
        name: The name of the run; "Lightning" if it is not given.
        tags: Tags to find the run by.
        note: A few sentences, shown in the table.
        home: The app's folder; by default the app's own, `DIGITS_HOME`.

    Raises:
        LogError: While logging, if an accuracy is not a fraction of 1, or there are more names than a run may have.

    Example:
        >>> from lightning.pytorch import Trainer
        >>> logger = DigitsLogger("Doctest")
        >>> trainer = Trainer(logger=logger, max_epochs=1, enable_progress_bar=False, enable_model_summary=False)
    """

    def __init__(
        self, name: str = "", tags: Sequence[str] = (), note: str = "", home: str | Path | None = None
    ) -> None:
        super().__init__()
        self._name = name or "Lightning"
        self._tags, self._note, self._home = tuple(tags), note, home
        self._run: TrackedRun | None = None
        self._epoch = 0
        self._once: dict[str, tuple[int, int, float]] = {}
        self._several: set[str] = set()

    @property
    def name(self) -> str:
        """The name of the run."""
        return self._name

    @property
    def version(self) -> str:
        """The id of the run; "" before there is one, and in all processes except the first."""
        return self._run.id if self._run else ""

    @property
    def experiment(self) -> TrackedRun | None:
        """The run, started on first access; `None` in all processes except the first.

        If it has ended, as between `fit` and `test`, it is reopened.
        """
        if getattr(rank_zero_only, "rank", 0):
            return None
        if self._run is None:
            self._run = tracking.init(self._name, tags=self._tags, note=self._note, home=self._home)
        elif self._run.ended:
            self._run = tracking.init(resume=self._run.id, home=self._home)
        return self._run

    def log_hyperparams(self, params: Mapping[str, Any] | Namespace | None = None, *_: Any, **__: Any) -> None:
        """Add hyperparameters to the run's config; a module's `save_hyperparameters` does so for all of its own.

        Args:
            params: A mapping, or an object with attributes.

        Example:
            >>> logger = DigitsLogger("Doctest")
            >>> logger.log_hyperparams({"lr": 0.01})
            >>> logger.experiment.row().logged_config
            {'lr': 0.01}
            >>> logger.finalize("success")
        """
        if params and (run := self.experiment):
            run.update_config(params)

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Log metrics of an epoch, or of a batch if their names end in `_step`.

        Args:
            metrics: Numbers by name; Lightning adds `epoch`, counted from 0.
            step: The number of batches trained before, over all epochs.

        Raises:
            LogError: As in `TrackedRun.log`.

        Example:
            >>> logger = DigitsLogger("Doctest")
            >>> logger.log_metrics({"train_loss": 0.5, "epoch": 0}, step=90)
            >>> logger.finalize("success")
        """
        run = self.experiment
        values = {name: value for name, value in metrics.items() if name != "epoch"}
        if run is None or not values:
            return
        if "epoch" not in metrics or step is None:
            run.log(values, step)
            return
        of_batch = {name: value for name, value in values.items() if name.endswith("_step")}
        of_epoch = {name: value for name, value in values.items() if name not in of_batch}
        epoch = int(metrics["epoch"]) + 1
        if self._epoch and all(name.startswith("test") for name in of_epoch):
            epoch = self._epoch
        for name, value in of_epoch.items():
            of_batch |= self._again(run, name, value, epoch, step)
        if of_batch:
            run.log_batch(of_batch, step)
        if of_epoch:
            self._epoch = epoch
            run.log(of_epoch, epoch)

    def finalize(self, status: str) -> None:
        """End the run: as finished for `success`, otherwise as failed, stopped or interrupted, with the error if any.

        Args:
            status: The status from Lightning: `success`, `failed` or `interrupted`.

        Example:
            >>> logger = DigitsLogger("Doctest")
            >>> run = logger.experiment
            >>> logger.finalize("success")
            >>> run.row().status
            'finished'
        """
        if self._run is None or self._run.ended:
            return
        error = sys.exc_info()[1]
        if status in ("success", "finished"):
            self._run.finish()
        elif error is not None:
            self._run.__exit__(type(error), error, None)
        else:
            self._run.end("interrupted" if status == "interrupted" else "failed")

    def _again(self, run: TrackedRun, name: str, value: float, epoch: int, step: int) -> dict[str, float]:
        """Return a metric by its `_step` name if it has several values an epoch, having logged the first; else {}."""
        by_step = f"{name}_step"
        if name not in self._several:
            before = self._once.get(name)
            self._once[name] = (epoch, step, value)
            if before is None or before[0] != epoch or before[1] == step:
                return {}
            self._several.add(name)
            run.log_batch({by_step: before[2]}, before[1])
        return {by_step: value}
