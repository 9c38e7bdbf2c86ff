"""Packages that can be called by their own name: `digits_core.runs` is a package, and `digits_core.runs()` lists runs.

A name in `digits_core` can be one object only, and as soon as anything imports `digits_core.runs.store`, that object is
the package. So the package itself is made callable, and the order of imports does not matter.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class CallablePackage(ModuleType):
    """A package that can be called: it imports a module and calls a function in it."""

    _called: tuple[str, str]

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        module, function = self._called
        return getattr(import_module(module), function)(*arguments, **named)

    def __reduce__(self) -> tuple[Any, ...]:
        return import_module, (self.__name__,)


def let_be_called(package: str, module: str, function: str) -> None:
    """Make a call of `package` call `function` in `module`. The package itself calls this, with `__name__`."""
    itself = sys.modules[package]
    itself.__class__ = CallablePackage
    itself.__dict__["_called"] = (module, function)
