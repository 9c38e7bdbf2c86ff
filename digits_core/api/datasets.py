"""Datasets as the lecture holds them: tuples of an image and its label, split into training and test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

import numpy as np

from digits_core.api.configs import transform_config
from digits_core.api.lab import open_lab
from digits_core.config import RunConfig, TransformConfig
from digits_core.data.catalogue import Entry
from digits_core.data.digits import CLASSES, Digits, Split
from digits_core.markup import Html, heading, joined, picture, table

if TYPE_CHECKING:
    import torch

SHOWN_ROWS = 4
"""Samples of each digit that a dataset shows of itself."""
SHOWN_SAMPLES = 40


@dataclass(frozen=True, eq=False, repr=False)
class Samples(Sequence["tuple[torch.Tensor, int]"]):
    """Images with their labels: a sequence of the lecture's tuples, and the same as two arrays; made by `load`.

    Attributes:
        images: uint8 (n, H, W), ink bright (255) on 0.
        labels: int64 (n,), 0 to 9.
        words: What they are called: "test samples".

    Example:
        >>> import digits_core as dl
        >>> image, label = dl.load("optdigits").train[0]
        >>> image.shape, image.dtype, label
        (torch.Size([8, 8]), torch.uint8, 0)
    """

    images: np.ndarray
    labels: np.ndarray
    words: str = "samples"

    def __len__(self) -> int:
        return len(self.labels)

    @overload
    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]: ...
    @overload
    def __getitem__(self, index: slice) -> Samples: ...
    def __getitem__(self, index: int | slice) -> tuple[torch.Tensor, int] | Samples:
        """Return one sample, or some of them for a slice.

        Args:
            index: The position of a sample, negative ones counted from the end, or a slice.

        Returns:
            `(image, label)`, the image a uint8 tensor (H, W) and the label 0 to 9; for a slice, `Samples` again.

        Raises:
            IndexError: if there is no sample at that position.

        Example:
            >>> import digits_core as dl
            >>> train = dl.load("optdigits").train
            >>> image, label = train[-1]
            >>> train[:100]
            <100 training samples of 8×8 pixels>
        """
        if isinstance(index, slice):
            return Samples(self.images[index], self.labels[index], self.words)
        import torch  # what only looks at a dataset need not wait for it

        return torch.from_numpy(self.images[index]), int(self.labels[index])

    def tensors(self, config: RunConfig | TransformConfig | str | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Return all samples as the network reads them, without the random steps; for a `TensorDataset`.

        Args:
            config: The transform, or what has one: a config or a recipe's name; the lecture's if it is not given.

        Returns:
            The images, float32 (n, 1, size, size), normalised, and their labels, int64 (n,).

        Raises:
            ConfigError: for what is not a config or a recipe.
            DatasetError: if there are no samples to measure a mean of, and the config asks for the dataset's own.

        Example:
            >>> import digits_core as dl
            >>> images, labels = dl.load("optdigits").test.tensors()
            >>> images.shape
            torch.Size([359, 1, 28, 28])
        """
        import torch

        from digits_core.transforms import batched
        from digits_core.transforms.normalisation import resolve

        transform = resolve(transform_config(config), [self.images])
        pixels = batched.prepare(self.images, transform)
        return batched.normalise(pixels, transform), torch.from_numpy(self.labels)

    def __repr__(self) -> str:
        height, width = self.images.shape[1:]
        return f"<{len(self):,} {self.words} of {height}×{width} pixels>"

    def _repr_html_(self) -> Html:
        height, width = self.images.shape[1:]
        shown = zip(self.images[:SHOWN_SAMPLES], self.labels[:SHOWN_SAMPLES].tolist(), strict=True)
        more = len(self) - SHOWN_SAMPLES
        head = heading(f"{len(self):,} {self.words}", f"{height}×{width} pixels, uint8")
        rest = f" and {more:,} more" if more > 0 else ""
        return joined([head, *(picture(image, f"a {label}") for image, label in shown), rest])


class DigitsDataset:
    """A dataset with its split; made by `load`.

    Attributes:
        name: What it is called in configs.
        title: What people call it.
        images: All of them, uint8 (N, H, W), ink bright (255) on 0.
        labels: int64 (N,), 0 to 9.
        train: The `Samples` to train on.
        test: The `Samples` to test on. The split is the same on every machine.

    Example:
        >>> import digits_core as dl
        >>> digits = dl.load("optdigits")
        >>> digits.images.shape, digits.images.dtype, digits.title
        ((1797, 8, 8), dtype('uint8'), 'Optdigits 8×8')
        >>> len(digits) == len(digits.train) + len(digits.test)
        True
    """

    def __init__(self, digits: Digits, entry: Entry) -> None:
        self._digits, self._entry = digits, entry
        self.name, self.title = digits.name, entry.title
        self.images, self.labels = digits.images, digits.labels
        self.train = self._samples("train", "training samples")
        self.test = self._samples("test", "test samples")

    def __len__(self) -> int:
        return len(self._digits)

    def _samples(self, split: Split, words: str) -> Samples:
        return Samples(*self._digits.of(split), words)

    def __repr__(self) -> str:
        height, width = self._digits.shape
        return f"<{self.title}: {len(self.train):,} training and {len(self.test):,} test samples of {height}×{width}>"

    def _repr_html_(self) -> Html:
        height, width = self._digits.shape
        places = [np.flatnonzero(self.labels == digit)[:SHOWN_ROWS] for digit in range(CLASSES)]
        rows: list[list[object]] = []
        for row in range(SHOWN_ROWS):
            shown = [self.images[of[row : row + 1]] for of in places]  # none of a digit that has no more samples
            rows.append(["", *(joined(picture(each, f"a {digit}") for each in of) for digit, of in enumerate(shown))])
        rows += [["training", *self._digits.counts("train")], ["test", *self._digits.counts("test")]]
        facts = [f"{len(self):,} digits", f"{height}×{width} pixels, uint8", f"licence: {self._entry.licence}"]
        return joined([heading(self.title, *facts), table(rows, ["", *range(CLASSES)])])


def load(name: str) -> DigitsDataset:
    """Read a dataset: one that is built in, one that was imported, or your own handwriting.

    Args:
        name: `optdigits`, `mnist-5k`, `strokes`, `mnist` once it was downloaded, `handwriting`, or that of an import.

    Returns:
        The dataset with its images, its labels and its split.

    Raises:
        DatasetError: if there is none of that name, with a list of those there are; or if it is not here yet.

    Example:
        >>> import digits_core as dl
        >>> digits = dl.load("optdigits")
        >>> digits
        <Optdigits 8×8: 1,438 training and 359 test samples of 8×8>
        >>> digits.train.images.shape, digits.train.labels.shape
        ((1438, 8, 8), (1438,))
    """
    catalogue = open_lab().catalogue
    return DigitsDataset(catalogue.load(name), catalogue.entry(name))
