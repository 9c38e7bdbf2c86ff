"""The lecture as a notebook: it runs from its first cell to its last, and shows what it speaks of."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from digits_core.home import Home
from digits_core.runs.starter import SWITCH, open_database
from digits_core.runs.store import RunStore
from tests.unit.test_imports import ROOT

PATH = ROOT / "docs" / "lecture.ipynb"
PLOTLY, HTML = "application/vnd.plotly.v1+json", "text/html"


@pytest.fixture(scope="module")
def lecture(tmp_path_factory):
    """The notebook with all that its cells put out, and the home that it ran in, which was empty."""
    folder = tmp_path_factory.mktemp("lecture")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR"):
            patch.setenv(name, str(folder / name.lower()))
        patch.setenv("DIGITS_HOME", str(folder / "home"))
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.delenv(SWITCH)
        notebook = nbformat.read(PATH, as_version=nbformat.NO_CONVERT)
        NotebookClient(notebook, startup_timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook, folder / "home"


def outputs(notebook: nbformat.NotebookNode, source: str) -> list[nbformat.NotebookNode]:
    """What the one cell put out whose code has this text in it."""
    (cell,) = [cell for cell in notebook.cells if cell.cell_type == "code" and source in cell.source]
    return cell.outputs


def shown(notebook: nbformat.NotebookNode, source: str, kind: str) -> list:
    return [output.data[kind] for output in outputs(notebook, source) if kind in output.get("data", {})]


def printed(notebook: nbformat.NotebookNode, source: str) -> str:
    return "".join(output.text for output in outputs(notebook, source) if output.get("name") == "stdout")


def test_it_is_valid_and_kept_without_what_it_put_out():
    notebook = nbformat.read(PATH, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]

    assert [cell.outputs for cell in code if cell.outputs] == []
    assert {cell.execution_count for cell in code} == {None}
    assert all("slideshow" in cell.metadata for cell in notebook.cells)


def test_its_slides_are_short():
    """A slide is a heading with a few sentences, and code that fits beneath them."""
    notebook = nbformat.read(PATH, as_version=nbformat.NO_CONVERT)

    assert max(len(cell.source.split()) for cell in notebook.cells if cell.cell_type == "markdown") <= 70
    assert max(len(cell.source.splitlines()) for cell in notebook.cells if cell.cell_type == "code") <= 45


def test_it_runs_and_warns_of_nothing(lecture):
    notebook, _ = lecture
    kinds = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]

    assert [output for output in kinds if output.get("name") == "stderr"] == []


@pytest.mark.parametrize("source", ["digits = ", "ways = ", "train_set = ", "network = dl.ImprovedNet()\nnetwork"])
def test_what_it_looks_at_has_a_picture_or_a_table_in_it(lecture, source):
    (html,) = shown(lecture[0], source, HTML)

    assert "<table" in html or "<img" in html


def test_its_training_is_followed_by_one_bar_and_one_chart(lecture):
    notebook, _ = lecture
    (chart,) = shown(notebook, "lecture = dl.train(", PLOTLY)
    bar, run = shown(notebook, "lecture = dl.train(", HTML)
    lines = printed(notebook, "lecture = dl.train(").splitlines()

    assert [len(trace["y"]) for trace in chart["data"]] == [3] * 4
    assert 'value="1.0000"' in bar
    assert "finished after" in bar
    assert "#3 Lecture" in run
    assert [line.split(",")[0] for line in lines] == ["Epoch: 1/3", "Epoch: 2/3", "Epoch: 3/3"]


@pytest.mark.parametrize("name", ["confusion", "mistakes"])
def test_its_figures_are_charts(lecture, name):
    (chart,) = shown(lecture[0], f'figure("{name}")', PLOTLY)

    assert chart["layout"]["title"]["text"]


def test_the_loop_by_hand_and_the_runs_of_one_line_stand_in_one_home(lecture):
    _, home = lecture
    runs = RunStore(open_database(Home(home))).runs()

    assert [(run.name, run.status) for run in runs] == [
        ("Large batches", "finished"),
        ("Ten times the learning rate", "finished"),
        ("Lecture", "finished"),
        ("By hand", "finished"),
        ("Starter", "finished"),
    ]
    assert [run.is_logged for run in runs] == [False, False, False, True, False]


def test_it_shows_what_the_data_does_not_teach(lecture):
    """On other people's digits the lecture's run fails, and Starter does not."""
    lines = printed(lecture[0], "others = ").splitlines()
    right = [int(line.split(": ")[1].split()[0]) for line in lines]

    assert right[0] < 30
    assert right[1] >= 48


def test_its_drawing_is_read(lecture):
    (html,) = shown(lecture[0], "starter.predict(", HTML)

    assert "#1 Starter reads 4" in html


def test_its_export_lies_beside_it(lecture):
    notebook, home = lecture
    folder: Path = home.parent / "lecture-run"

    assert sorted(path.name for path in folder.iterdir()) == ["history.csv", "train.py", "weights.safetensors"]
    assert printed(notebook, "found = lecture.network()").count("%") == 2
