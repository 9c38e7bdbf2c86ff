"""The script that Streamlit runs for every visit: page settings, then the chosen one of the seven pages."""

from pathlib import Path

import streamlit as st

from digits_core.dashboard.pages import PAGES, page

st.set_page_config(
    page_title="Digits Lab", page_icon=str(Path(__file__).with_name("icon.svg")), layout="wide"
)
st.navigation([page(name) for name in PAGES], expanded=True).run()
