"""A `TransformConfig` as plain torchvision code: a script that runs by itself and gives the same tensors."""

from __future__ import annotations

from digits_core.config import TransformConfig
from digits_core.transforms.batched import check_resolved
from digits_core.transforms.centring import INK_LEVEL
from digits_core.transforms.distortion import ERASED_RATIO, ERASED_SHARE, elastic_alpha, elastic_sigma

INK_PARTS = "20 / 28"
"""`INK_SHARE`, as people read it."""

CENTRE_BY_MASS = f'''
class CentreByMass(v2.Transform):
    """The ink scaled to {INK_PARTS} of the side, with its centre of mass in the middle."""

    def __init__(self, size):
        super().__init__()
        self.size = size

    def transform(self, picture, params):
        image = v2.functional.pil_to_tensor(picture)[0]
        square = torch.zeros(self.size, self.size, dtype=torch.uint8)
        ink = image >= {INK_LEVEL}
        if ink.any():
            rows, columns = ink.any(dim=1).nonzero(), ink.any(dim=0).nonzero()
            image = image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
            factor = round(self.size * {INK_PARTS}) / max(image.shape)
            target = [max(1, round(side * factor)) for side in image.shape]
            image = v2.functional.resize(image[None], target, antialias=True)[0]
            top, left = self.corner(image, 0), self.corner(image, 1)
            square[top : top + target[0], left : left + target[1]] = image
        return v2.functional.to_pil_image(square)

    def corner(self, image, axis):
        """Where the image begins along one axis, so that its centre of mass is in the middle."""
        weight = image.sum(dim=1 - axis).double()
        middle = (weight * (torch.arange(len(weight)) + 0.5)).sum() / weight.sum().clamp(min=1)
        return int((self.size / 2 - middle).round().clamp(0, self.size - len(weight)))
'''

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

TO_TENSOR = ("v2.ToImage()", "v2.ToDtype(torch.float32, scale=True)", "v2.ToPureTensor()")


def as_code(config: TransformConfig) -> str:
    """A script with `training_transform` and `test_transform`: each takes a greyscale PIL image.

    Its imports are torch, torchvision and Pillow; steps that torchvision does not have are written out in it.
    """
    check_resolved(config)
    strokes = config.stroke_width > 0
    imports = ["import torch", *(["from PIL import Image, ImageFilter"] if strokes else [])]
    parts = [
        "\n".join([*imports, "from torchvision.transforms import v2"]),
        *([CENTRE_BY_MASS.strip()] if config.centre else []),
        *([RANDOM_STROKE_WIDTH.strip()] if strokes else []),
    ]
    transforms = _composed("test_transform", [_fixed(config), *TO_TENSOR, _normalise(config)])
    if config.augments:
        steps = [_fixed(config), *_on_pictures(config), *TO_TENSOR, *_on_tensors(config), _normalise(config)]
        transforms = f"{_composed('training_transform', steps)}\n\n# Testing draws nothing at random.\n{transforms}"
    else:
        transforms += "\n\n# Nothing is drawn at random: training and test images go the same way.\n"
        transforms += "training_transform = test_transform"
    return "\n\n\n".join([*parts, transforms]) + "\n"


def _composed(name: str, steps: list[str]) -> str:
    return "\n".join([f"{name} = v2.Compose([", *(f"    {step}," for step in steps), "])"])


def _fixed(config: TransformConfig) -> str:
    if config.centre:
        return f"CentreByMass({config.size})"
    mode = f"v2.InterpolationMode.{config.interpolation.upper()}"
    return f"v2.Resize(\n        ({config.size}, {config.size}), {mode}, antialias=True,\n    )"


def _on_pictures(config: TransformConfig) -> list[str]:
    share = config.translation / config.size
    affine = (
        f"v2.RandomAffine(\n        degrees={config.rotation!r}, translate=({share!r}, {share!r}),\n"
        f"        scale=({1 - config.scale!r}, {1 + config.scale!r}), shear={config.shear!r},\n"
        "        interpolation=v2.InterpolationMode.BILINEAR,\n    )"
    )
    return [
        *([affine] if config.moves else []),
        *([f"v2.ElasticTransform({_elastic(config)})"] if config.elastic else []),
        *([f"RandomStrokeWidth({config.stroke_width!r})"] if config.stroke_width else []),
    ]


def _elastic(config: TransformConfig) -> str:
    return f"alpha={elastic_alpha(config)!r}, sigma={elastic_sigma(config.size)!r}"


def _on_tensors(config: TransformConfig) -> list[str]:
    erasing = f"p={config.erasing!r}, scale={ERASED_SHARE!r}, ratio={ERASED_RATIO!r}, value=0"
    return [
        *([f"v2.GaussianNoise(sigma={config.noise!r})"] if config.noise else []),
        *([f"v2.RandomErasing({erasing})"] if config.erasing else []),
    ]


def _normalise(config: TransformConfig) -> str:
    return f"v2.Normalize([{config.mean!r}], [{config.std!r}])"
