"""Stroke width: strokes grow towards the 3×3 maximum or shrink towards the minimum."""

from __future__ import annotations

from functools import partial

from digits_core.entries.base import Augmentation, Strength
from digits_core.entries.draws import uniform
from digits_core.entries.lazy import Image, ImageFilter, nnf, torch, v2


def apply_stroke_width(pixels: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """Blend with the 3×3 maximum (share > 0) or minimum (share < 0); float32 (N, 1, S, S), share (N,) in -1 to 1."""
    thick = nnf.max_pool2d(pixels, 3, stride=1, padding=1)
    thin = -nnf.max_pool2d(-pixels, 3, stride=1, padding=1)
    share = share[:, None, None, None]
    return pixels + share.clamp(min=0) * (thick - pixels) - share.clamp(max=0) * (thin - pixels)


def change_pen(pixels: torch.Tensor, stroke_width: float, generator: torch.Generator) -> torch.Tensor:
    """Make the strokes of each image thicker or thinner by a draw of its own."""
    return apply_stroke_width(pixels, uniform(len(pixels), stroke_width, generator))


def blend_picture(picture: Image.Image, share: float) -> Image.Image:
    """Blend a greyscale picture with its 3×3 maximum (share > 0) or minimum (share < 0)."""
    extreme = picture.filter(ImageFilter.MaxFilter(3) if share > 0 else ImageFilter.MinFilter(3))
    return Image.blend(picture, extreme, abs(share))


def random_stroke_width(picture: Image.Image, strength: float) -> Image.Image:
    """Make the strokes of a picture thicker or thinner by a random share of one pixel on each side."""
    return blend_picture(picture, float(torch.empty(1).uniform_(-strength, strength)))


AUGMENTATION = Augmentation(
    place=30,
    strengths={
        "stroke_width": Strength(
            title="Stroke width",
            why="Pens differ: the same digit with thicker and thinner strokes.",
            most=1,
            first=0.7,
            step=0.05,
            form="±%.2f px",
            phrase="±{:g} px",
            help="Edges of strokes move out- or inwards by up to this share of a pixel.",
        )
    },
    apply=change_pen,
    transform=lambda size, stroke_width: v2.Lambda(partial(random_stroke_width, strength=stroke_width)),
    code=lambda size, stroke_width: f"v2.Lambda(lambda picture: random_stroke_width(picture, {stroke_width!r}))",
    helpers=(uniform, apply_stroke_width),
    written_out=(blend_picture, random_stroke_width),
    imports=("from PIL import Image", "from PIL import ImageFilter"),
)
