"""Save the digits of uploaded pictures to Handwriting, all at once and without duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import TYPE_CHECKING

import streamlit as st

from digits_core.dashboard.handwriting.shared import current_writer, done
from digits_core.dashboard.recognise.photos import Photo
from digits_core.dashboard.recognise.tray import Glance, Mark
from digits_core.dashboard.state import state
from digits_core.data.handwriting_store import Change, counted_digits

if TYPE_CHECKING:
    from digits_core.data.handwriting_store import NewSample
    from digits_core.recognition.segment import Box

SAVE_HELP = (
    "Keeps the digits on the Handwriting page, each with its label as read or as you corrected it. One wrong label "
    "teaches a mistake: look at those that are marked first. One click undoes all of it. What is saved is not saved "
    "twice; if you correct its label and save again, the saved digit gets the new label."
)
_SAVED = "recognise_saved"

Saved = dict[tuple[int, "Box"], tuple[int, int]]
"""By number of the picture and box: the id of the saved sample, and its label."""


def to_save(glance: Glance, doubtful: bool) -> list[Mark]:
    """Return the digits of a picture that are not saved yet, or not with this label."""
    saved = _saved()
    return [
        each
        for each in glance.marks
        if (doubtful or not each.doubtful) and saved.get((glance.number, each.box), (0, None))[1] != each.label
    ]


def is_saved(glance: Glance) -> bool:
    """Return True if at least one digit of a picture is saved, and all that are not doubtful are."""
    return any((glance.number, each.box) in _saved() for each in glance.marks) and not to_save(glance, False)


def save(pictures: Sequence[tuple[Photo, Glance]], doubtful: bool) -> None:
    """Save the digits that `to_save` returns for these pictures; relabel those already saved with another label."""
    before, writer, store = _saved(), current_writer(), state().handwriting
    new: list[tuple[tuple[int, Box], int]] = []
    samples: list[NewSample] = []
    relabelled: dict[int, list[tuple[int, Box]]] = {}
    for photo, glance in pictures:
        ready = photo.samples(writer)
        for each in to_save(glance, doubtful):
            place = (glance.number, each.box)
            if place in before:
                relabelled.setdefault(each.label, []).append(place)
            elif each.box in ready:
                new.append((place, each.label))
                samples.append(ready[each.box])
    changes = [store.add_all(samples)] if samples else []
    now = before | dict(zip((place for place, _ in new), _ids_and_labels(changes, new), strict=True))
    for label, places in relabelled.items():
        changes.append(store.relabel([before[place][0] for place in places], label))
        now |= {place: (before[place][0], label) for place in places}
    if changes:
        done(_together(changes, len(samples)), **{_SAVED: before})
        st.session_state[_SAVED] = now


def _ids_and_labels(added: Sequence[Change], new: Sequence[tuple[tuple[int, Box], int]]) -> list[tuple[int, int]]:
    ids = added[0].samples if added else []
    return [(sample, label) for sample, (_, label) in zip(ids, new, strict=True)]


def _together(changes: Sequence[Change], added: int) -> Change:
    """Combine several changes into one that is undone in one step."""
    relabelled = sum(len(each.samples) for each in changes) - added
    words = [f"Saved {counted_digits(added)}"] * bool(added)
    words += [f"{'relabelled' if added else 'Relabelled'} {counted_digits(relabelled)}"] * bool(relabelled)
    before, after = (
        tuple(row for each in changes for row in rows(each)) for rows in (attrgetter("before"), attrgetter("after"))
    )
    return Change(", ".join(words), before, after)


def _saved() -> Saved:
    return st.session_state.get(_SAVED, {})
