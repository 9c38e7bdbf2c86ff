"""Helpers shared by the commands."""

from __future__ import annotations

import argparse
from typing import TypeAlias

from digits_core.database import Database
from digits_core.home import Home
from digits_core.runs.starter import open_database

BAD_INPUT = 2
INTERRUPTED = 130
RUN_HELP = (
    "its number as '#3', its name, its id or the unique beginning of it, latest, or best (the best finished run that "
    "is not a trial of a sweep)"
)

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="one JSON object a line")


def open_home() -> tuple[Home, Database]:
    """Return the home folder named by the environment, created if it does not exist, and its database."""
    home = Home.from_environment().create()
    return home, open_database(home)
