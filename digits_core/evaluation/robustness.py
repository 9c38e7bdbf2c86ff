"""How much a run's test images can be changed before its network no longer recognises them.

Each change is applied to the image prepared by the run's test transform, so that an amount means the same for a digit
of 8 × 8 pixels and one of 28 × 28. If the transform centres the ink, it is centred again after the change, as new ink
would be; except after noise, which follows the centring in training, too. An amount of nothing leaves the prepared
image unchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from digits_core.config import RunConfig
from digits_core.data.statistics.chunks import Report, nobody
from digits_core.errors import RunError
from digits_core.evaluation.test_set import TestSet
from digits_core.runs.artifacts import Artifacts

if TYPE_CHECKING:
    from torch import Tensor

    from digits_core.evaluation.run_network import TrainedNetwork

FILE = "robustness"
VERSION = 1
"""Version of the changes below: results of other versions are measured again."""
SIDE = 28
"""Lengths are in pixels of an image of this side, whatever the image size of a run."""
NOISE_SEED = 0


@dataclass(frozen=True)
class Change:
    """One way to change an image: its amounts in rising order, one of which changes nothing."""

    name: str
    title: str
    unit: str
    amounts: tuple[float, ...]
    nothing: float
    explanation: str


CHANGES = (
    Change(
        "rotation",
        "Rotation",
        "degrees clockwise",
        tuple(range(-60, 61, 10)),
        0,
        "Turned about the centre of the image. Beyond some angle a 6 is a 9 to any reader.",
    ),
    Change(
        "shift",
        "Shift",
        "pixels of 28",
        tuple(range(0, 11, 2)),
        0,
        "Moved by whole pixels: right, down, left and up in turn, image by image. What leaves the image is gone.",
    ),
    Change(
        "scale",
        "Scale",
        "times its size",
        (0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6),
        1.0,
        "Made smaller or larger about the centre of the image.",
    ),
    Change(
        "noise",
        "Noise",
        "standard deviation, share of full ink",
        (0.0, 0.1, 0.2, 0.3, 0.4, 0.5),
        0.0,
        "Random grey added to every pixel, the same at each measurement.",
    ),
    Change(
        "stroke",
        "Stroke width",
        "pixels of 28 on each side",
        (-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0),
        0.0,
        "Strokes grown by their 3 × 3 maximum or shrunk by their minimum, as with a thicker or thinner pen.",
    ),
)


@dataclass(frozen=True)
class Robustness:
    """Accuracy (fraction of 1) for each amount of each change, by its name; `images` were tested each time."""

    images: int
    accuracy: dict[str, list[float]]


def kept(artifacts: Artifacts) -> Robustness | None:
    """Return the results stored for the current weights, or `None`; raise `RunError` if there are no weights."""
    weights, content = artifacts.weights_fingerprint(), artifacts.load_evaluation(FILE) or {}
    if (content.get("version"), content.get("weights")) != (VERSION, weights):
        return None
    return Robustness(content["images"], content["accuracy"])


def measure(config: RunConfig, artifacts: Artifacts, tested: TestSet, report: Report = nobody) -> Robustness:
    """Evaluate the run's network on its test images after every change, and store the accuracies with the run."""
    from digits_core.evaluation.run_network import TrainedNetwork

    fingerprint = artifacts.weights_fingerprint()
    network = TrainedNetwork(config, artifacts.load_kept())
    if artifacts.weights_fingerprint() != fingerprint:
        raise RunError("The run has learnt more while this began. Try again.")
    found = Robustness(len(tested), accuracies(network, tested, report))
    artifacts.save_evaluation(
        FILE, {"version": VERSION, "weights": fingerprint, "images": found.images, "accuracy": found.accuracy}
    )
    return found


def accuracies(network: TrainedNetwork, tested: TestSet, report: Report = nobody) -> dict[str, list[float]]:
    """Return the accuracy for each amount of each change."""
    import torch

    pixels = torch.cat([network.prepare(images) for images in tested.images()])  # (N, 1, S, S)

    def share_of_right(prepared: Tensor) -> float:
        return float((network.logits(prepared).argmax(axis=1) == tested.labels).mean())

    report(0.0)
    unchanged = share_of_right(pixels)
    found = {change.name: [unchanged] * len(change.amounts) for change in CHANGES}
    steps = [(change, at) for change in CHANGES for at, amount in enumerate(change.amounts) if amount != change.nothing]
    for done, (change, at) in enumerate(steps, start=1):
        report(done / (len(steps) + 1))
        changed = apply(change, change.amounts[at], pixels, network.transform.centre)
        found[change.name][at] = share_of_right(changed)
    return found


def apply(change: Change, amount: float, pixels: Tensor, centre: bool) -> Tensor:
    """Apply a change to prepared images, uint8 (N, 1, S, S) → the same; set `centre` if the run's transform does."""
    import torch

    from digits_core.transforms.centring import centre_by_mass

    if amount == change.nothing:
        return pixels
    changed = _WAYS[change.name](pixels.float(), amount).round().clamp(0, 255).to(torch.uint8)
    if centre and change.name != "noise":
        return centre_by_mass(changed[:, 0], changed.shape[-1])[:, None]
    return changed


def _rotate(pixels: Tensor, degrees: float) -> Tensor:
    return _move(pixels, angle=degrees)


def _scale(pixels: Tensor, factor: float) -> Tensor:
    return _move(pixels, scale=factor)


def _shift(pixels: Tensor, distance: float) -> Tensor:
    import torch

    whole = round(distance * pixels.shape[-1] / SIDE)
    turn = torch.arange(len(pixels)) % 4
    right, down = (turn == 0).float() - (turn == 2).float(), (turn == 1).float() - (turn == 3).float()
    return _move(pixels, x=right * whole, y=down * whole)


def _move(pixels: Tensor, **fields: float | Tensor) -> Tensor:
    """Rotate, move or scale all images: by one number for all, or one for each."""
    import torch

    from digits_core.entries.augmentations.affine import apply_affine

    still = {"angle": 0.0, "x": 0.0, "y": 0.0, "scale": 1.0, "shear": 0.0}
    values = {name: torch.as_tensor(value).expand(len(pixels)) for name, value in {**still, **fields}.items()}
    return apply_affine(pixels, **values)


def _add_noise(pixels: Tensor, deviation: float) -> Tensor:
    import torch

    from digits_core.entries.augmentations.noise import apply_noise

    noise = torch.randn(pixels.shape, generator=torch.Generator().manual_seed(NOISE_SEED))
    return apply_noise(pixels, noise * (255 * deviation))


def _change_strokes(pixels: Tensor, width: float) -> Tensor:
    import torch

    from digits_core.entries.augmentations.stroke_width import apply_stroke_width

    left = width * pixels.shape[-1] / SIDE
    while left:
        share = float(np.clip(left, -1, 1))
        pixels = apply_stroke_width(pixels, torch.full((len(pixels),), share))
        left -= share
    return pixels


_WAYS: dict[str, Callable[[Tensor, float], Tensor]] = {
    "rotation": _rotate,
    "shift": _shift,
    "scale": _scale,
    "noise": _add_noise,
    "stroke": _change_strokes,
}
