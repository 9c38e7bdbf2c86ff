"""What the pages of the reference take from the project itself, so that nothing is said twice.

A line of a page that is a marker in double braces is replaced:

    {{ readme In a notebook }}     the first code block of a section of the README
    {{ names digits_core.runs }}   the reference of every name of `dl` that a module of this package has
    {{ settings training }}        the fields of a section of a config
    {{ commands }}                 the help of each shell command
"""

import argparse
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from digits_core import _LAZY  # noqa: E402
from digits_core.__main__ import build_parser  # noqa: E402
from digits_core.config import bounds  # noqa: E402
from digits_core.settings import SECTIONS, SETTINGS  # noqa: E402

MARKER = re.compile(r"^\{\{ (\w+) ?(.*?) \}\}$", flags=re.MULTILINE)
# The help of the commands is as wide on every terminal that builds it.
os.environ["COLUMNS"] = "80"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the lecture's notebook to the site, for pages to link to."""
    files.append(File.generated(config, "lecture.ipynb", abs_src_path=str(DOCS / "lecture.ipynb")))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the markers of a page. An unknown one ends the build."""
    return MARKER.sub(lambda found: _replaced(*found.groups()), markdown)


def readme(title: str) -> str:
    """Return the first code block of the section of the README with this title."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, flags=re.MULTILINE | re.DOTALL)
    block = section and re.search(r"^```\w+\n.*?^```$", section[1], flags=re.MULTILINE | re.DOTALL)
    if not block:
        raise PluginError(f"README.md has no section {title!r} with code in it.")
    return block[0]


def names(package: str) -> str:
    """Return a line of mkdocstrings for each name of `dl` whose module is in this package."""
    return "\n\n".join(f"::: {module}.{name}" for name, module in _LAZY.items() if module.startswith(f"{package}."))


def settings(section: str) -> str:
    """Return the fields of a section as a table: name, default, values and meaning."""
    config = SECTIONS[section]
    rows = [
        f"| `{name}` | `{_default(field.get_default())}` | {_values(section, name)} | {_cell(SETTINGS[name].help)} |"
        for name, field in config.model_fields.items()
    ]
    return "\n".join(["| field | default | values | meaning |", "| --- | --- | --- | --- |", *rows])


def commands(_: str) -> str:
    """Return the help of the program and of each of its commands, as a terminal shows it."""
    parser = build_parser()
    subparsers = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    parts = [f"## {name}\n\n```text\n{each.format_help()}```" for name, each in subparsers.choices.items()]
    return "\n\n".join([f"```text\n{parser.format_help()}```", *parts])


MARKERS: dict[str, Callable[[str], str]] = {
    "readme": readme,
    "names": names,
    "settings": settings,
    "commands": commands,
}


def _replaced(marker: str, argument: str) -> str:
    if marker not in MARKERS:
        raise PluginError(f"There is no marker {marker!r}. There are: {', '.join(MARKERS)}.")
    return MARKERS[marker](argument)


def _default(value: object) -> str:
    return "lecture's network" if isinstance(value, tuple) and value and not isinstance(value[0], str) else repr(value)


def _values(section: str, name: str) -> str:
    if choices := SETTINGS[name].choices:
        return ", ".join(f"`{choice}`" for choice in choices)
    annotation = SECTIONS[section].model_fields[name].annotation
    if annotation is bool:
        return "`True`, `False`"
    if annotation not in (int, float):
        return "names"
    low, high, open_below, open_above = bounds(SECTIONS[section], name)
    return f"{'above ' if open_below else ''}{low:g} to {'below ' if open_above else ''}{high:g}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
