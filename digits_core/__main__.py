"""The same abilities from the shell: `python -m digits_core`. A thin layer over the library.

Bad input ends with one line on standard error and status 2; a training that diverges or fails ends with status 1,
one that Ctrl-C ends before it began with status 130.
"""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn

from digits_core.errors import DigitsError
from digits_core.shell import (
    datasets_command,
    evaluate_command,
    export_command,
    networks_command,
    recognise_command,
    runs_command,
    sweep_command,
    train_command,
)
from digits_core.shell.common import BAD_INPUT, INTERRUPTED

COMMANDS = (
    datasets_command,
    networks_command,
    train_command,
    sweep_command,
    recognise_command,
    runs_command,
    evaluate_command,
    export_command,
)


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
    for command in COMMANDS:
        command.add_to(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
