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

WITHOUT_A_ROW = (
    run_table.runs,
    pipelines.transforms,
    Samples,
    DigitsDataset,
    pipelines.Transforms,
    stored_runs.StoredRun,
    predictions.Prediction,
)
"""The two packages that are functions, too, and what one gets from other names."""
OFFERED_TOO = {each.__name__: f"{each.__module__}.{each.__name__}" for each in WITHOUT_A_ROW}
OFFERED = {
    **{name: getattr(dl, name) for name in dl._LAZY},
    **{each.__name__: each for each in WITHOUT_A_ROW},
}
WITH_DOCTESTS = sorted(
    {
        base.__module__
        for each in OFFERED.values()
        for base in getattr(each, "__mro__", (each,))
        if base.__module__.startswith("digits_core.")
    }
)
"""The modules of all names, and of the classes of ours that they inherit from."""
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
