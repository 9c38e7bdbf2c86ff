"""All lessons: the app's own, and those that a teacher puts into the `lessons` folder of the home."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from digits_core.errors import LessonError
from digits_core.home import Home
from digits_core.lessons.lesson import Lesson, Unreadable
from digits_core.lessons.lesson_reader import read_lesson

BUILT_IN = Path(__file__).with_name("builtin")
MOST_LESSONS = 200
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
WRONG_NAME = "Name the file with letters, digits, - and _ only, followed by .md: its name is part of the lesson's URL."


class Library:
    """Reads the current lessons of a home: a file that is added appears at once."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def all(self) -> list[Lesson | Unreadable]:
        """Return the app's own lessons, then the teacher's, each sorted by file name.

        A teacher's lesson replaces one of the app's with the same name.
        """
        found = {path.stem: _read(path, True) for path in sorted(BUILT_IN.glob("*.md"))}
        for path in sorted(self._home.lessons.glob("*.md"))[:MOST_LESSONS]:
            found[path.stem] = _read(path, False)
        return list(found.values())

    def lessons(self) -> list[Lesson]:
        """Return the lessons that can be read."""
        return [each for each in self.all() if isinstance(each, Lesson)]

    def get(self, name: str) -> Lesson | None:
        """Return the lesson called `name`, or `None` if none of that name can be read."""
        return next((lesson for lesson in self.lessons() if lesson.name == name), None)


def _read(path: Path, built_in: bool) -> Lesson | Unreadable:
    if not _NAME.fullmatch(path.stem):
        return Unreadable(path.stem, path, (WRONG_NAME,))
    try:
        stamp = path.stat()
    except OSError as error:
        return Unreadable(path.stem, path, (f"The file cannot be read ({error.strerror}).",))
    return _read_once(path, stamp.st_mtime_ns, stamp.st_size, built_in)


# Every page loads the lesson shown next to it, each time the page is drawn.
@lru_cache(maxsize=2 * MOST_LESSONS)
def _read_once(path: Path, _changed: int, _size: int, built_in: bool) -> Lesson | Unreadable:
    try:
        return read_lesson(path, built_in)
    except LessonError as error:
        return Unreadable(path.stem, path, error.problems)
