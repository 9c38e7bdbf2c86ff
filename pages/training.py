"""Training: train a network and watch it learn."""

import streamlit as st

from digits_core.dashboard.pages import next_step

st.title("Training")
st.write("Train a network and watch loss and accuracy change, epoch by epoch.")
next_step("training")
