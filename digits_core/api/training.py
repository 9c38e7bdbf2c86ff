"""Train a run in this process, as the shell does, and watch it."""

from __future__ import annotations

from contextlib import closing, suppress
from typing import Any

from digits_core.api.configs import run_config
from digits_core.api.lab import open_lab
from digits_core.api.progress import watched
from digits_core.api.stored_runs import StoredRun
from digits_core.config import RunConfig
from digits_core.errors import RunError, StoreError
from digits_core.runs.heartbeat import RUN_INTERRUPTED
from digits_core.runs.local_training import LocalTraining
from digits_core.training.events import Event, Failed


def train(config: RunConfig | str | None = None, *, recipe: str | None = None, **settings: Any) -> StoredRun:
    """Train a run, and keep it beside those of the app and the shell.

    The lecture's line is printed after each epoch; in a notebook, a bar and a chart of loss and accuracy follow it.
    Ctrl-C, or a notebook's button to interrupt, stops it after the current batch and keeps what was learnt.

    Args:
        config: What to train: a `RunConfig`, as `StoredRun.config` is one, or the name of a recipe.
        recipe: The name of a recipe, by another way; the lecture's if neither is given.
        settings: What to change of it, by the names in a config: `epochs=2`, `learning_rate=0.01`, `rotation=10`,
            `layers="lenet"`, `name="My first"`. `dataset="mnist-5k"` is trained and tested on, `network="lenet"` is a
            network by its name.

    Returns:
        The run, finished, or as far as it got if it was stopped or diverged; its `status` says which.

    Raises:
        ConfigError: for what is not a setting, or is out of its bounds; nothing is written then.
        DatasetError: for data that is not there, or too little of it; nothing is written then.
        RunError: if the training fails; what it learnt so far is kept.

    Example:
        >>> import digits_core as dl
        >>> run = dl.train(epochs=1, batch_size=256)  # doctest: +ELLIPSIS
        Epoch: 1/1, Loss: ..., Accuracy: ...%
        >>> run.status
        'finished'
    """
    lab = open_lab()
    training = LocalTraining(lab.home, lab.database, run_config(config, recipe, settings))
    last: Event | None = None
    try:
        # Closed here: an interrupt that is raised in this frame must not leave the generator half way.
        with closing(training.events()) as events, closing(watched(events, training.run)) as shown:
            for event in shown:
                last = event
    except BaseException:
        # This process lives on, so nobody else would ever mark the run as interrupted.
        with suppress(StoreError):
            lab.store.interrupt([training.run.id], RUN_INTERRUPTED)
        raise
    if isinstance(last, Failed):
        raise RunError(f"{training.run.title} failed: {last.message}")
    return StoredRun(lab, training.run.id)
