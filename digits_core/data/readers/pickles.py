"""Which lists a pickle or a .pt file holds: the lecture's tuples, pairs or dicts of them, or whole arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from digits_core.data.readers.file_contents import Contents, Part, Refusal, Unusable, by_role, counted
from digits_core.data.readers.limits import Limits
from digits_core.data.readers.values import array_of, label_of

_UNKNOWN = (
    "holds no digits in a form that is known here. Known are a list of (image, label) tuples, a pair or a dict of "
    "such lists named train and test, and images and labels as arrays."
)
_NAMES_OF_PARTS = {2: ("train", "test"), 3: ("train", "validation", "test")}
_LOOKED_AT = 100
"""Number of entries checked to tell whether a list holds images, labels, or both."""

Things = list[Any] | tuple[Any, ...]


def contents_of(kind: str, thing: Any, limits: Limits) -> Contents:
    """Return what the object in a file of this kind holds; raise `Refusal` if it holds no digits."""
    parts = parts_of(thing, limits)
    arrays = all(isinstance(part.images, np.ndarray) for part in parts)
    return Contents(f"{kind} of {'images and labels as arrays' if arrays else '(image, label) tuples'}", parts)


def parts_of(thing: Any, limits: Limits) -> list[Part]:
    """Return the lists of images with labels that an object is or holds; raise `Refusal` if there are none."""
    parts = [part for part in _lists(thing, limits) if part is not None]
    if not parts:
        raise Refusal(_UNKNOWN)
    return parts


def _lists(thing: Any, limits: Limits) -> list[Part | None]:
    """Return the lists in a dict, in a pair or triple, or of an object that is one list."""
    if isinstance(thing, dict):
        return _from_dict(by_role(thing), limits) if len(thing) <= limits.entries else []
    if not isinstance(thing, tuple | list):
        return []
    if part := _from_arrays("", thing, limits):
        return [part]
    if names := _NAMES_OF_PARTS.get(len(thing)):
        parts = [_one(split, each, limits) for split, each in zip(names, thing, strict=True)]
        lacking = [each for part, each in zip(parts, thing, strict=True) if part is None]
        if all(isinstance(each, list | tuple | dict) and not each for each in lacking):
            return parts
    return [_from_entries("", thing, limits)]


def _from_dict(named: dict[tuple[str, str], Any], limits: Limits) -> list[Part | None]:
    """Return the lists that a dict holds by their names.

    If one of them is valid, no other named list is silently ignored.
    """
    roles = {split: {role for each, role in named if each == split} for split, _ in named}
    if not any({"images", "labels"} <= found for found in roles.values()):
        return _named_lists(named, limits)
    if lone := next((split for split, found in roles.items() if split and len(found - {""}) == 1), ""):
        raise Refusal(f"has {lone} images or labels without the other. Save both, or neither.")
    return [_from_roles(split, named, limits) for split, found in roles.items() if {"images", "labels"} <= found]


def _named_lists(named: dict[tuple[str, str], Any], limits: Limits) -> list[Part | None]:
    lists = {key: each for key, each in named.items() if key[1] != "labels"}
    parts = {key: _one(key[0], each, limits) for key, each in lists.items()}
    if any(parts.values()):
        for (split, role), each in lists.items():
            if split and parts[split, role] is None and isinstance(each, list | tuple) and each:
                parts[split, role] = _from_entries(split, each, limits, surely=True)
    return list(parts.values())


def _one(split: str, thing: Any, limits: Limits) -> Part | None:
    """Read one list from the object that a file has for it; return None if it is not one."""
    if isinstance(thing, dict) and len(thing) <= limits.entries:
        return _from_roles("", by_role(thing), limits, split)
    if isinstance(thing, tuple | list):
        return _from_arrays(split, thing, limits) or _from_entries(split, thing, limits)
    return None


def _from_roles(split: str, named: dict[tuple[str, str], Any], limits: Limits, called: str = "") -> Part | None:
    images, labels = named.get((split, "images")), named.get((split, "labels"))
    if images is None or labels is None:
        return None
    return _from_arrays(called or split, (images, labels), limits, fewest=1)


def _from_arrays(split: str, both: Things, limits: Limits, fewest: int = 2) -> Part | None:
    """Read one list from images and labels, each an array or a list; return None if they are not.

    A single image with its label looks the same: only names tell, with `fewest` = 1, that they are arrays.
    """
    if len(both) != 2:
        return None
    images, labels = both
    image_array, label_array = _array(images, limits), _array(labels, limits)
    if image_array is None:
        if not _is_listed(images, limits) or not _shows_something(_image(images[0], limits)):
            return None
    elif image_array.ndim < 2:
        return None
    if label_array is None:
        if not _is_listed(labels, limits):
            return None
        known = [label_of(label, limits) is not None for label in labels[:_LOOKED_AT]]
        if 2 * sum(known) <= len(known):  # at most half of them, as in a list [image, label]
            return None
    elif label_array.ndim not in (1, 2) or label_array.size < fewest:
        return None
    return Part(
        split,
        [_image(image, limits) for image in images] if image_array is None else image_array,
        [label_of(label, limits) for label in labels] if label_array is None else label_array,
        counted(split),
    )


def _from_entries(split: str, entries: Things, limits: Limits, surely: bool = False) -> Part | None:
    """Read one list from its entries.

    Return None if none of the first entries is an image with its label, unless the list is `surely` one.
    """
    read = [_entry(entry, limits) for entry in entries[:_LOOKED_AT]]
    if not surely and not any(_shows_something(image) and label is not None for image, label in read):
        return None
    if len(entries) > limits.entries:
        raise Refusal(f"holds {len(entries):,} entries, more than the {limits.entries:,} that are read.")
    read += [_entry(entry, limits) for entry in entries[_LOOKED_AT:]]
    return Part(split, [image for image, _ in read], [label for _, label in read], counted(split))


def _entry(thing: Any, limits: Limits) -> tuple[np.ndarray | Unusable, int | None]:
    """Return the image and the label of one entry."""
    if isinstance(thing, tuple | list) and len(thing) == 2:
        return _image(thing[0], limits), label_of(thing[1], limits)
    named = by_role(thing) if isinstance(thing, dict) and len(thing) <= 10 else {}
    if ("", "images") in named and ("", "labels") in named:
        return _image(named["", "images"], limits), label_of(named["", "labels"], limits)
    return Unusable("it is not a pair of an image and a label"), None


def _is_listed(things: Any, limits: Limits) -> bool:
    return isinstance(things, list) and 1 <= len(things) <= limits.entries


def _shows_something(image: np.ndarray | Unusable) -> bool:
    return isinstance(image, np.ndarray) and image.ndim >= 1


def _array(thing: Any, limits: Limits) -> np.ndarray | None:
    """Return a tensor or array as an array; return None for anything else, including a list that looks like one."""
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
