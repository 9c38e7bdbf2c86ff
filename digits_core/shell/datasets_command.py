"""List the datasets; import one from a file."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from digits_core.shell.common import Commands, add_json, open_home


def add_to(commands: Commands) -> None:
    datasets = commands.add_parser("datasets", help="list the datasets that can be chosen")
    datasets.set_defaults(command=list_datasets)

    importing = commands.add_parser("import", help="make a dataset of a file: pickle, .pt, .npz, CSV, IDX, zip")
    importing.add_argument("file", metavar="FILE")
    importing.add_argument("--name", metavar="NAME", required=True, help="what the dataset is called")
    importing.add_argument("--leave-out", action="store_true", help="go on without the entries that are wrong")
    importing.set_defaults(command=import_dataset)

    add_json(datasets)
    add_json(importing)


def list_datasets(options: argparse.Namespace) -> int:
    from digits_core.data.catalogue import Catalogue

    catalogue = Catalogue(*open_home())
    for entry in catalogue.entries():
        row: dict[str, Any] = {
            "name": entry.name,
            "title": entry.title,
            "available": catalogue.available(entry.name),
        }
        if row["available"]:
            digits = catalogue.load(entry.name)
            row |= {"images": len(digits), "train": int((~digits.test).sum()), "test": int(digits.test.sum())}
            row |= {"height": digits.shape[0], "width": digits.shape[1], "fingerprint": digits.fingerprint}
        if options.json:
            print(json.dumps(row))
        elif row["available"]:
            print(f"{entry.name:<12} {row['train']:>6} training, {row['test']:>6} test images  {entry.summary}")
        else:
            print(f"{entry.name:<12} {'not here yet':<36}  {entry.summary}")
    return 0


def import_dataset(options: argparse.Namespace) -> int:
    from digits_core.data.catalogue import Catalogue
    from digits_core.data.readers import read_file

    home, database = open_home()
    path = Path(options.file)
    reading = read_file(path)
    if options.json:
        fields = {name: getattr(reading, name) for name in ("format", "found", "changes", "original_range")}
        problems = [vars(problem) for problem in reading.problems]
        print(json.dumps({"file": path.name, **fields, "images": len(reading.images), "problems": problems}))
    else:
        print(reading.format, *reading.found, *reading.changes, sep="\n")
        for problem in reading.problems:
            print(f"{problem.entry}: {problem.reason}")
    kept = Catalogue(home, database).imports.keep(reading, options.name, path.name, options.leave_out)
    if options.json:
        print(json.dumps(vars(kept)))
    else:
        print(f"Kept as {kept.name}: {kept.images:,} images. To train on it: train --dataset {kept.name}")
    return 0
