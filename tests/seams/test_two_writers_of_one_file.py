"""Two sessions of one app write the same file at the same time: it is whole, and neither of them fails."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from digits_core.dashboard.data import kept_statistics
from digits_core.dashboard.data.kept_statistics import Workshop
from digits_core.runs.artifacts import Artifacts

WRITERS, TIMES = 4, 15


def at_once(write) -> None:
    """Call `write(number)` on so many threads, again and again; what one of them raises is raised here."""
    go = threading.Barrier(WRITERS)

    def repeat(number: int) -> None:
        try:
            for _ in range(TIMES):
                go.wait()
                write(number)
        except BaseException:
            go.abort()  # the others wait for this one
            raise

    with ThreadPoolExecutor(WRITERS) as threads:
        for done in [threads.submit(repeat, number) for number in range(WRITERS)]:
            done.result()


def test_the_evaluation_of_one_run(tmp_path):
    at_once(lambda number: Artifacts(tmp_path / "run").save_evaluation("across", {"by": [number] * 5000}))

    assert len(set(Artifacts(tmp_path / "run").load_evaluation("across")["by"])) == 1
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["across.json"]


@pytest.mark.filterwarnings("error")
def test_the_analysis_of_one_dataset(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(kept_statistics, "KEPT_ON_DISK_AFTER_S", 0.0)
    arrays = {"values": np.arange(5000)}
    at_once(lambda _: Workshop(tmp_path)._keep("key", arrays))

    assert not caplog.records
    assert [path.name for path in tmp_path.iterdir()] == ["key.npz"]
    np.testing.assert_array_equal(Workshop(tmp_path)._read("key")["values"], arrays["values"])
