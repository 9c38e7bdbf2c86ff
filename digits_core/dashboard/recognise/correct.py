"""The controls that correct what was read on a picture: a digit changed, split, joined, dropped or added, and undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from digits_core.dashboard.handwriting.shared import DIGITS, LABEL_HELP
from digits_core.dashboard.recognise.photos import Photo
from digits_core.dashboard.recognise.recognition_result import article

if TYPE_CHECKING:
    from digits_core.recognition.segment import Box


def _editing_key(photo: Photo) -> str:
    """Return the key that says whether the boxes of a picture are on a canvas."""
    return f"edit_boxes_{photo.work.number}"


def chosen_key(photo: Photo) -> str:
    """Where in the session the place of the digit stands that is looked at closely, in reading order."""
    return f"photo_chosen_{photo.work.number}"


def chosen_place(photo: Photo, count: int) -> int:
    """The place of the digit that is looked at closely, of `count`."""
    return max(0, min(st.session_state.get(chosen_key(photo), 0), count - 1))


def is_editing(photo: Photo) -> bool:
    """Return True while the boxes of a picture are edited in it."""
    return bool(st.session_state.get(_editing_key(photo)))


def show_corrections(photo: Photo, boxes: list[Box], place: int) -> None:
    """The label of the chosen digit, and the buttons; `boxes` are in reading order, `place` is the chosen one's."""
    if boxes:
        _relabel(photo, boxes[place], place if len(boxes) > 1 else None)
    with st.container(horizontal=True, vertical_alignment="center"):
        if boxes:
            _change_box(photo, boxes, place)
        st.button(
            "Undo correction",
            icon=":material/undo:",
            key=f"undo_correction_{photo.work.number}",
            on_click=photo.work.undo,
            disabled=not photo.work.past,
            shortcut=None if is_editing(photo) else "Z",
            help="Takes the last correction of this picture back, also one that was made on the picture itself.",
        )
        st.button(
            "Read again",
            icon=":material/restart_alt:",
            key=f"find_again_{photo.work.number}",
            disabled=not photo.work.past,
            on_click=photo.find_again,
            help="Drops all corrections of this picture and reads it as if it were new.",
        )
        st.toggle(
            "Edit boxes",
            key=_editing_key(photo),
            persist_state="session",
            help="Draw a box around a digit that was missed: it is read at once. Drag a box to move it, its corners to "
            "resize it. The keys then act on the box that is chosen in the picture.",
        )


def _change_chosen(photo: Photo, change: Callable[[Box], None]) -> None:
    """Change the digit that is chosen by now: a key may follow a click on another one before that is drawn."""
    if boxes := [box for box, _ in photo.found()]:
        change(boxes[chosen_place(photo, len(boxes))])


def _relabel(photo: Photo, box: Box, place: int | None) -> None:
    """Which digit it is: as read, until a person says another; the keys 0 to 9 say it, too."""
    label, number = photo.label(box), photo.work.number
    # A key for each box and after each change: what the browser still says of another one is not taken for this one.
    key = f"photo_{number}_{photo.work.table}_{box.left}_{box.top}_{box.width}_{box.height}_label"

    def take() -> None:
        if st.session_state[key] not in (None, label):
            photo.relabel(box, st.session_state[key])

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            "It is a" if place is None else f"Digit {place + 1} is a",
            DIGITS,
            default=label,
            key=key,
            required=True,
            wrap=True,
            on_change=take,
            help=f"{LABEL_HELP} The keys 0 to 9 choose it, too.",
        )
        if label is not None and photo.doubted(box):
            st.button(
                f"Yes, {article(label)} {label}",
                icon=":material/check:",
                key=f"confirm_{number}",
                on_click=photo.relabel,
                args=(box, label),
                help="It is unlike what the network learnt, and still a digit: it is saved with the others.",
            )
    if is_editing(photo):
        return  # the picture takes the keys
    # Only buttons listen to keys: these are there to listen, not to be seen.
    with st.container(key="label_keys"):
        for digit in DIGITS:
            st.button(
                f"Label {digit}",
                shortcut=str(digit),
                key=f"label_key_{digit}",
                on_click=_change_chosen,
                args=(photo, lambda chosen, digit=digit: photo.relabel(chosen, digit)),
            )


def _change_box(photo: Photo, boxes: list[Box], place: int) -> None:
    number, box = photo.work.number, boxes[place]
    st.button(
        "Split",
        icon=":material/vertical_split:",
        key=f"split_{number}",
        on_click=photo.split,
        args=(box,),
        help="Makes two digits of the chosen one, cut where the cut meets least ink. Both are read.",
    )
    following = boxes[place + 1] if place + 1 < len(boxes) else None
    st.button(
        "Join with next",
        icon=":material/join:",
        key=f"join_{number}",
        on_click=photo.join,
        args=(box, following),
        disabled=following is None,
        help="Makes one digit of the chosen one and of that which follows it. It is read as one.",
    )
    st.button(
        "Drop digit",
        icon=":material/delete:",
        key=f"drop_{number}",
        on_click=_change_chosen,
        args=(photo, photo.drop),
        shortcut=None if is_editing(photo) else "Delete",
        help="Leaves the chosen one out: it is not a digit.",
    )
