"""The network of somebody else's loop on the pages: read with, tested, looked at by layers, and never run as code."""

import json

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as nnf

import digits_core as dl
from digits_core.browser.web_page import page_files
from digits_core.config import TransformConfig
from digits_core.dashboard.loaders import load_recogniser, load_threshold
from digits_core.dashboard.state import state
from digits_core.data.builtin import read_optdigits
from digits_core.errors import ConfigError, DigitsError, ExportError, NetworkError, RunError
from digits_core.runs.export.files import Export
from digits_core.transforms import batched
from tests.pages.test_logged_runs import words

TRANSFORM = TransformConfig(mean=0.2, std=0.4)


class Residual(nn.Module):
    """Two branches that come together: nothing that the app itself could build."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 6, 3, stride=2, padding=1)
        self.twist = nn.Conv2d(6, 6, 3, padding=1)
        self.head = nn.Linear(6 * 49, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.stem(x))
        x = nnf.avg_pool2d(torch.relu(x + self.twist(x)), 2)
        return self.head(x.flatten(1))


@pytest.fixture
def trained_elsewhere(trained_home) -> tuple[str, nn.Module]:
    """A run of a loop of its own with the network that it trained for a few steps, beside two runs of the app."""
    torch.manual_seed(0)
    images, labels = read_optdigits().of("train")
    x, y = batched.normalise(batched.prepare(images, TRANSFORM), TRANSFORM), torch.from_numpy(labels)
    network = Residual()
    optimizer = torch.optim.AdamW(network.parameters(), 5e-3)
    for part in torch.randperm(len(x)).split(64):
        optimizer.zero_grad()
        nnf.cross_entropy(network(x[part]), y[part]).backward()
        optimizer.step()
    with dl.init("Residual", config={"dataset": "optdigits"}) as run:
        run.log({"test/accuracy": 0.5})
        run.log_model(network, x[:1], mean=TRANSFORM.mean, std=TRANSFORM.std)
    return run.id, network.eval()


def test_it_reads_as_it_did_where_it_was_trained(trained_elsewhere):
    run_id, network = trained_elsewhere
    images, _ = read_optdigits().of("test")
    with torch.no_grad():
        expected = network(batched.normalise(batched.prepare(images[:50], TRANSFORM), TRANSFORM)).numpy()
    answers = load_recogniser(run_id).read_alike(images[:50])
    np.testing.assert_allclose([answer.logits for answer in answers], expected, atol=1e-4)
    assert "not known" in load_threshold(run_id).problem


def test_its_files_are_plain_data(trained_elsewhere):
    run_id, _ = trained_elsewhere
    folder = state().home.run(run_id)
    assert {path.name for path in folder.iterdir()} == {"program.json", "weights.safetensors"}
    json.loads((folder / "program.json").read_bytes())


def test_it_is_tested_on_the_digits_that_are_here(open_page, trained_elsewhere):
    run_id, network = trained_elsewhere
    images, labels = read_optdigits().of("test")
    with torch.no_grad():
        found = network(batched.normalise(batched.prepare(images, TRANSFORM), TRANSFORM)).argmax(1).numpy()
    page = open_page("runs", runs_view="One run", run=run_id, result="Datasets")
    for _ in range(120):
        if page.dataframe:
            break
        page.run()
    assert not page.exception
    assert not page.error
    table = page.dataframe[0].value.set_index("Dataset")
    (row,) = [row for name, row in table.iterrows() if str(name).startswith("Optdigits")]
    assert row["Accuracy"] == pytest.approx((found == labels).mean())


def test_recognise_offers_it(open_page, trained_elsewhere):
    run_id, _ = trained_elsewhere
    page = open_page("recognise", run=run_id)
    assert not page.exception
    assert not page.error
    (choice,) = [box for box in page.selectbox if box.label == "Run"]
    assert choice.value == run_id


@pytest.mark.parametrize("look", ["Layers", "Feature maps"])
def test_its_layers_can_be_looked_at(open_page, trained_elsewhere, look):
    run_id, network = trained_elsewhere
    page = open_page("network", run=run_id, look=look)
    assert not page.exception
    assert not page.error
    assert not page.warning
    if look == "Layers":
        table = page.dataframe[0].value
        assert list(table["Layer"]) == ["stem", "twist", "head"]
        assert table["Parameters"].sum() == sum(each.numel() for each in network.parameters())


@pytest.mark.parametrize("look", ["By hand", "Filters", "Units", "Samples", "Source"])
def test_other_views_say_that_they_cannot_show_it(open_page, trained_elsewhere, look):
    run_id, _ = trained_elsewhere
    page = open_page("network", run=run_id, look=look)
    assert not page.exception
    assert not page.error
    assert "Residual cannot be shown here" in words(page)


@pytest.mark.parametrize("view", ["Mistakes", "Confidence", "Robustness", "Export", "Record"])
def test_one_run_says_what_it_has(open_page, trained_elsewhere, view):
    run_id, _ = trained_elsewhere
    page = open_page("runs", runs_view="One run", run=run_id, result=view)
    assert not page.exception
    assert not page.error


def test_pages_that_choose_a_run_by_themselves_take_one_of_the_app(open_page, trained_elsewhere):
    run_id, _ = trained_elsewhere
    assert run_id not in [run.id for run in state().runs.usable()]
    assert state().runs.find("best").id != run_id
    assert state().runs.find("latest").id == run_id


def test_a_network_that_cannot_be_traced_leaves_the_one_before(trained_home):
    class Moody(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.flatten(1)[:, :10] if float(x.sum()) > 0 else x.flatten(1)[:, 10:20]

    run = dl.init("Moody")
    run.log_model(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), torch.zeros(1, 28, 28))
    before = state().artifacts(run.id).contents()
    with pytest.raises(NetworkError) as caught:
        run.log_model(Moody(), torch.zeros(1, 28, 28))
    with pytest.raises(ConfigError):
        run.log_model(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), torch.zeros(1, 28, 28), std=-1)
    run.finish()
    assert "\n" not in str(caught.value)
    assert state().artifacts(run.id).contents() == before
    with pytest.raises(RunError, match="has ended"):
        run.log_model(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), torch.zeros(1, 28, 28))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "program.json").write_text("{}"),
        lambda folder: (folder / "program.json").write_bytes(b"\x80\x04K\x01."),
        lambda folder: (folder / "weights.safetensors").write_bytes(b"nothing"),
        lambda folder: (folder / "weights.safetensors").unlink(),
        lambda folder: (folder / "program.json").write_text(
            (folder / "program.json").read_text().replace("aten.relu.default", "aten.from_file.default")
        ),
    ],
)
def test_files_that_somebody_changed_are_refused_in_one_line(trained_elsewhere, spoil):
    run_id, _ = trained_elsewhere
    spoil(state().home.run(run_id))
    with pytest.raises(DigitsError) as caught:
        load_recogniser(run_id)
    assert "\n" not in str(caught.value)


def test_it_goes_along_in_notebooks_and_shell_but_not_where_other_layers_are_needed(trained_elsewhere, capsys):
    run_id, network = trained_elsewhere
    run = dl.run(run_id)
    image = read_optdigits().of("test")[0][0]
    with torch.no_grad():
        expected = network(batched.normalise(batched.prepare(image[None], TRANSFORM), TRANSFORM))
        torch.testing.assert_close(
            run.network()(batched.normalise(batched.prepare(image[None], TRANSFORM), TRANSFORM)), expected
        )
    assert run.predict(image).is_digit is None
    export = Export(run_id, state().runs, state().artifacts, state().catalogue.load)
    assert export.weights()
    for form in (export.onnx, lambda: page_files(export, state().run_data), export.script, export.notebook):
        with pytest.raises(ExportError):
            form()
