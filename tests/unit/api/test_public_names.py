"""`import digits_core as dl`: light, the same whatever was imported before, and true to its documentation."""

import doctest
import inspect
import json
import subprocess
import sys
from importlib import import_module
from types import ModuleType

import pytest

import digits_core as dl
from digits_core.api import pipelines, predictions, run_table, stored_runs
from digits_core.api.datasets import DigitsDataset, Samples
from tests.unit.test_imports import ROOT, loaded_after

OFFERED = {
    **{name: getattr(dl, name) for name in dl._LAZY},
    "runs": run_table.runs,
    "transforms": pipelines.transforms,
    "Samples": Samples,
    "DigitsDataset": DigitsDataset,
    "Transforms": pipelines.Transforms,
    "StoredRun": stored_runs.StoredRun,
    "Prediction": predictions.Prediction,
}
WITH_DOCTESTS = sorted({each.__module__ for each in OFFERED.values()})
FUNCTIONS = [
    name for name, each in OFFERED.items() if inspect.isfunction(each) and each.__module__.startswith("digits_core.api")
]
CLASSES = [each for each in OFFERED.values() if inspect.isclass(each) and each.__module__.startswith("digits_core.api")]


def answer_of(code: str) -> object:
    """What a fresh interpreter prints at the end of a program, as JSON."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_the_import_alone_loads_nothing_heavy():
    heavy = {"torch", "torchvision", "streamlit", "pandas", "plotly", "numpy", "PIL", "pydantic", "sqlite3", "IPython"}

    assert loaded_after("import digits_core as dl; dir(dl)") & heavy == set()


def test_a_dataset_can_be_looked_at_without_torch(home):
    assert "torch" not in loaded_after("import digits_core as dl; dl.load('mnist-5k')._repr_html_()")


def test_runs_are_listed_without_torch_or_the_app(home):
    assert (
        loaded_after("import digits_core as dl; dl.runs(); dl.run('best')._repr_html_()")
        & {
            "torch",
            "streamlit",
            "plotly",
        }
        == set()
    )


@pytest.mark.parametrize(
    "imports",
    [
        "import digits_core as dl",
        "import digits_core.runs.store, digits_core.transforms.pipeline; import digits_core as dl",
        "import digits_core as dl; dl.run; dl.train; import digits_core.runs.store, digits_core.transforms.pipeline",
    ],
)
def test_two_packages_are_functions_too_whichever_is_asked_for_first(home, imports):
    found = answer_of(
        f"{imports}; import json, sys; table = dl.runs(); size = dl.transforms(size=20).config.size\n"
        "from digits_core.runs.store import RunStore\n"
        "from digits_core.transforms import pipeline\n"
        "same = dl.runs is sys.modules['digits_core.runs'] and dl.transforms is sys.modules['digits_core.transforms']\n"
        "print(json.dumps([list(table['name']), size, same]))"
    )

    assert found == [["Starter"], 20, True]


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        _ = dl.lode


def test_completion_offers_every_name():
    assert {*dl._LAZY, "runs", "transforms"} <= set(dir(dl))


@pytest.mark.parametrize("name", WITH_DOCTESTS)
def test_the_examples_in_the_documentation_are_true(home, name):
    found = doctest.testmod(import_module(name))

    assert found.failed == 0


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_says_what_it_takes_and_shows_an_example(name):
    documentation = OFFERED[name].__doc__

    assert "Example:" in documentation
    assert [each for each in inspect.signature(OFFERED[name]).parameters if f"{each}: " not in documentation] == []


@pytest.mark.parametrize("owner", CLASSES)
def test_each_public_method_and_property_is_documented(owner):
    own = {name: each for name, each in vars(owner).items() if not name.startswith("_") and hasattr(each, "__doc__")}
    shown = {name: each for name, each in own.items() if inspect.isroutine(each) or not isinstance(each, str)}

    assert owner.__doc__
    assert [name for name, each in shown.items() if not inspect.getdoc(each)] == []


def test_the_package_of_runs_is_still_a_package():
    assert isinstance(dl.runs, ModuleType)
    assert dl.runs.__path__
