"""The same features from the shell: `python -m digits_core`, or `digits-lab` if it is installed. A thin layer over
the library; without a command it opens the app.

Bad input ends with one line on standard error and status 2; a training that diverges or fails ends with status 1,
one that Ctrl-C ends before it began with status 130.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from digits_core.errors import DigitsError
from digits_core.shell import (
    app_command,
    datasets_command,
    evaluate_command,
    export_command,
    grade_command,
    import_runs_command,
    lessons_command,
    networks_command,
    recognise_command,
    runs_command,
    sweep_command,
    train_command,
)
from digits_core.shell.common import BAD_INPUT, INTERRUPTED

INSTALLED_AS = "digits-lab"
COMMANDS = (
    app_command,
    datasets_command,
    networks_command,
    train_command,
    sweep_command,
    recognise_command,
    runs_command,
    import_runs_command,
    evaluate_command,
    export_command,
    lessons_command,
    grade_command,
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    options = build_parser().parse_args(given or [app_command.NAME])
    try:
        return options.command(options)
    except DigitsError as error:
        print(f"digits_core: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("digits_core: interrupted.", file=sys.stderr)
        return INTERRUPTED


class OneLineParser(argparse.ArgumentParser):
    """Reports invalid arguments in one line, where argparse would print the usage first."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"digits_core: {message}. For help: {self.prog} --help\n")


def build_parser() -> argparse.ArgumentParser:
    parser = OneLineParser(prog=_called(), description="Handwritten digits from the shell.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_to(commands)
    return parser


def _called() -> str:
    """Return what a person types to run this program."""
    name = Path(sys.argv[0]).stem
    return name if name == INSTALLED_AS else "python -m digits_core"


if __name__ == "__main__":
    sys.exit(main())
