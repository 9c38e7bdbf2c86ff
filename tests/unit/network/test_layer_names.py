"""What a network consists of is known to `digits_core/network` alone: everything else asks it."""

import re
from pathlib import Path

import pytest

from digits_core.config import TrainingConfig
from digits_core.layers.placed import place_layers
from digits_core.layers.presets import IMPROVED_NET
from tests.unit.test_imports import FILES, ROOT, shown

PACKAGE = ROOT / "digits_core"
SOURCES = [*FILES, *(path for kind in ("jinja", "js", "css") for path in PACKAGE.rglob(f"*.{kind}"))]
PLACED = place_layers(IMPROVED_NET, 28, TrainingConfig().dropout)
NAMES = [layer.name for layer in PLACED if layer.kind.weights]
SIZES = ["816,650", "6,272", "25,088"]
"""Its parameters, what the pooling puts out, and what its second convolution does."""
NAMED = re.compile(rf"\b({'|'.join([*NAMES, *(size.replace(',', '[_,]?') for size in SIZES)])})\b")


def lines_that_name_layers(path: Path) -> list[str]:
    """The lines, code or comment, in which a layer of ImprovedNet or one of its sizes occurs."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [f"{number}: {line}" for number, line in enumerate(lines, start=1) if NAMED.search(line)]


def test_no_other_file_names_a_layer():
    others = [path for path in SOURCES if not {PACKAGE / "network", PACKAGE / "layers"} & set(path.parents)]

    assert {shown(path): found for path in others if (found := lines_that_name_layers(path))} == {}


@pytest.mark.parametrize("line", ["x.conv1", "'fc2.bias'", "6272", "816_650", "# the 25,088 numbers of conv2"])
def test_a_layer_that_is_named_would_be_found(tmp_path, line):
    (tmp_path / "module.py").write_text(line, encoding="utf-8")

    assert lines_that_name_layers(tmp_path / "module.py")
