"""Keeps plotly from taking a module that another thread still imports for all of it.

plotly asks whether pandas is loaded each time it takes an array or writes JSON. Pages import pandas when their first
table comes, each on its own thread: a chart that is drawn elsewhere at that moment would fail on half of it. plotly has
no setting for this, so that its own look at the loaded modules is replaced when this one is imported.
"""

from __future__ import annotations

from types import ModuleType

from _plotly_utils import basevalidators, utils
from _plotly_utils.optional_imports import get_module
from plotly.io import _json


def loaded_module(name: str, should_load: bool = True) -> ModuleType | None:
    """As plotly's own, but what is half imported is not there yet: nothing that is drawn can be made of it."""
    module = get_module(name, should_load)
    return None if getattr(getattr(module, "__spec__", None), "_initializing", False) else module


basevalidators.get_module = utils.get_module = _json.get_module = loaded_module
