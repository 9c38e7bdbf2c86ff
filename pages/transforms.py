"""Transforms: every step that an image takes to the network."""

import streamlit as st

from digits_core.dashboard.loaders import load_digits
from digits_core.dashboard.pages import next_step
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import choose_dataset, choose_split, empty_state, show_chart
from digits_core.figures.images import pixels

PRESETS = ("Lecture", "Robust")
TILE_WIDTH = 150

st.title("Transforms")
st.write("Follow one image from the dataset to the numbers that the network reads: the steps that training runs.")

with st.container(horizontal=True, vertical_alignment="bottom"):
    name = choose_dataset()
    recipe = st.selectbox(
        "Transform of the recipe", PRESETS, key="transform", bind="query-params",
        help="Which steps run, and how strong they are, is part of a recipe: its runs train with exactly these.",
    )  # fmt: skip
if not state().catalogue.available(name):
    empty_state("This dataset is not here yet.", "data", "Choose or download it on the Data page")
    next_step("transforms")
    st.stop()

with st.spinner("Loading PyTorch …"):
    from digits_core.training.recipes import find
    from digits_core.transforms.preview import trace

digits = load_digits(name)
with st.container(horizontal=True, vertical_alignment="bottom"):
    split = choose_split()
    indices = digits.indices(split)
    place = st.number_input(
        "Image", 1, max(1, len(indices)), 1, key="image", bind="query-params", width=150,
        help=f"1 to {len(indices):,} in this split.",
    )  # fmt: skip
    seed = st.number_input(
        "Draw", 0, 9999, 0, key="draw", bind="query-params", width=130,
        help="Random steps draw anew for each image and epoch. Another number shows another draw.",
    )  # fmt: skip
if not len(indices):
    st.info("This split has no images yet.")
    next_step("transforms")
    st.stop()

config = find(recipe).config.transform
index = indices[place - 1]
steps = trace(digits.images[index], config, training=split == "train", seed=seed)
title = f"Label {digits.labels[index]}: the {'training' if split == 'train' else 'test'} transform, step by step"
st.subheader(title)
with st.container(horizontal=True):
    for number, step in enumerate(steps, start=1):
        with st.container(width=TILE_WIDTH):
            st.markdown(f"**{number}. {step.name}**  \n:small[{step.kind}]  \n:small[{step.values}]", help=step.why)
            picture = pixels(step.pixels, "", TILE_WIDTH, step.value_range)
            show_chart(picture, f"step_{number}", f"The image after the step {step.name}")
if split == "train" and config.augments:
    st.caption("The random steps belong to training alone: test images go the same way without them.")
next_step("transforms")
