"""What the benchmarks' command makes of measurements: figures, verdicts, a table, and JSON. Nothing is timed here."""

import json
from collections.abc import Iterator

import pytest

from tests.benchmarks import __main__ as command
from tests.benchmarks import hands
from tests.benchmarks.measurement import Measurement, Target, counted, measured, ratio
from tests.benchmarks.report import table


def page_changes(quick: bool) -> Iterator[Measurement]:
    bare, ours = [100.0, 110.0, 120.0], [150.0, 165.0, 240.0]
    yield measured("page change", "ms", ours[:1] if quick else ours, "p95", Target(300))
    yield ratio("page change, to a bare page", ours, bare, "median", Target(1.4))
    yield counted("pages", "", 7)


def broken(quick: bool) -> Iterator[Measurement]:
    yield counted("measured before it broke", "s", 1)
    raise RuntimeError("the server\nis gone")


@pytest.fixture
def programs(monkeypatch):
    """In the place of the real ones, which take minutes."""
    known = {"pages": page_changes, "broken": broken}
    monkeypatch.setattr(command, "PROGRAMS", known)
    monkeypatch.setattr(command, "program", known.__getitem__)


def test_a_figure_is_the_median_or_the_95th_percentile_with_its_spread() -> None:
    values = [float(number) for number in range(101)]

    assert measured("x", "ms", values).value == 50
    assert measured("x", "ms", values, "p95").value == 95
    assert measured("x", "ms", values).spread == (5, 95)


def test_a_ratio_divides_figures_and_spreads_over_rounds() -> None:
    found = ratio("x", [2.0, 4.0, 6.0], [1.0, 4.0, 3.0])

    assert found.value == pytest.approx(4 / 3)
    assert found.values == (2, 1, 2)


@pytest.mark.parametrize(
    ("target", "verdict"),
    [(Target(2), "met"), (Target(1.9), "missed"), (Target(2, at_least=True), "met"), (Target(2.1, True), "missed")],
)
def test_a_target_is_met_at_its_limit_and_missed_beyond(target, verdict) -> None:
    assert counted("x", "s", 2, target).verdict == verdict


def test_the_table_names_what_figure_spread_target_and_verdict() -> None:
    lines = table({"pages": list(page_changes(False))}).splitlines()

    assert lines[0].split()[:2] == ["what", "figure"]
    assert lines[1] == "pages"
    assert " ".join(lines[2].split()) == "page change p95 232 ms 152 to 232 3 ≤ 300 met"
    assert " ".join(lines[3].split()) == "page change, to a bare page median 1.5 × 1.5 to 1.95 3 ≤ 1.4 missed"
    assert lines[4].split() == ["pages", "7"]


def test_one_command_runs_what_is_named_and_writes_every_value(programs, tmp_path, capsys) -> None:
    path = tmp_path / "new" / "figures.json"

    assert command.main(["pages", "--quick", "--json", str(path)]) == 0

    written = json.loads(path.read_text(encoding="utf-8"))
    assert list(written["programs"]) == ["pages"]
    assert written["quick"] is True
    assert written["environment"]["cores"] >= 1
    first = written["programs"]["pages"]["measurements"][0]
    assert first["values"] == [150]
    assert (first["target"], first["verdict"]) == ("≤ 300", "met")
    assert "page change, to a bare page" in capsys.readouterr().out


def test_a_program_that_fails_is_shown_and_keeps_nothing_from_the_others(programs, tmp_path, capsys) -> None:
    path = tmp_path / "figures.json"

    assert command.main(["broken", "pages", "--json", str(path)]) == 1

    written = json.loads(path.read_text(encoding="utf-8"))["programs"]
    assert written["broken"]["failure"] == "RuntimeError: the server"
    assert [each["what"] for each in written["broken"]["measurements"]] == ["measured before it broke"]
    assert len(written["pages"]["measurements"]) == 3
    assert "FAILED: RuntimeError: the server" in capsys.readouterr().out


def test_an_unknown_program_is_refused_with_those_there_are(programs, capsys) -> None:
    with pytest.raises(SystemExit):
        command.main(["nonsense"])

    assert "no program 'nonsense'; there are: pages, broken" in capsys.readouterr().err


def test_real_hands_are_skipped_with_a_reason_where_their_pictures_are_missing(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(hands, "HANDS", tmp_path)
    (skipped,) = hands.measurements(quick=True)

    assert skipped.value == 0
    assert "missing" in skipped.note


def test_real_hands_are_counted_by_kind_with_what_was_refused() -> None:
    reads = [
        hands.Read("photo", "7", "7", (False,), 10),
        hands.Read("photo", "7", "1", (True,), 20),
        hands.Read("row", "1234", "124", (False,) * 3, 30),
        hands.Read("not-a-digit", "not:tau", "", (), 40),
    ]
    found = {each.what: each.value for each in hands.table(reads)}

    assert (found["photo, right"], found["right but refused"], found["wrong and refused"]) == (50, 0, 100)
    assert (found["row, wholly right"], found["row, digits right"], found["letters refused"]) == (0, 75, 100)
