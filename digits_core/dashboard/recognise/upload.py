"""Upload or photograph handwriting: pictures in a grid with their readings, and the chosen one in the inspector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.handwriting.pictures_view import PICTURE_TYPES
from digits_core.dashboard.handwriting.shared import choose_writer, undo_button
from digits_core.dashboard.recognise import tray
from digits_core.dashboard.recognise.grid import DOUBTFUL, show_grid, show_head
from digits_core.dashboard.recognise.photos import READ_AS, WAYS, Photo, other_ways
from digits_core.dashboard.recognise.save_all import save, to_save
from digits_core.dashboard.recognise.upload_inspector import show_photo
from digits_core.dashboard.recognise.uploads import Upload, Uploads
from digits_core.dashboard.refused import show_refusal
from digits_core.data.picture import MAX_BYTES
from digits_core.errors import DigitsError
from digits_core.runs.store import Run

if TYPE_CHECKING:
    from digits_core.recognition.digit_detection import Way

GRID_WIDTH = 244
_UPLOADERS = {"Files": "recognise_files", "Camera": "recognise_camera"}
_CHOSEN = "recognise_picture"


def show(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        source = st.segmented_control(
            "Pictures from",
            list(_UPLOADERS),
            default="Files",
            required=True,
            key="recognise_from",
            persist_state="session",
            help="Photos of paper, scans, screenshots: shadow, printed lines, any ink, dark mode and turned phones are "
            "seen to. The browser asks before it uses a camera.",
        )
        way: Way = st.segmented_control(
            "Each shows",
            list(WAYS),
            format_func=WAYS.__getitem__,
            default="auto",
            required=True,
            key="recognise_way",
            persist_state="session",
            on_change=tray.forget_ways,
            help="**Automatic** looks for digits on a sheet, unless one fills the picture. **One digit** takes all ink "
            "together, also where strokes do not touch. **Several digits** straightens the paper and leaves out its "
            "printed lines. You can also choose it for one picture alone.",
        )
        with st.container(width=200):
            choose_writer()
    uploads = _uploads(source)
    if uploads.forgotten or uploads.dropped:
        _offer_to_remove(source, uploads)
    if uploads.pictures:
        _browse(source, run, way)
    else:
        undo_button()


@st.fragment
def _browse(source: str, run: Run, way: Way) -> None:
    """Draw the grid and the inspector; rerun at once while pictures are left to read."""
    uploads: Uploads = st.session_state[_tray(source)]
    newest_first = uploads.newest_first
    left = tray.read_some(newest_first, run, way)
    chosen = next((each for each in newest_first if each.file == st.session_state.get(_CHOSEN)), newest_first[0])
    looked_at = tray.look_at(chosen, run, way)  # first, because the grid shows the corrections
    pictures = [(each, tray.glance_of(each, way)) for each in newest_first]
    show_head(pictures, lambda: _save_all(newest_first, run, way))
    row = st.container(horizontal=True, gap="medium", key="recognise_browse")
    if len(pictures) > 1:
        with row.container(width=GRID_WIDTH, key="recognise_pictures"):
            show_grid(pictures, chosen.file, _choose)
    with row.container(width="stretch", key="inspector"):
        _inspect(chosen, looked_at, run, way)
    if left:
        st.rerun()


def _choose(file: str) -> None:
    st.session_state[_CHOSEN] = file


def _inspect(upload: Upload, looked_at: tuple[Photo | None, DigitsError | None], run: Run, way: Way) -> None:
    photo, error = looked_at
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{as_plain_text(upload.name)}**", width="content")
        for other in other_ways(tray.way_of(upload, way), len(photo.as_found) if photo else 0):
            st.button(
                READ_AS[other],
                icon=":material/swap_horiz:",
                key=f"read_as_{other}",
                on_click=tray.ask_for,
                args=(upload, other),
                help="Reads this picture alone in the other way; all others stay as they are.",
            )
    if error:
        show_refusal(error, "photo")
    elif photo:
        show_photo(photo, run)


def _save_all(uploads: list[Upload], run: Run, way: Way) -> None:
    """Save the digits of all pictures; read again those dropped for lack of room in the session."""
    doubtful = st.session_state.get(DOUBTFUL, False)
    ready = []
    for each in uploads:
        glance = tray.glance_of(each, way)
        if glance and to_save(glance, doubtful) and (photo := tray.look_at(each, run, way)[0]):
            ready.append((photo, tray.glance_of(each, way) or glance))
    save(ready, doubtful)


def _uploads(source: str) -> Uploads:
    """Draw the uploader or the camera; return all pictures that came from it in this session."""
    key = _UPLOADERS[source]
    before: Uploads = st.session_state.get(_tray(source), Uploads())
    stayed = key in st.session_state  # a new widget has lost its files, without the user removing them
    if source == "Camera":
        file = st.camera_input("Photograph digits", key=key, help="The browser asks first.")
        files = [file] if file else []
    else:
        files = st.file_uploader(
            "Pictures",
            PICTURE_TYPES,
            accept_multiple_files=True,
            max_upload_size=MAX_BYTES // 2**20,
            key=key,
            help="A photo or scan of one digit or of several; drop as many as you like. Dark ink on light paper and "
            "light on dark are both read.",
        )
    uploads = st.session_state[_tray(source)] = before.seen(files or [], stayed)
    if uploads.pictures != before.pictures:
        st.session_state.pop(_CHOSEN, None)  # shows the newest
    if source == "Files" and not uploads.pictures:
        st.caption(
            "Write digits on paper, a little apart, and photograph them. Nothing is kept unless you save it: the "
            "pictures stay here until you close or reload the tab, also while you look at other pages."
        )
    return uploads


def _offer_to_remove(source: str, uploads: Uploads) -> None:
    """Draw the number of pictures that the uploader no longer lists, with the button that removes them."""
    words = f"{len(uploads.forgotten)} from before" + f" · {uploads.dropped} dropped, for lack of room" * bool(
        uploads.dropped
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Remove",
            icon=":material/close:",
            key="recognise_remove",
            on_click=_remove,
            args=(source,),
            help="Takes the pictures that were uploaded before you looked at another page off this one. What is saved "
            "stays saved.",
        )
        st.caption(words, width="content")


def _remove(source: str) -> None:
    uploads: Uploads = st.session_state[_tray(source)]
    st.session_state[_tray(source)] = uploads.without(each.file for each in uploads.forgotten)


def _tray(source: str) -> str:
    return f"{_UPLOADERS[source]}_kept"
