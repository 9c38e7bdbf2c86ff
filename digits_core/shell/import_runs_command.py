"""Import runs from the files of other programs."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from digits_core.shell.common import Commands, add_json, open_home


def add_to(commands: Commands) -> None:
    importing = commands.add_parser(
        "import-runs", help="make runs of TensorBoard's event files, Lightning's CSVLogger, or a CSV of epochs"
    )
    importing.add_argument("paths", metavar="PATH", nargs="+", help="a folder, a zip of one, or a file")
    importing.add_argument(
        "--name", metavar="TEXT", default="", help="what the runs are called; several are told apart by their own names"
    )
    importing.add_argument("--tag", metavar="TEXT", action="append", default=[], help="a tag for each of them")
    importing.set_defaults(command=import_runs)
    add_json(importing)


def import_runs(options: argparse.Namespace) -> int:
    """Import all runs of all paths, or none if one of them cannot be read."""
    from digits_core.runs.imports import keep, read_runs

    _, database = open_home()
    from digits_core.runs.store import RunStore

    found = [run for path in options.paths for run in read_runs(Path(path))]
    store = RunStore(database)
    for run in keep(store, found, options.name, options.tag):
        epochs = len(store.epochs([run.id])[run.id])
        own = len(store.logged.metric_names(run.id))
        if options.json:
            fields = {"id": run.id, "number": run.number, "name": run.name, "origin": run.origin, "epochs": epochs}
            print(json.dumps({**fields, "other_metrics": own, "test_accuracy": run.test_accuracy, "note": run.note}))
        else:
            note = f". {run.note}" if run.note else ""
            print(f"{run.id}  {run.title}  from {run.origin}: {epochs:,} epochs, {own:,} other metrics{note}")
    return 0
