"""The report to hand in: the author, their conclusions and the chosen runs as one HTML file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from digits_core.dashboard.folds import popover
from digits_core.dashboard.loaders import lenient_run_loader, load_digits, reader
from digits_core.dashboard.state import state
from digits_core.errors import DigitsError
from digits_core.evaluation.before_after import HANDWRITING, compare, held_out_of, pair, pair_among
from digits_core.runs.store import Run

if TYPE_CHECKING:
    from digits_core.reports.digit_pictures import OwnDigits

MOST_LETTERS = 6000
"""The most characters of the conclusions: about two pages."""
FORM_WIDTH = 460
"""In pixels, less on narrower screens: short enough lines for proofreading."""
NO_HAND = "none"


def offer_report(runs: list[Run]) -> None:
    """Draw the button that opens the report form; its content is kept when the user visits other pages."""
    popover(
        "Report",
        "report",
        lambda: _form(runs),
        icon=":material/description:",
        help_text="The chosen runs as one HTML file to hand in or print, with your conclusions.",
    )


def _form(runs: list[Run]) -> None:
    with st.container(width=FORM_WIDTH):
        _draw(runs)


def _draw(runs: list[Run]) -> None:
    author = st.text_input(
        "Your name", key="report_author", persist_state="session", max_chars=80, help="Shown below the title."
    )
    text = st.text_area(
        "Your conclusions",
        key="report_text",
        persist_state="session",
        max_chars=MOST_LETTERS,
        height=180,
        placeholder="What did you expect, what came out, and why?",
        help="Plain text; an empty line begins a new paragraph. It is kept while this browser tab is open.",
    )
    hand = _choose_hand()
    st.download_button(
        "Download report",
        lambda: report_of(runs, author or "", text or "", hand),
        "report.html",
        key="take_report",
        icon=":material/download:",
        on_click="ignore",
        type="primary",
        width="stretch",
        help="One HTML file for any browser, without a network: the difference in a sentence, curves, mistakes with "
        "pictures, own digits before and after, your conclusions. It prints on A4.",
    )


def _choose_hand() -> str:
    """Draw the choice of the writer whose held-out digits the report shows; return the name, or "" for none."""
    writers = [name for name, _ in state().handwriting.writers()]
    if not writers:
        st.caption("Nobody's digits are saved yet: with some, the report shows how the runs read them.")
        return ""
    if st.session_state.get("report_hand") not in (*writers, NO_HAND):
        st.session_state.pop("report_hand", None)
    hand = st.selectbox(
        "Own digits",
        [*writers, NO_HAND],
        key="report_hand",
        persist_state="session",
        help="Whose held-out digits the report shows, as the earlier and the later run read them.",
    )
    return "" if hand == NO_HAND else hand


def report_of(runs: list[Run], author: str = "", text: str = "", hand: str = "") -> bytes:
    """Return the report on these runs as HTML; `hand` is the writer whose held-out digits it shows."""
    from digits_core.reports.run_sections import reported, run_report  # what it needs is loaded when it is asked for

    here = state()
    found = [reported(run, here.runs, here.artifacts(run.id), lenient_run_loader(run.id)) for run in runs]
    own, note = _own_digits(runs, hand) if hand else (None, "")
    return run_report(found, author, text, [own] if own else (), note)


def _own_digits(runs: list[Run], writer: str) -> tuple[OwnDigits | None, str]:
    """Return the writer's held-out digits with the predictions of two runs, or a sentence on why there are none."""
    from digits_core.reports.digit_pictures import OwnDigits

    usable = state().runs.usable()
    alone = len(runs) == 1 and any(run.id == runs[0].id for run in usable)
    both = pair(runs[0], usable) if alone else pair_among(runs)
    if both is None:
        return None, "It takes two runs with weights to compare before and after."
    try:
        digits = held_out_of(load_digits(HANDWRITING), writer)
        if not len(digits):
            return None, f"No digit of {writer} is held out yet: one sample in five is."
        return OwnDigits(writer, *both, compare(reader(both[0].id), reader(both[1].id), digits)), ""
    except DigitsError as error:
        return None, f"{both[0].title} and {both[1].title} cannot both read them. {error}"
