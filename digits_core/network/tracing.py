"""A module of any Python made into a traced program, in the process that has that Python.

`torch.export` follows the module's forward once and writes down each operation: then the class is not needed any more.
"""

from __future__ import annotations

import io
import logging
import sysconfig
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram, default_decompositions, export

from digits_core.errors import NetworkError
from digits_core.layers.placed import LOGITS
from digits_core.network.traced_network import LARGEST_SIDE, TracedNetwork, is_image_shape
from digits_core.network.traced_nodes import as_program, calls_of, op_of
from digits_core.network.traced_operations import is_allowed
from digits_core.network.traced_program import TracedProgram

TOLERANCE = 1e-3
"""By how much the program's scores may differ from the module's, relative to the largest."""


def trace(network: nn.Module, example: Tensor) -> TracedProgram:
    """Return a module as a program that runs without its class. The module stays as it was.

    Args:
        network: Any module that reads digits and puts out ten scores for each, (N, 10). It is traced in eval mode.
        example: Images as the module reads them: (N, 1, S, S), (N, S, S) or (N, S·S); or a single one, (1, S, S), which
            is taken for an image with its channel, or (S·S,).

    Raises:
        NetworkError: The module does not read such images, puts out something else, or does what no program can say,
            such as deciding by the values of an image. The text names the line of its forward, where that is known.
    """
    network = getattr(network, "_orig_mod", network)  # what torch.compile was given
    images = _as_batch(network, example)
    with _undisturbed(network):
        answers = [(batch, _scores(network, batch)) for batch in (images, images[:1])]
        program = as_program(_export(network, images), images, type(network).__name__)
        traced = TracedNetwork(program).to(images.device)
        for batch, expected in answers:
            with torch.no_grad():
                found = traced(batch)
            if not torch.allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE * float(expected.abs().max())):
                raise NetworkError(
                    "The traced network gives other scores than the network itself: its answer depends on more than "
                    "the image, such as random numbers or something that its forward remembers."
                )
    return program


def _as_batch(network: nn.Module, example: Tensor) -> Tensor:
    """Return at least two images, on the device of the network: with one, PyTorch takes the 1 for part of the shape."""
    is_single = example.ndim == 1 or (example.ndim == 3 and len(example) == 1)
    images = (example[None] if is_single else example).detach()
    if not images.is_floating_point() or not len(images) or not is_image_shape(tuple(images.shape[1:])):
        raise NetworkError(
            f"The example is {str(example.dtype).removeprefix('torch.')} {tuple(example.shape)}; give images as the "
            f"network reads them, float32 (N, 1, S, S), (N, S, S) or (N, S·S) with S up to {LARGEST_SIDE}."
        )
    first = next(network.parameters(), images)
    return (images if len(images) > 1 else torch.cat([images, images])).to(first.device)


@contextmanager
def _undisturbed(network: nn.Module) -> Iterator[None]:
    """Have the module in eval mode, and leave it, the random numbers and the screen as they were."""
    modes = {module: module.training for module in network.modules()}
    level = logging.root.manager.disable
    with (
        torch.random.fork_rng(),
        warnings.catch_warnings(),
        redirect_stdout(io.StringIO()),
        redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        try:
            network.eval()
            yield
        finally:
            logging.disable(level)
            for module, mode in modes.items():
                module.training = mode


def _scores(network: nn.Module, images: Tensor) -> Tensor:
    """Return the scores as the module itself computes them, float32 (N, 10)."""
    many = "a single image" if len(images) == 1 else f"{len(images)} images"
    try:
        with torch.no_grad():
            scores = network(images)
    except Exception as error:
        raise NetworkError(
            f"The network cannot read {many} of shape {tuple(images.shape)}{_line(error)}: {_first_line(error)}"
        ) from error
    if not isinstance(scores, Tensor):
        raise NetworkError(
            f"The network puts out a {type(scores).__name__}; it must be one tensor of {LOGITS} scores for each image."
        )
    if scores.shape != (len(images), LOGITS) or not scores.is_floating_point():
        raise NetworkError(
            f"The network puts out {tuple(scores.shape)} for {many}; it must be {LOGITS} scores for each image, "
            f"({len(images)}, {LOGITS})."
        )
    return scores.float()


def _export(network: nn.Module, images: Tensor) -> ExportedProgram:
    try:
        return _whole(network, images, strict=False)
    except Exception as error:
        # The other way of PyTorch reads the bytecode: it is pickier, but follows len(images).
        if _is_fixed(error):
            with suppress(Exception):
                return _whole(network, images, strict=True)
        raise _untraceable(error, len(images)) from error


def _whole(network: nn.Module, images: Tensor, strict: bool) -> ExportedProgram:
    exported = export(network, (images,), dynamic_shapes=({0: Dim.DYNAMIC},), strict=strict)
    # Without a table nothing is taken apart: a program of whole layers is shorter, and faster to run. Only what may
    # not be in a program is, as long as that helps.
    known = default_decompositions()
    table: dict[Any, Any] = {}
    while True:
        whole = exported.run_decompositions(table)
        refused = {node.target for node in calls_of(whole) if not is_allowed(op_of(node))}
        further = {target: known[target] for target in refused - set(table) if target in known}
        if not further:
            return whole
        table |= further


def _is_fixed(error: Exception) -> bool:
    """Return whether it says that a module works for one number of images alone."""
    return any(words in str(error) for words in ("specialized it to be a constant", "Constraints violated"))


def _untraceable(error: Exception, count: int) -> NetworkError:
    if "data-dependent" in str(error):
        reason = (
            "its forward decides by the values of an image, as with if, while or .item(). A traced network has the "
            "same steps for each image: torch.where chooses between two"
        )
    elif _is_fixed(error):
        reason = (
            f"it works only for {count} images at a time. Write x.size(0) or -1 where its forward has a fixed number "
            "of images, and let no loop run over them"
        )
    else:
        reason = _first_line(error).rstrip(".")
    return NetworkError(f"The network cannot be traced{_line(error)}: {reason}.")


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__


def _line(error: BaseException) -> str:
    """Return the line of the person's own code in which an error came up, if there is one."""
    ours = (str(Path(__file__).parents[1]), sysconfig.get_path("stdlib"), "<")
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.line and "site-packages" not in frame.filename and not frame.filename.startswith(ours)
    ]
    return f" at line {frames[-1].lineno}, “{frames[-1].line}”" if frames else ""
