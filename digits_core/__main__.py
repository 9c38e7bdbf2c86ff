"""The same abilities from the shell: `python -m digits_core`. A thin layer over the library.

Bad input ends with one line on standard error and status 2; a training that diverges or fails ends with status 1,
one that Ctrl-C ends before it began with status 130.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from digits_core.config import RunConfig, TrainingConfig, choices
from digits_core.database import Database
from digits_core.errors import DigitsError, PictureError
from digits_core.home import Home

if TYPE_CHECKING:
    from digits_core.recognition.recogniser import FoundDigit
    from digits_core.training.events import Event

BAD_INPUT = 2
INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = build_parser().parse_args(arguments)
    try:
        return options.command(options)
    except DigitsError as error:
        print(f"digits_core: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("digits_core: interrupted.", file=sys.stderr)
        return INTERRUPTED


class OneLineParser(argparse.ArgumentParser):
    """Refuses what it does not understand in one line, where argparse would print its usage before it."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"digits_core: {message}. For help: {self.prog} --help\n")


def build_parser() -> argparse.ArgumentParser:
    parser = OneLineParser(prog="python -m digits_core", description="Handwritten digits from the shell.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    datasets = commands.add_parser("datasets", help="list the datasets that can be chosen")
    datasets.set_defaults(command=list_datasets)

    train = commands.add_parser("train", help="train a run and keep it")
    train.add_argument("--recipe", metavar="NAME", default="Lecture", help="where to start from (default: Lecture)")
    train.add_argument("--dataset", metavar="NAME", action="append", help="train and test on it; may be repeated")
    train.add_argument("--epochs", type=int, metavar="N")
    train.add_argument("--batch-size", type=int, metavar="N")
    train.add_argument("--learning-rate", type=float, metavar="X")
    train.add_argument("--optimizer", choices=choices(TrainingConfig, "optimizer"))
    train.add_argument("--loss", choices=choices(TrainingConfig, "loss"))
    train.add_argument("--seed", type=int, metavar="N")
    train.add_argument("--device", choices=choices(TrainingConfig, "device"))
    train.add_argument("--precision", choices=choices(TrainingConfig, "precision"))
    train.add_argument("--name", metavar="TEXT", default="")
    train.set_defaults(command=train_run)

    recognise = commands.add_parser("recognise", help="say which digits pictures show")
    recognise.add_argument("images", nargs="+", metavar="IMAGE")
    recognise.add_argument("--run", default="latest", help="an id, its unique beginning, or latest (the default)")
    recognise.set_defaults(command=recognise_images)

    runs = commands.add_parser("runs", help="list the runs")
    runs.set_defaults(command=list_runs)

    for command in (datasets, train, recognise, runs):
        command.add_argument("--json", action="store_true", help="one JSON object a line")
    return parser


def list_datasets(options: argparse.Namespace) -> int:
    from digits_core.data.catalogue import Catalogue

    catalogue = Catalogue(*_open_home())
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


def train_run(options: argparse.Namespace) -> int:
    config = _config(options)
    home, database = _open_home()
    # Not before the options are known to be good: torch takes seconds to import.
    from digits_core.data.catalogue import Catalogue
    from digits_core.runs.artifacts import Artifacts
    from digits_core.runs.execution import execute
    from digits_core.runs.owner import this_process
    from digits_core.runs.store import RunStore
    from digits_core.training.check import check_data
    from digits_core.training.events import EpochFinished, Failed, Finished
    from digits_core.training.loop import choose_device

    catalogue, store = Catalogue(home, database), RunStore(database)
    # Bad input is refused here, before a run of it is written.
    check_data(config, catalogue.load)
    choose_device(config.training.device)
    run = store.create(config, this_process())
    last: Event | None = None
    events = execute(config, catalogue.load, Artifacts(home.run(run.id)), _stop_on_interrupt())
    for event in _with_progress_bar(events, show=not options.json and sys.stderr.isatty()):
        store.apply(run.id, event)
        last = event
        if isinstance(event, EpochFinished):
            print(json.dumps(event.as_dict()) if options.json else event.lecture_line(), flush=True)
    if isinstance(last, Failed):
        print(f"digits_core: {last.message}", file=sys.stderr)
        return 1
    assert isinstance(last, Finished)
    if options.json:
        fields = {"run": run.id, "test_accuracy": last.test_accuracy, "seconds": last.seconds}
        print(json.dumps({"event": last.outcome, **fields}))
    else:
        print(f"Run {run.id} {last.outcome} after {last.seconds:.1f} s. {last.message}".rstrip())
    return 1 if last.outcome == "diverged" else 0


def recognise_images(options: argparse.Namespace) -> int:
    home, database = _open_home()
    from digits_core.runs.store import RunStore

    run = RunStore(database).find(options.run)
    from digits_core.recognition.picture import read_picture
    from digits_core.recognition.recogniser import Recogniser
    from digits_core.runs.artifacts import Artifacts

    recogniser = Recogniser(run.config, Artifacts(home.run(run.id)).load_weights())
    status = 0
    for path in options.images:
        try:
            found = recogniser.read_picture(read_picture(_content(path), path), path)
        except PictureError as error:
            print(f"digits_core: {error}", file=sys.stderr)
            status = BAD_INPUT
            continue
        print(_as_json(path, found) if options.json else _as_text(path, found), flush=True)
    return status


def list_runs(options: argparse.Namespace) -> int:
    _, database = _open_home()
    from digits_core.runs.owner import is_alive
    from digits_core.runs.store import RunStore

    store = RunStore(database)
    store.interrupt_orphans(is_alive)
    for run in store.runs():
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
            )
            row = {field: getattr(run, field) for field in fields}
            print(json.dumps({**row, "config": run.config.model_dump(mode="json")}))
        else:
            accuracy = f"{run.test_accuracy:.2%}" if run.test_accuracy is not None else "–"
            print(f"{run.id}  {run.status:<11} {accuracy:>8}  {run.title}")
    return 0


def _open_home() -> tuple[Home, Database]:
    home = Home.from_environment().create()
    return home, Database(home.database)


def _config(options: argparse.Namespace) -> RunConfig:
    """The recipe with the given options laid over it."""
    from digits_core.training.recipes import find

    config = find(options.recipe).config
    names = ("epochs", "batch_size", "learning_rate", "optimizer", "loss", "seed", "device", "precision")
    given = {name: value for name in names if (value := getattr(options, name)) is not None}
    config = config.replace(training=config.training.replace(**given), name=options.name)
    if options.dataset:
        config = config.replace(data=config.data.replace(train=options.dataset, test=options.dataset))
    return config


def _stop_on_interrupt():  # noqa: ANN202 - a plain callable
    """Ctrl-C once: end after the current batch and keep what was learnt; twice: end at once."""
    asked: list[bool] = []

    def note(*_: Any) -> None:
        asked.append(True)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, note)
    return lambda: bool(asked)


def _with_progress_bar(events: Iterator[Event], show: bool) -> Iterator[Event]:
    from tqdm import tqdm

    from digits_core.training.events import EpochFinished, Progress

    with tqdm(total=1.0, disable=not show, leave=False, bar_format="{percentage:3.0f}% {bar} {remaining}") as bar:
        for event in events:
            if isinstance(event, Progress):
                bar.update(event.share - bar.n)
            if isinstance(event, EpochFinished):
                bar.clear()
            yield event


def _content(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise PictureError(f"{path} cannot be opened: {error.strerror}.") from error


def _as_text(path: str, found: list[FoundDigit]) -> str:
    text = "".join(str(each.answer.digit) for each in found)
    sure = ", ".join(f"{each.answer.probability:.1%}" for each in found)
    return f"{path}: {text} ({sure})"


def _as_json(path: str, found: list[FoundDigit]) -> str:
    digits = [
        {
            "digit": each.answer.digit,
            "probability": round(each.answer.probability, 6),
            "probabilities": [round(float(value), 6) for value in each.answer.probabilities],
            "box": [each.box.left, each.box.top, each.box.width, each.box.height],
        }
        for each in found
    ]
    text = "".join(str(each["digit"]) for each in digits)
    return json.dumps({"image": path, "text": text, "digits": digits})


if __name__ == "__main__":
    sys.exit(main())
