"""The steps in words: what each is called, why one takes it, and which fields of `TransformConfig` it follows.

Here, apart from what does them, because a page says them before torch is there.
"""

from __future__ import annotations

from dataclasses import dataclass

from digits_core.config import TransformConfig


@dataclass(frozen=True)
class StepInfo:
    """A step's title, a sentence on why one takes it, and its fields; random ones are taken in training alone."""

    title: str
    why: str
    fields: tuple[str, ...] = ()
    random: bool = False


STEPS = {
    "centre": StepInfo(
        "Centre by mass",
        "Digits of any size and place come to lie alike, so that the network need not learn every place by itself.",
        ("centre",),
    ),
    "resize": StepInfo(
        "Resize",
        "The fully connected layers want one size for every image.",
        ("size", "interpolation"),
    ),
    "rotation": StepInfo("Rotation", "Hands hold the paper at an angle.", ("rotation",), random=True),
    "translation": StepInfo(
        "Translation", "A digit stays the same digit wherever it is written.", ("translation",), random=True
    ),
    "scale": StepInfo("Scale", "Some write large, some small.", ("scale",), random=True),
    "shear": StepInfo("Shear", "Handwriting slants, to the right or to the left.", ("shear",), random=True),
    "elastic": StepInfo(
        "Elastic",
        "Muscles tremble and curves come out a little different each time: waves pull the ink about.",
        ("elastic",),
        random=True,
    ),
    "stroke_width": StepInfo(
        "Stroke width", "Pens differ: the same digit with thicker and thinner strokes.", ("stroke_width",), random=True
    ),
    "to_tensor": StepInfo("To tensor", "PyTorch wants (channel, height, width) as floating point from 0 to 1."),
    "noise": StepInfo(
        "Noise", "Cameras and scanners add grain; a network that saw some does not stumble over it.", ("noise",), True
    ),
    "erasing": StepInfo(
        "Erasing", "Where a part is missing the rest must do: no single stroke is relied on.", ("erasing",), True
    ),
    "normalise": StepInfo(
        "Normalise",
        "Values around 0 with a spread near 1 keep gradients of a healthy size.",
        ("normalisation", "mean", "std"),
    ),
}
"""In the order in which they are taken."""

AFFINE = StepInfo(
    "Random affine",
    "Turned, moved, scaled and slanted copies show the network what other hands write. All four are one step, so that "
    "the pixels are interpolated once.",
    ("rotation", "translation", "scale", "shear"),
    random=True,
)
"""What rotation, translation, scale and shear are to the pipeline."""

ALWAYS = ("resize", "to_tensor", "normalise")
"""Steps that cannot be left out; centring takes the place of resizing."""


def in_words(config: TransformConfig) -> str:
    """A config in a line: what is done to every image, then what training draws at random, then the normalisation."""
    size = f"{config.size}×{config.size}"
    fixed = f"centred by mass to {size}" if config.centre else f"resized to {size} ({config.interpolation})"
    if config.normalisation == "dataset":
        normalised = "normalised by the training images' own mean and standard deviation"
    else:
        normalised = f"normalised by mean {config.mean:.4g} and standard deviation {config.std:.4g}"
    return " · ".join([fixed, *_random_in_words(config), normalised])


def _random_in_words(config: TransformConfig) -> list[str]:
    words = {
        "rotation": f"rotation ±{config.rotation:g}°",
        "translation": f"translation ±{config.translation:g} px",
        "scale": f"scale ±{config.scale:.0%}",
        "shear": f"shear ±{config.shear:g}°",
        "elastic": f"elastic {config.elastic:g} px",
        "stroke_width": f"stroke width ±{config.stroke_width:g} px",
        "noise": f"noise {config.noise:.0%}",
        "erasing": f"erasing {config.erasing:.0%} of images",
    }
    return [text for field, text in words.items() if getattr(config, field)]
