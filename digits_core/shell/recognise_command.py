"""Recognise the digits in pictures: the network is loaded once, and each line is printed as soon as it is known."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from digits_core.errors import PictureError
from digits_core.shell.common import BAD_INPUT, RUN_HELP, Commands, add_json, open_home

if TYPE_CHECKING:
    from digits_core.recognition.digit_detection import Way
    from digits_core.recognition.out_of_distribution import Refusal
    from digits_core.recognition.recogniser import FoundDigit, Recogniser

FROM_STANDARD_INPUT = "-"


def add_to(commands: Commands) -> None:
    recognise = commands.add_parser("recognise", help="say which digits pictures show")
    recognise.add_argument(
        "images", nargs="+", metavar="IMAGE", help="a picture, or - for paths from standard input, one a line"
    )
    recognise.add_argument("--run", default="best", help=f"{RUN_HELP}; default: best")
    way = recognise.add_mutually_exclusive_group()
    way.add_argument(
        "--one", dest="way", action="store_const", const="one", help="each picture shows one digit, even in pieces"
    )
    way.add_argument(
        "--many", dest="way", action="store_const", const="many", help="each picture is a sheet of several digits"
    )
    recognise.set_defaults(way="auto")
    recognise.set_defaults(command=recognise_images)
    add_json(recognise)


def recognise_images(options: argparse.Namespace) -> int:
    home, database = open_home()
    from digits_core.runs.preferred import doubt_about
    from digits_core.runs.store import RunStore

    store = RunStore(database)
    run = store.find(options.run)
    if doubt := doubt_about(run):
        print(f"digits_core: {doubt}", file=sys.stderr)
    from digits_core.data.catalogue import Catalogue
    from digits_core.recognition.out_of_distribution import refusal_of_run
    from digits_core.recognition.recogniser import Recogniser
    from digits_core.runs.artifacts import Artifacts
    from digits_core.runs.run_data import RunData

    artifacts = Artifacts(home.run(run.id))
    recogniser = Recogniser(run.config, artifacts.load_kept())
    refusal = refusal_of_run(run, recogniser, artifacts, RunData(database, Catalogue(home, database), store))
    try:
        return _recognise(_paths(options.images), recogniser, refusal, options.json, options.way)
    except BrokenPipeError:  # the reader closed the pipe, and Python would complain when it exits
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _recognise(paths: Iterator[str], recogniser: Recogniser, refusal: Refusal | None, as_json: bool, way: Way) -> int:
    from digits_core.recognition.many_pictures import find_each

    status = 0
    for path, sheet in find_each(paths, way):
        if isinstance(sheet, PictureError):
            print(f"digits_core: {sheet}", file=sys.stderr, flush=True)
            status = BAD_INPUT
            continue
        found = recogniser.read_sheet(sheet)
        accepted = [refusal.accepts(each.answer) if refusal else None for each in found]
        print(_as_json(path, found, accepted) if as_json else _as_text(path, found, accepted), flush=True)
    return status


def _paths(named: list[str]) -> Iterator[str]:
    """Yield the paths of the command line, with those of standard input in place of "-", each as soon as known."""
    for path in named:
        if path == FROM_STANDARD_INPUT:
            yield from (line.rstrip("\r\n") for line in sys.stdin if line.strip())
        else:
            yield path


def _as_text(path: str, found: list[FoundDigit], accepted: list[bool | None]) -> str:
    text = "".join(str(each.answer.digit) for each in found)
    sure = ", ".join(
        f"{each.answer.probability:.1%}" + (" but not a digit" if is_digit is False else "")
        for each, is_digit in zip(found, accepted, strict=True)
    )
    return f"{path}: {text} ({sure})"


def _as_json(path: str, found: list[FoundDigit], accepted: list[bool | None]) -> str:
    """Return one line of JSON; `is_digit` is null if the run has no threshold to tell digits from other marks."""
    digits = [
        {
            "digit": each.answer.digit,
            "probability": round(each.answer.probability, 6),
            "probabilities": [round(float(value), 6) for value in each.answer.probabilities],
            "box": [each.box.left, each.box.top, each.box.width, each.box.height],
            "is_digit": is_digit,
        }
        for each, is_digit in zip(found, accepted, strict=True)
    ]
    text = "".join(str(each["digit"]) for each in digits)
    return json.dumps({"image": path, "text": text, "digits": digits})
