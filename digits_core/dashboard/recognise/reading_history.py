"""The readings of this browser session, newest first: thumbnails to click, to see again and to save.

They are kept only in the session state: private to the user, and gone when the session ends. A drawing is added when
its paper is cleared rather than at each stroke, so that strokes do not wait for it.
"""

from __future__ import annotations

import numpy as np
import streamlit as st

from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.hiding import is_hidden
from digits_core.dashboard.loaders import load_recogniser, load_threshold
from digits_core.dashboard.packed import READINGS, READINGS_BYTES, forget_oldest
from digits_core.dashboard.recognise import why
from digits_core.dashboard.recognise.answer_display import say_verdict, show_digits, show_one
from digits_core.dashboard.recognise.recognition_result import THUMBNAIL, UNLIKE, Reading, in_words, read, thumbnail
from digits_core.dashboard.recognise.save_reading import offer_to_save
from digits_core.dashboard.tiles import Tile, show_tiles
from digits_core.runs.store import Run

_CURRENT, _HISTORY, _CHOSEN = "recognise_current", "recognise_history", "recognise_chosen"


def current(paper: str) -> Reading | None:
    """Return the last reading of the drawing that is on a paper."""
    return _current().get(paper)


def note(paper: str, reading: Reading | None) -> None:
    """Store the current reading of a paper; `None` while it is empty."""
    others = {name: each for name, each in _current().items() if name != paper}
    st.session_state[_CURRENT] = others | ({paper: reading} if reading else {})


def keep_current(paper: str) -> None:
    """Move the current reading of a paper into the history, before the paper is cleared."""
    if reading := current(paper):
        note(paper, None)
        keep(reading)


def keep(reading: Reading) -> None:
    """Add a packed reading to the history; drop the oldest ones beyond the limits."""
    kept = dict(enumerate([*reversed(_kept()), reading.packed()]))
    forget_oldest(kept, READINGS, READINGS_BYTES)
    st.session_state[_HISTORY] = [*reversed(kept.values())]
    st.session_state.pop(_CHOSEN, None)


def readings() -> list[Reading]:
    """Return all readings of this session, newest first, including those on each paper."""
    return [*reversed(_current().values()), *_kept()]


def _current() -> dict[str, Reading]:
    """Return the current readings by paper, the most recently drawn last."""
    return st.session_state.get(_CURRENT, {})


def _kept() -> list[Reading]:
    return st.session_state.get(_HISTORY, [])


def show(run: Run) -> None:
    """Draw the view: all readings, and the chosen one large."""
    everything = readings()
    if not everything:
        st.info(
            "Nothing was read in this session yet. **Draw** a digit or **Upload** a picture: what you had read stays "
            "here until you close or reload the tab, for you alone."
        )
        return
    _browse(everything, run)


@st.fragment
def _browse(everything: list[Reading], run: Run) -> None:
    chosen = min(st.session_state.get(_CHOSEN, 0), len(everything) - 1)
    st.caption(f"{len(everything)} read in this session, newest first. Only this browser tab has them.")
    tiles = [
        Tile(each.answers[0].digit, place, each.run, _name(each), each.marked_text)
        for place, each in enumerate(everything)
    ]
    pictures = np.stack([thumbnail(each.ink.picture) for each in everything])
    show_tiles(
        pictures,
        tiles,
        "recognise_history_tiles",
        words="What was read in this session",
        size=THUMBNAIL,
        chosen=[chosen],
        on_choose=_choose,
    )
    with st.container(key="inspector"):
        _show_again(everything[chosen], run, chosen)


def _name(reading: Reading) -> str:
    return f"Read as {reading.text} by {reading.run}" + f", but {UNLIKE}" * bool(reading.refused)


def _choose(place: int) -> None:
    st.session_state[_CHOSEN] = place


def _show_again(reading: Reading, run: Run, place: int) -> None:
    threshold = load_threshold(run.id)
    now = read(reading.ink, load_recogniser(run.id), run.title, threshold.refusal)
    st.subheader(f"Then {reading.text}, now {now.text}" if now.text != reading.text else f"Read as {now.text}")
    st.caption(
        f"Then by {as_plain_text(reading.run)}, now by {as_plain_text(run.title)}. Choose another run above: it reads "
        "the same ink."
    )
    say_verdict(threshold, now.answers, sorted(now.refused), run.id, "again")
    if len(now.answers) == 1:
        st.markdown(f"**{now.text}** · {in_words(now.answers[0])}")
        show_one(now.answers[0], "again")
    else:
        show_digits(now, "again")
    key = f"again_{place}_{len(_kept())}"
    if not is_hidden("save"):
        offer_to_save(now, key)
    why.show(run, lambda: now, key)
