"""Find the Chromium that the browser tests drive, or get one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The one without a window of its own first: the same engine with less around it."""

# A container has no sandbox and no graphics card, and a test waits for no service of the browser's maker.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Chromium makes two web pages for the address bar of each window, which nobody sees here: almost half of what it
    # takes to open the app. A second list of features replaces Playwright's, so what counts of that one is repeated.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,AimEnabled,AvoidUnnecessaryBeforeUnloadCheckSync,"
    "DestroyProfileOnBrowserClose,HttpsUpgrades,LensOverlay,MediaRouter,NetworkTimeServiceQuerying,OptimizationHints,"
    "PaintHolding,PreconnectToSearch,ThirdPartyStoragePartitioning",
]


class ChromiumMissing(Exception):
    """There is no Chromium here, and none could be installed."""


def find() -> str | None:
    """The path of an installed Chromium, the system's before Playwright's own; `None` without one."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


def find_or_install() -> str:
    """The path of a Chromium, installed now if need be; raises `ChromiumMissing` if that fails."""
    if path := find():
        return path
    for command in _install_commands():
        print("$", " ".join(command), flush=True)
        subprocess.run(command, check=False)
        if path := find():
            return path
    raise ChromiumMissing(
        "The browser tests need a Chromium and none could be installed. Install the package `chromium` of "
        "your system, or run `python -m playwright install --with-deps chromium`."
    )


def _install_commands() -> list[list[str]]:
    """What installs a Chromium here: as root on Debian its own, with all it needs, otherwise Playwright's."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if is_root and shutil.which("apt-get"):
        install = ["apt-get", "install", "-y", "--no-install-recommends"]
        # Older systems have only the second.
        return [["apt-get", "update"], *([*install, name] for name in NAMES[:2])]
    return [[sys.executable, "-m", "playwright", "install", "chromium"]]
