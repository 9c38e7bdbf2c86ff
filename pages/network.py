"""Network: the layers of ImprovedNet."""

import streamlit as st

from digits_core.dashboard.pages import next_step

st.title("Network")
st.write("Look inside ImprovedNet: what each layer does, and how many numbers it has to learn.")
next_step("network")
