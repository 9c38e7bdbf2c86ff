"""The disk is full while something is kept, elsewhere than in a training: it is said, and all or nothing is there.

Each kind of write is done on a file system that is really full, then again with room.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from digits_core.config import TransformConfig
from digits_core.dashboard.data.kept_statistics import Workshop
from digits_core.data.handwriting_archive import pack, unpack
from digits_core.data.handwriting_store import Handwriting, NewSample
from digits_core.data.imported import Imports
from digits_core.database import Database
from digits_core.errors import ExportError, StoreError
from digits_core.home import Home
from digits_core.runs.export.files import write
from digits_core.saved_configs import SavedConfigs, saved_transforms
from tests.seams.kept import marked
from tests.unit.helpers import fill

DRAWING = b"\x89PNG\r\n\x1a\n" + bytes(300_000)
"""Larger than what the database's log may still have room for."""


@dataclass
class Place:
    """A home on a small disk, with what is kept there."""

    folder: Path
    database: Database

    @property
    def imports(self) -> Imports:
        return Imports(Home(self.folder), self.database)

    @property
    def handwriting(self) -> Handwriting:
        return Handwriting(self.database)

    @property
    def transforms(self) -> SavedConfigs[TransformConfig]:
        return saved_transforms(self.database)


def samples(*labels: int) -> list[NewSample]:
    return [NewSample(np.full((28, 28), label, np.uint8), label, "Ada", "canvas", DRAWING) for label in labels]


def archive(*labels: int) -> list[NewSample]:
    """What comes back from an export of another home."""
    return unpack(pack([NewSample(*vars(each).values()) for each in _dated(samples(*labels))]))


def _dated(new: list[NewSample]) -> list[NewSample]:
    return [NewSample(each.image, each.label, each.writer, each.source, each.drawing, False, 1.0) for each in new]


EXPORTED = {"weights.safetensors": os.urandom(500_000), "script.py": b"print()"}

KINDS: dict[str, tuple[Callable[[Place], object], Callable[[Place], object], type[Exception]]] = {
    "an imported dataset": (
        lambda place: place.imports.keep(marked(1, count=20_000), "Mine", "digits.pkl"),
        lambda place: ([each.name for each in place.imports.all()], names(place.folder / "datasets")),
        StoreError,
    ),
    "handwriting": (
        lambda place: place.handwriting.add_all(samples(1, 2, 3)),
        lambda place: [each.label for each in place.handwriting.samples()],
        StoreError,
    ),
    "an archive of handwriting": (
        lambda place: place.handwriting.add_missing(archive(4, 5)),
        lambda place: [each.label for each in place.handwriting.samples()],
        StoreError,
    ),
    "many saved transforms": (
        lambda place: save_transforms(place.transforms),
        lambda place: len(place.transforms.all()),
        StoreError,
    ),
    "an export": (
        lambda place: write(EXPORTED, place.folder / "export"),
        lambda place: names(place.folder / "export"),
        ExportError,
    ),
    "an export over an earlier one": (
        lambda place: write(EXPORTED, place.folder / "earlier", replace=True),
        lambda place: {path.name: len(path.read_bytes()) for path in (place.folder / "earlier").iterdir()},
        ExportError,
    ),
}


def save_transforms(transforms: SavedConfigs[TransformConfig]) -> None:
    """Save one after the other, until the log of the database has to grow."""
    for number in range(2000):
        transforms.save(f"number {number}", TransformConfig())


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*"))


@pytest.fixture
def place(small_disk):
    """A home in which a digit, a dataset and an export are kept already."""
    database = Database(Home(small_disk / "home").create().database)
    kept = Place(small_disk / "home", database)
    kept.imports.keep(marked(9), "Earlier", "earlier.pkl")
    kept.handwriting.add_all(samples(9))
    write({"script.py": b"old"}, kept.folder / "earlier")
    yield kept
    database.close()


@pytest.mark.parametrize("kind", KINDS)
def test_what_does_not_fit_is_refused_whole_and_kept_once_there_is_room(place, small_disk, kind):
    keep, what_is_there, error = KINDS[kind]
    before = what_is_there(place)
    fill(small_disk / "filler")

    with pytest.raises(error, match=r"full|No space left"):
        keep(place)
    if kind != "many saved transforms":
        assert what_is_there(place) == before
    saved = len(place.transforms.all())
    (small_disk / "filler").unlink()
    if kind == "many saved transforms":
        place.transforms.save("with room", TransformConfig())
        assert len(place.transforms.all()) == saved + 1
    else:
        keep(place)
        assert what_is_there(place) != before
    assert place.imports.load("earlier").images.max() == 9
    assert 9 in [each.label for each in place.handwriting.samples()]


def test_what_cannot_be_kept_of_an_analysis_is_computed_again(place, small_disk):
    arrays = {"points": np.ones((2000, 2))}
    fill(small_disk / "filler")
    Workshop(place.folder / "analyses")._keep("key", arrays)
    assert Workshop(place.folder / "analyses")._read("key") is None
    assert names(place.folder / "analyses") == []

    (small_disk / "filler").unlink()
    Workshop(place.folder / "analyses")._keep("key", arrays)
    np.testing.assert_array_equal(Workshop(place.folder / "analyses")._read("key")["points"], arrays["points"])


def test_a_dataset_whose_row_does_not_fit_leaves_no_file_behind(place, small_disk, monkeypatch):
    """The pixels are in place when the disk fills up: the log of the database cannot grow."""
    place.database._anchor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    rename = Path.replace

    def renamed_at_the_last_moment(self, target):
        rename(self, target)
        fill(small_disk / "filler")

    monkeypatch.setattr(Path, "replace", renamed_at_the_last_moment)
    with pytest.raises(StoreError, match="full"):
        place.imports.keep(marked(1), "Mine", "digits.pkl")

    assert names(place.folder / "datasets") == ["earlier.npz"]
    assert [each.name for each in place.imports.all()] == ["earlier"]
