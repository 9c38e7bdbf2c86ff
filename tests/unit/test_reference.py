"""The reference of the library: it builds without a warning, shows every name of `dl`, and leaves nothing unsaid."""

import ast
import doctest
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from textwrap import dedent
from urllib.parse import unquote, urlsplit

import griffe
import pytest

import digits_core as dl
from digits_core import errors
from tests.unit.api.test_public_names import OFFERED_TOO
from tests.unit.test_imports import ROOT

PUBLIC = {**{name: f"{module}.{name}" for name, module in dl._LAZY.items()}, **OFFERED_TOO}
"""Every name of `dl`, and each class that one gets from them, with the module that has it."""
MADE_BY = re.compile(r"made by `")
"""In the docstring of a class that nobody makes by hand: its arguments are not for people."""


class Page(HTMLParser):
    """The anchors of a page, and what it links to or loads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.loaded: set[str] = set()
        self.tags: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        self.links |= {found["href"]} if tag == "a" and "href" in found else set()
        self.loaded |= {found["src"]} if "src" in found else set()
        self.loaded |= {found["href"]} if tag == "link" and "href" in found else set()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference as the README builds it, but every warning is an error."""
    folder = tmp_path_factory.mktemp("reference") / "site"
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", "docs/mkdocs.yml", "-d", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Page]:
    return {path.name: Page(path) for path in site.glob("*.html") if path.name != "404.html"}


def test_every_name_is_on_one_page_with_its_signature(site):
    signature = r'id="{}" class="doc doc-heading">.*?<div class="doc-signature highlight"><pre>.*?>{}<'
    texts = {path.name: path.read_text(encoding="utf-8") for path in site.glob("*.html")}
    shown = {
        name: [page for page, text in texts.items() if re.search(signature.format(re.escape(path), name), text, re.S)]
        for name, path in PUBLIC.items()
    }

    assert {name: on for name, on in shown.items() if len(on) != 1} == {}


def test_every_link_leads_somewhere_and_nothing_comes_from_another_site(site, pages):
    broken, foreign = [], []
    for name, page in pages.items():
        assert "autoref" not in page.tags
        foreign += [(name, link) for link in page.loaded if urlsplit(link).netloc]
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = parts.path or name
            there = (site / unquote(target)).is_file()
            anchored = not parts.fragment or unquote(parts.fragment) in pages[target].anchors
            broken += [] if there and anchored else [(name, link)]

    assert (broken, foreign) == ([], [])


def test_every_error_of_ours_that_a_function_raises_is_a_link_to_what_it_means(site):
    ours = {name for name, each in vars(errors).items() if isinstance(each, type)}
    texts = "".join(path.read_text(encoding="utf-8") for path in site.glob("*.html"))
    lists = re.findall(r'"doc-section-title">Raises:</span></p>\s*<ul>(.*?)</ul>', texts, re.DOTALL)
    raised = [item for each in lists for item in re.findall(r"<li[^>]*>\s*<code>(.*?)</code>", each, re.DOTALL)]
    linked = {item: re.sub(r"<.*?>", "", item) for item in raised if 'href="errors.html#' in item}

    assert {"RunError", "LogError", "DatasetError"} <= set(linked.values())
    assert [item for item in raised if item not in linked and re.sub(r"<.*?>", "", item) in ours] == []


def test_it_names_no_folder_of_the_machine_that_built_it(site):
    texts = [path for path in site.rglob("*") if path.suffix in {".html", ".json", ".xml"}]

    assert [path.name for path in texts if str(ROOT) in path.read_text(encoding="utf-8")] == []


@pytest.fixture(scope="module")
def documented() -> dict[str, griffe.Object]:
    """The public names, and the methods and properties that they have or inherit from us, by their paths."""
    library = griffe.load("digits_core", search_paths=[ROOT])
    found: dict[str, griffe.Object] = {}
    for path in PUBLIC.values():
        owner = library[path.removeprefix("digits_core.")]
        found[path] = owner
        for name, member in owner.all_members.items() if owner.is_class else ():
            member = member.final_target if member.is_alias else member
            special = name.startswith("__") and name != "__init__" and member.has_docstring
            shown = member.is_function or {"property", "cached"} & member.labels
            if shown and (special or not name.startswith("_")):
                found[member.path] = member
    return found


def unsaid(each: griffe.Object) -> list[str]:
    """Return what the docstring of a function, class or property should have and has not."""
    text = each.docstring.value if each.docstring else ""
    if not text:
        return ["docstring"]
    if not (each.is_function or each.is_class):
        return []
    said = {section.kind: section for section in each.docstring.parse("google")}
    described = said.get(griffe.DocstringSectionKind.parameters)
    arguments = {item.name.lstrip("*") for item in described.value} if described else set()
    missing = [f"Args: {name}" for name in taken(each) if name not in arguments]
    if each.is_function:
        if str(each.returns) != "None" and griffe.DocstringSectionKind.returns not in said:
            missing.append("Returns")
        raised = said.get(griffe.DocstringSectionKind.raises)
        named = " ".join(str(item.annotation) for item in raised.value) if raised else ""
        missing += [
            f"Raises: {name}" for name in raising(each) if not named or (name[0].isupper() and name not in named)
        ]
    if not doctest.DocTestParser().get_examples(text):
        missing.append("Example")
    return missing


def taken(each: griffe.Function | griffe.Class) -> list[str]:
    """Return the arguments that people give; one that begins with an underscore is taken and ignored."""
    own = each if each.is_function else each.members.get("__init__")
    if own is None or MADE_BY.search(each.docstring.value):
        return []
    names = [parameter.name for parameter in own.parameters]
    return [name.lstrip("*") for name in names if name not in ("self", "cls") and not name.startswith("_")]


def raising(each: griffe.Function) -> list[str]:
    """Return what the body of a function itself raises: the names of errors, or of functions that make one."""
    (function,) = ast.parse(dedent(each.source)).body
    waiting, found = list(function.body), []
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Raise) and node.exc is not None:
            made = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            found.append(ast.unparse(made))
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)
    return found


def test_each_public_name_says_what_it_takes_returns_and_raises_and_shows_an_example(documented):
    assert {path: missing for path, each in documented.items() if (missing := unsaid(each))} == {}


@pytest.mark.parametrize(
    ("code", "missing"),
    [
        ("def f(): ...", ["docstring"]),
        (
            'def f(x) -> int:\n    """Do."""\n    raise ValueError',
            ["Args: x", "Returns", "Raises: ValueError", "Example"],
        ),
        ('def f(x) -> None:\n    """Do.\n\n    Args:\n        x: It.\n\n    Example:\n        >>> f(1)\n    """', []),
        ('class f:\n    """Is; made by `g`.\n\n    >>> f\n    """\n    def __init__(self, x): ...', []),
        ('class f:\n    """Is.\n\n    >>> f\n    """\n    def __init__(self, x): ...', ["Args: x"]),
    ],
)
def test_what_a_docstring_leaves_unsaid_is_found(code, missing):
    with griffe.temporary_visited_module(code) as module:
        assert unsaid(module["f"]) == missing
