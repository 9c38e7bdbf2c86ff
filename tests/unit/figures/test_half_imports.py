"""Charts are drawn whatever other threads import at that moment."""

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

from digits_core.figures.palette import DIGIT_COLOURS, figure


def test_a_figure_is_made_while_another_thread_imports_pandas(monkeypatch):
    begun = ModuleType("pandas")
    begun.__spec__ = ModuleSpec("pandas", None)
    begun.__spec__._initializing = True
    monkeypatch.setitem(sys.modules, "pandas", begun)

    assert tuple(figure("Title", 100).layout.template.layout.colorway) == DIGIT_COLOURS
    bars = figure("Title", 100).add_bar(x=[1, 2], y=["a", "b"])
    assert list(bars.data[0].y) == ["a", "b"]
    assert '"a","b"' in bars.to_json()
