"""One colour per digit, one per run, on every page."""

import sys
import tomllib
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from digits_core.figures.palette import DIGIT_COLOURS, figure, run_colour

THEME = Path(__file__).resolve().parents[3] / ".streamlit" / "config.toml"


def test_the_theme_has_the_digits_colours():
    theme = tomllib.loads(THEME.read_text())["theme"]
    assert tuple(theme["chartCategoricalColors"]) == DIGIT_COLOURS


def test_ten_digits_have_ten_colours():
    assert len(set(DIGIT_COLOURS)) == 10


def test_ten_runs_in_a_row_have_ten_colours_and_keep_them():
    assert len({run_colour(number) for number in range(1, 11)}) == 10
    assert run_colour(11) == run_colour(1)


def test_a_figure_is_made_while_another_thread_imports_pandas(monkeypatch):
    begun = ModuleType("pandas")
    begun.__spec__ = ModuleSpec("pandas", None)
    begun.__spec__._initializing = True
    monkeypatch.setitem(sys.modules, "pandas", begun)

    assert tuple(figure("Title", 100).layout.template.layout.colorway) == DIGIT_COLOURS
    bars = figure("Title", 100).add_bar(x=[1, 2], y=["a", "b"])
    assert list(bars.data[0].y) == ["a", "b"]
    assert '"a","b"' in bars.to_json()
