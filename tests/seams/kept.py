"""Datasets of one session that can be told apart: every pixel of one has the same value."""

from pathlib import Path

import numpy as np

from digits_core.data.imported import Imports
from digits_core.data.readers import Reading
from digits_core.database import Database
from digits_core.home import Home


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
