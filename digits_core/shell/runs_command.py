"""List the runs."""

from __future__ import annotations

import argparse
import json

from digits_core.shell.common import Commands, add_json, open_home


def add_to(commands: Commands) -> None:
    runs = commands.add_parser("runs", help="list the runs")
    runs.add_argument("--all", action="store_true", help="those in the archive too")
    runs.set_defaults(command=list_runs)
    add_json(runs)


def list_runs(options: argparse.Namespace) -> int:
    _, database = open_home()
    from digits_core.runs.store import RunStore

    store = RunStore(database)
    store.interrupt_orphans()
    runs = [*store.runs(), *(store.runs("archived") if options.all else [])]
    for run in sorted(runs, key=lambda run: run.number, reverse=True):
        if options.json:
            fields = (
                "id",
                "number",
                "name",
                "recipe",
                "status",
                "test_accuracy",
                "test_loss",
                "seconds",
                "message",
                "tags",
                "note",
            )
            row = {field: getattr(run, field) for field in fields}
            print(json.dumps({**row, "archived": run.archived is not None, "config": run.plan.model_dump(mode="json")}))
        else:
            accuracy = f"{run.test_accuracy:.2%}" if run.test_accuracy is not None else "–"
            tags = "".join(f"  [{tag}]" for tag in run.tags)
            print(f"{run.id}  {run.status:<11} {accuracy:>8}  {run.title}{tags}")
    return 0
