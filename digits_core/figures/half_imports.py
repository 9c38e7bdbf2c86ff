"""Stop plotly from using a module that another thread is still importing.

plotly checks whether pandas is loaded each time it accepts an array or writes JSON. Pages import pandas with their
first table, each on its own thread: a chart that is drawn elsewhere at that moment would fail on the half-imported
module. plotly has no setting for this, so importing this module replaces its lookup of loaded modules.
"""

from __future__ import annotations

from types import ModuleType

from _plotly_utils import basevalidators, utils
from _plotly_utils.optional_imports import get_module
from plotly.io import _json


def loaded_module(name: str, should_load: bool = True) -> ModuleType | None:
    """Return the module as plotly's function does, but `None` while it is being imported: no data can use it yet."""
    module = get_module(name, should_load)
    return None if getattr(getattr(module, "__spec__", None), "_initializing", False) else module


basevalidators.get_module = utils.get_module = _json.get_module = loaded_module
