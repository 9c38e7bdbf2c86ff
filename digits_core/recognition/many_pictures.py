"""The digits of many pictures, found by several processes: to find them takes most of the time that reading takes."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context, parent_process
from queue import Queue

from digits_core.data.picture import file_content, read_picture
from digits_core.errors import DigitsError, PictureError
from digits_core.recognition.digit_detection import Way, find_in
from digits_core.recognition.sheet import Sheet
from digits_core.training.threads import cores

FEW = 24
"""Pictures that this process reads by itself: others take longer than that to start."""
_PROCESSES_AT_MOST = 4
_AHEAD = 8  # pictures per process that are found before they are asked for

Found = tuple[str, Sheet | PictureError]
"""The path of a picture, and its digits or why there are none."""


def find_each(paths: Iterable[str], way: Way) -> Iterator[Found]:
    """Yield what is found in each picture, in order, as soon as it is: a path that is awaited holds nothing up."""
    paths = iter(paths)
    processes = min(cores(), _PROCESSES_AT_MOST)
    for path in islice(paths, FEW if processes > 1 else None):
        yield _find(path, way)
    if processes == 1:
        return
    # Spawned, not forked: PyTorch has threads by now.
    pool = ProcessPoolExecutor(processes, get_context("spawn"), _serve_parent)
    waiting: Queue[Future[Found] | None] = Queue(maxsize=processes * _AHEAD)

    def submit_all() -> None:
        try:
            for path in paths:
                waiting.put(pool.submit(_find, path, way))
        except Exception as error:  # of the paths, as text that cannot be decoded
            failed: Future[Found] = Future()
            failed.set_exception(error)
            waiting.put(failed)
        waiting.put(None)

    try:
        threading.Thread(target=submit_all, name="pictures", daemon=True).start()
        while (found := waiting.get()) is not None:
            yield found.result()
    except BrokenProcessPool as error:
        raise DigitsError("A process that looks for digits was ended from outside; perhaps memory ran out.") from error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _find(path: str, way: Way) -> Found:
    try:
        return path, find_in(read_picture(file_content(path), path), path, way)
    except PictureError as error:
        return path, error


def _serve_parent() -> None:
    """Leave Ctrl-C, which reaches all processes of a terminal, to the parent, and end with it however it ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None

    def end() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=end, daemon=True).start()
