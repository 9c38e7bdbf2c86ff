"""A callback for training loops of other libraries: Keras' `model.fit`, and loops that call callbacks as Keras does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from digits_core.errors import RunError
from digits_core.runs import tracking
from digits_core.runs.tracking import TrackedRun


def _ignored(self: Any, *_: Any, **__: Any) -> None:
    """Do nothing: a hook that Keras calls."""


_ignored._is_default = True  # type: ignore[attr-defined]  # so that Keras does not wait for the metrics of each batch


class Callback:
    """Logs each epoch of a training as a run that the app shows: `model.fit(…, callbacks=[Callback("My model")])`.

    Keras counts epochs from 0 and the app from 1: Keras' epoch 0 is epoch 1 here. Each training makes a new run.

    Args:
        name: The name of the run; "My loop" if it is not given.
        config: Its settings, as in `tracking.init`; the planned number of epochs is added.
        tags: Words to find it by.
        note: A few sentences, shown in the table.
        home: The app's folder; by default the app's own, `DIGITS_HOME`.

    Example:
        >>> callback = Callback("Doctest")
        >>> callback.on_train_begin()
        >>> for epoch in range(2):
        ...     callback.on_epoch_end(epoch, {"loss": 1 / (epoch + 1), "val_accuracy": 0.4})
        >>> callback.on_train_end()
        >>> callback.run.row().test_accuracy
        0.4
    """

    async_safe = True

    def __init__(
        self,
        name: str = "",
        config: Mapping[str, Any] | Any = None,
        tags: Sequence[str] = (),
        note: str = "",
        home: str | Path | None = None,
    ) -> None:
        self.run: TrackedRun | None = None
        self.model: Any = None
        self.params: Mapping[str, Any] = {}
        self._begin_with: dict[str, Any] = {"name": name, "config": config, "tags": tags, "note": note, "home": home}

    def set_params(self, params: Mapping[str, Any] | None) -> None:
        """Set Keras' parameters of the training before it starts.

        Args:
            params: Among others `epochs`, the planned number.

        Example:
            >>> callback = Callback("Doctest")
            >>> callback.set_params({"epochs": 4})
            >>> callback.params["epochs"]
            4
        """
        self.params = params or {}

    def set_model(self, model: Any) -> None:
        """Set the trained model; nothing about it is logged.

        Args:
            model: Kept as `model`.

        Example:
            >>> callback = Callback("Doctest")
            >>> callback.set_model("a network")
            >>> callback.model
            'a network'
        """
        self.model = model

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Start a run; one that is still open was ended by an error, and is marked as interrupted.

        Args:
            logs: Unused.

        Example:
            >>> callback = Callback("Doctest")
            >>> callback.on_train_begin()
            >>> callback.run.row().status
            'running'
            >>> callback.on_train_end()
        """
        if self.run is not None:
            self.run.end("interrupted", "Another training began before this one ended.")
        self.run = tracking.init(**self._begin_with)
        if epochs := self.params.get("epochs"):
            self.run.update_config({"epochs": epochs})

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Log the metrics of an epoch.

        Args:
            epoch: Counted from 0.
            logs: Numbers by name, such as `loss` and `val_accuracy`.

        Raises:
            RunError: If called before `on_train_begin`.
            LogError: See `TrackedRun.log`.

        Example:
            >>> callback = Callback("Doctest")
            >>> callback.on_train_begin()
            >>> callback.on_epoch_end(0, {"loss": 2.3})
            >>> callback.on_train_end()
        """
        if self.run is None:
            raise RunError("No run is being logged: call on_train_begin first.")
        self.run.log(logs or {}, step=epoch + 1)

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Finish the run.

        Args:
            logs: Unused: the metrics of the last epoch, which are already logged.

        Example:
            >>> callback = Callback("Doctest")
            >>> callback.on_train_begin()
            >>> callback.on_train_end()
            >>> callback.run.row().status
            'finished'
        """
        if self.run is not None:
            self.run.finish()

    on_epoch_begin = on_batch_begin = on_batch_end = on_train_batch_begin = on_train_batch_end = _ignored
    on_test_begin = on_test_end = on_test_batch_begin = on_test_batch_end = _ignored
    on_predict_begin = on_predict_end = on_predict_batch_begin = on_predict_batch_end = _ignored
