"""Read a lesson from its Markdown file: a head in YAML, then steps, each a heading, a text and a fence in YAML.

Lessons are untrusted: they contain no code, HTML or external pictures, their YAML builds only plain values, and their
size is limited.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qs

import yaml

from digits_core.errors import LessonError
from digits_core.lessons.checks import OF_STEP, read_check
from digits_core.lessons.lesson import Do, Explain, Goal, Lesson, Look, Place, Predict, Step

MOST_BYTES = 200_000
MOST_STEPS = 60
MOST_MINUTES = 600
MOST_CHOICES = 12
LONGEST_TEXT = 4000
LONGEST_LINE = 300
"""Maximum length of a title, a question or a choice, in characters."""
PAGES = ("data", "handwriting", "transforms", "network", "training", "runs", "recognise", "lessons")
KINDS: dict[str, type[Step]] = {"look": Look, "predict": Predict, "do": Do, "explain": Explain, "goal": Goal}
COMMON = ("id", "open", "label", "recall")
KEYS = {
    "look": (),
    "predict": ("question", "choices", "order", "between", "unit", "result"),
    "do": ("check",),
    "explain": ("question", "answer"),
    "goal": ("check",),
}
HEAD = ("title", "minutes", "outcome")
HEADING = "## "
FENCE = "```"

_HEAD = re.compile(r"---[ \t]*\n(?P<yaml>.*?)^---[ \t]*(?:\n|\Z)(?P<body>.*)", re.DOTALL | re.MULTILINE)
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TAG = re.compile(r"<(?:[a-z/!?])", re.IGNORECASE)
_PICTURE = re.compile(r"!\[")
_LINK = re.compile(r"\]\(\s*(?!https?://)|\]:\s*(?!\s*https?://)", re.IGNORECASE)


def read_lesson(path: Path, built_in: bool = False) -> Lesson:
    """Return the lesson in a file; raise `LessonError` with every problem found, each with its line."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise LessonError(f"The file cannot be read ({error.strerror}).") from error
    if len(content) > MOST_BYTES:
        raise LessonError(f"The file is larger than {MOST_BYTES // 1000} kB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LessonError(f"The file is not UTF-8 text (byte {error.start}).") from error
    return parse_lesson(text, path, built_in)


def parse_lesson(text: str, path: Path, built_in: bool = False) -> Lesson:
    """Return the lesson in `text`, which was read from `path`; raise what `read_lesson` raises."""
    reader = _Reader(text.replace("\r\n", "\n").replace("\r", "\n"))
    lesson = reader.read(path, built_in)
    if reader.problems:
        raise LessonError(*dict.fromkeys(reader.problems))
    assert lesson is not None  # a reader that found no problem read it
    return lesson


@dataclass
class _Fence:
    """The contents between two lines of `FENCE`; `line` is the number of the first in the file."""

    line: int
    kind: str
    lines: list[str] = field(default_factory=list)


@dataclass
class _Section:
    """A heading with its contents, up to the next one."""

    line: int
    title: str
    lines: list[str] = field(default_factory=list)
    fences: list[_Fence] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


class _Reader:
    """Reads one lesson and collects its problems, so that the author sees all of them at once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._line = 1
        self.problems: list[str] = []

    def read(self, path: Path, built_in: bool) -> Lesson | None:
        parts = _HEAD.match(self._text)
        if parts is None:
            self._wrong("A lesson begins with a head between two lines of ---: title, minutes and outcome.")
            return None
        head = self._mapping(parts["yaml"], "The head", HEAD)
        title = self._line_of(head, "title", "The head")
        outcome = self._line_of(head, "outcome", "The head")
        minutes = head.get("minutes")
        if not isinstance(minutes, int) or isinstance(minutes, bool) or not 1 <= minutes <= MOST_MINUTES:
            self._wrong(f"`minutes` should be a whole number from 1 to {MOST_MINUTES}.")
            minutes = 1
        introduction, *sections = self._sections(parts["body"], parts["yaml"].count("\n") + 3)
        self._line = introduction.line
        self._refuse_markup(introduction.text)
        if introduction.fences:
            self._wrong("A fence comes before the first `## ` heading: every step begins with one.")
        if not sections:
            self._wrong("The lesson has no steps: each begins with a heading, `## `.")
        if len(sections) > MOST_STEPS:
            self._wrong(f"The lesson has {len(sections)} steps, but {MOST_STEPS} are the limit.")
            return None
        steps: dict[str, Step] = {}
        for section in sections:
            if step := self._step(section, steps):
                steps[step.id] = step
        text = introduction.text.strip()
        return Lesson(path.stem, title, minutes, outcome, text, tuple(steps.values()), path, built_in)

    def _sections(self, body: str, first_line: int) -> list[_Section]:
        """Return the part before the first heading, then one section per heading; line by line, whatever the text."""
        sections = [_Section(first_line, "")]
        open_fence: _Fence | None = None
        for number, line in enumerate(body.split("\n"), start=first_line):
            if open_fence is not None:
                if line.rstrip() == FENCE:
                    open_fence = None
                else:
                    open_fence.lines.append(line)
            elif line.startswith(FENCE):
                open_fence = _Fence(number, line.removeprefix(FENCE).strip())
                sections[-1].fences.append(open_fence)
            elif line.startswith(HEADING):
                sections.append(_Section(number, line.removeprefix(HEADING).strip()))
            else:
                sections[-1].lines.append(line)
        if open_fence is not None:
            self._line = open_fence.line
            self._wrong(f"The fence is not closed: end it with a line of {FENCE}.")
        return sections

    def _step(self, section: _Section, earlier: Mapping[str, Step]) -> Step | None:
        self._line, title, text = section.line, section.title, section.text.strip()
        if not title or len(title) > LONGEST_LINE:
            self._wrong(f"The title of a step has 1 to {LONGEST_LINE} characters.")
        self._refuse_markup(title, text)
        if len(text) > LONGEST_TEXT:
            self._wrong(f"The text of “{title[:60]}” is longer than {LONGEST_TEXT} characters.")
        if len(section.fences) != 1:
            self._wrong(f"“{title[:60]}” has {len(section.fences)} fences, but needs exactly one: {', '.join(KINDS)}.")
            return None
        fence = section.fences[0]
        self._line, kind = fence.line, fence.kind
        if kind not in KINDS:
            self._wrong(f"There is no kind of step “{kind[:40]}”. There are: {', '.join(KINDS)}.")
            return None
        content = self._mapping("\n".join(fence.lines), f"A {kind} step", (*COMMON, *KEYS[kind]))
        step_id = content.get("id", _slug(title))
        if not isinstance(step_id, str) or len(step_id) > 80 or not _ID.fullmatch(step_id):
            self._wrong("Give the step an `id` of lower-case letters and digits, with hyphens between them.")
            return None
        if step_id in earlier:
            self._wrong(f"Two steps have the id “{step_id}”: give one of them an `id` of its own.")
        fields: dict[str, Any] = {
            "id": step_id,
            "title": title,
            "text": text,
            "place": self._place(content, earlier),
            "label": self._line_of(content, "label", kind, optional=True),
            "recalls": self._recalls(content, earlier),
        }
        read = {"predict": self._predict, "explain": self._explain, "do": self._check, "goal": self._check}.get(kind)
        fields |= read(content, earlier) if read else {}
        return KINDS[kind](**fields)

    def _predict(self, content: Mapping[str, Any], _earlier: Collection[str]) -> dict[str, Any]:
        forms = [form for form in ("choices", "order", "between") if form in content]
        if len(forms) != 1:
            self._wrong("A predict step has exactly one of `choices`, `order` and `between`.")
        result = content.get("result", "")
        if not isinstance(result, str) or len(result) > LONGEST_TEXT:
            self._wrong(f"`result` is a text of at most {LONGEST_TEXT} characters.")
        else:
            self._refuse_markup(result)
        return {
            "question": self._line_of(content, "question", "A predict step"),
            "choices": self._list(content, "choices"),
            "order": self._list(content, "order"),
            "between": self._between(content) if "between" in content else None,
            "unit": self._line_of(content, "unit", "A predict step", optional=True),
            "result": result,
        }

    def _explain(self, content: Mapping[str, Any], _earlier: Collection[str]) -> dict[str, Any]:
        answer = content.get("answer")
        if not isinstance(answer, str) or not answer.strip() or len(answer) > LONGEST_TEXT:
            self._wrong(f"An explain step has an `answer`, a text of at most {LONGEST_TEXT} characters.")
            answer = ""
        self._refuse_markup(answer)
        return {"question": self._line_of(content, "question", "An explain step"), "answer": answer.strip()}

    def _check(self, content: Mapping[str, Any], earlier: Collection[str]) -> dict[str, Any]:
        try:
            check = read_check(content.get("check"))
        except LessonError as error:
            self._wrong(str(error))
            return {"check": None}
        for step in check.names_steps():
            self._refuse_unknown(step, earlier)
        return {"check": check}

    def _place(self, content: Mapping[str, Any], earlier: Mapping[str, Step]) -> Place | None:
        if "open" not in content:
            return None
        text = content["open"]
        if not isinstance(text, str) or len(text) > 2000:
            self._wrong("`open` is a page and the query of its URL, such as training?recipe=Lecture.")
            return None
        page, _mark, query = text.partition("?")
        if page not in PAGES:
            self._wrong(f"There is no page “{page[:40]}” to open. There are: {', '.join(PAGES)}.")
            return None
        try:
            values = {name: tuple(each) for name, each in parse_qs(query, strict_parsing=bool(query)).items()}
        except ValueError:
            self._wrong(f"“{query[:60]}” is not a query of a URL: write name=value, with & between several.")
            return None
        if "lesson" in values:
            self._wrong("`open` cannot name a lesson: a link leads to a page, next to the lesson that is open.")
        for value in (value for each in values.values() for value in each if value.startswith(OF_STEP)):
            self._refuse_unknown(value.removeprefix(OF_STEP), earlier)
            step = earlier.get(value.removeprefix(OF_STEP))
            if step is not None and not isinstance(step, Do | Goal):
                self._wrong(f"“{step.id}” has no run: only do and goal steps have one.")
        return Place(page, values)

    def _recalls(self, content: Mapping[str, Any], earlier: Collection[str]) -> tuple[str, ...]:
        value = content.get("recall", [])
        names = value if isinstance(value, list) else [value]
        for name in names:
            self._refuse_unknown(name, earlier)
        return tuple(name for name in names if isinstance(name, str))

    def _refuse_unknown(self, step: object, earlier: Collection[str]) -> None:
        if not isinstance(step, str) or step not in earlier:
            self._wrong(f"There is no earlier step “{str(step)[:60]}”. Before it are: {', '.join(earlier) or 'none'}.")

    def _between(self, content: Mapping[str, Any]) -> tuple[float, float]:
        value = content["between"]
        numbers = isinstance(value, list) and all(type(each) in (int, float) and abs(each) < 1e15 for each in value)
        if not numbers or len(value) != 2 or not value[0] < value[1]:
            self._wrong("`between` is a list of two numbers, the lower one first.")
            return 0.0, 1.0
        return value[0], value[1]

    def _list(self, content: Mapping[str, Any], name: str) -> tuple[str, ...]:
        if name not in content:
            return ()
        value = content[name]
        texts = [str(each) for each in value if type(each) in (str, int, float)] if isinstance(value, list) else []
        if not isinstance(value, list) or not 2 <= len(value) <= MOST_CHOICES or len(set(texts)) < len(value):
            self._wrong(f"`{name}` is a list of 2 to {MOST_CHOICES} texts, no two of them the same.")
        if any(not text or len(text) > LONGEST_LINE for text in texts):
            self._wrong(f"Each of `{name}` has 1 to {LONGEST_LINE} characters.")
        self._refuse_markup(*texts)
        return tuple(texts)

    def _line_of(self, content: Mapping[str, Any], name: str, what: str, optional: bool = False) -> str:
        value = content.get(name)
        if value is None and optional:
            return ""
        if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_LINE:
            self._wrong(f"{what} needs `{name}`, a text of at most {LONGEST_LINE} characters.")
            return ""
        self._refuse_markup(value)
        return value.strip()

    def _mapping(self, text: str, what: str, keys: Collection[str]) -> dict[str, Any]:
        try:
            content = yaml.load(text, _PlainLoader)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            where = f" (its line {mark.line + 1})" if mark else ""
            reason = getattr(error, "problem", None) or "it holds something that is not a plain value"
            self._wrong(f"{what} is not YAML{where}: {reason}.")
            return {}
        if content is None:
            return {}
        if not isinstance(content, dict):
            self._wrong(f"{what} is a list of `name: value` lines.")
            return {}
        for key in content:
            if key not in keys:
                self._wrong(f"{what} has no “{str(key)[:40]}”. It has: {', '.join(keys)}.")
        return content

    def _refuse_markup(self, *texts: str) -> None:
        for text in texts:
            if _TAG.search(text):
                self._wrong("HTML is not allowed: write Markdown, and a “<” with a space after it.")
            if _PICTURE.search(text):
                self._wrong("Pictures are not allowed: lead to a page that shows what you mean.")
            if _LINK.search(text):
                self._wrong("A link in a text leads to an address that begins with https:// or http://.")

    def _wrong(self, problem: str) -> None:
        self.problems.append(f"Line {self._line}: {problem}")


class _PlainLoader(yaml.SafeLoader):
    """Loads plain values only, without aliases: a few nested repeated anchors make a value of any size."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            self._refuse("anchors and aliases are not allowed")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping = super().construct_mapping(node, deep)
        if len(mapping) < len(node.value):
            self._refuse("a name occurs twice in one mapping")
        return mapping

    def _refuse(self, problem: str) -> NoReturn:
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=self.get_mark())


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-")
