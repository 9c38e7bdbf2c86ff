"""Stroke width: strokes grow towards the 3×3 maximum or shrink towards the minimum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from digits_core.entries.base import Augmentation, Lazy, Strength
from digits_core.entries.draws import uniform

if TYPE_CHECKING:
    import torch
    from PIL import Image
    from torch.nn import functional as nnf
    from torchvision.transforms import v2
else:
    torch, nnf, v2 = Lazy("torch"), Lazy("torch.nn.functional"), Lazy("torchvision.transforms.v2")

RANDOM_STROKE_WIDTH = '''
class RandomStrokeWidth(v2.Transform):
    """Strokes grow or shrink by a random share of one pixel on each side."""

    def __init__(self, strength):
        super().__init__()
        self.strength = strength

    def transform(self, picture, params):
        share = float(torch.empty(1).uniform_(-self.strength, self.strength))
        extreme = picture.filter(ImageFilter.MaxFilter(3) if share > 0 else ImageFilter.MinFilter(3))
        return Image.blend(picture, extreme, abs(share))
'''


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
    """Return what `apply_stroke_width` makes of one greyscale picture."""
    from PIL import Image, ImageFilter

    extreme = picture.filter(ImageFilter.MaxFilter(3) if share > 0 else ImageFilter.MinFilter(3))
    return Image.blend(picture, extreme, abs(share))


def transform(size: int, stroke_width: float) -> v2.Transform:
    """Return the step for one greyscale picture, which torchvision does not have."""

    class RandomStrokeWidth(v2.Transform):  # here, because torchvision is not imported before it is needed
        def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
            return {"share": float(torch.empty(1).uniform_(-stroke_width, stroke_width))}

        def transform(self, inpt: Image.Image, params: dict[str, Any]) -> Image.Image:
            return blend_picture(inpt, params["share"])

    return RandomStrokeWidth()


AUGMENTATION = Augmentation(
    place=30,
    strengths={
        "stroke_width": Strength(
            title="Stroke width", why="Pens differ: the same digit with thicker and thinner strokes.",
            most=1, first=0.7, step=0.05, form="±%.2f px", phrase="±{:g} px",
            help="Edges of strokes move out- or inwards by up to this share of a pixel.",
        )
    },
    apply=change_pen,
    transform=transform,
    code=lambda size, stroke_width: f"RandomStrokeWidth({stroke_width!r})",
    helpers=(uniform, apply_stroke_width),
    written_out=RANDOM_STROKE_WIDTH,
    imports="from PIL import Image, ImageFilter",
)  # fmt: skip
