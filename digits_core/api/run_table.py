"""All runs as one table."""

from __future__ import annotations

import pandas as pd

from digits_core.api.lab import open_lab
from digits_core.evaluation.comparison.differing_settings import varying
from digits_core.runs.run_settings import MOSTLY, settings_of


def runs(archived: bool = False) -> pd.DataFrame:
    """List the runs, newest first: those of the app, the shell, other notebooks, and loops that were logged.

    Args:
        archived: List those in the archive, too.

    Returns:
        A row for each run, by its id, which `run` takes. The columns are `number`, `name`, `status`, `test_accuracy`
        (a fraction of 1), `test_loss`, `seconds` (of training, without pauses), the settings that the lecture changes
        and all others in which these runs differ, by their names in a config, then `created`, `tags` and `note`.

    Raises:
        StoreError: if the home folder cannot be used.

    Example:
        >>> import digits_core as dl
        >>> table = dl.runs()
        >>> "Starter" in list(table["name"])
        True
    """
    store = open_lab().store
    store.interrupt_orphans()
    found = sorted(
        [*store.runs(), *(store.runs("archived") if archived else [])], key=lambda run: run.number, reverse=True
    )
    settings = [settings_of(run) for run in found]
    fields = [*MOSTLY, *(field for field in varying(found) if field not in MOSTLY)]
    return pd.DataFrame(
        {
            "number": [run.number for run in found],
            "name": [run.name for run in found],
            "status": [run.status for run in found],
            "test_accuracy": pd.Series([run.test_accuracy for run in found], dtype=float).to_numpy(),
            "test_loss": pd.Series([run.test_loss for run in found], dtype=float).to_numpy(),
            "seconds": pd.Series([run.seconds for run in found], dtype=float).to_numpy(),
            **{field: [_plain(row[field]) for row in settings] for field in fields},
            "created": pd.to_datetime([run.created for run in found], unit="s", utc=True),
            "tags": [", ".join(run.tags) for run in found],
            "note": [run.note for run in found],
        },
        index=pd.Index([run.id for run in found], name="id"),
    )


def _plain(value: object) -> object:
    return " + ".join(map(str, value)) if isinstance(value, tuple) else value
