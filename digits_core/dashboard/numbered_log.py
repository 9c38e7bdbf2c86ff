"""What a component in the browser did, as a log that it sends until the page has done the same.

A trigger that comes while the app is busy replaces the one before it. Of a log, each entry counts once, in its order,
however many arrive together and however often they are sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def entries_after(done: int, sent: object) -> Iterator[Mapping[str, Any]]:
    """Go through the entries with a higher number than `done`, and than each other, and skip what is no entry.

    sent: a list of `{"seq": number, …}`, as a browser may send it: anything.
    """
    for entry in sent if isinstance(sent, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("seq"), int) and entry["seq"] > done:
            done = entry["seq"]
            yield entry
