"""Runs: compare training runs."""

import streamlit as st

from digits_core.dashboard.pages import next_step

st.title("Runs")
st.write("Compare training runs: what was different, and what difference it made.")
next_step("runs")
