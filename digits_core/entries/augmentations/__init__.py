"""The random steps of a training transform, a module each. Every module of this package is one, and says where."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from digits_core.entries.base import Augmentation


def _found() -> list[Augmentation]:
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    return sorted((import_module(f"{__name__}.{name}").AUGMENTATION for name in names), key=lambda each: each.place)


AUGMENTATIONS = _found()
"""In the order in which they are taken."""
STRENGTHS = {name: strength for each in AUGMENTATIONS for name, strength in each.strengths.items()}
"""The words of each strength, by the name of its field."""
