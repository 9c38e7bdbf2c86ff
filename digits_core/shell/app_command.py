"""Open the app in a browser: the default if the shell is given no command."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from digits_core.app_folder import APP_FOLDER
from digits_core.shell.common import Commands

NAME = "app"


def add_to(commands: Commands) -> None:
    app = commands.add_parser(NAME, help="open the app in a browser (this is what no command at all does)")
    app.add_argument("--port", type=int, metavar="N", help="the port to listen on (default: 8501)")
    app.add_argument(
        "--address", metavar="HOST", help="where to listen: 0.0.0.0 lets other machines in (default: localhost)"
    )
    app.add_argument("--headless", action="store_true", help="open no browser window")
    app.set_defaults(command=open_app)


def open_app(options: argparse.Namespace) -> int:
    command = [sys.executable, "-m", "streamlit", "run", str(APP_FOLDER / "app.py")]
    if options.port is not None:
        command += ["--server.port", str(options.port)]
    if options.address:
        command += ["--server.address", options.address]
    if options.headless:
        command += ["--server.headless", "true"]
    if os.name == "posix":
        sys.stdout.flush()
        os.execv(sys.executable, command)  # so that a signal to this process reaches the app
    return subprocess.call(command)
