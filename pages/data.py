"""Data: look at the digits before anything learns from them."""

import streamlit as st

from digits_core.dashboard.data.compare_datasets import compare
from digits_core.dashboard.data.duplicates_view import duplicates
from digits_core.dashboard.data.maps import image_maps
from digits_core.dashboard.data.outliers_view import outliers
from digits_core.dashboard.data.overview import overview
from digits_core.dashboard.data.own_datasets import import_dataset, manage, offer_mnist, offer_undo
from digits_core.dashboard.data.samples_view import samples
from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.hiding import group, is_hidden
from digits_core.dashboard.lessons.first_visit import offer_first_lesson
from digits_core.dashboard.loaders import load_digits
from digits_core.dashboard.pages import page_head
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import choose_dataset, follow_old_link, say_not_here
from digits_core.data.digits import Digits

VIEWS = {
    "Overview": overview,
    "Samples": samples,
    "Map": image_maps,
    "Duplicates": duplicates,
    "Outliers": outliers,
    "Compare": compare,
}
IMPORT = "Import"
HIDEABLE = {
    "dataset": "Choice of the dataset",
    "view": "Views",
    "facts": "Numbers of the dataset, with its export",
}


def choose_view() -> str:
    names = [*VIEWS, IMPORT]
    follow_old_link("view", {"Odd ones": "Outliers"})
    # Not as the control's default: after an import, the session state leads back to the overview.
    if "view" not in st.session_state and st.query_params.get("view") not in names:
        st.session_state["view"] = names[0]
    view = st.segmented_control(
        "View",
        names,
        required=True,
        key="view",
        bind="query-params",
        persist_state="session",
        wrap=True,
        help="Overview: numbers and averages. Samples: the images. Map: which are alike. Duplicates and Outliers: what "
        "to look at before trusting an accuracy. Compare: two datasets. Import: bring your own.",
    )
    assert view is not None
    return view


def facts(digits: Digits) -> None:
    """Draw one row: the number and kind of the images, their source, and their export."""
    entry = state().catalogue.entry(digits.name)
    height, width = digits.shape
    train, test = int((~digits.test).sum()), int(digits.test.sum())
    with st.container(horizontal=True, vertical_alignment="center", key="facts"):
        st.markdown(
            f"**{len(digits):,}** images · **{height} × {width}** pixels · **{train:,}** training · **{test:,}** test "
            f"· values **{digits.images.min()}–{digits.images.max()}** ({digits.images.dtype})",
            width="content",
            help="Each image is one digit with its label, in one grey channel. Training images teach the network, test "
            f"images only judge it: the same for everyone. Values are whole numbers of 8 bits in an array of shape "
            f"{digits.images.shape}: 0 is paper, 255 is full ink. In the source: "
            f"{as_plain_text(entry.original_range)}.",
        )
        with st.popover(
            "About", icon=":material/info:", type="tertiary", help="What this dataset is, and its licence."
        ):
            st.markdown(
                f"**{as_plain_text(entry.title)}.** {as_plain_text(entry.summary)}\n\n"
                f"Source: {as_plain_text(entry.source)}.\n\nLicence: {as_plain_text(entry.licence)}."
            )
        manage(digits.name)


def what_is_missing(name: str) -> None:
    if name == "mnist":
        offer_mnist()
    else:
        say_not_here(name)


def explore(name: str, view: str) -> None:
    if not state().catalogue.available(name):
        what_is_missing(name)
        return
    digits = load_digits(name)
    if view == "Overview" and not is_hidden("facts"):
        facts(digits)
    VIEWS[view](digits)


page_head("data", offer_first_lesson, hideable=HIDEABLE)
offer_undo()
with (
    st.container(key="main_action"),
    st.container(horizontal=True, vertical_alignment="bottom", key="choices_view"),
):
    with group("dataset"), st.container(width=320):
        name = choose_dataset()
    with group("view"):
        view = choose_view()
if view == IMPORT:
    import_dataset()
else:
    explore(name, view)
