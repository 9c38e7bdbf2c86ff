"""The numbers of runs and sweeps: each is used only once, even after its run was purged.

People write numbers down, and the colour of a run depends on its number.
"""

from __future__ import annotations

import sqlite3
from typing import Literal


def next_number(db: sqlite3.Connection, kind: Literal["runs", "sweeps"]) -> int:
    """Return the next number of a table, above all that it has ever used; call it in a transaction."""
    return db.execute(
        # The table's own maximum counts too: an app of an earlier version may still write to this home.
        f"UPDATE numbers SET last = max(last, (SELECT coalesce(max(number), 0) FROM {kind})) + 1 "
        "WHERE kind = ? RETURNING last",
        (kind,),
    ).fetchone()[0]
