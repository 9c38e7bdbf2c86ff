"""The settings that make a training reproducible: set while it runs and restored afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

CUBLAS_VARIABLE, CUBLAS_WORKSPACE = "CUBLAS_WORKSPACE_CONFIG", ":4096:8"
"""Without it, cuBLAS may sum a matrix product in a different order each time."""


@contextmanager
def exact(device: torch.device, threads: int | None = None) -> Iterator[None]:
    """Train with `threads` threads (the current number if `None`), and on CUDA with deterministic kernels.

    An operation without a deterministic kernel still runs, with PyTorch's warning. The networks, losses and
    augmentations here use none of those that its documentation names:
    https://docs.pytorch.org/docs/stable/notes/randomness.html
    """
    import torch  # imported here: the text of the exported script needs only the names above

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
