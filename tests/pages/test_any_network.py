"""Runs of other networks than ImprovedNet are on every page, and in the shell, what they are."""

import json
from dataclasses import asdict
from pathlib import Path
from shutil import copytree

import pytest

from digits_core.__main__ import main
from digits_core.config import NetworkConfig
from digits_core.dashboard.state import state
from digits_core.layers.presets import PRESETS
from tests.pages.conftest import know_digits
from tests.pages.controls import session_key, setting
from tests.unit.helpers import ctrl_c_given_back
from tests.unit.networks import EVERY_KIND

OPTIONS = ["--epochs", "1", "--batch-size", "128"]


def train(*options: str) -> int:
    with ctrl_c_given_back():
        return main(["train", *OPTIONS, *options])


@pytest.fixture(scope="module")
def networks(tmp_path_factory) -> Path:
    """A home with three trained runs: softmax regression, LeNet-5, and a network of a file with every kind of layer."""
    folder = tmp_path_factory.mktemp("networks")
    described = folder / "net.json"
    described.write_text(json.dumps([asdict(layer) for layer in EVERY_KIND]), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIGITS_HOME", str(folder / "home"))
        for name, network in (("softmax", "softmax"), ("lenet", "LeNet-5"), ("own", str(described))):
            assert train("--network", network, "--name", name) == 0
        know_digits()
    return folder / "home"


@pytest.fixture
def runs(networks, home) -> dict[str, str]:
    """The id of each run by its name, in a copy of that home."""
    copytree(networks, home, dirs_exist_ok=True)
    return {run.config.name: run.id for run in state().runs.runs()}


def test_they_are_compared_by_what_their_networks_are(runs, open_page):
    page = open_page("runs", run=[runs["softmax"], runs["lenet"], runs["own"]])

    assert not page.exception
    words = " ".join([*(each.value.to_string() for each in page.dataframe), *(each.value for each in page.markdown)])
    assert "Softmax regression" in words
    assert "LeNet-5" in words


@pytest.mark.parametrize("name", ["softmax", "lenet", "own"])
@pytest.mark.parametrize("view", ["Layers", "By hand", "Filters", "Feature maps", "Units", "Samples", "Source"])
def test_each_view_of_the_network_page_shows_them(runs, open_page, name, view):
    page = open_page("network", run=runs[name], look=view)

    assert not page.exception
    assert [error.value for error in page.error] == []


@pytest.mark.parametrize("name", ["softmax", "lenet", "own"])
def test_one_run_and_recognise_show_them(runs, open_page, name):
    for page in (open_page("runs", run=[runs[name]]), open_page("recognise", run=runs[name])):
        assert not page.exception
        assert [error.value for error in page.error] == []


def test_a_network_in_a_link_is_in_the_form(home, open_page):
    page = open_page("training", layers="lenet")

    assert page.session_state[session_key(page, "training_layers")] == page.session_state["form_config"].network.layers
    assert len(page.session_state["form_config"].network.layers) == 6


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('[{"kind": "convolution", "channels": 0}]', "layer 1 (convolution): channels is 0"),
        ('{"layers": "lenett"}', "'lenet'"),
        ("[", "Expecting value"),
        (None, "No such file"),
    ],
)
def test_a_bad_file_is_refused_in_one_line_before_anything_is_written(home, tmp_path, capsys, content, words):
    path = tmp_path / "net.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")

    assert train("--network", str(path)) == 2
    assert words in capsys.readouterr().err
    assert state().runs.runs() == []


def test_a_saved_network_is_listed_and_trained_by_its_name_and_is_a_choice_of_the_form(home, open_page, capsys):
    network = NetworkConfig(layers=EVERY_KIND, initialisation="xavier")
    state().networks.save("Every kind", network)

    assert main(["networks", "--json"]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["name"] for row in listed] == [*PRESETS, "Every kind"]
    assert next(row for row in listed if row["name"] == "lenet")["parameters"] == 61_706
    assert train("--network", "every KIND", "--initial-scale", "2") == 0
    assert state().runs.runs()[0].config.network == network.replace(initial_scale=2.0)

    page = open_page("training", unfolded=["fold_more"])
    setting(page, "layers").set_value(EVERY_KIND).run()
    assert page.session_state["form_config"].network.layers == EVERY_KIND
