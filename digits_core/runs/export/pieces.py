"""The random steps as an exported script has them: each function goes into it as it stands.

Plain functions over a few names that the script sets at its top. They do what `transforms` does, in the same order and
to the last bit; the tests run scripts and hold their lines against those of the runs.
"""

# Written as a script is: what a name holds, the sentence below it says.
# ruff: noqa: ANN001, ANN201

import math

import torch
from torch.nn import functional as nnf

# What a script sets at its top; here only so that the names are known.
SIZE = 28
ROTATION = TRANSLATION = SCALE = SHEAR = STROKE_WIDTH = NOISE = ERASING = ELASTIC_ALPHA = ELASTIC_SIGMA = 1.0
ERASED_SHARE = ERASED_RATIO = (0.1, 1.0)
device = torch.device("cpu")


def uniform(count, bound, generator):
    """Draws from -bound to bound."""
    return torch.rand(count, generator=generator, device=device).mul(2).sub(1).mul(bound)


def moved(pixels, generator):
    """Each image turned, moved, scaled and slanted by draws of its own."""
    count = len(pixels)
    angle = uniform(count, ROTATION, generator) * (math.pi / 180)
    x = uniform(count, TRANSLATION, generator).round() / (SIZE / 2)
    y = uniform(count, TRANSLATION, generator).round() / (SIZE / 2)
    scale = 1 + uniform(count, SCALE, generator)
    shear = uniform(count, SHEAR, generator) * (math.pi / 180)
    cos, sin, tan = angle.cos(), angle.sin(), shear.tan()
    a, b = (cos - sin * tan) / scale, (sin + cos * tan) / scale
    c, d = -sin / scale, cos / scale
    rows = [torch.stack([a, b, -a * x - b * y], dim=1), torch.stack([c, d, -c * x - d * y], dim=1)]
    grid = nnf.affine_grid(torch.stack(rows, dim=1), list(pixels.shape), align_corners=False)
    return nnf.grid_sample(pixels, grid, align_corners=False)


def waved(pixels, generator):
    """The ink of each image pulled about in waves: noise, blurred, says from where each pixel is taken."""
    half = int(8 * ELASTIC_SIGMA + 1) // 2
    kernel = torch.exp(-((torch.arange(-half, half + 1) / ELASTIC_SIGMA) ** 2) / 2)
    lines = nnf.pad(torch.eye(SIZE)[:, None], (half, half), mode="reflect")
    blur = nnf.conv1d(lines, (kernel / kernel.sum())[None, None])[:, 0].T.contiguous().to(device)
    noise = torch.rand(len(pixels), 2, SIZE, SIZE, generator=generator, device=device).mul(2).sub(1)
    waves = (blur @ noise @ blur.T * (ELASTIC_ALPHA / SIZE)).permute(0, 2, 3, 1)
    place = torch.linspace((1 - SIZE) / SIZE, (SIZE - 1) / SIZE, SIZE, device=device)
    still = torch.stack([place.expand(SIZE, SIZE), place[:, None].expand(SIZE, SIZE)], dim=2)
    return nnf.grid_sample(pixels, waves + still, align_corners=False)


def written_with_another_pen(pixels, generator):
    """Strokes grow towards the 3×3 maximum or shrink towards the minimum."""
    share = uniform(len(pixels), STROKE_WIDTH, generator)[:, None, None, None]
    thick = nnf.max_pool2d(pixels, 3, stride=1, padding=1)
    thin = -nnf.max_pool2d(-pixels, 3, stride=1, padding=1)
    return pixels + share.clamp(min=0) * (thick - pixels) - share.clamp(max=0) * (thin - pixels)


def noisy(pixels, generator):
    """Grain on each pixel."""
    noise = torch.randn(pixels.shape, generator=generator, device=device).mul(255 * NOISE)
    return (pixels + noise).clamp(0, 255)


def erased(pixels, generator):
    """A rectangle of some images blanked."""
    chance, share, ratio, down, right = torch.rand(5, len(pixels), generator=generator, device=device)
    area = SIZE * SIZE * (ERASED_SHARE[0] + share * (ERASED_SHARE[1] - ERASED_SHARE[0]))
    low, high = map(math.log, ERASED_RATIO)
    ratio = (low + ratio * (high - low)).exp()
    height, width = (area * ratio).sqrt().round(), (area / ratio).sqrt().round()
    top, left = (down * (SIZE - height + 1)).floor(), (right * (SIZE - width + 1)).floor()
    height = torch.where(chance < ERASING, height, 0)
    place = torch.arange(SIZE, device=device)
    rows = (place >= top[:, None]) & (place < (top + height)[:, None])
    columns = (place >= left[:, None]) & (place < (left + width)[:, None])
    return pixels.masked_fill((rows[:, :, None] & columns[:, None, :])[:, None], 0)
