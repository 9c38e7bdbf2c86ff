"""A `TransformConfig` as plain torchvision code: a script that runs by itself and gives the same tensors."""

from __future__ import annotations

import inspect

from digits_core.config import TransformConfig
from digits_core.transforms.batched import check_resolved
from digits_core.transforms.centring import INK_LEVEL, centred
from digits_core.transforms.distortion import ERASED_RATIO, ERASED_SHARE, elastic_alpha, elastic_sigma

INK_PARTS = "20 / 28"
"""`INK_SHARE`, as people read it."""

CENTRING_CONSTANTS = f"""
INK_LEVEL = {INK_LEVEL}  # of 255: what is fainter is paper
INK_SHARE = {INK_PARTS}  # the longer side of the ink, as a share of the image's
"""
CENTRED = inspect.getsource(centred)
CENTRE_BY_MASS = '''
class CentreByMass(v2.Transform):
    """A greyscale picture of any size → one of (size, size) with its ink centred."""

    def __init__(self, size):
        super().__init__()
        self.size = size

    def transform(self, picture, params):
        return v2.functional.to_pil_image(centred(v2.functional.pil_to_tensor(picture)[0], self.size))
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
    imports = [
        "import torch",
        *(["from PIL import Image, ImageFilter"] if config.stroke_width else []),
        *(["from torch.nn import functional as nnf"] if config.centre else []),
        "from torchvision.transforms import v2",
    ]
    head = "\n".join(imports) + (f"\n{CENTRING_CONSTANTS}" if config.centre else "")
    return "\n\n\n".join([head.rstrip(), *([CENTRED.rstrip()] if config.centre else []), *pieces(config)]) + "\n"


def pieces(config: TransformConfig) -> list[str]:
    """Return the classes that the transforms need, and the two transforms; `centred` and the imports come before."""
    check_resolved(config)
    transforms = _composed("test_transform", [_fixed(config), *TO_TENSOR, _normalise(config)])
    if config.augments:
        steps = [_fixed(config), *_on_pictures(config), *TO_TENSOR, *_on_tensors(config), _normalise(config)]
        transforms = f"{_composed('training_transform', steps)}\n\n# Testing draws nothing at random.\n{transforms}"
    else:
        transforms += "\n\n# Nothing is drawn at random: training and test images go the same way.\n"
        transforms += "training_transform = test_transform"
    return [
        *([CENTRE_BY_MASS.strip()] if config.centre else []),
        *([RANDOM_STROKE_WIDTH.strip()] if config.stroke_width else []),
        transforms,
    ]


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
