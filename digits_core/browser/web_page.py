"""A run as one web page that reads drawings: one HTML file, which needs no server, no network and no other file."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from digits_core.browser.canvas import BRUSH_WIDTH, CANVAS_SIDE
from digits_core.browser.model import model_of, reader_source
from digits_core.recognition.out_of_distribution import Refusal, refusal_of_run
from digits_core.recognition.recogniser import Recogniser
from digits_core.runs.export.files import Export, Files
from digits_core.runs.rows import Run
from digits_core.runs.run_data import RunData
from digits_core.runs.run_settings import settings_of
from digits_core.settings import title_of, written

FOLDER = Path(__file__).parent
NAME = "digits.html"

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def page_files(export: Export, data: RunData) -> Files:
    """Return the page of a run as an export; `RunError` where the run has kept no weights."""
    run = export.history.run
    recogniser = Recogniser(run.config, export.artifacts.load_kept())
    refusal = refusal_of_run(run, recogniser, export.artifacts, data)
    return {NAME: as_page(run, recogniser, refusal)}


def as_page(run: Run, recogniser: Recogniser, refusal: Refusal | None) -> bytes:
    """Return the page of a run, UTF-8. What users wrote is text in it, whatever it says."""
    description, numbers = model_of(recogniser, refusal)
    description["canvas"] = {"side": CANVAS_SIDE, "brush": BRUSH_WIDTH}
    style, script = _read("page.css"), _script()
    page = _ENVIRONMENT.get_template("page.html.jinja").render(
        title=run.title,
        facts=_facts(run),
        settings=[(title_of(field), written(field, value)) for field, value in settings_of(run).items()],
        side=recogniser.config.transform.size,
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        description=_json(description),
        numbers=base64.b64encode(numbers).decode("ascii"),
    )
    return page.encode("utf-8", "replace")


def _facts(run: Run) -> list[str]:
    """Return what is known of the run, each in a few words."""
    train, test = (written(field, settings_of(run)[field]) for field in ("train", "test"))
    accuracy = f"{run.test_accuracy:.2%} of the test images of {test} read correctly"
    return [*([accuracy] if run.test_accuracy is not None else []), f"trained on {train}"]


def _script() -> str:
    """Return the reader and the page as one module: a page opened from a disk may import no other."""
    page = re.sub(r"^import .*\n", "", _read("page.js"), flags=re.MULTILINE)
    return re.sub(r"^export ", "", reader_source(), flags=re.MULTILINE) + page


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return a text's hash as a content security policy names it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"


def _json(value: Any) -> str:
    """Return JSON that ends no element of HTML."""
    return json.dumps(value).replace("<", "\\u003c")
