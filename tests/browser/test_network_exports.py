"""A network of one's own, taken away by the buttons of Runs: every file of it answers as the app does."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page, expect

from digits_core.config import NetworkConfig
from digits_core.data.catalogue import Catalogue
from digits_core.database import Database
from digits_core.home import Home
from digits_core.network.build import restore_network
from digits_core.recognition.out_of_distribution import refusal_of_run
from digits_core.recognition.recogniser import Recogniser
from digits_core.runs.artifacts import Artifacts, Weights
from digits_core.runs.rows import EpochRow, Run
from digits_core.runs.run_data import RunData
from digits_core.runs.store import RunStore
from digits_core.training.events import lecture_line
from tests.browser.conftest import Server, serve, train
from tests.browser.helpers import open_page
from tests.browser.reading import hand_drawings
from tests.browser.test_web_page import KEEP_CANVASES, Exported, draw, settle
from tests.unit.networks import EVERY_KIND

pytestmark = pytest.mark.browser

DOWNLOAD_MS = 120_000
"""The first file waits for torch, on a busy machine."""


@dataclass(frozen=True)
class Trained:
    """An app with one run, and what the library knows of that run."""

    server: Server
    run: Run
    epochs: list[EpochRow]
    weights: Weights
    page: Exported


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    """Every kind of layer in a row, trained."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "own.json").write_text(NetworkConfig(layers=EVERY_KIND).to_json())
    home = Home(folder / "home")
    with serve(folder) as server:
        run_id = train(server.home, "--network", str(folder / "own.json"), "--learning-rate", "0.003")
        database = Database(home.database)
        store, artifacts = RunStore(database), Artifacts(home.run(run_id))
        run, weights = store.get(run_id), artifacts.load_weights()
        recogniser = Recogniser(run.config, weights)
        refusal = refusal_of_run(run, recogniser, artifacts, RunData(database, Catalogue(home, database), store))
        page = Exported(folder / "own.html", run.title, recogniser, refusal)
        yield Trained(server, run, store.epochs([run_id])[run_id], weights, page)
        database.close()


def download(page: Page, trained: Trained, button: str, to: Path) -> None:
    open_page(page, f"{trained.server.url}/runs?runs_view=One+run&run={trained.run.id}&result=Export")
    with page.expect_download(timeout=DOWNLOAD_MS) as waiting:
        page.get_by_role("button", name=button, exact=True).click()
    waiting.value.save_as(to)


def test_the_web_page_reads_drawings_as_the_app_does(trained: Trained, browser_page: Page, browser: Browser) -> None:
    download(browser_page, trained, "Web page", trained.page.path)
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    context.add_init_script(KEEP_CANVASES)
    context.set_offline(True)
    tab = context.new_page()
    tab.goto(trained.page.path.as_uri())
    for drawing in hand_drawings(3, seed=5):
        draw(tab, drawing["strokes"])
        settle(tab)
        answer, refused = trained.page.read(tab)
        status = tab.get_by_role("status")
        expect(status).to_contain_text(str(answer.digit))
        assert ("not a digit" in status.inner_text()) == refused
        tab.get_by_role("button", name="Clear").click()
    context.close()


def test_the_script_prints_the_lines_of_the_run(trained: Trained, browser_page: Page, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    download(browser_page, trained, "PyTorch script", script)
    answer = subprocess.run([sys.executable, "-I", script], capture_output=True, text=True, cwd=tmp_path, check=False)
    lines = [lecture_line(row.epoch, 2, row.train_loss, row.test_accuracy) for row in trained.epochs]
    assert answer.stdout.splitlines() == lines, answer.stderr


def test_the_notebook_is_one_file_that_jupyter_reads(trained: Trained, browser_page: Page, tmp_path: Path) -> None:
    download(browser_page, trained, "Notebook (.ipynb)", tmp_path / "own.ipynb")
    notebook = nbformat.read(tmp_path / "own.ipynb", as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert trained.run.title in notebook.cells[0].source


def test_the_onnx_file_gives_the_logits_of_the_network(trained: Trained, browser_page: Page, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    download(browser_page, trained, "ONNX", tmp_path / "own.onnx")
    images = torch.randn(5, 1, 28, 28, generator=torch.Generator().manual_seed(2))
    (logits,) = onnxruntime.InferenceSession(tmp_path / "own.onnx").run(["logits"], {"images": images.numpy()})
    with torch.inference_mode():
        expected = restore_network(trained.run.config, trained.weights).eval()(images)
    np.testing.assert_allclose(logits, expected.numpy(), atol=1e-4)
