"""What makes a training compute the same numbers again: set while one runs, and put back afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

CUBLAS_VARIABLE, CUBLAS_WORKSPACE = "CUBLAS_WORKSPACE_CONFIG", ":4096:8"
"""Without it, cuBLAS may add up a matrix product in another order each time."""


@contextmanager
def exact(device: torch.device, threads: int | None = None) -> Iterator[None]:
    """Train with so many threads (as they are now, if `None`), and on CUDA with deterministic kernels alone.

    An operation without a deterministic kernel is used all the same, with PyTorch's warning. Networks, losses and
    augmentations here use none that its documentation names: https://docs.pytorch.org/docs/stable/notes/randomness.html
    """
    import torch  # not above: the exported script's text needs the names alone

    threads_before = torch.get_num_threads()
    try:
        torch.set_num_threads(threads or threads_before)
        if device.type == "cuda":
            with _deterministic():
                yield
        else:
            yield
    finally:
        torch.set_num_threads(threads_before)


@contextmanager
def _deterministic() -> Iterator[None]:
    import torch

    cudnn = torch.backends.cudnn
    workspace = os.environ.get(CUBLAS_VARIABLE)
    deterministic = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    flags = cudnn.deterministic, cudnn.benchmark
    try:
        os.environ.setdefault(CUBLAS_VARIABLE, CUBLAS_WORKSPACE)
        torch.use_deterministic_algorithms(True, warn_only=True)
        cudnn.deterministic, cudnn.benchmark = True, False
        yield
    finally:
        cudnn.deterministic, cudnn.benchmark = flags
        torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
        if workspace is None:
            os.environ.pop(CUBLAS_VARIABLE, None)
