"""The process that reads: what comes back from it, and that nothing a file does to it reaches us."""

import io
import os
import pickle
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from digits_core.data.readers import EXTENSIONS, Limits, read_file
from digits_core.data.readers.limits import MIB
from digits_core.data.readers.sandbox import why_it_ended
from digits_core.errors import DatasetError, DatasetReadingStopped
from tests.unit.data.readers.helpers import lecture_pickle, npz, one_of_each
from tests.unit.helpers import children_running, fill, wait_for

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def file(tmp_path):
    def write(data: bytes, name: str = "digits.pkl") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


def test_the_lectures_pickle_comes_back_whole(file, optdigits):
    reading = read_file(file(lecture_pickle(optdigits)))

    assert reading.digits("mine").fingerprint == optdigits.fingerprint
    assert reading.problems == ()


def test_what_is_wrong_comes_back_too(file, optdigits):
    labels = optdigits.labels[:40].copy()
    labels[7] = 12
    reading = read_file(file(npz(x_train=optdigits.images[:40], y_train=labels)))

    assert [(problem.entry, problem.reason) for problem in reading.problems] == [
        ("train entry 7", "its label is not a digit from 0 to 9")
    ]
    assert (len(reading.images), reading.problem_count) == (39, 1)


def test_what_can_be_uploaded_has_an_ending_that_is_offered(optdigits):
    assert {name.rpartition(".")[2] for name in one_of_each(optdigits)} <= set(EXTENSIONS)


def test_a_refusal_begins_with_the_name_that_the_person_knows(file):
    path = file(pickle.dumps(7), "upload-1234.tmp")

    with pytest.raises(DatasetError, match=r"^my digits\.pkl holds no digits"):
        read_file(path, "my digits.pkl")
    with pytest.raises(DatasetError, match=r"^upload-1234\.tmp "):
        read_file(path)


def test_a_name_of_any_kind_becomes_one_short_line(file):
    with pytest.raises(DatasetError, match=r"^a b x{75}… holds") as raised:
        read_file(file(pickle.dumps(7)), "a\n\x00\x1bb " + "x" * 300)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", ["--help", "-c.pkl", "; true", "ü 7 \udce9.pkl"])
def test_names_that_mean_something_elsewhere_are_only_names(file, name):
    with pytest.raises(DatasetError, match="holds no digits"):
        read_file(file(pickle.dumps(7)), name)


@pytest.mark.parametrize(
    ("size", "reason"), [(None, "does not exist"), (0, "is empty"), (2 * MIB, "has 2 MiB, more than")]
)
def test_files_that_are_missing_empty_or_too_large_are_not_even_opened(size, reason, tmp_path):
    path = tmp_path / "digits.pkl"
    if size is not None:
        path.write_bytes(bytes(size))

    with pytest.raises(DatasetError, match=rf"^digits\.pkl {reason}"):
        read_file(path, limits=Limits(file_bytes=MIB))


def test_a_disk_that_is_full_is_no_fault_of_the_file(file, small_disk, monkeypatch, mnist_5k):
    path = file(npz(images=mnist_5k.images, labels=mnist_5k.labels))
    monkeypatch.setattr("tempfile.tempdir", str(small_disk))
    assert len(read_file(path).images) == 5000
    fill(small_disk / "full")

    with pytest.raises(DatasetError, match=r"^digits\.pkl could not be read"):
        read_file(path)


def test_an_attack_leaves_nothing_behind(file, tmp_path):
    canary = tmp_path / "canary"

    class Attack:
        def __reduce__(self):
            return os.system, (f"touch {canary}",)

    with pytest.raises(DatasetError, match=r"^digits\.pkl wants to call (posix|nt)\.system"):
        read_file(file(pickle.dumps([(Attack(), 3)])))
    assert not canary.exists()


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory and time are bounded by Linux")


@linux
def test_a_file_that_takes_all_memory_is_left(file):
    claim = b"\x80\x05\x96" + (8 << 30).to_bytes(8, "little") + b"x."

    with pytest.raises(DatasetError, match=r"needs more than the 2,048 MiB of memory"):
        read_file(file(claim))


@linux
def test_a_file_that_takes_forever_is_left(file):
    # Keys that all have one hash: to put n of them into a set takes n² steps.
    keys = b"".join(b"\x8a\x0b" + (number * (2**61 - 1)).to_bytes(11, "little") for number in range(60_000))

    with pytest.raises(DatasetError, match=r"took (more than 1 s of processor time|longer than 2 s) to read"):
        read_file(file(b"\x80\x04\x8f(" + keys + b"\x90."), limits=Limits(seconds=1))


@linux
def test_a_file_that_breaks_the_process_is_refused_in_words(file):
    depth = 2_000_000  # a hash of tuples in tuples is computed on the stack of C

    with pytest.raises(DatasetError, match="broke the process that read it"):
        read_file(file(b"\x80\x04}(" + b")" + b"\x85" * depth + b"Nu."))


@linux
def test_a_process_that_computes_too_long_is_told_from_one_that_the_system_ends():
    ended = confined("while True: pass", seconds=1)

    assert ended.returncode == -signal.SIGXCPU
    assert why_it_ended(ended.returncode, Limits(seconds=1)).reason.startswith("took more than 1 s of processor time")


@linux
@pytest.mark.parametrize(
    ("end", "reason"),
    [(signal.SIGKILL, "most likely because this machine is short of memory"), (signal.SIGTERM, r"\(SIGTERM\)")],
)
def test_where_the_system_ends_the_process_that_reads_that_is_said_and_the_file_is_not_blamed(file, end, reason):
    keys = b"".join(b"\x8a\x0b" + (number * (2**61 - 1)).to_bytes(11, "little") for number in range(60_000))
    with ThreadPoolExecutor(1) as threads:
        read = threads.submit(read_file, file(b"\x80\x04\x8f(" + keys + b"\x90."))
        reading = wait_for(lambda: children_running("digits_core.data.readers"), what="the process that reads")
        reading.pop().send_signal(end)

        with pytest.raises(DatasetReadingStopped, match=rf"^digits\.pkl could not be read: .*{reason}"):
            read.result()


def confined(statement: str, **limits) -> subprocess.CompletedProcess:
    """What becomes of a statement in a process that has confined itself."""
    code = (
        "import os, socket, subprocess, ctypes; from digits_core.data.readers.limits import *; "
        f"confine_this_process(Limits(**{limits}))\n{statement}\nprint('done')"
    )
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize(
    "statement",
    [
        "os.system('true')",
        "subprocess.run(['true'])",
        "os.execv('/bin/true', ['true'])",
        "os.fork()",
        "socket.create_connection(('127.0.0.1', 1))",
        "os.remove('nothing')",
        "ctypes.CDLL(None)",
        "os.posix_spawn('/bin/true', ['true'], {})",
    ],
)
def test_even_a_file_that_got_its_will_could_start_and_reach_nothing(statement):
    answer = confined(statement)

    assert "may not use" in answer.stderr
    assert "done" not in answer.stdout


@linux
def test_memory_is_bounded_whatever_was_mapped_before():
    assert "MemoryError" in confined("bytes(3 << 30)").stderr
    assert "done" in confined("bytes(1 << 30)").stdout


def test_nothing_is_left_on_the_disk(file, monkeypatch, tmp_path):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    images = np.zeros((20, 8, 8), np.uint8)
    images[:, 4] = 255
    read_file(file(npz(images=images, labels=np.arange(20) % 10)))
    with pytest.raises(DatasetError):
        read_file(file(b"nothing"))

    assert list(temporary.iterdir()) == []


def test_files_are_read_side_by_side_from_threads(file, optdigits):
    """As the app's server does it: each session on a thread of its own."""
    path = file(lecture_pickle(optdigits))
    with ThreadPoolExecutor(3) as threads:
        readings = list(threads.map(read_file, [path] * 3))

    assert {reading.digits("mine").fingerprint for reading in readings} == {optdigits.fingerprint}


def test_what_reading_costs_fits_what_is_read(optdigits):
    """The limits leave room for MNIST in full as float32, the largest set that the course meets."""
    limits = Limits()
    file = io.BytesIO()
    np.save(file, np.zeros((100, 28, 28), np.float32))

    assert 700 * len(file.getvalue()) < limits.file_bytes
    assert limits.pixels > 70_000 * 28 * 28
    assert limits.entries > 70_000
