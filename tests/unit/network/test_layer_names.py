"""What a network consists of is known to `digits_core/network` alone: everything else asks it."""

import io
import re
import tokenize
from pathlib import Path

import pytest

from digits_core.config import TrainingConfig
from digits_core.network.improved_net import LAYERS
from digits_core.network.layers import place_layers
from tests.unit.test_imports import FILES, ROOT, shown

NETWORK = ROOT / "digits_core" / "network"
PLACED = place_layers(LAYERS, 28, TrainingConfig().dropout)
NAMES = [layer.name for layer in PLACED if layer.kind.weights]
SIZES = ["816,650", "6,272", "25,088"]
"""Its parameters, what the pooling puts out, and what its second convolution does."""
NAMED = re.compile(rf"\b({'|'.join([*NAMES, *(size.replace(',', '[_,]?') for size in SIZES)])})\b")


def tokens_that_name_layers(path: Path) -> list[str]:
    """Names, numbers, texts and comments of a file in which a layer of ImprovedNet or one of its sizes occurs."""
    source = path.read_text(encoding="utf-8")
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [f"{token.start[0]}: {token.string}" for token in tokens if NAMED.search(token.string)]


def test_no_other_module_names_a_layer():
    named = {
        shown(path): found for path in FILES if NETWORK not in path.parents and (found := tokens_that_name_layers(path))
    }

    assert named == {}


@pytest.mark.parametrize("line", ["x.conv1", "'fc2.bias'", "6272", "816_650", "# the 25,088 numbers of conv2"])
def test_a_layer_that_is_named_would_be_found(tmp_path, line):
    (tmp_path / "module.py").write_text(line, encoding="utf-8")

    assert tokens_that_name_layers(tmp_path / "module.py")
