"""How a training is watched: in a notebook by a bar and a chart that follow it, elsewhere by a bar on standard error.

Either way the lecture's line is printed after each epoch.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from typing import Any

from digits_core.api.run_figures import curve_of
from digits_core.figures.basic_charts import loss_and_accuracy
from digits_core.markup import Html, heading
from digits_core.runs.epoch_feed import NONE_YET
from digits_core.runs.rows import EpochRow, Run
from digits_core.training.events import EpochFinished, Event, Failed, Finished, Progress
from digits_core.training.progress_bar import with_progress_bar


def watched(events: Iterator[Event], run: Run) -> Generator[Event, None, None]:
    """Yield the events of a training while they are shown and its lines are printed."""
    shown = _on_page(events, run) if in_notebook() else with_progress_bar(events, show=sys.stderr.isatty())
    for event in shown:
        if isinstance(event, EpochFinished):
            print(event.lecture_line(), flush=True)
        yield event


def in_notebook() -> bool:
    """Return True in the kernel of a notebook. IPython in a terminal has no page to draw on."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


def _on_page(events: Iterator[Event], run: Run) -> Iterator[Event]:
    from IPython.display import display

    bar = display(_bar(run, 0.0, "the data is made ready"), display_id=True)
    chart: Any = None
    rows: list[EpochRow] = []
    share = 0.0
    for event in events:
        match event:
            case Progress():
                share = event.share
                speed = f"epoch {event.epoch} of {event.epochs} · {event.images_per_second:,.0f} images a second"
                bar.update(_bar(run, share, speed))
            case EpochFinished():
                share = event.epoch / event.epochs
                rows.append(_row(event))
                figure = loss_and_accuracy(curve_of(NONE_YET.followed_by(rows), run.number), event.epochs, run.title)
                # As data: plotly's own way to show a figure gives nothing back that could be updated.
                bundle = figure._repr_mimebundle_()
                if chart is None:
                    chart = display(bundle, raw=True, display_id=True)
                else:
                    chart.update(bundle, raw=True)
            case Finished():
                share = 1.0 if event.outcome == "finished" else share
                bar.update(_bar(run, share, f"{event.outcome} after {event.seconds:.1f} s. {event.message}"))
            case Failed():
                bar.update(_bar(run, share, "failed"))
        yield event


def _bar(run: Run, share: float, words: str) -> Html:
    meter = Html(f'<progress value="{share:.4f}" max="1" style="width:160px;vertical-align:middle"></progress>')
    return heading(run.title, meter, f"{share:.0%}", words)


def _row(event: EpochFinished) -> EpochRow:
    return EpochRow(
        event.epoch,
        "",
        event.epoch,
        event.train_loss,
        event.train_accuracy,
        event.test_loss,
        event.test_accuracy,
        event.learning_rate,
        event.images_per_second,
        event.seconds,
    )
