"""Handwritten digits, from data to recognising your own handwriting. The packages in the order of the flow:

data         choose, read and split the digits: images with their labels
transforms   turn an image into the normalised (1, 28, 28) tensor that a network wants
network      ImprovedNet, the convolutional network of the lecture
training     the loop that learns, one event per epoch, and recipes to start from
runs         keep each training run: its settings, its curves, its weights
engine       train in processes of their own, one run after the other or side by side
recognition  find the ink in a drawing or a photo and say which digit it is
browser      a run's network in JavaScript: on the app's pages, and as a web page of its own
figures      the pictures of all of this: plain data in, plotly figure out
api          what notebooks and scripts import: `import digits_core as dl`
dashboard    what the browser shows: the parts of each page, and what all of them share
"""

import os
from importlib import import_module
from typing import Any

# Before torch is loaded anywhere: threads that wait for each other spin for some 20 microseconds, then sleep. Threads
# that spin for longer compete for the core that another busy process leaves them. On two cores, in images per
# second: alone 1,078 instead of 1,159, next to one busy process 763 instead of 239.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

_LAZY = {
    "load": "digits_core.api.datasets",
    "CustomTensorDataset": "digits_core.data.dataset",
    "ImprovedNet": "digits_core.network.improved_net",
    "train": "digits_core.api.training",
    "run": "digits_core.api.stored_runs",
    "RunConfig": "digits_core.config",
    "DataConfig": "digits_core.config",
    "TransformConfig": "digits_core.config",
    "NetworkConfig": "digits_core.config",
    "TrainingConfig": "digits_core.config",
    "init": "digits_core.runs.tracking",
    "log": "digits_core.runs.tracking",
    "finish": "digits_core.runs.tracking",
    "TrackedRun": "digits_core.runs.tracking",
    "DigitsLogger": "digits_core.runs.lightning_logger",
    "Callback": "digits_core.runs.epoch_callback",
}
"""The names offered here, each with its module, which is imported on first access."""
_CALLABLE = ("runs", "transforms")
"""Packages that are also offered as functions: see `callable_package`."""


def __getattr__(name: str) -> Any:
    if name in _CALLABLE:
        return import_module(f"digits_core.{name}")
    if name not in _LAZY:
        raise AttributeError(f"module 'digits_core' has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY, *_CALLABLE})
