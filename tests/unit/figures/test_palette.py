"""One colour per digit, one per run, on every page."""

import tomllib
from pathlib import Path

from digits_core.figures.palette import DIGIT_COLOURS, run_colour

THEME = Path(__file__).resolve().parents[3] / ".streamlit" / "config.toml"


def test_the_theme_has_the_digits_colours():
    theme = tomllib.loads(THEME.read_text())["theme"]
    assert tuple(theme["chartCategoricalColors"]) == DIGIT_COLOURS


def test_ten_digits_have_ten_colours():
    assert len(set(DIGIT_COLOURS)) == 10


def test_ten_runs_in_a_row_have_ten_colours_and_keep_them():
    assert len({run_colour(number) for number in range(1, 11)}) == 10
    assert run_colour(11) == run_colour(1)
