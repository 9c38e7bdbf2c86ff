"""t-SNE: a map on which images that look alike lie together (van der Maaten and Hinton 2008).

scikit-learn computes it, in a separate process: there is no other way to stop it, and it reports its progress only by
what it prints.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np

from digits_core.data.statistics.chunks import Report, nobody
from digits_core.errors import DatasetError

ROOT = Path(__file__).resolve().parents[3]
"""Where `digits_core` can be imported from."""
STEPS = 1000
FEWEST = 5
ONE_THREAD_UP_TO = 500
"""Below this number of points one thread is faster than several, which would wait for each other at every step. With
more points the threads wait without spinning: on a busy machine that is several times as fast.
"""
SAID = re.compile(rb"Iteration (\d+):")


def tsne(points: np.ndarray, perplexity: float = 30, report: Report = nobody) -> np.ndarray:
    """Map points (N, C), N at least 5, to a plane: (N, 2), float32, without a unit.

    `perplexity` is about the number of neighbours that each point tries to stay close to; at most a third of the
    points. Seeded, and initialised with the first two components: the same points give the same map. Raises
    `DatasetError` if the process fails, and whatever `report` raises, after ending the process.
    """
    perplexity = min(perplexity, (len(points) - 1) / 3)
    command = [sys.executable, "-m", "digits_core.data.statistics.tsne", str(perplexity), str(points.nbytes + 1024)]
    quiet = os.environ | {"OMP_WAIT_POLICY": "PASSIVE"}
    if len(points) < ONE_THREAD_UP_TO:
        quiet |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    child = subprocess.Popen(command, cwd=ROOT, env=quiet, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with child:
        try:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(_packed(points, points.nbytes + 1024))
            child.stdin.flush()
            share = 0.0
            for line in child.stdout:
                if line == b"map\n":
                    return np.load(io.BytesIO(child.stdout.read()))
                if said := SAID.search(line):
                    share = min(1.0, int(said[1]) / STEPS)
                report(share)  # also before the first step, which takes a while
        except OSError:
            pass  # it ended while it was being written to
        finally:
            child.kill()
    raise DatasetError("The map could not be computed: its process ended. The PCA map needs none.")


def _packed(points: np.ndarray, size: int) -> bytes:
    """Return an array as a file of exactly `size` bytes, so that the reader need not wait for the end of the stream."""
    file = io.BytesIO()
    np.save(file, points)
    return file.getvalue().ljust(size, b"\0")


def _end_with_the_app() -> None:
    # Not through `sys.stdin`, whose lock would keep the process from ending by itself.
    while os.read(0, 1024):
        pass
    os._exit(1)


def _main() -> None:
    perplexity, size = float(sys.argv[1]), int(sys.argv[2])
    points = np.load(io.BytesIO(sys.stdin.buffer.read(size)))
    # The pipe stays open as long as the app runs; when it closes, this process ends, too.
    threading.Thread(target=_end_with_the_app, daemon=True).start()
    from sklearn.manifold import TSNE

    assert isinstance(sys.stdout, io.TextIOWrapper)
    sys.stdout.reconfigure(line_buffering=True)
    placed = TSNE(perplexity=perplexity, max_iter=STEPS, init="pca", random_state=0, verbose=2).fit_transform(points)
    print("map", flush=True)
    np.save(sys.stdout.buffer, placed.astype(np.float32))
    sys.stdout.flush()


if __name__ == "__main__":
    _main()
