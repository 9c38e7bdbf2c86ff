"""Controls that correct the reading of a picture: relabel, split, join, drop or add a digit, and undo."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from digits_core.dashboard.handwriting.shared import DIGITS, LABEL_HELP
from digits_core.dashboard.key_log import Actions, catch_up, listen
from digits_core.dashboard.recognise.photos import Photo
from digits_core.dashboard.recognise.recognition_result import article

if TYPE_CHECKING:
    from digits_core.recognition.segment import Box


def _editing_key(photo: Photo) -> str:
    """Return the session key that tells if the boxes of a picture are being edited."""
    return f"edit_boxes_{photo.work.number}"


def chosen_key(photo: Photo) -> str:
    """Return the session key for the position of the chosen digit in reading order."""
    return f"photo_chosen_{photo.work.number}"


def chosen_place(photo: Photo, count: int) -> int:
    """Return the position of the chosen digit among `count`."""
    return max(0, min(st.session_state.get(chosen_key(photo), 0), count - 1))


def is_editing(photo: Photo) -> bool:
    """Return True while the boxes of a picture are edited in it."""
    return bool(st.session_state.get(_editing_key(photo)))


def show_corrections(photo: Photo, boxes: list[Box], place: int) -> None:
    """Draw the label of the chosen digit and the buttons; `place` is its position in `boxes`, in reading order."""
    if boxes:
        _relabel(photo, boxes[place], place if len(boxes) > 1 else None)
    with st.container(horizontal=True, vertical_alignment="center"):
        if boxes:
            _change_box(photo, is_last=place + 1 == len(boxes))
        st.button(
            "Undo correction",
            icon=":material/undo:",
            key=f"undo_correction_{photo.work.number}",
            on_click=_after_the_keys,
            args=(photo, photo.work.undo),
            disabled=not photo.work.past,
            help="Takes the last correction of this picture back (Z), also one that was made on the picture itself.",
        )
        st.button(
            "Read again",
            icon=":material/restart_alt:",
            key=f"find_again_{photo.work.number}",
            disabled=not photo.work.past,
            on_click=_after_the_keys,
            args=(photo, photo.find_again),
            help="Drops all corrections of this picture and reads it as if it were new.",
        )
        st.toggle(
            "Edit boxes",
            key=_editing_key(photo),
            persist_state="session",
            help="Draw a box around a digit that was missed: it is read at once. Drag a box to move it, its corners to "
            "resize it. The keys then act on the box that is chosen in the picture.",
        )
    if not is_editing(photo):  # while boxes are edited, the picture takes the keys
        listen(_keys_of(photo), _keys(photo))


def _keys(photo: Photo) -> Actions:
    """Return the action of each key: 0 to 9 relabel the chosen digit, Delete drops it, Z undoes a correction."""

    def relabel(digit: int) -> None:
        _change_chosen(photo, lambda box: photo.relabel(box, digit))

    labels = {str(digit): partial(relabel, digit) for digit in DIGITS}
    return labels | {"Z": photo.work.undo, "Delete": partial(_change_chosen, photo, photo.drop)}


def _keys_of(photo: Photo) -> str:
    return f"correction_keys_{photo.work.number}"


def _after_the_keys(photo: Photo, act: Callable[[], object]) -> None:
    """Run the action of a button after those of all keys pressed before it."""
    catch_up(_keys_of(photo), _keys(photo))
    act()


def _change_chosen(photo: Photo, change: Callable[[Box], None]) -> None:
    """Change the currently chosen digit: a key or a click may follow another before the page is redrawn."""
    if boxes := [box for box, _ in photo.found()]:
        change(boxes[chosen_place(photo, len(boxes))])


def _relabel(photo: Photo, box: Box, place: int | None) -> None:
    """Draw the control for the label: as read, until the user chooses another, also by the keys 0 to 9."""
    label, number = photo.label(box), photo.work.number
    # A new key for each box and after each change, so that a late message about another box is not applied to this one.
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


def _join_chosen(photo: Photo) -> None:
    """Join the currently chosen digit with the next one, if there is one."""
    boxes = [box for box, _ in photo.found()]
    if (place := chosen_place(photo, len(boxes))) + 1 < len(boxes):
        photo.join(boxes[place], boxes[place + 1])


def _change_box(photo: Photo, is_last: bool) -> None:
    st.button(
        "Split",
        icon=":material/vertical_split:",
        key=f"split_{photo.work.number}",
        on_click=_after_the_keys,
        args=(photo, partial(_change_chosen, photo, photo.split)),
        help="Makes two digits of the chosen one, cut where the cut meets least ink. Both are read.",
    )
    st.button(
        "Join with next",
        icon=":material/join:",
        key=f"join_{photo.work.number}",
        on_click=_after_the_keys,
        args=(photo, partial(_join_chosen, photo)),
        disabled=is_last,
        help="Makes one digit of the chosen one and of that which follows it. It is read as one.",
    )
    st.button(
        "Drop digit",
        icon=":material/delete:",
        key=f"drop_{photo.work.number}",
        on_click=_after_the_keys,
        args=(photo, partial(_change_chosen, photo, photo.drop)),
        help="Leaves the chosen one out (Delete): it is not a digit.",
    )
