"""A run as a Jupyter notebook: its script, split into cells at its marks, with the script's comments as text.

Source of the format: nbformat 4.5, https://nbformat.readthedocs.io/en/latest/format_description.html.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from digits_core.data.digits import Digits
from digits_core.runs.export.run_history import History
from digits_core.runs.export.script import Program, as_comment, as_program

NAME = "train.ipynb"
MARK = "# %% "
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def as_notebook(history: History, find: Callable[[str], History], load: Callable[[str], Digits]) -> dict[str, bytes]:
    """Return the notebook and the data that it reads, by file name.

    Run from top to bottom, it prints the lines of the run. Arguments and errors are those of `as_script`.
    """
    program = as_program(history, find, load, kind="notebook", quote=as_code_span)
    cells = [*_head(history.run.title, program), *_parts(program.source)]
    notebook = {
        "cells": [{"id": f"cell-{number}", **cell} for number, cell in enumerate(cells, start=1)],
        "metadata": METADATA,
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    content = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    return {NAME: content.encode(), **program.files}


def as_code_span(text: str) -> str:
    """Return a user's text as a Markdown code span, so that it is not interpreted as markup, HTML, link or formula.

    Source: CommonMark 0.31.2, section 6.1: a code span ends at as many backticks as it begins with.
    """
    line = as_comment(text)
    ticks = "`" * (max(map(len, re.findall("`+", line)), default=0) + 1)
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{space}{line}{space}{ticks}"


def _head(title: str, program: Program) -> Iterator[dict[str, Any]]:
    """Yield the title cell, which identifies the run, and the cell that installs missing packages."""
    head = program.source.partition(f"\n{MARK}")[0]
    comments = [line.removeprefix("# ") for line in head.splitlines() if line.startswith("# ")]
    yield _text(f"# {as_code_span(title)}", ast.get_docstring(ast.parse(head)) or "", *comments)
    packages = " ".join(f'"{package}"' for package in program.packages)
    yield _code(f"# Installs what is missing; Colab has most of it.\n%pip install --quiet {packages}")


def _parts(source: str) -> Iterator[dict[str, Any]]:
    """Yield the cells of a script from its first mark on: for each part its title with its comments, then its code."""
    for part in source.split(f"\n{MARK}")[1:]:
        above, _, code = part.partition("\n\n")
        title, *sentences = above.splitlines()
        yield _text(f"## {title}", *(sentence.removeprefix("# ") for sentence in sentences))
        yield _code(code.strip("\n"))


def _text(*paragraphs: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": _lines("\n\n".join(paragraphs))}


def _code(source: str) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": _lines(source)}


def _lines(text: str) -> list[str]:
    """Split a text into lines with their line ends, as the format requires."""
    return text.splitlines(keepends=True)
