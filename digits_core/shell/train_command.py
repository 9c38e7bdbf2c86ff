"""Train a run and print its epochs in the format of the lecture."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from digits_core.config import NetworkConfig, RunConfig, choices
from digits_core.settings import FORM, SECTION_OF, SECTIONS, SETTINGS, kind_of
from digits_core.shell.common import Commands, add_json, open_home
from digits_core.shell.networks_command import network_of
from digits_core.training.progress_bar import with_progress_bar

if TYPE_CHECKING:
    from digits_core.training.events import EpochFinished, Event

SAID = ("event", "epoch", "epochs", "train_loss", "train_accuracy", "test_loss", "test_accuracy", "seconds")


def add_to(commands: Commands) -> None:
    train = commands.add_parser("train", help="train a run and keep it")
    add_settings(train)
    train.add_argument("--name", metavar="TEXT", default="")
    train.set_defaults(command=train_run)
    add_json(train)


def add_settings(command: argparse.ArgumentParser) -> None:
    """Add the options that say what is trained, and how; `config_of` reads them."""
    command.add_argument("--recipe", metavar="NAME", default="Lecture", help="where to start from (default: Lecture)")
    command.add_argument("--dataset", metavar="NAME", action="append", help="train and test on it; may be repeated")
    for field in FORM:
        _add_setting(command, field)


def _add_setting(command: argparse.ArgumentParser, field: str) -> None:
    """Add the option for a training variable; one that is not given is as in the recipe."""
    kind, name = kind_of(field), f"--{field.replace('_', '-')}"
    # A help text of argparse is a format string.
    words = SETTINGS[field].help.replace("%", "%%")
    if field == "layers":
        named = f"{words} One of {', '.join(choices(NetworkConfig, field))}, one that was saved, or a JSON file."
        command.add_argument("--network", metavar="NAME|FILE", help=named)
    elif kind is bool:
        command.add_argument(name, action=argparse.BooleanOptionalAction, help=words)
    elif kind in (int, float):
        command.add_argument(name, type=kind, metavar="N" if kind is int else "X", help=words)
    else:
        command.add_argument(name, choices=choices(SECTIONS[SECTION_OF[field]], field), help=words)


def config_of(options: argparse.Namespace) -> RunConfig:
    """Return the recipe's config, overridden by the given options."""
    from digits_core.training.config_fields import laid_over
    from digits_core.training.recipes import find

    given = {name: value for name in FORM if (value := getattr(options, name, None)) is not None}
    network = network_of(options.network) if options.network else None
    return laid_over(find(options.recipe).config, {**given, "name": options.name}, options.dataset or (), network)


def train_run(options: argparse.Namespace) -> int:
    config = config_of(options)
    home, database = open_home()
    # Only once the options are known to be valid: torch takes seconds to import.
    from digits_core.runs.local_training import LocalTraining
    from digits_core.training.events import EpochFinished, Failed, Finished

    training = LocalTraining(home, database, config)
    last: Event | None = None
    for event in with_progress_bar(training.events(), show=not options.json and sys.stderr.isatty()):
        last = event
        if isinstance(event, EpochFinished):
            print(json.dumps(said_of(event)) if options.json else event.lecture_line(), flush=True)
    if isinstance(last, Failed):
        print(f"digits_core: {last.message}", file=sys.stderr)
        return 1
    assert isinstance(last, Finished)
    if options.json:
        fields = {"run": training.run.id, "test_accuracy": last.test_accuracy, "seconds": last.seconds}
        print(json.dumps({"event": last.outcome, **fields}))
    else:
        print(f"Run {training.run.id} {last.outcome} after {last.seconds:.1f} s. {last.message}".rstrip())
    return 1 if last.outcome == "diverged" else 0


def said_of(epoch: EpochFinished) -> dict[str, Any]:
    """Return the fields of an epoch that `--json` prints.

    Norms and matrices are left out: they would make lines of thousands of characters.
    """
    fields = epoch.as_dict()
    return {name: fields[name] for name in SAID}
