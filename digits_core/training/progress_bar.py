"""A bar on standard error that shows how much of a training is done."""

from __future__ import annotations

from collections.abc import Iterator

from digits_core.training.events import EpochFinished, Event, Progress


def with_progress_bar(events: Iterator[Event], show: bool) -> Iterator[Event]:
    """Yield the events of a training and update the bar; clear it after each epoch, so that a line can be printed."""
    from tqdm import tqdm

    with tqdm(total=1.0, disable=not show, leave=False, bar_format="{percentage:3.0f}% {bar} {remaining}") as bar:
        for event in events:
            if isinstance(event, Progress):
                bar.update(event.share - bar.n)
            if isinstance(event, EpochFinished):
                bar.clear()
            yield event
