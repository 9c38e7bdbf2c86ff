"""The view of one run as an app of its own, among the pages that it links to."""

import streamlit as st

from digits_core.dashboard.pages import PAGES, page
from digits_core.dashboard.runs.one_run import show_one_run
from digits_core.dashboard.state import state


def one_run() -> None:
    show_one_run(state().runs.runs())


st.set_page_config(layout="wide")
others = [page(name) for name in PAGES if name not in ("data", "runs")]
st.navigation([page("data"), st.Page(one_run, url_path="runs"), *others]).run()
