"""The source that the page shows is a program of its own, and computes what the app's network computes."""

import subprocess
import sys

import pytest
import torch

from digits_core.config import NetworkConfig
from digits_core.network.source import as_source
from tests.unit.networks import improved_net


@pytest.mark.parametrize(("size", "dropout"), [(28, 0.3), (33, 0.0)])
def test_pasted_it_builds_the_same_network(size, dropout):
    pasted: dict = {"__name__": "pasted"}
    with torch.random.fork_rng(devices=[]):
        exec(as_source(NetworkConfig(), size, dropout, seed=4), pasted)
    ours, images = improved_net(size, dropout, seed=4).eval(), torch.randn(3, 1, size, size)

    assert type(pasted["network"]).__module__ == "pasted"
    assert torch.equal(pasted["network"].eval()(images), ours(images))
    assert pasted["network"].dropout.p == dropout


def test_it_runs_where_nothing_of_the_app_is(tmp_path):
    script = tmp_path / "network.py"
    script.write_text(as_source(NetworkConfig(), 28, 0.3), encoding="utf-8")
    answer = subprocess.run(
        [sys.executable, "-I", script.name], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert "digits_core" not in script.read_text(encoding="utf-8")
    assert "816,650 parameters" in answer.stdout
    assert "torch.Size([1, 10])" in answer.stdout
