"""Handwriting: collect your own digits."""

import streamlit as st

from digits_core.dashboard.pages import next_step

st.title("Handwriting")
st.write("Collect digits in your own hand, to train on and to test on.")
next_step("handwriting")
