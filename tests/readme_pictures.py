"""Takes the pictures of the README anew: the pages, light and dark, on a home with real runs.

Run as `python -m tests.readme_pictures`; `--pages` takes some of them, `--home FOLDER` copies a home instead of
training three short runs, and three more by loops that are not the app's: a plain one, Lightning's, and one that writes
TensorBoard's files.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from digits_core.database import Database
from digits_core.home import Home
from digits_core.runs.starter import SWITCH
from digits_core.runs.store import RunStore
from tests.browser import chromium
from tests.browser.conftest import ROOT, serve, train
from tests.browser.helpers import draw, open_page, wait_for_app

SIZE = (1280, 720)
COLOURS = 128
"""Of a picture: pages have few, and the files stay below 150 kB."""
STILL_MS = 3000
DRAWN = "!document.querySelector('.stMain [data-testid=stSkeleton]')"
"""Nothing on the page is still to come."""
RUNS = {"Adam, 0.0003": "0.0003", "Adam, 0.001": "0.001", "Adam, 0.003": "0.003"}
"""Learning rates by the names of the runs."""
TWO = [[(0.3, 0.3), (0.42, 0.18), (0.6, 0.2), (0.66, 0.35), (0.5, 0.58), (0.3, 0.8), (0.5, 0.79), (0.72, 0.8)]]


def _as_it_opens(_page: Page) -> None:
    """The page is shown as it opens."""


def _draw_a_two(page: Page) -> None:
    draw(page, TWO)
    page.wait_for_timeout(STILL_MS)  # until the paper has sent what was drawn


def _predict(page: Page) -> None:
    """Say a name, as at the first lesson, and predict, unless the picture before did."""
    column = page.locator(".st-key-lesson_column")
    column.get_by_role("textbox", name="Your name").fill("Ada")
    column.locator(".st-key-learner_join button:visible").click()
    wait_for_app(page)
    if column.locator(".st-key-lesson_commit").count():
        column.get_by_text("About the same or a little higher", exact=True).click()
        wait_for_app(page)
        column.locator(".st-key-lesson_commit button:visible").click()


PAGES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "network": ("network?split=test&image=9", _as_it_opens),
    "training": ("training", _as_it_opens),
    "runs": ("runs?curve_scale=Linear", _as_it_opens),
    "recognise": ("recognise", _draw_a_two),
    "lesson": ("training?lesson=04-four-epochs.6", _predict),
}
"""The address of each page that is shown, and what is done on it first."""


def main() -> None:
    arguments = _parsed()
    os.environ.pop(SWITCH, None)  # a home as people get it begins with Starter
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        if arguments.home:
            shutil.copytree(arguments.home, home)
        else:
            for name, rate in RUNS.items():
                train(home, "--epochs", "4", "--learning-rate", rate, "--name", name)
            train_elsewhere(home, Path(folder) / "events")
        with serve(Path(folder)) as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium.find(), args=chromium.FLAGS)
            for name in arguments.pages:
                for scheme in ("light", "dark"):
                    chosen = _newest(home) if name == "runs" else ""
                    _take(browser, server.url, name, chosen, scheme, arguments.to)
            browser.close()


def train_elsewhere(home: Path, events: Path) -> None:
    """Add runs of other loops to a home, the imported one first."""
    environment = {**os.environ, "DIGITS_HOME": str(home)}
    for arguments in (
        ("tests.other_loops", str(events)),
        ("digits_core", "import-runs", str(events), "--name", "TensorBoard", "--tag", "mine"),
    ):
        subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, env=environment, check=True)


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", nargs="+", choices=PAGES, default=list(PAGES), metavar="PAGE")
    parser.add_argument("--home", type=Path, help="a folder as DIGITS_HOME names it; it is copied")
    parser.add_argument("--to", type=Path, default=ROOT / "docs", help="the folder that gets the pictures")
    return parser.parse_args()


def _newest(home: Path, count: int = 4) -> str:
    """Return the part of an address that chooses the newest runs of a home."""
    ids = [run.id for run in RunStore(Database(Home(home).database)).runs()[:count]]
    return "".join(f"&compare={each}" for each in ids)


def _take(browser: Browser, url: str, name: str, chosen: str, scheme: Literal["light", "dark"], folder: Path) -> None:
    address, prepare = PAGES[name]
    address += chosen
    context = browser.new_context(viewport={"width": SIZE[0], "height": SIZE[1]}, color_scheme=scheme)
    page = context.new_page()
    open_page(page, f"{url}/{address}")
    page.wait_for_function(DRAWN, timeout=120_000)
    prepare(page)
    wait_for_app(page, 120)
    page.wait_for_function(DRAWN, timeout=120_000)
    page.mouse.move(SIZE[0] - 1, SIZE[1] - 1)  # out of the way of all hints
    page.evaluate("document.activeElement?.blur()")
    page.evaluate("document.querySelector('.stMain').scrollTo(0, 0)")
    page.wait_for_timeout(STILL_MS)  # charts move to their places
    picture = Image.open(io.BytesIO(page.screenshot()))
    context.close()
    path = folder / f"{name}-{scheme}.png"
    picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
