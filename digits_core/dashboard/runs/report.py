"""A comparison of runs as one HTML file: no program, no network, no other file; made to be mailed and printed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from html import escape
from math import isfinite
from statistics import median
from typing import Any

from digits_core.dashboard.runs.svg import SvgCurve, chart
from digits_core.figures.palette import run_colour
from digits_core.runs.export.run_history import History
from digits_core.runs.run_settings import settings_of
from digits_core.runs.store import Run
from digits_core.settings import title_of, written

WIDE = 10
STYLE = """
:root { color-scheme: light dark; --ink: #1c2333; --quiet: #5f6880; --line: #dfe3ec; --paper: #fff; --best: #e8f4ec; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ebf4; --quiet: #a2abc2; --line: #343c50; --paper: #12161f; --best: #1d3a2b; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1180px; padding: 2.5rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.15rem; margin: 2.4rem 0 .7rem; }
p, .quiet { color: var(--quiet); margin: 0 0 .6rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 1.6rem; }
svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--quiet); font-size: 12px; } svg .title { fill: var(--ink); font-size: 14px; font-weight: 600; }
svg .grid { stroke: var(--line); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .45rem .8rem .45rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th, tbody th { font-weight: 600; min-width: 6.5rem; } td.number, th.number { text-align: right; }
td.best { background: var(--best); font-weight: 600; }
.run { display: inline-flex; gap: .5rem; align-items: baseline; min-width: 9rem; }
.run i { flex: none; width: .7rem; height: .7rem; border-radius: 50%; }
summary { cursor: pointer; color: var(--quiet); }
@media (max-width: 520px) { svg text { font-size: 17px; } svg .title { font-size: 19px; } }
@media print {
  :root { color-scheme: light; --ink: #000; --quiet: #444; --line: #ccc; --paper: #fff; --best: #eee; }
  body { padding: 0; font-size: 11px; } svg, tr { break-inside: avoid; } h2 { break-after: avoid; }
  .charts { grid-template-columns: 1fr 1fr; } .scroll { overflow: visible; }
  * { print-color-adjust: exact; }
}
"""
# Even if a user's words ever came to be markup, a browser would run and load nothing of them.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def as_html(histories: Sequence[History]) -> bytes:
    """Results, curves and settings of these runs. What users wrote is text in it, whatever it says."""
    runs = [history.run for history in histories]
    title = f"Comparison of {len(runs)} runs" if len(runs) != 1 else f"The run {runs[0].title}"
    made = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    different, common = _settings(runs)
    parts = [
        f"<h1>{escape(title)}</h1><p>Digits Lab, {made}</p>",
        f"<h2>Results</h2>{_results(histories)}",
        f"<h2>Curves</h2><p>Solid: test images. Dotted: training images.</p>{_charts(histories)}",
        *([f"<h2>Settings that differ</h2>{_differences(runs, different)}"] if len(runs) > 1 else []),
        f"<h2>Settings{' in common' if len(runs) > 1 else ''}</h2>{_in_common(common)}",
        *([f"<h2>Notes</h2>{_notes(runs)}"] if any(run.note or run.tags or run.message for run in runs) else []),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    ).encode("utf-8", "replace")


def _results(histories: Sequence[History]) -> str:
    """A row a run; the best accuracy, loss and time stand out where there is something to be better than."""
    columns: list[tuple[str, Callable[[Run], float | None], Callable[[float], str], Callable[..., float]]] = [
        ("Accuracy", lambda run: run.test_accuracy, "{:.2%}".format, max),
        ("Loss", lambda run: run.test_loss, "{:.4f}".format, min),
        ("Time", lambda run: run.seconds, "{:.1f} s".format, min),
    ]
    best = {
        name: choose(values)
        for name, value, _, choose in columns
        if len(values := [figure for each in histories if (figure := value(each.run)) is not None]) > 1
    }
    rows = []
    for history in histories:
        cells = [f"<th>{_name(history.run)}</th><td>{escape(history.run.status)}</td>"]
        cells.append(f'<td class="number">{_epochs(history)}</td>')
        for name, value, words, _ in columns:
            figure = value(history.run)
            mark = " best" if figure is not None and best.get(name) == figure else ""
            cells.append(f'<td class="number{mark}">{"–" if figure is None else words(figure)}</td>')
        rows.append("".join(cells))
    names = ["Epochs", *(column[0] for column in columns)]
    head = "<th>Run</th><th>Status</th>" + "".join(f'<th class="number">{name}</th>' for name in names)
    return _table(head, rows) + '<p class="quiet">Accuracy and loss on the test images, after the run.</p>'


def _epochs(history: History) -> str:
    """How many epochs are done, and of how many where that is not all."""
    done, planned = len(history.epochs), history.run.planned_epochs
    return f"{done}" if done == planned else f"{done} of {planned}"


def _charts(histories: Sequence[History]) -> str:
    def curves(measure: str) -> list[SvgCurve]:
        return [
            SvgCurve(
                f"{history.run.title}, {words}",
                run_colour(history.run.number),
                [row.epoch for row in history.epochs],
                [getattr(row, f"{split}_{measure}") for row in history.epochs],
                split == "train",
            )
            for history in histories
            for split, words in (("train", "training"), ("test", "test"))
        ]

    losses = curves("loss")
    log = _is_wide([value for curve in losses for value in curve.values])
    loss = chart(f"Loss per epoch (mean per image{', log' if log else ''})", losses, "{:.4g}".format, log=log)
    accuracy = chart("Accuracy per epoch", curves("accuracy"), lambda value: f"{100 * value:.4g} %", most=1.0)
    return f'<div class="charts"><div>{loss}</div><div>{accuracy}</div></div>'


def _is_wide(values: Sequence[float]) -> bool:
    """Whether a few losses are so high that all others would lie on the ground of the chart."""
    known = [value for value in values if isfinite(value)]
    return bool(known) and min(known) > 0 and max(known) > WIDE * median(known)


def _settings(runs: Sequence[Run]) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    """Settings by name: those that differ with a value for each run, and those that all share with that one."""
    each = [settings_of(run) for run in runs]
    different: dict[str, list[Any]] = {}
    common: dict[str, Any] = {}
    for name, value in each[0].items():
        values = [one[name] for one in each]
        if any(one != value for one in values):
            different[name] = values
        else:
            common[name] = value
    return different, common


def _differences(runs: Sequence[Run], different: dict[str, list[Any]]) -> str:
    if not different:
        return "<p>None: these runs have the same settings.</p>"
    rows = [
        f"<th>{escape(title_of(name))}</th>" + "".join(f"<td>{escape(written(name, value))}</td>" for value in values)
        for name, values in different.items()
    ]
    return _table("<th>Setting</th>" + "".join(f"<th>{_name(run)}</th>" for run in runs), rows)


def _in_common(common: dict[str, Any]) -> str:
    rows = [
        f"<th>{escape(title_of(name))}</th><td>{escape(written(name, value))}</td>" for name, value in common.items()
    ]
    table = _table("<th>Setting</th><th>Value</th>", rows)
    return f"<details><summary>{len(rows)} settings</summary>{table}</details>"


def _notes(runs: Sequence[Run]) -> str:
    rows = [
        f"<th>{_name(run)}</th><td>{escape(', '.join(run.tags))}</td>"
        f"<td>{escape(' '.join(part for part in (run.note, run.message) if part))}</td>"
        for run in runs
        if run.note or run.tags or run.message
    ]
    return _table("<th>Run</th><th>Tags</th><th>Note</th>", rows)


def _table(head: str, rows: Sequence[str]) -> str:
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _name(run: Run) -> str:
    return f'<span class="run"><i style="background:{run_colour(run.number)}"></i>{escape(run.title)}</span>'
