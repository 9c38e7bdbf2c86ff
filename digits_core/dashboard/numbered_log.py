"""Actions of a component in the browser, as a log that it sends until the page has handled them.

A trigger that arrives while the app is busy replaces the one before it. Of a log, each entry counts once, in its order,
however many arrive together and however often they are sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def entries_after(done: int, sent: object) -> Iterator[Mapping[str, Any]]:
    """Yield the valid entries whose numbers are greater than `done` and than those of all entries before.

    sent: a list of `{"seq": number, …}`; since it comes from a browser, it may be anything.
    """
    for entry in sent if isinstance(sent, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("seq"), int) and entry["seq"] > done:
            done = entry["seq"]
            yield entry
