"""The lists that a file has, and by which names files call them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from digits_core.data.readers.file_contents import Unusable

Images = np.ndarray | list[np.ndarray | Unusable]
Labels = np.ndarray | list[int | Unusable | None]

_SPLITS = {
    "train": "train",
    "training": "train",
    "test": "test",
    "testing": "test",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "t10k": "test",
}
_IMAGES = {"images", "image", "x", "data", "pixels", "digits", "tensors", "features"}
_LABELS = {"labels", "label", "y", "target", "targets", "classes"}
_SEPARATORS = re.compile(r"[^a-z0-9]+")


@dataclass
class Part:
    """One list of a file. split: "train", "test", "validation", or "" where the file has but one list.

    images: an array (N, …) or, where each is a thing of its own, a list with the reason in place of what is none;
    labels: as many. `place` names the entry at an index as a person finds it.
    """

    split: str
    images: Images
    labels: Labels
    place: Callable[[int], str]


def counted(split: str) -> Callable[[int], str]:
    """Names entries by their place in their list, from 0: "train entry 17"."""
    word = f"{split} entry" if split else "entry"
    return lambda index: f"{word} {index}"


def split_named(name: str) -> str:
    """The split that a word stands for, "" for none."""
    return _SPLITS.get(name.lower(), "")


def by_role(things: Mapping[Any, Any]) -> dict[tuple[str, str], Any]:
    """Things by (split, role), as their names say: "x_train" is ("train", "images"), "test" is ("test", "").

    Names that say neither are left out.
    """
    found: dict[tuple[str, str], Any] = {}
    for name, thing in things.items():
        if isinstance(name, bytes):
            name = name.decode("latin1")
        if not isinstance(name, str) or len(name) > 40:
            continue
        words = [word for word in _SEPARATORS.split(name.lower()) if word]
        split = next((_SPLITS[word] for word in words if word in _SPLITS), "")
        images, labels = bool(_IMAGES & {*words}), bool(_LABELS & {*words})
        role = "labels" if labels else "images" if images else ""
        if split or role:
            found.setdefault((split, role), thing)
    return found
