"""One HTML file from sections, for screen and A4, without scripts, network access or other files.

User input is always escaped as text: only `Html` is markup.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from digits_core.markup import Html, as_html, joined

STYLE = """
:root { color-scheme: light dark; --ink: #1c2333; --quiet: #5f6880; --line: #dfe3ec; --paper: #fff; --best: #e8f4ec;
  --right: #1a7f4b; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ebf4; --quiet: #a2abc2; --line: #343c50; --paper: #12161f; --best: #1d3a2b; --right: #5ecb93; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1040px; padding: 2.5rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.2rem; margin: 2.4rem 0 .7rem; padding-top: .9rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; font-weight: 600; margin: 1.1rem 0 .2rem; }
p, .quiet { color: var(--quiet); margin: 0 0 .6rem; max-width: 46rem; }
p.lead { color: var(--ink); font-size: 1.12rem; margin: 1.3rem 0 0; }
p.text { color: var(--ink); } p.gap { font-style: italic; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 1.6rem; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; margin: 0 0 .9rem; }
.key { display: inline-flex; gap: .5rem; align-items: center; color: var(--quiet); }
.key b { width: 1.6rem; border-top: 2px solid var(--quiet); } .key.dotted b { border-top-style: dotted; }
svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--quiet); font-size: 12px; } svg .title { fill: var(--ink); font-size: 14px; font-weight: 600; }
svg .label { fill: var(--ink); } svg .grid { stroke: var(--line); }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(62px, 1fr)); gap: .5rem .3rem;
  margin: .3rem 0; }
figure { margin: 0; text-align: center; } figure img { border-radius: 4px; vertical-align: top; }
figcaption { font-size: 12px; color: var(--quiet); white-space: nowrap; font-variant-numeric: tabular-nums; }
figure.right figcaption { color: var(--right); font-weight: 600; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .45rem .8rem .45rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; } th, td { overflow-wrap: break-word; } td.number, th.number { text-align: right; }
td.best { background: var(--best); font-weight: 600; }
.value { display: inline-block; margin-right: 1.1rem; } small { color: var(--quiet); font-size: .85em; }
.run { display: inline-flex; gap: .5rem; align-items: baseline; }
.run i { flex: none; width: .7rem; height: .7rem; border-radius: 50%; } tbody .run { min-width: 9rem; }
.settings { columns: 18rem; column-gap: 2.5rem; margin: 0; }
.settings div { display: flex; justify-content: space-between; gap: 1rem; padding: .25rem 0; break-inside: avoid;
  border-bottom: 1px solid var(--line); }
dt { color: var(--quiet); flex: none; max-width: 60%; } dd { margin: 0; text-align: right; }
@media (max-width: 520px) { svg text { font-size: 17px; } svg .title { font-size: 19px; } }
@page { size: A4; margin: 16mm 15mm 18mm;
  @bottom-right { content: counter(page) " / " counter(pages); font: 9px system-ui, sans-serif; color: #555; } }
@media print {
  :root { color-scheme: light; font-size: 13px; --ink: #000; --quiet: #444; --line: #ccc; --paper: #fff;
    --best: #eee; --right: #0b6b3a; }
  body { padding: 0; max-width: none; font-size: 11px; } p { orphans: 3; widows: 3; }
  th, td { overflow-wrap: anywhere; }
  svg, tr, figure, .whole { break-inside: avoid; } h2, h3, h3 + p { break-after: avoid; }
  h2 { margin-top: 1.6rem; }
  svg text { font-size: 17px; } svg .title { font-size: 19px; }
  .charts { grid-template-columns: 1fr 1fr; } .scroll { overflow: visible; }
  .tiles { grid-template-columns: repeat(12, 1fr); gap: 6px 2px; } figcaption { font-size: 9.5px; }
  .settings { columns: 2; }
  * { print-color-adjust: exact; }
}
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Even if user input ever became markup, a browser would neither run nor load anything from it."""


@dataclass(frozen=True)
class Section:
    """A part of a document under its own heading; without a title, it continues the previous section."""

    title: str
    content: Html


def document(title: str, byline: str, sections: Iterable[Section]) -> bytes:
    """Return a complete HTML file in UTF-8. Title and byline (a name, a course) are plain text; the date is added."""
    made = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    by = joined((part for part in (byline, f"Digits Lab, {made}") if part), " · ")
    body = joined(part for each in sections for part in (_heading(each.title), each.content))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{as_html(title)}</title><style>{STYLE}</style></head>"
        f"<body><h1>{as_html(title)}</h1><p>{by}</p>{body}</body></html>\n"
    ).encode("utf-8", "replace")


def paragraphs(text: str) -> Html:
    """Return plain text as paragraphs: an empty line starts a new one, single line breaks are kept."""
    blocks = [block.strip() for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n"))]
    return joined(Html(f'<p class="text">{joined(block.split(chr(10)), "<br>")}</p>') for block in blocks if block)


def table(head: Html, rows: Sequence[Html]) -> Html:
    """Return a table that scrolls sideways on narrow screens; `head` and each row are cells, `th` and `td`."""
    body = joined(Html(f"<tr>{row}</tr>") for row in rows)
    return Html(f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>')


def cell(content: object, tag: str = "td", kind: str = "") -> Html:
    """Return a table cell, `th` or `td`; `kind` is one of the classes in `STYLE`."""
    attribute = f' class="{kind}"' if kind else ""
    return Html(f"<{tag}{attribute}>{as_html(content)}</{tag}>")


def _heading(title: str) -> Html:
    return Html(f"<h2>{as_html(title)}</h2>") if title else Html("")
