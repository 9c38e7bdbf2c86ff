"""Transforms: follow one image to the tensor."""

import streamlit as st

from digits_core.dashboard.pages import next_step

st.title("Transforms")
st.write("Follow one image step by step, from what is in the file to the tensor that the network sees.")
next_step("transforms")
