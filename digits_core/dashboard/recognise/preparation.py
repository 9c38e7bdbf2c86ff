"""The steps from a drawing to the input of a network, as images, made by the same code that recognition runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image

from digits_core.config import TransformConfig
from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.recognise.recognition_result import Reading
from digits_core.figures.images import pixels

STEP_SIDE = 118
WORDS_HEIGHT = 128
DRAWN_SIDE = 140
"""Larger images are downscaled to this side: 78,400 pixels cannot be seen in a thumbnail."""


@dataclass(frozen=True)
class Step:
    """A step of the preparation: its image (H, W), the values drawn as black and white, and an explanation."""

    title: str
    why: str
    image: np.ndarray
    value_range: tuple[float, float] = (0, 255)

    @property
    def shape(self) -> str:
        height, width = self.image.shape
        return f"{width} × {height}"


def steps(picture: Image.Image, ink: np.ndarray, config: TransformConfig) -> list[Step]:
    """Return the steps from a picture, mode "L", and the ink found in it, uint8 (H, W), to the normalised image."""
    import torch

    from digits_core.transforms import batched
    from digits_core.transforms.centring import centring_steps

    prepared = batched.prepare(ink[None], config)  # (1, 1, S, S)
    way = [
        Step("Picture", "As it was drawn or photographed.", np.asarray(picture)),
        Step("Ink", "Paper and shadows taken away, ink bright.", ink),
    ]
    if config.centre and (parts := centring_steps(torch.from_numpy(ink.copy()), config.size)):
        cropped, scaled, placed = (part.numpy() for part in parts)
        way += [
            Step("Crop", "Only where there is ink.", cropped),
            Step("Scale", f"The longer side to {max(scaled.shape)} pixels.", scaled),
            Step("Centre of mass", "The ink's centre of mass in the middle.", placed),
        ]
    else:
        way.append(Step("Resize", "The whole paper made small: size and place stay.", prepared[0, 0].numpy()))
    normalised = batched.normalise(prepared, config)[0, 0].numpy()
    ends = ((0 - config.mean) / config.std, (1 - config.mean) / config.std)
    return [*way, Step("Normalise", f"Values from {ends[0]:g} to {ends[1]:g}.", normalised.round(2), ends)]


def offer_steps(reading: Reading | None, config: TransformConfig, key: str) -> None:
    """Draw a toggle for the preparation steps of a reading, and the steps while it is on."""
    if ask_for_steps(key):
        show_steps(reading, config, key)


def ask_for_steps(key: str) -> bool:
    """Draw the toggle for the preparation steps; return True while it is on."""
    return st.toggle(
        "Steps of the preparation",
        key=f"{key}_steps",
        persist_state="session",
        help="What happens to a digit on its way into the network, as images: the same code prepares the images that a "
        "network is trained on.",
    )


def show_steps(reading: Reading | None, config: TransformConfig, key: str) -> None:
    """Show the steps for the digit with the lowest confidence; nothing without a reading."""
    if reading is None:
        return
    if len(reading.answers) > 1:
        st.caption(f"Of {reading.text} the digit in place {reading.least_sure + 1}, the least sure one.")
    _show_steps(reading.only(reading.least_sure), config, key)


def _show_steps(reading: Reading, config: TransformConfig, key: str) -> None:
    """Draw each step as an image, with its size and an explanation."""
    row = st.container(horizontal=True, gap="small")
    for number, step in enumerate(steps(reading.ink.picture, reading.ink.digits[0], config), 1):
        with row.container(width=STEP_SIDE):
            chart = pixels(_drawn(step.image), "", STEP_SIDE, step.value_range)
            show_chart(chart, f"{key}_step_{number}", f"{step.title}: {step.why}", STEP_SIDE)
            with st.container(height=WORDS_HEIGHT, border=False):
                st.caption(f"**{number}. {step.title}** · {step.shape}  \n{step.why}")


def _drawn(image: np.ndarray) -> np.ndarray:
    if max(image.shape) <= DRAWN_SIDE:
        return image
    small = Image.fromarray(image)
    small.thumbnail((DRAWN_SIDE, DRAWN_SIDE), Image.Resampling.BOX)
    return np.asarray(small)
