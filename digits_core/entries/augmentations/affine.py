"""Rotation, translation, scale and shear: one step, so that the pixels are interpolated once."""

from __future__ import annotations

import math

from digits_core.entries.base import Augmentation, Strength
from digits_core.entries.draws import uniform
from digits_core.entries.lazy import nnf, torch, v2


def draw_affine(
    count: int, rotation: float, translation: float, scale: float, shear: float, generator: torch.Generator
) -> tuple[torch.Tensor, ...]:
    """Draw angle, x, y, scale and shear of each image, (count,) each: all uniform, x and y in whole pixels."""
    return (
        uniform(count, rotation, generator),
        uniform(count, translation, generator).round(),
        uniform(count, translation, generator).round(),
        1 + uniform(count, scale, generator),
        uniform(count, shear, generator),
    )


def apply_affine(
    pixels: torch.Tensor,
    angle: torch.Tensor,
    x: torch.Tensor,
    y: torch.Tensor,
    scale: torch.Tensor,
    shear: torch.Tensor,
) -> torch.Tensor:
    """Turn, move, scale and slant about the centre, bilinear, empty outside; float32 (N, 1, S, S) → the same.

    Angle and shear in degrees, x and y in pixels, each (N,). The inverse of torchvision's matrix T·R·Sh·S about the
    image's centre, with shear along x alone: v2.functional.affine, docstring of `_get_inverse_affine_matrix`.
    """
    angle, shear = angle * (math.pi / 180), shear * (math.pi / 180)
    # Inverse of [[cos, -sin·1 - cos·tan], [sin, cos - sin·tan]] · scale, whose determinant is scale².
    cos, sin, tan = angle.cos(), angle.sin(), shear.tan()
    a, b = (cos - sin * tan) / scale, (sin + cos * tan) / scale
    c, d = -sin / scale, cos / scale
    half = pixels.shape[-1] / 2
    x, y = x / half, y / half
    rows = [torch.stack([a, b, -a * x - b * y], dim=1), torch.stack([c, d, -c * x - d * y], dim=1)]
    grid = nnf.affine_grid(torch.stack(rows, dim=1), list(pixels.shape), align_corners=False)
    return nnf.grid_sample(pixels, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def move(
    pixels: torch.Tensor,
    rotation: float,
    translation: float,
    scale: float,
    shear: float,
    generator: torch.Generator,
) -> torch.Tensor:
    """Turn, move, scale and slant each image by draws of its own."""
    return apply_affine(pixels, *draw_affine(len(pixels), rotation, translation, scale, shear, generator))


def transform(size: int, rotation: float, translation: float, scale: float, shear: float) -> v2.RandomAffine:
    """Return torchvision's own transform, from whose distributions `draw_affine` draws."""
    share = translation / size
    return v2.RandomAffine(
        degrees=rotation,
        translate=(share, share),
        scale=(1 - scale, 1 + scale),
        shear=shear,
        interpolation=v2.InterpolationMode.BILINEAR,
    )


def code(size: int, rotation: float, translation: float, scale: float, shear: float) -> str:
    share = translation / size
    return (
        f"v2.RandomAffine(\n        degrees={rotation!r}, translate=({share!r}, {share!r}),\n"
        f"        scale=({1 - scale!r}, {1 + scale!r}), shear={shear!r},\n"
        "        interpolation=v2.InterpolationMode.BILINEAR,\n    )"
    )


AUGMENTATION = Augmentation(
    place=10,
    title="Random affine",
    why="Turned, moved, scaled and slanted copies show the network what other hands write. All four are one step, so "
    "that the pixels are interpolated once.",
    strengths={
        "rotation": Strength(
            title="Rotation",
            why="Hands hold the paper at an angle.",
            most=180,
            first=12,
            step=1,
            form="±%g°",
            phrase="±{:g}°",
            help="Each image is turned by an angle between minus and plus this. Beyond some 30° a 6 begins to be a 9.",
        ),
        "translation": Strength(
            title="Translation",
            why="A digit stays the same digit wherever it is written.",
            most=14,
            first=2,
            step=1,
            form="±%g px",
            phrase="±{:g} px",
            help="Each image is moved by up to this many whole pixels, both ways. Too far and ink leaves the image.",
        ),
        "scale": Strength(
            title="Scale",
            why="Some write large, some small.",
            most=0.9,
            first=0.15,
            step=0.01,
            form="±%.2f",
            phrase="±{:.0%}",
            help="Each image becomes larger or smaller by up to this share of its size.",
        ),
        "shear": Strength(
            title="Shear",
            why="Handwriting slants, to the right or to the left.",
            most=60,
            first=12,
            step=1,
            form="±%g°",
            phrase="±{:g}°",
            help="Upright strokes lean by up to this angle, as slanted handwriting does.",
        ),
    },
    apply=move,
    transform=transform,
    code=code,
    helpers=(uniform, draw_affine, apply_affine),
)
