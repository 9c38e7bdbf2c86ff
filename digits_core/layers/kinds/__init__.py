"""The kinds of layers, a module each. Every module of this package is one, and an addition is one module here."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from digits_core.layers.base import Kind


def _found() -> dict[str, type[Kind]]:
    modules = (import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    return {module.__name__.rpartition(".")[2]: module.KIND for module in modules}


KINDS = _found()
"""By the name that a network in JSON calls them by."""
