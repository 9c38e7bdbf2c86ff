"""Grade a folder of hand-ins."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digits_core.shell.common import Commands, add_json, open_home

if TYPE_CHECKING:
    from digits_core.data.catalogue import Catalogue
    from digits_core.data.digits import Digits


def add_to(commands: Commands) -> None:
    grade = commands.add_parser(
        "grade", help="examine the hand-ins of a class on digits that it never saw, and write a table"
    )
    grade.add_argument(
        "folder", metavar="FOLDER", type=Path, help="with the zips that were handed in, or folders of them"
    )
    grade.add_argument(
        "--dataset",
        metavar="FILE|NAME",
        required=True,
        help="the digits that the class never saw: all of a file that import reads, or the test images of a dataset",
    )
    grade.add_argument(
        "--to",
        metavar="FOLDER",
        type=Path,
        help="where grades.csv and grades.html are written; default: to the hand-ins",
    )
    grade.add_argument("--replace", action="store_true", help="write over tables of an earlier time")
    grade.set_defaults(command=grade_folder)
    add_json(grade)


def grade_folder(options: argparse.Namespace) -> int:
    from digits_core.lessons.grade_table import CSV, HTML
    from digits_core.lessons.grading import hand_ins_in
    from digits_core.runs.export.files import check_free

    to = options.to or options.folder
    # Checked first, not after minutes of work.
    paths = hand_ins_in(options.folder)
    check_free((CSV, HTML), to, options.replace)
    home, database = open_home()
    from tqdm import tqdm

    from digits_core.data.catalogue import Catalogue
    from digits_core.lessons.examination import write_digits
    from digits_core.lessons.grade_table import grade_files, rows
    from digits_core.lessons.grading import grade
    from digits_core.lessons.library import Library
    from digits_core.runs.export.files import write

    catalogue = Catalogue(home, database)
    hidden = _hidden(options.dataset, catalogue)
    with tempfile.TemporaryDirectory(prefix="digits-grading-") as folder:
        write_digits(Path(folder), hidden, _known(catalogue))
        show = not options.json and sys.stderr.isatty()
        with tqdm(total=len(paths), disable=not show, leave=False, unit="hand-in") as bar:
            found = grade(paths, options.folder, Path(folder), Library(home).get, bar.update)
    write(grade_files(found, f"{int(hidden.test.sum()):,} of {hidden.name}"), to, options.replace)
    for row in rows(found):
        print(json.dumps(row) if options.json else _as_text(row))
    if not options.json:
        print(*(to / name for name in (CSV, HTML)), sep="\n")
    return 0


def _hidden(named: str, catalogue: Catalogue) -> Digits:
    """Return digits whose test split no run was trained on: all of a file, or the test images of a dataset."""
    path = Path(named)
    if not path.is_file():
        from digits_core.training.check import check_test_images

        digits = catalogue.load(named)
        check_test_images([digits])
        return digits
    from dataclasses import replace

    import numpy as np

    from digits_core.data.readers import read_file

    reading = read_file(path)
    if reading.problem_count:
        print(f"digits_core: {path.name}: {reading.problem_count:,} entries are left out.", file=sys.stderr)
    digits = reading.digits(path.name)
    return replace(digits, test=np.ones(len(digits), dtype=bool))


def _known(catalogue: Catalogue) -> list[Digits]:
    """Return the datasets that are the same everywhere, if they are available here."""
    from digits_core.data.catalogue import BUILT_IN

    return [catalogue.load(name) for name in BUILT_IN if name != "handwriting" and catalogue.available(name)]


def _as_text(row: dict[str, Any]) -> str:
    if row["steps"] is None:
        return row["remarks"]
    accuracy = "–" if row["hidden_accuracy"] is None else f"{row['hidden_accuracy']:.2%}"
    facts = [
        f"{row['steps_done']} of {row['steps']} steps",
        f"{row['goals_met']} of {row['goals']} goals",
        *([f"{row['run']}: {accuracy} on the hidden digits, {row['checked']}"] if row["run"] else ["no run"]),
    ]
    return f"{row['learner']}, {row['lesson']}: {', '.join(facts)}. {row['remarks']}".rstrip()
