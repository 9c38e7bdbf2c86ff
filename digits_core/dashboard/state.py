"""The state of the app process while it serves: one home folder, its database, its engine."""

from __future__ import annotations

import gc
import logging
import math
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from digits_core.config import NetworkConfig, RunConfig, TransformConfig
from digits_core.data.catalogue import Catalogue
from digits_core.data.digits import Digits
from digits_core.data.handwriting_store import Handwriting
from digits_core.errors import DigitsError, StoreError
from digits_core.home import Home
from digits_core.lessons.learners import Learners
from digits_core.lessons.library import Library
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.epoch_feed import EpochFeed
from digits_core.runs.process_owner import is_local
from digits_core.runs.run_data import RunData
from digits_core.runs.starter import open_database
from digits_core.runs.store import RunStore
from digits_core.runs.sweep_store import SweepStore
from digits_core.saved_configs import SavedConfigs, saved_networks, saved_transforms
from digits_core.training.check import prepared

if TYPE_CHECKING:
    from digits_core.engine.service import Engine
    from digits_core.engine.sweep_conductor import Conductor

LOG = logging.getLogger(__name__)
RECOGNISER = "digits_core.recognition.recogniser"
"""The module that is loaded in the background. Pages that show a network import torch only, and not this module."""
AFTER_PAGE_S = 1.0
"""How long a slow server may take to deliver a page after its script has ended: chart library, pictures, canvas."""
LOADING_S = 10.0
"""The longest time that the app waits at its end for torch to be imported."""
LOOK_S = 5.0
"""The shortest time between two checks for runs of processes that have died."""


class Orphans:
    """Interrupts the runs and sweeps of processes that have died, so that they can be resumed and deleted."""

    def __init__(self, home: Home, runs: RunStore) -> None:
        self._home = home
        self._runs = runs
        self._lock = threading.Lock()
        self._looked = -math.inf

    def notice(self) -> None:
        """Check for such runs and interrupt them, unless that was done a moment ago."""
        with self._lock:
            if time.monotonic() - self._looked < LOOK_S:
                return
            self._looked = time.monotonic()
        try:
            orphans = self._runs.interrupt_orphans()
        except StoreError:
            LOG.exception("Whether runs were left by a process that is gone could not be found out")
            return
        for run in orphans:
            LOG.warning("Run %s was interrupted when the app that trained it ended", run.id)
            if is_local(run.owner):  # a run of another host may be alive after all, and writing
                Artifacts(self._home.run(run.id)).tidy()


@dataclass(frozen=True)
class State:
    """Everything that outlives a page: shared by all sessions, safe to use from their threads."""

    home: Home
    catalogue: Catalogue
    handwriting: Handwriting
    runs: RunStore
    transforms: SavedConfigs[TransformConfig]
    networks: SavedConfigs[NetworkConfig]
    sweeps: SweepStore
    orphans: Orphans
    run_data: RunData
    epochs: EpochFeed
    lessons: Library
    learners: Learners

    @cached_property
    def engine(self) -> Engine:
        """The engine, created on first access: importing Dask takes a second, which most pages need not wait for."""
        from digits_core.engine.service import Engine

        with _LOCK:
            return _ENGINES.setdefault(self.home.folder, Engine(self.home, self.runs))

    @cached_property
    def conductor(self) -> Conductor:
        """The conductor, which submits the trials of sweeps."""
        from digits_core.engine.sweep_conductor import Conductor

        engine = self.engine
        with _LOCK:
            return _CONDUCTORS.setdefault(
                self.home.folder, Conductor(engine, self.runs, self.sweeps, _prepare_with(self.catalogue))
            )

    def artifacts(self, run_id: str) -> Artifacts:
        return Artifacts(self.home.run(run_id))

    def load_torch(self, after_s: float = 0.0) -> None:
        """Import what recognition needs in the background, so that it is ready when the user is; return at once."""
        if RECOGNISER not in sys.modules and all(loader.finished.is_set() for loader in _LOADERS):
            loader = threading.Timer(after_s, _import_recogniser)
            loader.daemon = True
            _LOADERS.append(loader)
            loader.start()


_LOCK = threading.Lock()
_ENGINES: dict[Path, Engine] = {}
_CONDUCTORS: dict[Path, Conductor] = {}
_LOADERS: list[threading.Timer] = []


def state() -> State:
    """Return the state of the home folder that the environment names; raises `StoreError` if it cannot be used."""
    found = _open(Home.from_environment().folder)
    # Every page calls this, and a page that shows a live run calls it again and again: so an open app notices if
    # another process has died, and an app without visitors does nothing.
    found.orphans.notice()
    return found


def recogniser_is_here() -> bool:
    """Return True if networks can be loaded at once: `State.load_torch` imports what that needs in the background."""
    return hasattr(sys.modules.get(RECOGNISER), "Recogniser")


def put_off_loading() -> None:
    """Cancel scheduled imports of torch, so that a page that calls `prepare_to_recognise` at its end is drawn first."""
    for loader in _LOADERS:
        loader.cancel()


def prepare_to_recognise() -> None:
    """Load torch as soon as the page is delivered, if there is a network to recognise with and nothing trains.

    The Recognise page then need not wait for it. Returns at once.
    """
    if RECOGNISER in sys.modules:
        return
    with suppress(StoreError):  # the page has already reported what is wrong with the home folder
        here = state()
        if here.runs.usable() and not here.runs.in_training():
            here.load_torch(AFTER_PAGE_S)


def start() -> None:
    """Prepare what the pages need; called once, before the first page is served."""
    try:
        state()
    except DigitsError as error:
        # The server starts all the same: each page shows what is wrong and what to do.
        LOG.error("%s", error)


def stop() -> None:
    """Stop everything that the app started; called once, when the server ends."""
    for conductor in _CONDUCTORS.values():
        conductor.close()
    for engine in _ENGINES.values():
        engine.close()
    while _LOADERS:
        # A process that exits while torch is half imported is aborted.
        loader = _LOADERS.pop()
        loader.cancel()
        loader.join(LOADING_S)


@lru_cache(maxsize=4)
def _open(folder: Path) -> State:
    home = Home(folder).create()
    database = open_database(home)
    runs = RunStore(database)
    sweeps = SweepStore(database)
    catalogue = Catalogue(home, database)
    handwriting = Handwriting(database)
    handwriting.carry_over()
    try:
        runs.labels.purge(home)
        catalogue.imports.purge()
        handwriting.purge()
    except StoreError:
        LOG.exception("What was deleted long ago could not be removed: the next start tries again")
    orphans, run_data, epochs = Orphans(home, runs), RunData(database, catalogue, runs), EpochFeed(runs)
    saved = saved_transforms(database), saved_networks(database)
    taught = Library(home), Learners(database)
    return State(home, catalogue, handwriting, runs, *saved, sweeps, orphans, run_data, epochs, *taught)


def _prepare_with(catalogue: Catalogue) -> Callable[[RunConfig], RunConfig]:
    """Return a function that prepares configs for running, off the pages' threads; it caches the datasets that it
    loads.
    """

    @lru_cache(maxsize=4)
    def load(name: str, version: str) -> Digits:
        return catalogue.load(name)

    return lambda config: prepared(config, lambda name: load(name, catalogue.version(name)))


def _import_recogniser() -> None:
    import pandas  # noqa: F401 - Streamlit wants it as soon as a canvas is drawn

    import digits_core.recognition.recogniser  # noqa: F401

    # Modules live as long as the process: the garbage collector need not scan those of torch again and again.
    gc.collect()
    gc.freeze()
