"""What can be set of a layer, read from the fields of its kind and their bounds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

from annotated_types import Ge, Le
from pydantic import AfterValidator
from pydantic.fields import FieldInfo

from digits_core.entries.base import OneOf
from digits_core.layers.base import Kind
from digits_core.layers.functions import FUNCTIONS


@dataclass(frozen=True)
class Knob:
    """A field of a layer: a whole number from `low` to `high`, one of `choices`, or, with neither, on or off.

    choices: What a person reads of each value.
    """

    field: str
    low: int = 0
    high: int = 0
    choices: Mapping[Any, str] = dataclasses.field(default_factory=dict)

    @property
    def title(self) -> str:
        return self.field.replace("_", " ")

    def read(self, text: str) -> Any:
        """Return the value that a person wrote; what it cannot be is left for the network's config to refuse."""
        wanted = text.strip().casefold()
        if self.choices:
            names = {each.casefold(): value for value, each in self.choices.items()}
            names |= {str(value).casefold(): value for value in self.choices}
            return names.get(wanted, text)
        if self.high:
            return int(wanted) if wanted.lstrip("-").isdecimal() else text
        return {"on": True, "yes": True, "true": True, "off": False, "no": False, "false": False}.get(wanted, text)


@cache
def knobs(kind: type[Kind]) -> tuple[Knob, ...]:
    """Return what can be set of a layer of this kind: what is its own first, then what all layers have."""
    hints = get_type_hints(kind, include_extras=True)
    of_all = {field.name for field in dataclasses.fields(Kind)}
    names = [field.name for field in dataclasses.fields(kind) if field.name != "kind"]
    return tuple(_knob(name, hints[name]) for name in sorted(names, key=lambda name: name in of_all))


def _knob(name: str, hint: Any) -> Knob:
    if hint is bool:
        return Knob(name)
    if get_origin(hint) is Literal:
        return Knob(name, choices={value: str(value) for value in get_args(hint)})
    limits: dict[type, Any] = {}
    for part in hint.__metadata__:
        if isinstance(part, AfterValidator) and isinstance(part.func, OneOf):
            return Knob(name, choices={each: FUNCTIONS[each].title if each else "none" for each in part.func.names})
        limits |= {type(limit): limit for limit in (part.metadata if isinstance(part, FieldInfo) else [part])}
    return Knob(name, low=limits[Ge].ge, high=limits[Le].le)
