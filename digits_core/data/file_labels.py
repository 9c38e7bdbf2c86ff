"""Labels from file names: the digit that a picture shows, if the name of its file says so."""

from __future__ import annotations

import itertools
import re
from pathlib import PurePosixPath

_SAYS_SO = {"digit", "label", "class", "number", "ziffer", "zahl"}
"""The number after one of these words is the label, whatever else is in the name."""
_COUNTS = {
    "img",
    "image",
    "pic",
    "picture",
    "photo",
    "foto",
    "bild",
    "scan",
    "page",
    "file",
    "screenshot",
    "sample",
    "copy",
    "kopie",
    "version",
    "v",
    "no",
    "nr",
}
"""The number after one of these words numbers the file: it is not a label."""
_COPY = re.compile(r"\s*(\(\d+\)|- copy( \(\d+\))?)$", re.IGNORECASE)


def label_in(name: str) -> int | None:
    """Return the label in a file's name, as in `7.png`, `digit_7_03.jpg` or `anna-3.png`; `None` if it is not clear.

    A label is a number of one digit. Two different ones, as in `3-5.png`, are ambiguous.
    """
    stem = _COPY.sub("", PurePosixPath(name.replace("\\", "/")).stem)
    tokens = re.findall(r"[^\W\d_]+|\d+", stem.lower())
    named = {number for word, number in itertools.pairwise(tokens) if word in _SAYS_SO and _is_one(number)}
    alone = {
        number
        for place, number in enumerate(tokens)
        if _is_one(number) and not (place and tokens[place - 1] in _COUNTS)
    }
    candidates = named or alone
    return int(candidates.pop()) if len(candidates) == 1 else None


def _is_one(token: str) -> bool:
    return len(token) == 1 and token.isascii() and token.isdigit()
