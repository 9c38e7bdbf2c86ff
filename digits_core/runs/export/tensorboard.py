"""A run as an event file that TensorBoard opens: its curves, its settings with its results, its config as text."""

from __future__ import annotations

import importlib.util
import json
import math
import tempfile
from pathlib import Path

from digits_core.errors import ExportError
from digits_core.runs.export.run_history import History, config_of, settings

MISSING = "TensorBoard's files need a package that is not installed: pip install tensorboard"
TAGS = {
    "train_loss": "loss/train",
    "test_loss": "loss/test",
    "train_accuracy": "accuracy/train",
    "test_accuracy": "accuracy/test",
    "learning_rate": "learning rate",
    "images_per_second": "images per second",
}


def is_available() -> bool:
    return importlib.util.find_spec("tensorboard") is not None


def as_event_file(history: History) -> bytes:
    """Return the content of one event file, one step per epoch, at the times at which the epochs ended.

    TensorBoard recognises the file by `tfevents` in its name, and names the run after its folder. Raises `ExportError`
    if the package `tensorboard` is not installed.
    """
    if not is_available():
        raise ExportError(MISSING)
    from torch.utils.tensorboard import SummaryWriter
    from torch.utils.tensorboard.summary import hparams

    run = history.run
    with tempfile.TemporaryDirectory() as folder:
        with SummaryWriter(folder) as writer:
            time = run.started or run.created
            writer.add_text("config", _as_code_block(json.dumps(config_of(run), indent=2)), 0, time)
            for epoch in history.epochs:
                time += epoch.seconds
                for field, tag in TAGS.items():
                    if not (run.is_logged and math.isnan(getattr(epoch, field))):
                        writer.add_scalar(tag, getattr(epoch, field), epoch.epoch, time)
            for name, metric in history.metrics.items():
                for step, value in zip(metric.steps.tolist(), metric.values.tolist(), strict=True):
                    writer.add_scalar(name, value, step, time)
            if run.test_accuracy is not None:
                for summary in hparams(settings(run), {"accuracy/test": run.test_accuracy}):
                    writer.file_writer.add_summary(summary, walltime=time)
        return next(Path(folder).iterdir()).read_bytes()


def _as_code_block(text: str) -> str:
    """Return the text indented by four spaces, which TensorBoard's Markdown shows as code whatever it contains."""
    return "\n".join(f"    {line}" for line in text.splitlines())
