"""The views of a transform: every step, variants, mean images, code. All of them import torch when called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from digits_core.config import TransformConfig
from digits_core.dashboard.background_jobs import Jobs, awaited
from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.transforms.code_view import Source
from digits_core.dashboard.transforms.step_pictures import show_steps
from digits_core.data.digits import Digits
from digits_core.data.statistics.chunks import Report, nobody
from digits_core.figures.transform_figures import means, mosaic

if TYPE_CHECKING:
    from digits_core.transforms.preview import MeanImages

VARIANTS, COLUMNS = 40, 10
MOST_CENTRED = 10_000
"""How many images the mean and standard deviation are measured on if each must be centred, which is slow."""
MOST_AVERAGED = 2_000
"""How many images are averaged without asking: it takes less than a second."""
MEANS: Jobs[MeanImages] = Jobs()
"""The latest mean images, shared by all sessions that show the same."""
AVERAGED = "averaged"
NOTHING_RANDOM = "Nothing is drawn at random yet: switch on a step that is marked as *training only*, such as Rotation."


def with_numbers(config: TransformConfig, digits: Digits) -> TransformConfig:
    """Return the config, with the dataset's own mean and standard deviation if it asks for them, and show a line about
    them.
    """
    if config.normalisation == "fixed":
        return config
    total = len(digits.indices("train"))
    chosen = _spread(digits.indices("train"), MOST_CENTRED if config.centre else total)
    steps = (config.size, config.interpolation, config.centre)
    mean, std = _mean_and_std(digits.fingerprint, steps, digits, chosen)
    some = f"{len(chosen):,} of the {total:,}" if len(chosen) < total else f"the {total:,}"
    later = " Training measures all of them." if len(chosen) < total else ""
    st.caption(f"Mean **{mean:.4f}** and standard deviation **{std:.4f}**, measured on {some} training images.{later}")
    return config.replace(normalisation="fixed", mean=mean, std=std)


def every_step(source: Source, config: TransformConfig, seed: int) -> None:
    from digits_core.transforms.preview import trace

    training = source.split == "train"
    with st.container(key="main_picture"):
        show_steps(trace(source.image, config, training, seed), source.words)
    if not config.augments:
        words = "Training and test images go the same way: nothing is drawn at random."
    elif training:
        words = "Steps marked as *training only* are left out for test images; another draw gives another image."
    else:
        words = "Test images go without the steps that are marked as *training only*: nothing is drawn at random."
    st.caption(f"{words} Below each image: how many of its pixels have which value, on a logarithmic scale.")


def variants(source: Source, config: TransformConfig, seed: int) -> None:
    if not config.augments:
        st.info(NOTHING_RANDOM)
        return
    from digits_core.transforms import preview

    drawn = preview.variants(source.image, config, VARIANTS, seed)
    with st.container(key="variants"):
        st.image(
            mosaic(drawn, COLUMNS),
            width="stretch",
            output_format="PNG",
            alt=f"The image as it is tested, in a blue frame, and {VARIANTS - 1} variants of it",
        )
    st.caption(
        f"In the blue frame the image as a test sees it, then {VARIANTS - 1} draws from seed {seed}, before they are "
        "normalised. Can you still read every one of them? If not, the network is taught labels that cannot be read "
        "from the image."
    )


def mean_images(source: Source, config: TransformConfig, seed: int) -> None:
    if not config.augments:
        st.info(NOTHING_RANDOM)
        return
    digits = source.digits
    whole = digits.indices("train")
    if not len(whole):
        st.info("This dataset has no training images yet.")
        return
    chosen = whole if _wants_all(len(whole)) else _spread(whole, MOST_AVERAGED)
    result = _mean_images(digits, chosen, config, seed)
    if result is None:
        return  # its progress is shown
    show_chart(means(result.before, result.after, len(chosen)), "means", "Mean images without and with random steps")
    some = f"{len(chosen):,} of {len(whole):,} training images, evenly spread"
    if len(chosen) == len(whole):
        some = "All training images"
    st.caption(
        f"{some}, each drawn once; a pair for each digit. {_ink(result.lost)} Where the images called *training* no "
        "longer show ten different digits, there is too much augmentation."
    )


def _wants_all(count: int) -> bool:
    """Return True if all of `count` images are to be averaged; the user is asked if that takes time."""
    return count <= MOST_AVERAGED or st.toggle(
        f"All {count:,} training images",
        key="average_all",
        bind="query-params",
        persist_state="session",
        help=f"Draws every image of the dataset, in the background. Otherwise {MOST_AVERAGED:,} stand for all of them.",
    )


def _mean_images(digits: Digits, chosen: np.ndarray, config: TransformConfig, seed: int) -> MeanImages | None:
    from digits_core.transforms import preview

    def compute(report: Report = nobody) -> MeanImages:
        return preview.mean_images(digits.images[chosen], digits.labels[chosen], config, seed, report)

    if len(chosen) <= MOST_AVERAGED:
        return compute()
    key = f"{digits.fingerprint}-{seed}-{config.model_dump_json()}"
    # After a slider was moved, the previous result is no longer needed.
    if (before := st.session_state.get(AVERAGED)) not in (None, key):
        MEANS.drop(before)
    st.session_state[AVERAGED] = key
    return awaited(MEANS, key, compute, f"Drawing {len(chosen):,} images")


def _ink(lost: float) -> str:
    if abs(lost) < 0.001:
        return "As much ink as before is left in the images."
    if lost < 0:
        return f"The random steps add **{-lost:.1%}** of ink."
    return f"The random steps lose **{lost:.1%}** of the ink."


def code(source: Source, config: TransformConfig, seed: int) -> None:
    from digits_core.transforms.code import as_code

    st.caption(
        "Runs by itself, with torch, torchvision and Pillow alone, and gives the same tensors from the same seed. Both "
        "transforms take a greyscale picture: `test_transform(Image.open('7.png').convert('L'))`."
    )
    st.code(as_code(config), language="python")


VIEWS = {"Steps": every_step, "Variants": variants, "Mean images": mean_images, "Code": code}


def choose_view() -> str:
    return st.segmented_control(
        "View",
        list(VIEWS),
        default="Steps",
        required=True,
        key="transform_view",
        bind="query-params",
        persist_state="session",
        wrap=True,
        help="Steps: one image all the way. Variants: what the random steps make of it. Mean images: what they do to a "
        "dataset. Code: the same pipeline to run elsewhere.",
    )


def choose_draw() -> int:
    """Draw the choice of the seed of the random steps, and a button for the next one; return the seed."""
    seed = st.number_input(
        "Draw",
        0,
        9999,
        key="draw",
        bind="query-params",
        persist_state="session",
        width=115,
        help="The seed of what is drawn at random. Training draws anew for each image in each epoch.",
    )
    st.button(
        "Another draw",
        icon=":material/casino:",
        on_click=_draw_again,
        help="Takes the next seed: the random steps do something else.",
    )
    return seed


def _draw_again() -> None:
    st.session_state["draw"] = (st.session_state["draw"] + 1) % 10_000


def _spread(indices: np.ndarray, most: int) -> np.ndarray:
    """Return at most `most` of the indices, evenly spaced."""
    return indices if len(indices) <= most else indices[np.linspace(0, len(indices) - 1, most).astype(int)]


@st.cache_data(max_entries=64, show_spinner="Measuring the mean and standard deviation …")
def _mean_and_std(
    fingerprint: str, steps: tuple[Any, ...], _digits: Digits, _chosen: np.ndarray
) -> tuple[float, float]:
    from digits_core.transforms.normalisation import resolve

    size, interpolation, centre = steps
    config = TransformConfig(size=size, interpolation=interpolation, centre=centre, normalisation="dataset")
    resolved = resolve(config, [_digits.images[_chosen]])
    return resolved.mean, resolved.std
