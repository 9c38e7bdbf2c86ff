"""List the lessons; check lesson files."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from digits_core.errors import LessonError
from digits_core.home import Home
from digits_core.lessons.lesson import Lesson
from digits_core.lessons.lesson_reader import read_lesson
from digits_core.lessons.library import Library
from digits_core.shell.common import BAD_INPUT, Commands, add_json


def add_to(commands: Commands) -> None:
    lessons = commands.add_parser("lessons", help="list the lessons, or check files of your own")
    add_json(lessons)
    lessons.set_defaults(command=list_lessons)
    inner = lessons.add_subparsers(metavar="check")
    check = inner.add_parser("check", help="say what is wrong with a lesson's file")
    check.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a lesson: Markdown, its name ending in .md")
    check.set_defaults(command=check_lessons)


def list_lessons(options: argparse.Namespace) -> int:
    for lesson in Library(Home.from_environment()).all():
        if not isinstance(lesson, Lesson):
            _complain(lesson.path, lesson.problems)
        elif options.json:
            row = {"name": lesson.name, "title": lesson.title, "minutes": lesson.minutes, "steps": len(lesson.steps)}
            print(json.dumps(row | {"path": str(lesson.path), "built_in": lesson.built_in}))
        else:
            print(f"{lesson.name:<32} {len(lesson.steps):>2} steps {lesson.minutes:>3} min  {lesson.title}")
    return 0


def check_lessons(options: argparse.Namespace) -> int:
    status = 0
    for path in options.files:
        try:
            lesson = read_lesson(path)
        except LessonError as error:
            _complain(path, error.problems)
            status = BAD_INPUT
        else:
            kinds = ", ".join(step.kind for step in lesson)
            print(f"{path}: “{lesson.title}” is a lesson of {len(lesson.steps)} steps ({kinds}).")
    return status


def _complain(path: Path, problems: Sequence[str]) -> None:
    for problem in problems:
        print(f"{path}: {problem}", file=sys.stderr)
