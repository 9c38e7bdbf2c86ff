"""Upload or photograph handwriting: digits found, boxed, read in order; wrong boxes and labels mended by hand."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.handwriting.box_editor import WIDTHS, show_canvas, show_table
from digits_core.dashboard.handwriting.pictures import PICTURE_TYPES
from digits_core.dashboard.handwriting.shared import choose_writer, current_writer, done, undo_button
from digits_core.dashboard.loaders import load_recogniser, load_threshold, reader
from digits_core.dashboard.packed import PHOTOS, PHOTOS_BYTES, forget_oldest
from digits_core.dashboard.recognise import history, why
from digits_core.dashboard.recognise.answers import show_headline, show_number, show_one
from digits_core.dashboard.recognise.photos import WAYS, Photo, read_photo
from digits_core.dashboard.recognise.preparation import offer_steps
from digits_core.dashboard.recognise.reading import Reading, in_words
from digits_core.dashboard.recognise.uploads import Uploads
from digits_core.dashboard.refused import read_once, show_refusal
from digits_core.dashboard.state import state
from digits_core.dashboard.thresholds import Threshold
from digits_core.dashboard.tiles import Tile, show_tiles
from digits_core.dashboard.widgets import show_error
from digits_core.data.picture import MAX_BYTES
from digits_core.errors import DigitsError
from digits_core.figures.recognition import boxed
from digits_core.runs.store import Run

if TYPE_CHECKING:
    from digits_core.recognition.finding import Way
    from digits_core.recognition.segment import Box

FIRST_NUMBER = 10_000
"""Sheets of the Handwriting page count from 1: the canvases of both stay apart."""
PHOTO_WIDTH, PHOTO_HEIGHT, LARGEST_HEIGHT = 340, 120, 560
_UPLOADERS = {"Files": "recognise_files", "Camera": "recognise_camera"}
_PHOTOS, _NUMBER = "recognise_photos", "recognise_photo_number"


def show(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        source = st.segmented_control(
            "Pictures from", list(_UPLOADERS), default="Files", required=True, key="recognise_from",
            persist_state="session",
            help="Photos of paper, scans, screenshots: shadow, printed lines, any ink, dark mode and turned phones are "
            "seen to. The browser asks before it uses a camera.",
        )  # fmt: skip
        way: Way = st.segmented_control(
            "Each shows", list(WAYS), format_func=WAYS.get, default="auto", required=True, key="recognise_way",
            persist_state="session",
            help="**Automatic** looks for digits on a sheet, unless one fills the picture. **One digit** takes all ink "
            "together, also where strokes do not touch. **Several digits** straightens the paper and leaves out its "
            "printed lines.",
        )  # fmt: skip
        with st.container(width=200):
            choose_writer()
    uploads = _uploads(source)
    if uploads.forgotten or uploads.dropped:
        _offer_to_remove(source, uploads)
    for place, each in enumerate(uploads.pictures):
        try:
            photo = _photo(each.content, each.name, way, run)
        except DigitsError as error:
            with st.container(border=True):
                show_refusal(error, f"photo_{place}")
        else:
            with st.container(border=True):
                _show_photo(photo, run)
    undo_button()


def _uploads(source: str) -> Uploads:
    """The uploader or the camera, and all that came from it in this session."""
    key = _UPLOADERS[source]
    before: Uploads = st.session_state.get(_tray(source), Uploads())
    stayed = key in st.session_state  # one that is new on the page has forgotten its files: nobody took them out
    if source == "Camera":
        file = st.camera_input("Photograph digits", key=key, help="The browser asks first.")
        files = [file] if file else []
    else:
        files = st.file_uploader(
            "Pictures", PICTURE_TYPES, accept_multiple_files=True, max_upload_size=MAX_BYTES // 2**20, key=key,
            help="A photo or scan of one digit or of several; drop as many as you like. Dark ink on light paper and "
            "light on dark are both read.",
        )  # fmt: skip
    uploads = st.session_state[_tray(source)] = before.seen(files or [], stayed)
    if source == "Files" and not uploads.pictures:
        st.caption(
            "Write digits on paper, a little apart, and photograph them. Nothing is kept unless you save it: the "
            "pictures stay here until you close or reload the tab, also while you look at other pages."
        )
    return uploads


def _offer_to_remove(source: str, uploads: Uploads) -> None:
    """What is here although the uploader does not list it, and the button that takes it off the page."""
    words = f"{len(uploads.forgotten)} from before" + f" · {uploads.dropped} dropped, for lack of room" * bool(
        uploads.dropped
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Remove", icon=":material/close:", key="recognise_remove", on_click=_remove, args=(source,),
            help="Takes the pictures that were uploaded before you looked at another page off this one. What is saved "
            "stays saved.",
        )  # fmt: skip
        st.caption(words, width="content")


def _remove(source: str) -> None:
    uploads: Uploads = st.session_state[_tray(source)]
    st.session_state[_tray(source)] = uploads.without(each.file for each in uploads.forgotten)


def _tray(source: str) -> str:
    return f"{_UPLOADERS[source]}_kept"


def _photo(content: bytes, name: str, way: Way, run: Run) -> Photo:
    """The picture as it was found, and corrected since, in this session; `run` says if a sheet lies on its side."""
    photos: dict[tuple[str, str, Way], Photo] = st.session_state.setdefault(_PHOTOS, {})
    key = (name, hashlib.sha256(content).hexdigest(), way)
    if key not in photos:
        number = st.session_state[_NUMBER] = st.session_state.get(_NUMBER, FIRST_NUMBER) + 1
        with st.spinner("Looking for digits …"):
            photos[key] = read_once(
                ("photo", *key), lambda: read_photo(content, name, number, way, WIDTHS[0], reader(run.id))
            )
        forget_oldest(photos, PHOTOS, PHOTOS_BYTES)
    return photos[key]


@st.fragment
def _show_photo(photo: Photo, run: Run) -> None:
    new = not photo.read_by
    try:
        threshold = load_threshold(run.id)
        found = photo.read(load_recogniser(run.id), run.id, run.title, threshold.refusal)
    except DigitsError as error:
        show_error(error)
        return
    if new and (reading := photo.reading()):
        history.keep(reading)
    number = photo.work.number
    if st.session_state.get(f"correct_{number}"):
        _correct(photo)
    else:
        _answer(photo, found, threshold, run)
    st.toggle(
        "Correct and save", key=f"correct_{number}", persist_state="session",
        help="Move, draw and delete boxes, correct labels, and save the digits to Handwriting with the right ones.",
    )  # fmt: skip


def _answer(photo: Photo, found: list[tuple[Box, Reading]], threshold: Threshold, run: Run) -> None:
    number, sheet = photo.work.number, photo.work.packed
    row = st.container(horizontal=True, gap="large")
    with row.container(width=PHOTO_WIDTH):
        height = max(PHOTO_HEIGHT, min(LARGEST_HEIGHT, round(PHOTO_WIDTH * sheet.height / sheet.width)))
        chart = boxed(photo.address, (sheet.width, sheet.height), photo.boxed(), height)
        show_chart(chart, f"photo_{number}", f"{photo.work.name} with its digits in boxes", height)
    with row.container(width="stretch"):
        if not found:
            st.info("No box holds ink. Correct the boxes below.")
            return
        if len(found) == 1:
            answer = found[0][1].answers[0]
            show_headline(answer, photo.refused(found[0][0]), threshold, run.id, f"photo_{number}")
            show_one(answer, f"sure_{number}")
            offer_steps(found[0][1], run.config.transform, f"photo_{number}")
            why.show(run, lambda: found[0][1], f"photo_{number}")
            return
        unsure = sum(not each.sure for each in photo.boxed())
        refused = [photo.refused(box) for box, _ in found]
        words = f"{len(found)} digits · {unsure or 'none'} to check"
        show_number(photo.text, words, sum(refused), len(found), threshold, run.id, f"photo_{number}")
        chosen = min(st.session_state.get(f"photo_chosen_{number}", 0), len(found) - 1)
        tiles = [
            Tile(
                photo.label(box), place, "no digit?" if refused[place] else f"{reading.answers[0].probability:.0%}",
                in_words(reading.answers[0]),
            )
            for place, (box, reading) in enumerate(found)
        ]  # fmt: skip
        seen = np.stack([reading.answers[0].seen for _, reading in found])
        show_tiles(
            seen, tiles, f"photo_tiles_{number}", words="The digits as the network sees them", size=52, chosen=[chosen],
            on_choose=lambda place: st.session_state.update({f"photo_chosen_{number}": place}),
        )  # fmt: skip
        show_one(found[chosen][1].answers[0], f"sure_{number}")
        offer_steps(found[chosen][1], run.config.transform, f"photo_{number}")
        why.show(run, lambda: found[chosen][1], f"photo_{number}_{chosen}")


def _correct(photo: Photo) -> None:
    """The boxes on a canvas and the labels in a table; what is right goes to Handwriting."""
    work = photo.work
    photo.propose()  # a box that was just drawn gets the label that the network reads in it
    st.caption(
        "Draw a box around a digit that was missed. The pencil above the picture moves, resizes and deletes boxes. The "
        "table mends labels, and leaves out what is no digit."
    )
    row = st.container(horizontal=True)
    with row.container(width="content"):
        show_canvas(work, None)
    with row.container(width="stretch"):
        show_table(work)
    count = len(work.to_save())
    st.button(
        f"Save {count} to Handwriting", type="primary", icon=":material/save:", disabled=not count, on_click=_save,
        args=(photo,), key=f"save_{work.number}", help="Keeps all labelled digits at once, as the writer's above.",
    )  # fmt: skip


def _save(photo: Photo) -> None:
    done(state().handwriting.add_all(photo.samples(current_writer())))
