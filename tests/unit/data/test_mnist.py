"""MNIST in full: its own split, files that are damaged or half there, and a download that may be cut off anywhere."""

import gzip
import hashlib
import http.server
import shutil
import struct
import threading
from pathlib import Path

import numpy as np
import pytest
from torchvision.datasets import MNIST

from digits_core.data import mnist
from digits_core.errors import DatasetError
from digits_core.home import Home
from tests.unit.helpers import wait_for

COUNTS = {"train": 6, "t10k": 4}


def idx(values: np.ndarray) -> bytes:
    return b"\x00\x00\x08" + bytes([values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


def contents() -> dict[str, bytes]:
    """MNIST's four files with six images for training and four for testing."""
    files = {}
    for part, count in COUNTS.items():
        images = np.arange(count * 28 * 28, dtype=np.uint32).astype(np.uint8).reshape(count, 28, 28)
        files[f"{part}-images-idx3-ubyte"] = idx(images)
        files[f"{part}-labels-idx1-ubyte"] = idx(np.arange(count, dtype=np.uint8))
    return files


@pytest.fixture(autouse=True)
def ten_images(monkeypatch):
    monkeypatch.setattr(mnist, "IMAGES", COUNTS)


@pytest.fixture
def files(home) -> Path:
    """The folder of the four files, as a download leaves them."""
    folder = Home(home).downloads / "MNIST" / "raw"
    folder.mkdir(parents=True)
    for name, content in contents().items():
        (folder / name).write_bytes(content)
    return folder


class Mirror(http.server.ThreadingHTTPServer):
    """A mirror on loopback: what it serves may be changed, and it may be told to stop in the middle."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.files = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in contents().items()}
        self.asked: list[str] = []
        self.go_on = threading.Event()
        self.go_on.set()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        name = self.path.rsplit("/", 1)[-1]
        self.server.asked.append(name)
        content = self.server.files.get(name)
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        half = len(content) // 2
        self.wfile.write(content[:half])
        self.wfile.flush()
        self.server.go_on.wait(30)
        self.wfile.write(content[half:])

    def log_message(self, *_) -> None:
        pass


@pytest.fixture
def mirror(monkeypatch):
    server = Mirror()
    sums = [(name, hashlib.md5(content).hexdigest()) for name, content in server.files.items()]
    monkeypatch.setattr(MNIST, "resources", sums)
    monkeypatch.setattr(MNIST, "mirrors", [server.address])
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.go_on.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def downloads(home) -> Path:
    return Home(home).downloads


def left_behind(downloads: Path) -> list[str]:
    return sorted(path.name for path in downloads.rglob("*") if path.is_file())


def test_mnist_keeps_its_own_split(catalogue, files):
    digits = catalogue.load("mnist")

    assert catalogue.available("mnist")
    assert digits.test.tolist() == [False] * 6 + [True] * 4
    assert digits.labels.tolist() == [0, 1, 2, 3, 4, 5, 0, 1, 2, 3]
    assert digits.images[:6].tobytes() == (files / "train-images-idx3-ubyte").read_bytes()[16:]


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: b"",
        lambda raw: raw[:3],
        lambda raw: raw[:9],
        lambda raw: raw[:-1],
        lambda raw: raw + b"\x00",
        lambda raw: b"\x00\x00\x0d" + raw[3:],
        lambda raw: b"\x00\x00\x08\x00",
        lambda raw: b"<html>404 Not Found</html>",
        lambda raw: raw[:4] + b"\xff" * 12 + raw[16:],
    ],
    ids=["empty", "no header", "no sizes", "short", "long", "floats", "no dimensions", "a web page", "huge sizes"],
)
def test_a_damaged_file_is_found_and_fetched_anew(files, mirror, downloads, damage):
    file = files / "t10k-images-idx3-ubyte"
    file.write_bytes(damage(file.read_bytes()))

    with pytest.raises(DatasetError, match="not downloaded yet: the Data page has a button"):
        mnist.read(downloads)
    mnist.download(downloads)
    assert mirror.asked == ["t10k-images-idx3-ubyte.gz"]
    assert len(mnist.read(downloads)) == 10


def test_half_a_download_is_no_download(catalogue, files):
    (files / "train-labels-idx1-ubyte").unlink()

    assert not catalogue.available("mnist")


def test_the_version_changes_when_a_set_arrives(catalogue, files):
    after = catalogue.version("mnist")
    (files / "train-labels-idx1-ubyte").unlink()

    assert catalogue.version("mnist") != after


def test_a_download_is_what_the_mirror_has(mirror, downloads):
    shares = []

    mnist.download(downloads, shares.append)

    digits = mnist.read(downloads)
    assert digits.labels.tolist() == [0, 1, 2, 3, 4, 5, 0, 1, 2, 3]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert left_behind(downloads) == sorted(contents())


def test_a_file_that_is_there_whole_is_not_fetched_again(mirror, files, downloads):
    (files / "train-labels-idx1-ubyte").write_bytes(b"half")

    mnist.download(downloads)

    assert mirror.asked == ["train-labels-idx1-ubyte.gz"]
    assert mnist.is_here(downloads)


@pytest.mark.parametrize(
    "damage",
    [
        lambda packed: packed[: len(packed) // 3],
        lambda packed: b"",
        lambda packed: b"<html>not here any more</html>",
        lambda packed: gzip.compress(b"another file"),
        lambda packed: gzip.compress(bytes(50_000_000)),
        lambda packed: gzip.compress(gzip.decompress(packed)[:-1] + b"!", mtime=0),
    ],
    ids=["cut off", "empty", "a web page", "another file", "a bomb", "one byte changed"],
)
def test_what_a_mirror_damaged_is_refused_and_nothing_of_it_stays(mirror, downloads, damage):
    name = "t10k-images-idx3-ubyte"
    mirror.files[f"{name}.gz"] = damage(mirror.files[f"{name}.gz"])

    with pytest.raises(DatasetError, match="MNIST could not be downloaded"):
        mnist.download(downloads)

    assert name not in left_behind(downloads)
    assert not mnist.is_here(downloads)


def test_where_one_mirror_fails_the_next_one_delivers(mirror, downloads, monkeypatch):
    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:9/", mirror.address])

    mnist.download(downloads)

    assert mnist.is_here(downloads)


def test_without_a_network_the_download_is_refused(downloads, monkeypatch):
    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:9/"])

    with pytest.raises(DatasetError, match="MNIST could not be downloaded"):
        mnist.download(downloads)
    assert left_behind(downloads) == []


def test_a_full_disk_is_said_and_leaves_nothing_half_written(mirror, small_disk):
    (small_disk / "MNIST" / "raw").mkdir(parents=True)
    (small_disk / "ballast").write_bytes(bytes(shutil.disk_usage(small_disk).free))

    with pytest.raises(DatasetError, match="could not be kept: No space left"):
        mnist.download(small_disk)
    assert left_behind(small_disk) == ["ballast"]


def test_two_apps_that_download_at_once_into_one_home_do_not_disturb_each_other(mirror, downloads):
    mirror.go_on.clear()
    apps = [mnist.Download(downloads), mnist.Download(downloads)]
    for app in apps:
        app.start()
    wait_for(lambda: len(mirror.asked) == 2, what="both to be in the middle of a file")
    mirror.go_on.set()
    for app in apps:
        app.wait(30)

    assert [app.error for app in apps] == [None, None]
    assert mnist.is_here(downloads)
    assert left_behind(downloads / "MNIST" / "raw") == sorted(contents())


def test_a_download_in_the_background_is_seen_and_cancelled(mirror, downloads):
    mirror.go_on.clear()
    download = mnist.Download(downloads)
    download.start()
    download.start()  # a second session asks too
    wait_for(lambda: mirror.asked, what="the first request")
    assert download.running

    download.cancel()
    mirror.go_on.set()
    download.wait(30)

    assert not download.running
    assert download.error is None
    assert len(mirror.asked) == 1
    assert not mnist.is_here(downloads)
    assert [name for name in left_behind(downloads) if name.startswith(".")] == []

    download.start()
    download.wait(30)
    assert mnist.is_here(downloads)
    assert download.share == 1


def test_a_download_that_fails_keeps_the_reason(downloads, monkeypatch):
    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:9/"])
    download = mnist.Download(downloads)

    download.start()
    download.wait(60)

    assert "Check the internet connection" in str(download.error)
