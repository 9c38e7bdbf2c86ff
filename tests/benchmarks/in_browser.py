"""What the programs share that measure in a real browser: Chromium, bare pages to compare with, and stopwatches.

Times are taken inside the page, by its own clock, so that the way between the browser and this process costs nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import chromium
from tests.browser.conftest import ROOT, Server, serve
from tests.browser.helpers import READY, wait_for_app

BARE = """
import plotly.graph_objects as go
import streamlit as st

st.title("Bare")
st.plotly_chart(go.Figure(go.Bar(x=list(range(10)), y=list(range(10)))), key="chart")
"""
PATIENCE_MS = 60_000
FIRST_ROW = 40
"""Pixels from the top of a table to the text of its first row."""
COLOURS_OF_TEXT = 8
"""More than a table's ground and lines have: text is drawn with soft edges."""
VIEWPORT = {"width": 1280, "height": 900}

# In the page: the first element of a selector under a key, also inside the tiles' shadow roots; the same however deep
# the shadow roots lie; whether rows of a table are painted, whose text a screen reader gets a fifth of a second later;
# whether the script of the page has ended; and the time to a condition.
TOOLS = f"""
window.find = (key, inside) => {{
  const element = document.querySelector(`.st-key-${{key}}`);
  if (!element) return null;
  const roots = [element, ...[...element.querySelectorAll("*")].map((each) => each.shadowRoot).filter(Boolean)];
  return roots.map((root) => root.querySelector(inside)).find(Boolean) ?? null;
}};
window.deep = (root, inside) => root.querySelector(inside) ?? [...root.querySelectorAll("*")]
  .map((each) => each.shadowRoot && deep(each.shadowRoot, inside)).find(Boolean);
window.painted = (key) => {{
  const canvas = find(key, "canvas");
  if (!canvas?.width) return false;
  const [width, height] = [1400, 30];
  window.probe ??= new OffscreenCanvas(width, height).getContext("2d", {{ willReadFrequently: true }});
  probe.clearRect(0, 0, width, height);
  probe.drawImage(canvas, 0, -{FIRST_ROW});
  const colours = new Set(new Uint32Array(probe.getImageData(0, 0, width, height).data.buffer));
  return colours.size > {COLOURS_OF_TEXT};
}};
window.ended = () => document.querySelector({READY!r});
window.until = (condition, began) => new Promise((resolve, reject) => {{
  const patience = performance.now() + {PATIENCE_MS};
  const look = () => {{
    if (condition()) resolve(performance.now() - began);
    else if (performance.now() > patience) reject(new Error(`waited in vain for ${{condition}}`));
    else requestAnimationFrame(look);
  }};
  look();
}});
"""


@contextmanager
def a_browser() -> Iterator[Browser]:
    """The Chromium that the tests drive too."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=chromium.FLAGS)
        yield browser
        browser.close()


@contextmanager
def an_app() -> Iterator[Server]:
    """The app with an empty home."""
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as server:
        yield server


@contextmanager
def a_bare_page(script: str) -> Iterator[Server]:
    """Another Streamlit app of one file, to compare with."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bare.py"
        file.write_text(script, encoding="utf-8")
        with serve(Path(folder), file) as server:
            yield server


def a_tab(browser: Browser) -> Page:
    """A new tab that has the tools."""
    page = browser.new_page(viewport=VIEWPORT)
    page.add_init_script(TOOLS)
    return page


def first_view(browser: Browser, url: str, condition: str) -> float:
    """Milliseconds from the request of a new tab until the condition holds."""
    page = a_tab(browser)
    page.goto(url, wait_until="commit")
    # `performance.now()` counts from the request of the page.
    milliseconds = page.evaluate(f"until({condition}, 0)")
    page.close()
    return milliseconds


def clicked(page: Page, target: str, condition: str) -> float:
    """Milliseconds from a click on an element until the condition holds; both are JavaScript."""
    wait_for_app(page)
    page.wait_for_function(f"() => {target}")
    return page.evaluate(
        f"() => {{ const began = performance.now(); ({target}).click(); return until({condition}, began); }}"
    )


def train_in_shell(home: Path, *options: str) -> None:
    """A run of the shell's `train`, for pages that show one."""
    command = [sys.executable, "-m", "digits_core", "train", *options]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"DIGITS_HOME": str(home)}, check=True, capture_output=True)
