"""What several tests of two sessions use: datasets that can be told apart, and threads that can be watched."""

import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from types import FrameType

import numpy as np

from digits_core.data.imported import Imports
from digits_core.data.readers import Reading
from digits_core.database import Database
from digits_core.home import Home
from tests.unit.helpers import wait_for


def marked(mark: int, count: int = 20) -> Reading:
    """A reading whose pixels all have the value `mark`."""
    images = np.full((count, 8, 8), mark, dtype=np.uint8)
    return Reading("npz", images, np.arange(count) % 10, np.arange(count) % 5 == 0, (), (), (), "0 to 255", (), 0)


def mark_of(imports: Imports, name: str) -> int:
    """The value of all pixels of a dataset that was kept."""
    (mark,) = set(imports.load(name).images.reshape(-1).tolist())
    return mark


def imports_of(home: Path) -> Imports:
    """The imports of a home folder, as a process of its own opens them."""
    return Imports(Home(home), Database(Home(home).create().database), reserved=("optdigits",))


def in_thread(call: Callable, *arguments: object) -> Thread:
    """A thread that is calling it."""
    thread = Thread(target=call, args=arguments)
    thread.start()
    return thread


def frames(thread: Thread) -> list[FrameType]:
    """What a thread is in the middle of, the innermost first."""
    frame, found = sys._current_frames().get(thread.ident), []
    while frame:
        found.append(frame)
        frame = frame.f_back
    return found


def waits_to_write(thread: Thread) -> None:
    """Return once a thread waits for another one's transaction to end."""
    wait_for(
        lambda: [each.f_code.co_name for each in frames(thread)[:1]] == ["_transaction"], what="the thread's waiting"
    )
