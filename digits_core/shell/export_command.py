"""Export a run: its weights, its history, and the training itself as one plain script or a notebook."""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path

from digits_core.shell.common import RUN_HELP, Commands, add_json, open_home

FORMS = ("weights", "onnx", "csv", "json", "tensorboard", "script", "notebook", "web")


def add_to(commands: Commands) -> None:
    export = commands.add_parser(
        "export", help="take a run away: weights, ONNX, CSV, JSON, TensorBoard, a script, a notebook or a web page"
    )
    export.add_argument("run", metavar="RUN", help=RUN_HELP)
    export.add_argument("--to", metavar="FOLDER", type=Path, required=True, help="made where it is not there")
    export.add_argument(
        "--only",
        metavar="FORM",
        action="append",
        choices=FORMS,
        default=[],
        help=f"{', '.join(FORMS)}; may be repeated",
    )
    export.add_argument("--replace", action="store_true", help="write over files of the same names")
    export.set_defaults(command=export_run)
    add_json(export)


def export_run(options: argparse.Namespace) -> int:
    home, database = open_home()
    from digits_core.browser.web_page import page_files
    from digits_core.data.catalogue import Catalogue
    from digits_core.runs.artifacts import Artifacts
    from digits_core.runs.export.files import FORMS as OTHERS
    from digits_core.runs.export.files import Export, take, write
    from digits_core.runs.run_data import RunData
    from digits_core.runs.store import RunStore

    store = RunStore(database)
    run = store.find(options.run)
    data = RunData(database, Catalogue(home, database), store)
    export = Export(run.id, store, lambda run_id: Artifacts(home.run(run_id)), data.loader(run.id))
    files, problems = take(export, options.only, {**OTHERS, "web": partial(page_files, data=data)})
    write(files, options.to, options.replace)
    for problem in problems:
        print(f"digits_core: {problem}", file=sys.stderr)
    for path, content in files.items():
        if options.json:
            print(json.dumps({"run": run.id, "file": str(options.to / path), "bytes": len(content)}))
        else:
            print(options.to / path)
    return 0
