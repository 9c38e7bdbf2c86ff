"""Many pictures: the processes that find their digits, what goes wrong with one of them, and when they end."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import psutil
import pytest
from PIL import Image

from digits_core.errors import DigitsError, PictureError
from digits_core.recognition import many_pictures
from digits_core.recognition.many_pictures import find_each
from tests.pictures import one_digit

ROOT = Path(__file__).resolve().parents[3]
SECONDS = 60


@pytest.fixture(autouse=True)
def _an_empty_main(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take what an `AppTest` leaves as `__main__` away: a process that is spawned runs it, and a page is no program."""
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))


@pytest.fixture
def several(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every picture to another process, of which there are two however many processors there are."""
    monkeypatch.setattr(many_pictures, "FEW", 0)
    monkeypatch.setattr(many_pictures, "cores", lambda: 2)


@pytest.fixture
def pictures(tmp_path: Path) -> list[str]:
    """Seven pictures: two without ink, one that is no picture and one that is not there among those of digits."""
    made: list[str] = []
    for index, digit in enumerate((3, 7, 8)):
        path = tmp_path / f"{index}.png"
        path.write_bytes(one_digit(digit))
        made.append(str(path))
    blank = tmp_path / "blank.png"
    Image.fromarray(np.full((90, 90), 255, dtype=np.uint8)).save(blank)
    text = tmp_path / "text.png"
    text.write_text("7")
    return [str(blank), made[0], str(text), made[1], str(tmp_path / "nowhere.png"), made[2], str(blank)]


def finders(process: psutil.Process) -> set[psutil.Process]:
    """Return the processes that find digits for this one."""
    return {each for each in process.children(recursive=True) if "spawn_main" in " ".join(each.cmdline())}


def test_other_processes_find_what_this_one_finds_in_the_same_order(pictures, monkeypatch):
    monkeypatch.setattr(many_pictures, "FEW", len(pictures))
    here = list(find_each(pictures, "auto"))
    monkeypatch.setattr(many_pictures, "FEW", 2)
    monkeypatch.setattr(many_pictures, "cores", lambda: 2)
    there = list(find_each(pictures, "auto"))

    assert [path for path, _ in here] == [path for path, _ in there] == pictures
    for (_, one), (_, other) in zip(here, there, strict=True):
        if isinstance(one, PictureError):
            assert str(one) == str(other)
        else:
            assert one.boxes == other.boxes
            assert np.array_equal(one.ink, other.ink)
    assert [isinstance(found, PictureError) for _, found in there] == [True, False, True, False, True, False, True]


@pytest.mark.usefixtures("several")
def test_what_is_found_is_given_before_the_next_path_is_there(pictures):
    seen = threading.Semaphore(0)

    def named_one_by_one() -> Iterator[str]:
        for path in pictures[:3]:
            yield path
            assert seen.acquire(timeout=SECONDS)

    for path, _ in find_each(named_one_by_one(), "auto"):
        assert path in pictures
        seen.release()


@pytest.mark.usefixtures("several")
def test_what_is_wrong_with_the_paths_is_raised(pictures):
    def broken() -> Iterator[str]:
        yield pictures[1]
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")

    found = find_each(broken(), "auto")
    assert next(found)[0] == pictures[1]
    with pytest.raises(UnicodeDecodeError):
        next(found)


@pytest.mark.usefixtures("several")
def test_a_process_that_is_killed_ends_it_in_words(pictures):
    before = finders(psutil.Process())
    found = find_each(pictures * 30, "auto")
    next(found)
    for process in finders(psutil.Process()) - before:
        process.kill()

    with pytest.raises(DigitsError, match="ended from outside"):
        list(found)


@pytest.mark.usefixtures("several")
def test_the_processes_end_when_nobody_wants_the_rest(pictures):
    before = finders(psutil.Process())
    found = find_each(pictures * 30, "auto")
    next(found)
    started = finders(psutil.Process()) - before
    assert started
    found.close()

    _, alive = psutil.wait_procs(started, timeout=SECONDS)
    assert alive == []


def test_the_processes_end_with_one_that_is_killed(pictures):
    program = f"""
import sys
from digits_core.recognition import many_pictures
if __name__ == "__main__":
    many_pictures.FEW, many_pictures.cores = 0, lambda: 2
    for path, _ in many_pictures.find_each({pictures!r} * 200, "auto"):
        print(path, flush=True)
"""
    # From a file: what a process is started from is read again by those that it starts.
    script = Path(pictures[0]).parent / "program.py"
    script.write_text(program)
    process = psutil.Popen(
        [sys.executable, str(script)], env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline().strip() == pictures[0]
    started = finders(process)
    assert started
    process.kill()
    process.wait(SECONDS)
    process.stdout.close()

    _, alive = psutil.wait_procs(started, timeout=SECONDS)
    assert alive == []
