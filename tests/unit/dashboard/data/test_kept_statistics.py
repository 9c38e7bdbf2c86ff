"""What takes long is computed once, kept whole or not at all, and can be cancelled."""

import threading

import numpy as np
import pytest

from digits_core.dashboard.background_jobs import WAITING
from digits_core.dashboard.data import kept_statistics
from digits_core.dashboard.data.kept_statistics import Workshop
from digits_core.errors import DatasetError
from tests.unit.helpers import fill, wait_for

SECONDS = 30


@pytest.fixture
def keeps_all(monkeypatch):
    """Results are kept on disk however quickly they came."""
    monkeypatch.setattr(kept_statistics, "KEPT_ON_DISK_AFTER_S", -1)


class Work:
    """A computation that counts how often it began and waits to be let go."""

    def __init__(self) -> None:
        self.begun = 0
        self.go = threading.Event()

    def __call__(self, report):
        self.begun += 1
        while not self.go.wait(0.01):
            report(0.5)
        return {"values": np.arange(5)}


def test_all_who_ask_for_one_thing_get_the_same_job(tmp_path):
    place, work = Workshop(tmp_path), Work()
    jobs = {id(place.order("key", work)) for _ in range(5)}
    work.go.set()
    job = place.order("key", work)

    assert job.wait(SECONDS)
    assert len(jobs | {id(job)}) == 1
    assert job.result["values"].tolist() == [0, 1, 2, 3, 4]
    assert work.begun == 1


def test_another_process_finds_what_was_kept(tmp_path, keeps_all):
    work = Work()
    work.go.set()
    assert Workshop(tmp_path).order("key", work).wait(SECONDS)
    again = Workshop(tmp_path).order("key", work)

    assert again.wait(SECONDS)
    assert again.result["values"].tolist() == [0, 1, 2, 3, 4]
    assert work.begun == 1


def test_what_came_quickly_leaves_no_file(tmp_path):
    work = Work()
    work.go.set()
    assert Workshop(tmp_path / "new").order("key", work).wait(SECONDS)

    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("length", [0, 10, 200])
def test_a_file_that_is_cut_off_is_computed_again_and_mended(tmp_path, keeps_all, length):
    work = Work()
    work.go.set()
    assert Workshop(tmp_path).order("key", work).wait(SECONDS)
    kept = tmp_path / "key.npz"
    whole = kept.read_bytes()
    kept.write_bytes(whole[:length])
    job = Workshop(tmp_path).order("key", work)

    assert job.wait(SECONDS)
    assert job.result["values"].tolist() == [0, 1, 2, 3, 4]
    assert work.begun == 2
    assert len(kept.read_bytes()) == len(whole)


def test_a_cancelled_job_ends_keeps_nothing_and_can_be_begun_anew(tmp_path, keeps_all):
    place, work = Workshop(tmp_path), Work()
    job = place.order("key", work)
    wait_for(lambda: job.share == 0.5, what="half of it")
    job.cancel()

    assert job.wait(SECONDS)
    assert job.cancelled
    assert job.result is None
    assert list(tmp_path.iterdir()) == []
    assert place.order("key", work) is job
    place.forget("key")
    work.go.set()
    assert place.order("key", work).wait(SECONDS)


def test_one_that_waits_for_its_turn_can_be_cancelled(tmp_path):
    place, first, second = Workshop(tmp_path), Work(), Work()
    place.order("first", first)
    wait_for(lambda: first.begun, what="the first to begin")
    waiting = place.order("second", second)
    assert waiting.share == WAITING
    waiting.cancel()

    assert waiting.wait(SECONDS)
    assert waiting.cancelled
    assert second.begun == 0
    first.go.set()
    assert place.order("first", first).wait(SECONDS)


def test_an_error_in_words_is_handed_on_and_any_other_is_named_for_the_log(tmp_path):
    def in_words(_report):
        raise DatasetError("Too few.")

    def fault(_report):
        raise ZeroDivisionError

    place = Workshop(tmp_path)
    jobs = [place.order(work.__name__, work) for work in (in_words, fault)]

    assert all(job.wait(SECONDS) for job in jobs)
    assert str(jobs[0].error) == "Too few."
    assert "log" in str(jobs[1].error)


def test_a_full_disk_costs_only_the_copy(small_disk, keeps_all):
    fill(small_disk / "filler")
    work = Work()
    work.go.set()
    job = Workshop(small_disk).order("key", work)

    assert job.wait(SECONDS)
    assert job.result["values"].tolist() == [0, 1, 2, 3, 4]
    assert [path.name for path in small_disk.iterdir()] == ["filler"]


def test_only_so_many_files_are_kept(tmp_path, keeps_all, monkeypatch):
    monkeypatch.setattr(kept_statistics, "FILES", 3)
    place = Workshop(tmp_path)
    for number in range(5):
        assert place.order(f"key{number}", lambda _report: {"values": np.zeros(1)}).wait(SECONDS)

    assert len(list(tmp_path.iterdir())) == 3


def test_what_nobody_waits_for_is_dropped_and_begins_anew_when_it_is_ordered_again(tmp_path):
    place, work = Workshop(tmp_path), Work()
    job = place.order("key", work)
    place.drop("key")
    assert job.wait(SECONDS)
    assert job.cancelled
    again = place.order("key", work)
    work.go.set()
    assert again.wait(SECONDS)
    place.drop("key")
    assert place.order("key", work) is again
