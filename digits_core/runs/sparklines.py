"""Curves for table cells: a few epochs of each run, however many it has."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

POINTS = 24

SmallCurve = list[float]

# Look up the needed epochs one by one, 24 rather than all 5,000. Logged runs may have gaps: take the nearest epoch
# before.
_QUERY = """
WITH RECURSIVE
    steps (step) AS (SELECT 0 UNION ALL SELECT step + 1 FROM steps WHERE step < :points - 1),
    lasts (run, last) AS MATERIALIZED (
        SELECT value, (SELECT max(epoch) FROM epochs WHERE epochs.run = value) FROM json_each(:runs)
    ),
    wanted (run, epoch) AS MATERIALIZED (
        SELECT DISTINCT run, (
            SELECT max(epoch) FROM epochs WHERE epochs.run = lasts.run
            AND epoch <= 1 + (last - 1) * step / max(1, min(last, :points) - 1)
        )
        FROM lasts CROSS JOIN steps WHERE step < min(last, :points)
    )
SELECT wanted.run, epochs.test_accuracy
FROM wanted CROSS JOIN epochs ON epochs.run = wanted.run AND epochs.epoch = wanted.epoch
WHERE epochs.test_accuracy IS NOT NULL
ORDER BY wanted.run, wanted.epoch
"""


def small_curves(db: sqlite3.Connection, run_ids: Sequence[str], points: int = POINTS) -> dict[str, SmallCurve]:
    """Return the test accuracy of each run at up to `points` epochs, including the first and the last."""
    found: dict[str, SmallCurve] = {run_id: [] for run_id in run_ids}
    for run_id, accuracy in db.execute(_QUERY, {"runs": json.dumps(list(run_ids)), "points": points}):
        found[run_id].append(accuracy)
    return found
