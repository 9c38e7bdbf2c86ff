"""The networks of runs as the browser reads with them: made in the background, kept, and served to the pages."""

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
"""A page waits so long for a network. A busy machine takes longer, and the page asks again."""
KEPT = 12
"""Networks in memory, each of some two megabytes."""

Key = tuple[str, str, float, float | None]
"""Home folder, run, when the run ended, and the threshold below which it refuses: with any of them other bytes."""


@dataclass(frozen=True)
class BrowserModel:
    """An id of exactly these weights, and the address where the page finds them: "" where there are none (yet).

    pending: there will be others soon, or the first ones.
    """

    id: str
    address: str = ""
    pending: bool = False


class _Models:
    """What is made of each run, once, off the pages' threads."""

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
    """Return where this page's browser finds the network of a run; `RunError` if the run has no weights.

    The address is like that of a picture on a page: nobody can guess it, and it ends with the pages that show it.
    """
    if not recogniser_is_here():
        return _before_torch(run_id)
    threshold = load_threshold(run_id)
    if state().artifacts(run_id).has_program:
        return BrowserModel(run_id)  # a browser runs networks of the app's own layers alone
    # What is not a digit is part of it. What is kept of that is read in a moment, and all is sent once. Where it is yet
    # to be worked out, the browser reads without it until then.
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
    """Return the same of several runs; while any of them is yet to be made, the page is drawn anew once all are."""
    models = [browser_model(run_id) for run_id in run_ids]
    draw_anew_after("models", partial(_is_pending, tuple(run_ids)), any(model.pending for model in models))
    return models


def _is_pending(run_ids: Sequence[str]) -> bool:
    return any(browser_model(run_id).pending for run_id in run_ids)


def _before_torch(run_id: str) -> BrowserModel:
    """Return the network of the run that is shipped, without what tells digits from other marks; none of another run.

    So a new visitor's first digit is read while PyTorch is being loaded, which takes longer than drawing it.
    """
    load_threshold(run_id)  # loads PyTorch in the background
    if run_id != shipped_run()["id"]:
        return BrowserModel(run_id, pending=True)
    return BrowserModel(*_served(run_id, *_shipped()), pending=True)


def _served(run_id: str, name: str, content: bytes) -> tuple[str, str]:
    """Return the id, and the address where this page's browser finds the content."""
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
    """Return an id, and in one piece: the length of the description in four bytes, the description, its numbers."""
    words = json.dumps(description).encode()
    content = len(words).to_bytes(4, "little") + words + numbers
    return hashlib.sha256(content).hexdigest()[:16], content
