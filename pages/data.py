"""Data: choose a dataset and look at it."""

import streamlit as st

from digits_core.dashboard.pages import next_step

st.title("Data")
st.write("Choose the digits to work with and get to know them: how many there are, and what they look like.")
next_step("data")
