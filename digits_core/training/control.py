"""What a user requests of a running training, as data that is sent to the process that trains."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Orders:
    """The requests so far; the latest counts. `None` leaves a number unchanged: as configured, or as last changed."""

    stop: bool = False
    pause: bool = False
    epochs: int | None = None
    """The total number of epochs."""
    learning_rate: float | None = None
    """Takes effect from the next batch and ends any schedule."""
    leave: bool = False
    """While paused: make room for another run. The training resumes from its checkpoint when its turn comes again."""

    def replace(self, **wishes: Any) -> Self:
        return dataclasses.replace(self, **wishes)

    def to_json(self) -> str:
        """Return only what was requested as JSON; no requests are `{}`."""
        return json.dumps(
            {name: value for name, value in dataclasses.asdict(self).items() if value not in (None, False)}
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        return cls(**json.loads(text))
