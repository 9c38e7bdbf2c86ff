"""Recognise: draw a digit and read what the network makes of it."""

import streamlit as st

from digits_core.dashboard.pages import next_step

st.title("Recognise")
st.write("Draw a digit or upload one, and see what a trained network makes of it.")
next_step("recognise")
