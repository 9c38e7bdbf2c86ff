"""Recognise: read handwriting with a network that you trained."""

import streamlit as st
from PIL import Image

from digits_core.dashboard.canvas import beside_canvas, clear_canvas, draw_digit
from digits_core.dashboard.loaders import load_recogniser
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import choose_run, empty_state, show_chart, show_error
from digits_core.errors import DigitsError
from digits_core.figures.charts import probabilities
from digits_core.figures.images import pixels
from digits_core.recognition.picture import read_picture
from digits_core.recognition.prepare import to_ink, whole_square
from digits_core.runs.store import Run

SHOWN_AT_MOST = 24


@st.fragment
def draw(run_id: str) -> None:
    paper, answer = beside_canvas()
    with paper:
        drawing = draw_digit("recognise_canvas")
        st.button("Clear", icon=":material/ink_eraser:", on_click=clear_canvas, args=("recognise_canvas",))
    with answer:
        if drawing is None:
            st.info("Draw a digit from 0 to 9 on the paper with mouse, pen or finger: it is read after each stroke.")
        else:
            show_answer(run_id, drawing)


def show_answer(run_id: str, drawing: Image.Image) -> None:
    try:
        # The whole paper goes in: a network that never learnt to find the digit on it has to show that.
        read = load_recogniser(run_id).read(whole_square(to_ink(drawing, "the drawing")))
    except DigitsError as error:
        show_error(error)
        return
    seen, chances = st.columns([2, 3])
    with seen:
        st.metric("This is a", str(read.digit), f"{read.probability:.1%} sure", delta_color="off", delta_arrow="off")
        show_chart(pixels(read.seen, "What the network sees", height=230), "seen", "The drawing as the network sees it")
    with chances:
        show_chart(probabilities(read.probabilities, "Probability of each digit"), "answer", f"A {read.digit}")


def upload(run_id: str) -> None:
    files = st.file_uploader(
        "Pictures", ["png", "jpg", "jpeg", "webp", "bmp", "gif", "tif", "tiff"], accept_multiple_files=True,
        help="A photo or scan of one digit or of several. Dark ink on light paper and light on dark are both read.",
    )  # fmt: skip
    for number, file in enumerate(files):
        with st.container(border=True):
            try:
                show_picture(run_id, read_picture(file.getvalue(), file.name), file.name, number)
            except DigitsError as error:
                show_error(error)


def show_picture(run_id: str, picture: Image.Image, name: str, number: int) -> None:
    """A picture, the digits found in it in reading order, and what the network says of each."""
    found = load_recogniser(run_id).read_picture(picture, name)
    left, right = st.columns([1, 3])
    left.image(picture, width="stretch")
    with right:
        st.metric("Reads", "".join(str(each.answer.digit) for each in found))
        with st.container(horizontal=True):
            for place, each in enumerate(found[:SHOWN_AT_MOST]):
                title = f"{each.answer.digit} · {each.answer.probability:.0%}"
                with st.container(width=130):
                    show_chart(pixels(each.answer.seen, title, height=150), f"found_{number}_{place}", title)
    if len(found) == 1:
        show_chart(probabilities(found[0].answer.probabilities, "Probability of each digit"), f"sure_{number}", title)


def recognise(runs: list[Run]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        run = choose_run(
            runs, "The network that reads. One trained on other people's digits may fail on yours: compare."
        )
        way = st.segmented_control(
            "Input", ["Draw", "Upload"], default="Draw", required=True, key="input", bind="query-params",
            help="Draw with mouse, pen or finger, or upload photos or scans of paper.",
        )  # fmt: skip
    if way == "Draw":
        draw(run.id)
    else:
        upload(run.id)


st.title("Recognise")
st.write("Draw a digit or upload a picture, and see what a network that you trained makes of it.")
runs = state().runs.usable()
if runs:
    state().load_torch()
    recognise(runs)
else:
    empty_state("A trained network is needed first. The recipe “Lecture” takes seconds.", "training", "Train a network")
