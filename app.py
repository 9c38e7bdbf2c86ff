"""Digits Lab: from handwritten digits to recognising your own. Start it with `streamlit run app.py`.

The pages are laid out by a script in another folder: next to a `pages` folder, Streamlit would list its
files by itself on the first visit to a page's own URL, and bypass our navigation and settings.
"""

from pathlib import Path

import streamlit as st

from digits_core.dashboard import pages
from digits_core.dashboard.charts import plotly_route
from digits_core.dashboard.error_messages import on_script_error
from digits_core.dashboard.lifespan import lifespan
from digits_core.dashboard.pages import front_route

NAVIGATION = Path(pages.__file__).with_name("navigation.py")

app = st.App(NAVIGATION, lifespan=lifespan, routes=[plotly_route(), front_route()], on_script_error=on_script_error)
