"""Which lists a pickle or a .pt file holds: the lecture's tuples, pairs or dicts of them, or whole arrays."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np

from digits_core.data.readers.file_contents import Refusal, Unusable
from digits_core.data.readers.limits import Limits
from digits_core.data.readers.parts import Part, by_role, counted
from digits_core.data.readers.values import array_of, label_of

TUPLES = "(image, label) tuples"
ARRAYS = "images and labels as arrays"
_UNKNOWN = (
    "holds no digits in a form that is known here. Known are a list of (image, label) tuples, a pair or a dict of "
    "such lists named train and test, and images and labels as arrays."
)
_NAMES_OF_PARTS = {2: ("train", "test"), 3: ("train", "validation", "test")}


def parts_of(thing: Any, limits: Limits) -> tuple[str, list[Part]]:
    """What the file is made of, in words, and its lists; `Refusal` where it holds no digits."""
    found = _many(thing, limits) or [_one("", thing, limits)]
    parts = [part for part in found if part is not None]
    if not parts:
        raise Refusal(_UNKNOWN)
    arrays = all(isinstance(part.images, np.ndarray) for part in parts)
    return ARRAYS if arrays else TUPLES, parts


def _many(thing: Any, limits: Limits) -> list[Part | None]:
    """The lists of a dict or of a pair or triple; [] where the thing is not several lists."""
    if isinstance(thing, dict):
        return _from_dict(by_role(thing), limits) if len(thing) <= limits.entries else []
    if isinstance(thing, tuple | list) and len(thing) in _NAMES_OF_PARTS and not _is_arrays(thing, limits):
        parts = [_one(split, part, limits) for split, part in zip(_NAMES_OF_PARTS[len(thing)], thing, strict=True)]
        if all(part is not None or _is_empty(each) for part, each in zip(parts, thing, strict=True)):
            return parts
    return []


def _from_dict(named: dict[tuple[str, str], Any], limits: Limits) -> list[Part | None]:
    """The lists that a dict has by their names. Beside a good one, none that is named is passed over in silence."""
    roles = {split: {role for each, role in named if each == split} for split, _ in named}
    if not any({"images", "labels"} <= found for found in roles.values()):
        return _named_lists(named, limits)
    if lone := next((split for split, found in roles.items() if split and len(found - {""}) == 1), ""):
        raise Refusal(f"has {lone} images or labels without the other. Save both, or neither.")
    return [_from_roles(split, named, limits) for split, found in roles.items() if {"images", "labels"} <= found]


def _named_lists(named: dict[tuple[str, str], Any], limits: Limits) -> list[Part | None]:
    lists = {key: each for key, each in named.items() if key[1] != "labels"}
    parts = {key: _one(key[0], each, limits) for key, each in lists.items()}
    for (split, role), each in lists.items():
        if split and parts[split, role] is None and any(parts.values()) and isinstance(each, list | tuple) and each:
            parts[split, role] = _from_entries(split, each, limits)
    return list(parts.values())


def _one(split: str, thing: Any, limits: Limits) -> Part | None:
    """One list, from what a file has for it; None where that is none."""
    if isinstance(thing, dict) and len(thing) <= limits.entries:
        return _from_roles("", by_role(thing), limits, split)
    if _is_arrays(thing, limits):
        return _from_arrays(split, thing[0], thing[1], limits)
    if isinstance(thing, list | tuple) and any(_is_entry(entry, limits) for entry in islice(thing, 100)):
        return _from_entries(split, thing, limits)
    return None


def _from_roles(split: str, named: dict[tuple[str, str], Any], limits: Limits, called: str = "") -> Part | None:
    images, labels = named.get((split, "images")), named.get((split, "labels"))
    if images is None or labels is None or not _is_arrays((images, labels), limits, fewest=1):
        return None
    return _from_arrays(called or split, images, labels, limits)


def _from_arrays(split: str, images: Any, labels: Any, limits: Limits) -> Part:
    label_array, image_array = _array(labels, limits), _array(images, limits)
    return Part(
        split,
        [_image(image, limits) for image in images] if image_array is None else image_array,
        [label_of(label, limits) for label in labels] if label_array is None else label_array,
        counted(split),
    )


def _from_entries(split: str, entries: list[Any] | tuple[Any, ...], limits: Limits) -> Part:
    if len(entries) > limits.entries:
        raise Refusal(f"holds {len(entries):,} entries, more than the {limits.entries:,} that are read.")
    images: list[np.ndarray | Unusable] = []
    labels: list[int | Unusable | None] = []
    for entry in entries:
        pair = _pair(entry)
        if pair is None:
            images.append(Unusable("it is not a pair of an image and a label"))
            labels.append(None)
        else:
            images.append(_image(pair[0], limits))
            labels.append(label_of(pair[1], limits))
    return Part(split, images, labels, counted(split))


def _pair(entry: Any) -> tuple[Any, Any] | None:
    """Image and label of one entry."""
    if isinstance(entry, tuple | list) and len(entry) == 2:
        return entry[0], entry[1]
    if isinstance(entry, dict) and len(entry) <= 10:
        named = by_role(entry)
        if ("", "images") in named and ("", "labels") in named:
            return named["", "images"], named["", "labels"]
    return None


def _is_entry(thing: Any, limits: Limits) -> bool:
    pair = _pair(thing)
    if pair is None:
        return False
    image = _image(pair[0], limits)
    return not isinstance(image, Unusable) and image.ndim >= 1 and label_of(pair[1], limits) is not None


def _is_arrays(thing: Any, limits: Limits, fewest: int = 2) -> bool:
    """Whether this is (images, labels): two arrays, or lists of images and of labels.

    A lone image with its label looks alike: only names tell, with `fewest` = 1, that they are arrays.
    """
    if not isinstance(thing, tuple | list) or len(thing) != 2:
        return False
    images, labels = (_array(each, limits) for each in thing)
    if images is None:
        images = thing[0]
        if not isinstance(images, list) or not 1 <= len(images) <= limits.entries:
            return False
        first = _image(images[0], limits)
        if isinstance(first, Unusable) or first.ndim < 1:
            return False
    elif images.ndim < 2:
        return False
    if labels is not None:
        return labels.ndim in (1, 2) and labels.size >= fewest
    labels = thing[1]
    if not isinstance(labels, list) or not 1 <= len(labels) <= limits.entries:
        return False
    known = [label_of(label, limits) is not None for label in labels[:100]]
    return 2 * sum(known) > len(known)  # more than half: in a list [image, label] it is half


def _is_empty(thing: Any) -> bool:
    return isinstance(thing, list | tuple | dict) and not thing


def _array(thing: Any, limits: Limits) -> np.ndarray | None:
    """A tensor or array; None for anything else, such as a list, however much it looks like one."""
    if isinstance(thing, list):
        return None
    try:
        return array_of(thing, limits)
    except Unusable as reason:
        raise Refusal(f"holds an array that cannot be used: {reason}.") from None


def _image(thing: Any, limits: Limits) -> np.ndarray | Unusable:
    try:
        image = array_of(thing, limits)
    except Unusable as reason:
        return reason
    return image if image is not None else Unusable("it has no image in the place of one")
