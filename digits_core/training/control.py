"""What the person who watches a training wants of it, as data that travels to where it trains."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Orders:
    """The wishes so far; the latest counts. `None` leaves a number as it is: as configured, or as changed before."""

    stop: bool = False
    pause: bool = False
    epochs: int | None = None
    """How many in all."""
    learning_rate: float | None = None
    """From the next batch on; a schedule ends there."""
    leave: bool = False
    """While paused: make room for another run. The training goes on from its checkpoint when it is its turn again."""

    def replace(self, **wishes: Any) -> Self:
        return dataclasses.replace(self, **wishes)

    def to_json(self) -> str:
        """Only what was wished for, so that nothing is `{}`."""
        return json.dumps(
            {name: value for name, value in dataclasses.asdict(self).items() if value not in (None, False)}
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        return cls(**json.loads(text))
