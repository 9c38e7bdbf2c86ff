"""The networks of runs in the form that the browser runs: built in the background, cached, and served to the pages."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from streamlit import runtime

from digits_core.config import RunConfig
from digits_core.dashboard.live import draw_anew_after
from digits_core.dashboard.loaders import load_recogniser, load_threshold
from digits_core.dashboard.state import recogniser_is_here, state
from digits_core.runs.starter import load_shipped_weights, shipped_run

if TYPE_CHECKING:
    from digits_core.recognition.out_of_distribution import Refusal
    from digits_core.recognition.recogniser import Recogniser

LOG = logging.getLogger(__name__)
PATIENCE_S = 0.25
"""How long a page waits for a network. On a busy machine it takes longer, and the page asks again."""
KEPT = 12
"""How many networks are kept in memory, each about two megabytes."""

Key = tuple[str, str, float, float | None]
"""Home folder, run, end of the run, and the threshold below which it refuses; the bytes depend on all of them."""


@dataclass(frozen=True)
class BrowserModel:
    """An id of exactly these weights, and the URL where the page finds them, "" if there are none (yet).

    pending: the first weights, or newer ones, are being prepared.
    """

    id: str
    address: str = ""
    pending: bool = False


class _Models:
    """Builds the model of each run once, off the pages' threads."""

    def __init__(self) -> None:
        self._made: OrderedDict[Key, Future[tuple[str, bytes]]] = OrderedDict()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="browser-models")

    def get(self, key: Key, recogniser: Recogniser, refusal: Refusal | None) -> Future[tuple[str, bytes]]:
        with self._lock:
            if key not in self._made:
                self._made[key] = self._pool.submit(_packed, recogniser, refusal)
            self._made.move_to_end(key)
            while len(self._made) > KEPT:
                self._made.popitem(last=False)
            return self._made[key]


_MODELS = _Models()


def browser_model(run_id: str) -> BrowserModel:
    """Return where the browser finds the network of a run; raises `RunError` if the run has no weights.

    The URL is like that of a picture on a page: it cannot be guessed, and it expires with the pages that show it.
    """
    if not recogniser_is_here():
        return _before_torch(run_id)
    threshold = load_threshold(run_id)
    if state().artifacts(run_id).has_program:
        return BrowserModel(run_id)  # a browser runs networks of the app's own layers alone
    # The threshold is part of the model. A stored one is read in a moment, so wait and send both at once. If it is yet
    # to be computed, the browser reads without it until then.
    if threshold.pending and state().artifacts(run_id).has_refusal:
        return BrowserModel(run_id, pending=True)
    run, refusal = state().runs.get(run_id), threshold.refusal
    key = (str(state().home.folder), run_id, run.finished or 0.0, refusal.threshold if refusal else None)
    made = _MODELS.get(key, load_recogniser(run_id), refusal)
    wait([made], PATIENCE_S)
    if not made.done():
        return BrowserModel(run_id, pending=True)
    if error := made.exception():
        LOG.error("The browser cannot read as run %s does", run_id, exc_info=error)
        return BrowserModel(run_id)
    return BrowserModel(*_served(run_id, *made.result()))


def browser_models(run_ids: Sequence[str]) -> list[BrowserModel]:
    """Return the models of several runs; while any of them is pending, redraw the page as soon as all are ready."""
    models = [browser_model(run_id) for run_id in run_ids]
    draw_anew_after("models", partial(_is_pending, tuple(run_ids)), any(model.pending for model in models))
    return models


def _is_pending(run_ids: Sequence[str]) -> bool:
    return any(browser_model(run_id).pending for run_id in run_ids)


def _before_torch(run_id: str) -> BrowserModel:
    """Return the network of the shipped run, without its out-of-distribution threshold; for other runs, none yet.

    This way a new visitor's first digit is read while PyTorch is still loading, which takes longer than drawing a
    digit.
    """
    load_threshold(run_id)  # loads PyTorch in the background
    if run_id != shipped_run()["id"]:
        return BrowserModel(run_id, pending=True)
    return BrowserModel(*_served(run_id, *_shipped()), pending=True)


def _served(run_id: str, name: str, content: bytes) -> tuple[str, str]:
    """Return the id, and the URL where this page's browser finds the content."""
    media = runtime.get_instance().media_file_mgr
    return name, media.add(content, "application/octet-stream", f"network of {run_id}")


@cache
def _shipped() -> tuple[str, bytes]:
    from digits_core.browser.model import model_of_halves

    config = RunConfig.model_validate(shipped_run()["config"])
    return _in_one_piece(*model_of_halves(config, load_shipped_weights()))


def _packed(recogniser: Recogniser, refusal: Refusal | None) -> tuple[str, bytes]:
    from digits_core.browser.model import model_of

    return _in_one_piece(*model_of(recogniser, refusal))


def _in_one_piece(description: dict[str, Any], numbers: bytes) -> tuple[str, bytes]:
    """Return an id and the model as one byte string: the length of the description in four bytes, the description, the
    numbers.
    """
    words = json.dumps(description).encode()
    content = len(words).to_bytes(4, "little") + words + numbers
    return hashlib.sha256(content).hexdigest()[:16], content
