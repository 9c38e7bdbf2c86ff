"""Transforms for tests to try: any that the config accepts, within what keeps a digit an image."""

from hypothesis import strategies as st

from digits_core.config import TransformConfig, choices


def strength(most: float) -> st.SearchStrategy[float]:
    """Off, or something up to `most`."""
    return st.just(0.0) | st.floats(0.01, most)


TRANSFORMS = st.builds(
    TransformConfig,
    size=st.integers(8, 40),
    interpolation=st.sampled_from(choices(TransformConfig, "interpolation")),
    centre=st.booleans(),
    rotation=strength(180),
    translation=strength(8),
    scale=strength(0.9),
    shear=strength(60),
    elastic=strength(4),
    stroke_width=strength(1),
    noise=strength(0.5),
    erasing=strength(1),
    mean=st.floats(0, 1),
    std=st.floats(0.05, 1),
)
