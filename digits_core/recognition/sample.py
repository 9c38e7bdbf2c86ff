"""A drawing or photo of one digit as handwriting stores it: framed for the network, and small and centred to show.

What a network reads of a digit and what is saved of it come from the same two functions here, `drawn` and
`photographed`, or from `sheet.ink_of`: a network is trained on digits that are framed like those it reads.
"""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image

from digits_core.data import papers
from digits_core.data.handwriting_store import SIZE
from digits_core.errors import PictureError
from digits_core.recognition.prepare import no_ink, whole_square
from digits_core.transforms.centring import centre_by_mass
from digits_core.transforms.resizing import resize
from digits_core.transforms.steps import INK_LEVEL


def drawn(picture: Image.Image) -> np.ndarray:
    """Return the ink of a drawing of one digit, uint8 (S, S): all of its paper, the ink where it was drawn.

    `PictureError` if there is no ink. A network that never learnt to find the digit on the paper has to show that.
    The paper of a canvas is white and even, so its ink needs no looking for: `browser/reader.js` does the same.
    """
    ink = 255 - np.asarray(picture.convert("L"))
    if ink.max(initial=0) < INK_LEVEL:
        raise PictureError(no_ink("the drawing"))
    return whole_square(ink)


def photographed(picture: Image.Image, name: str = "the picture") -> np.ndarray:
    """Return the ink of a picture of one digit, uint8 (S, S): a square around the digit.

    `PictureError` if there is no ink.
    """
    # Here and not above: what finds digits takes half a second to import, and a drawing has its digit found.
    from digits_core.recognition.digit_detection import find_in
    from digits_core.recognition.sheet import ink_of

    sheet = find_in(picture, name, "one")
    return ink_of(sheet, sheet.boxes[0])


def paper_of(ink: np.ndarray) -> np.ndarray:
    """Return framed ink, uint8 (S, S), as it is kept to train on, uint8 (112, 112)."""
    return resize(torch.from_numpy(np.ascontiguousarray(whole_square(ink)))[None], papers.SIDE, papers.SIDE)[0].numpy()


def kept_paper(ink: np.ndarray) -> bytes:
    """Return the same as `NewSample` takes it."""
    return papers.packed(paper_of(ink))


def sample_of(ink: np.ndarray) -> np.ndarray:
    """Return ink, uint8 (H, W), centred by mass as MNIST's digits are, uint8 (28, 28): how a sample is shown."""
    return centre_by_mass(torch.from_numpy(np.ascontiguousarray(ink))[None], SIZE)[0].numpy()
