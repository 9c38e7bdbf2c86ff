"""The report: everything in one file, and nothing of a user's words is ever markup."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from digits_core.config import RunConfig, TrainingConfig
from digits_core.reports.run_sections import ReportedRun, run_report
from digits_core.reports.svg import SvgCurve, chart, epoch_ticks, factors_around, ticks_around
from digits_core.runs.export.run_history import History
from digits_core.runs.rows import EpochRow

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><h1>x",
    "</title></svg>",
    "&lt;b&gt;",
    "' onload='alert(1)",
    "\ud800",
    "{{7*7}} javascript:alert(1)",
]


class Seen(HTMLParser):
    """The elements, attributes and words of a page."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.feed(content.decode("utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.words += data


def with_run(reported: ReportedRun, **fields) -> ReportedRun:
    return replace(reported, history=replace(reported.history, run=replace(reported.run, **fields)))


@pytest.fixture
def history(store):
    def make(name: str, accuracy: float | None, epochs: int = 3, **training) -> ReportedRun:
        run = store.create(RunConfig(name=name, training=TrainingConfig(**training)), "test:1:1")
        run = replace(run, status="finished", test_accuracy=accuracy, test_loss=0.2, seconds=4.25)
        rows = [
            EpochRow(n, run.id, n, 1 / n, 0.9, 1 / n, 0.9 + n / 100, 0.001, 900.0, 1.0) for n in range(1, epochs + 1)
        ]
        return ReportedRun(History(run, rows))

    return make


def test_the_report_shows_results_curves_and_only_the_settings_that_differ(history):
    content = run_report([history("slow", 0.93, learning_rate=0.0005), history("fast", 0.97, learning_rate=0.002)])
    seen = Seen(content)

    assert seen.tags.count("svg") == 2
    assert seen.tags.count("polyline") == 8
    assert {"93.00%", "97.00%", "#1 slow", "#2 fast"} <= set(re.findall(r"[^<>]+", content.decode()))
    differing = content.decode().split("Settings that differ")[1].split("Settings in common")[0]
    assert re.findall(r"<tr><th>([^<]+)</th><td>", differing) == ["Learning rate"]
    assert re.findall(r'class="number best">([^<]+)', content.decode()).count("97.00%") == 1


def test_the_report_needs_no_network_and_runs_no_program(history):
    content = run_report([history("one", 0.9), history("two", 0.8)])
    seen = Seen(content)

    assert {"script", "link", "img", "iframe", "object"} & set(seen.tags) == set()
    assert not re.search(rb"https?://|url\(|@import", content)
    assert [value for name, value in seen.attributes if name in ("src", "href")] == []


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_what_users_wrote_is_text_in_the_report(history, text):
    plain, written = history("plain", 0.9), history("plain", 0.9)
    kept = with_run(written, name=text, note=text, tags_json=json.dumps([text]))
    calm = with_run(written, note="note", tags_json='["tag"]')

    seen, expected = Seen(run_report([plain, kept])), Seen(run_report([plain, calm]))

    assert seen.tags == expected.tags
    assert [name for name, _ in seen.attributes] == [name for name, _ in expected.attributes]
    assert seen.words.count(text.replace("\ud800", "?")) >= 3


@pytest.mark.parametrize("epochs", [0, 1, 200])
def test_runs_of_any_length_and_without_a_result_have_a_report(history, epochs):
    seen = Seen(run_report([history("short", None, epochs)]))

    assert seen.tags.count("svg") == 2
    assert "–" in seen.words
    assert "NaN" not in seen.words.replace("NaN in", "")


def test_points_of_a_chart_lie_inside_it_where_their_values_say():
    svg = chart("Loss", [SvgCurve("one", "#000", [1, 2, 3], [1.0, 0.5, float("nan")])], str)
    places = [(float(x), float(y)) for x, y in re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', svg)]

    assert len(places) == 2
    assert places[0][0] < places[1][0]
    assert places[0][1] < places[1][1]


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.913, 0.9971), (5, 5), (1e-6, 3e-6), (0, 0), (-2, 7)])
def test_ticks_are_evenly_spread_around_all_values(low, high):
    ticks = ticks_around(low, high)

    assert ticks[0] <= low <= high <= ticks[-1]
    assert 2 <= len(ticks) <= 9
    steps = {round(b - a, 9) for a, b in pairwise(ticks)}
    assert len(steps) == 1


@pytest.mark.parametrize(("low", "high"), [(0.13, 31), (0.9, 1.1), (3e-5, 7e6), (1, 1), (0.002, 0.02)])
def test_ticks_of_a_logarithmic_axis_are_round_and_few(low, high):
    ticks = factors_around(low, high)

    assert 1 <= len(ticks) <= 13
    assert all(f"{tick:e}"[0] in "125" for tick in ticks)
    assert ticks[0] <= 10 * low
    assert ticks[-1] >= high / 10


def test_on_a_logarithmic_axis_equal_factors_are_equally_far_apart():
    svg = chart("Loss", [SvgCurve("one", "#000", [1, 2, 3], [0.1, 1.0, 10.0])], str, log=True)
    first, second, third = (float(y) for y in re.findall(r'cy="([\d.]+)"', svg))

    assert first > second > third
    assert first - second == pytest.approx(second - third, abs=0.2)


@pytest.mark.parametrize("last", [1, 4, 10, 11, 37, 200, 1000])
def test_few_epochs_are_named_below_an_axis(last):
    assert len(epoch_ticks(last)) <= 11
    assert epoch_ticks(last)[0] == 1
