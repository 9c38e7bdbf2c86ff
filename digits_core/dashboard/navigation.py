"""The script that Streamlit runs for every visit: the selected one of the eight pages, and its settings."""

from pathlib import Path

import streamlit as st

from digits_core.dashboard import presenter, read_only
from digits_core.dashboard.carried import carry
from digits_core.dashboard.lessons.column import show_lesson_column
from digits_core.dashboard.login import require_login
from digits_core.dashboard.page_address import newest_address
from digits_core.dashboard.page_link import offer_link
from digits_core.dashboard.pages import PAGES, note_page, page
from digits_core.dashboard.state import prepare_to_recognise, put_off_loading

ICON = Path(__file__).with_name("icon.svg")
LOGO = Path(__file__).with_name("logo.svg")
STYLE = Path(__file__).with_name("style.css")

put_off_loading()
# Before the navigation, or the browser would fetch the page's material icon for its tab from the web.
st.set_page_config(page_icon=ICON, layout="wide", initial_sidebar_state=200)
st.html(STYLE)
st.logo(LOGO, size="large", icon_image=ICON)
require_login()
current = st.navigation([page(name) for name in PAGES], expanded=True)
# After the navigation, because only it knows which page was requested.
st.set_page_config(page_title=f"{current.title} · Digits Lab")
note_page(current.url_path)
with newest_address(current.url_path):
    carry(read_only.PARAMETER)
    presenter.begin()
    show_lesson_column()
    current.run()
    offer_link()
prepare_to_recognise()
