"""What several tests of the library call."""

import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import psutil

from digits_core.config import DataConfig, RunConfig, TrainingConfig, TransformConfig
from digits_core.training.events import EpochFinished, Event

Found = TypeVar("Found")


def wait_for(condition: Callable[[], Found], seconds: float = 60, what: str = "the condition") -> Found:
    """Ask until the answer is true, and return it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come true within {seconds} s")


def children_running(module: str) -> list[psutil.Process]:
    """Return this process's children that run `module`; other tests may have left it children of other kinds."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.Error):
            found += [child] if module in " ".join(child.cmdline()) else []
    return found


@contextmanager
def ctrl_c_given_back() -> Iterator[None]:
    """Let a command of the shell run in the tests' own process: it takes Ctrl-C for itself, and has it only so long."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def run_config(data: DataConfig | None = None, transform: TransformConfig | None = None, **training) -> RunConfig:
    """The lecture's config with these training variables."""
    return RunConfig(
        data=data or DataConfig(), transform=transform or TransformConfig(), training=TrainingConfig(**training)
    )


def epochs_in(events: Iterable[Event]) -> list[EpochFinished]:
    return [event for event in events if isinstance(event, EpochFinished)]


def numbers(epoch) -> tuple[float, ...]:
    """What a seed decides about an epoch; its times are another matter."""
    return (
        epoch.epoch,
        epoch.train_loss,
        epoch.train_accuracy,
        epoch.test_loss,
        epoch.test_accuracy,
        epoch.learning_rate,
    )


def fill(path: Path) -> None:
    """Write until the disk takes no more."""
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 16))
