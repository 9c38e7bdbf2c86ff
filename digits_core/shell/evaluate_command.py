"""Evaluate a run on the test images of a dataset."""

from __future__ import annotations

import argparse
import json
from math import isnan
from typing import TYPE_CHECKING, Any

from digits_core.shell.common import RUN_HELP, Commands, add_json, open_home

if TYPE_CHECKING:
    from digits_core.evaluation.across import Evaluation
    from digits_core.evaluation.metrics import DigitScores
    from digits_core.runs.rows import Run


def add_to(commands: Commands) -> None:
    evaluate = commands.add_parser("evaluate", help="test a run on the test images of any dataset")
    evaluate.add_argument("run", metavar="RUN", help=RUN_HELP)
    evaluate.add_argument("--dataset", metavar="NAME", required=True, help="whose test images it is asked about")
    evaluate.set_defaults(command=evaluate_run)
    add_json(evaluate)


def evaluate_run(options: argparse.Namespace) -> int:
    home, database = open_home()
    from digits_core.runs.store import RunStore

    run = RunStore(database).find(options.run)
    from digits_core.data.catalogue import Catalogue
    from digits_core.evaluation.across import evaluate
    from digits_core.runs.artifacts import Artifacts

    digits = Catalogue(home, database).load(options.dataset)
    found = evaluate(run.config, Artifacts(home.run(run.id)), digits)
    print(_as_json(run, found) if options.json else _as_text(run, found))
    return 0


def _as_text(run: Run, found: Evaluation) -> str:
    from digits_core.evaluation.metrics import per_digit

    lines = [
        f"{run.title} on the {found.images:,} test images of {found.dataset}: "
        f"{found.accuracy:.2%} ± {found.standard_error:.2%}, expected calibration error {found.calibration_error:.2%}",
        "digit  images  precision  recall      F1",
    ]
    for each in per_digit(found.confusion):
        shares = "  ".join(f"{_percent(value):>{width}}" for value, width in zip(_scores(each), (9, 6, 6), strict=True))
        lines.append(f"{each.digit:>5}  {each.images:>6}  {shares}")
    return "\n".join(lines)


def _as_json(run: Run, found: Evaluation) -> str:
    from digits_core.evaluation.metrics import per_digit

    digits = [
        {"digit": each.digit, "images": each.images}
        | dict(zip(("precision", "recall", "f1"), map(_or_none, _scores(each)), strict=True))
        for each in per_digit(found.confusion)
    ]
    fields: dict[str, Any] = {
        "run": run.id,
        "dataset": found.dataset,
        "fingerprint": found.fingerprint,
        "images": found.images,
        "accuracy": found.accuracy,
        "standard_error": found.standard_error,
        "calibration_error": found.calibration_error,
    }
    return json.dumps({**fields, "digits": digits, "confusion": found.confusion.tolist()})


def _scores(each: DigitScores) -> tuple[float, float, float]:
    return each.precision, each.recall, each.f1


def _percent(value: float) -> str:
    return "–" if isnan(value) else f"{value:.1%}"


def _or_none(value: float) -> float | None:
    """Return None for NaN, which JSON cannot represent."""
    return None if isnan(value) else value
