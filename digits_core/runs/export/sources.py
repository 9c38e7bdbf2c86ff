"""Python read as text: what a program names, and where that is written, without importing anything."""

from __future__ import annotations

import ast
import sys
import threading
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_PARSING = threading.Lock()


def parsed(program: str) -> ast.Module:
    """The syntax tree of a program. One at a time: where two threads parse at once, Python 3.11 may fail."""
    with _PARSING:
        return ast.parse(program)


@cache
def definitions(path: Path) -> dict[str, str]:
    """The source of each function and class of a module, by name, in the order of the file."""
    text = path.read_text(encoding="utf-8")
    return {
        node.name: ast.get_source_segment(text, node)
        for node in parsed(text).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }


@cache
def imports(path: Path) -> dict[str, str]:
    """The statement that imports it, by name: `{"np": "import numpy as np"}`."""
    statements: dict[str, str] = {}
    for node in parsed(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            begin = f"from {node.module} import" if isinstance(node, ast.ImportFrom) else "import"
            for each in node.names:
                renamed = f" as {each.asname}" if each.asname else ""
                statements[each.asname or each.name] = f"{begin} {each.name}{renamed}"
    return statements


def names_in(program: str) -> set[str]:
    """Every name that a program uses or defines."""
    return {node.id for node in ast.walk(parsed(program)) if isinstance(node, ast.Name)}


def needed(program: str, pieces: dict[str, str]) -> list[str]:
    """Those of the pieces that a program names, and those that they name, in the order of `pieces`."""
    found: set[str] = set()
    named = names_in(program)
    while new := (named & pieces.keys()) - found:
        found |= new
        named = set().union(*(names_in(pieces[name]) for name in new))
    return [source for name, source in pieces.items() if name in found]


def merged(statements: Iterable[str]) -> str:
    """Import statements in order: the standard library first, then the rest; names of one module in one line."""
    names: dict[str, list[str]] = {}
    for statement in dict.fromkeys(statements):
        module, _, name = statement.partition(" import ")
        names.setdefault(module, []).extend([name] if name else [])
    lines = [
        f"{module} import {', '.join(sorted(each, key=_constants_and_classes_first))}" if each else module
        for module, each in sorted(names.items(), key=lambda item: (item[0].startswith("from"), item[0]))
    ]
    standard = [line for line in lines if line.split()[1] in sys.stdlib_module_names]
    others = [line for line in lines if line not in standard]
    return "\n\n".join("\n".join(group) for group in (standard, others) if group)


def _constants_and_classes_first(name: str) -> tuple[bool, bool, str]:
    return not name.isupper(), name.islower(), name
