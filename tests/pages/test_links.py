"""What a link says of itself: which controls it hides, and that nothing can be changed by it."""

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from digits_core.config import NetworkConfig, TransformConfig
from digits_core.dashboard.pages import PAGES
from digits_core.dashboard.read_only import MEANING, REASON
from digits_core.dashboard.state import state
from digits_core.data.handwriting_store import NewSample
from digits_core.home import Home

KEPT = ("runs", "samples", "transforms", "networks", "sweeps", "datasets")
"""The tables of what people made."""

HIDES = {
    "data": ("dataset,view,facts", {"Dataset", "View"}),
    "handwriting": ("way,writer,train", {"Input method", "Writer"}),
    "transforms": ("image,view,add,steps,use", {"Number", "Start from"}),
    "network": ("view,weights,image,layers", {"View", "Image"}),
    "training": ("start,data,more,batch_size,share", {"Recipe", "Batch size"}),
    "runs": ("view,filter,edit,import,table,export", {"View", "Archive"}),
    "recognise": ("input,paper,run,save,again,why", {"Input", "You draw", "Run"}),
}
"""For each page what a link may hide, and the labels of some of those controls."""

VIEWS: list[tuple[str, dict[str, Any]]] = [
    *[("data", {"view": view}) for view in ("Overview", "Samples", "Duplicates", "Outliers", "Import")],
    ("data", {"dataset": "mnist"}),
    *[("handwriting", {"way": way}) for way in ("Draw", "Pictures", "Sheet", "Your digits", "Writers")],
    ("handwriting", {"way": "Your digits", "own_deleted": "true"}),
    ("transforms", {}),
    *[("network", {"look": look}) for look in ("Layers", "Build", "Units")],
    ("training", {"unfolded": ["fold_range", "ready_sweeps", "run_change"]}),
    ("runs", {"unfolded": ["runs_edit", "runs_import_0"]}),
    ("runs", {"runs_view": "Sweeps"}),
    ("runs", {"runs_view": "One run"}),
    *[("recognise", {"input": way}) for way in ("Draw", "Upload", "Compare", "History")],
]


@pytest.fixture
def full_home(trained_home: Path) -> Path:
    """A home with a bit of everything that can be changed."""
    here = state()
    images = np.random.default_rng(0).integers(0, 255, (3, 28, 28), dtype=np.uint8)
    kept = here.handwriting.add_all([NewSample(image, 3, "Ada", "canvas") for image in images]).samples
    here.handwriting.delete(kept[:1])
    here.transforms.save("mine", TransformConfig())
    here.networks.save("mine", NetworkConfig())
    return trained_home


def kept(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of what people made."""
    with sqlite3.connect(Home(home).database) as database:
        return {table: database.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in KEPT}


def shown_labels(page: AppTest) -> set[str]:
    """The labels of the controls on the page that no style sheet hides."""
    return set(_labels(page.main))


def _labels(block: Any) -> list[str]:
    found = []
    for child in block.children.values():
        if hasattr(child, "children"):
            hidden = "hidden_" in str(getattr(child.proto, "id", ""))
            found += [] if hidden else _labels(child)
        else:
            found.append(getattr(child, "label", ""))
    return found


@pytest.mark.parametrize("name", HIDES)
def test_a_link_hides_controls_and_the_page_offers_to_show_them_again(open_page, trained_home, name):
    hide, labels = HIDES[name]
    page = open_page(name, hide=hide)
    assert not page.exception
    assert not labels & shown_labels(page)

    page.button(key="show_all").click().run()
    assert not page.exception
    assert labels <= shown_labels(page)
    assert "hide" not in page.query_params


def test_what_a_link_hides_stays_hidden_while_one_walks_within_the_page_and_keeps_its_value(open_page, home):
    page = open_page("data", hide="dataset", dataset="mnist-5k")
    del page.query_params["hide"]
    page.segmented_control(key="view").set_value("Samples").run()

    assert "Dataset" not in shown_labels(page)
    assert "dataset" in page.query_params["hide"]
    assert page.selectbox(key="dataset").value == "mnist-5k"


def test_a_name_that_a_page_does_not_have_hides_nothing_and_is_not_offered_to_be_shown(open_page, home):
    page = open_page("data", hide="recipe,<b>,,")

    assert not page.exception
    assert "Dataset" in shown_labels(page)
    assert "Show all" not in shown_labels(page)


@pytest.mark.parametrize(("name", "query"), VIEWS)
def test_nothing_that_is_left_to_press_changes_anything_by_a_read_only_link(open_page, full_home, name, query):
    before = kept(full_home)
    page = open_page(name, readonly="1", **query)
    assert not page.exception
    assert any(MEANING in caption.value for caption in page.caption)

    for place in range(len(page.button)):
        if place < len(page.button) and not page.button[place].disabled:
            page.button[place].click().run()
            assert not page.exception
    assert kept(full_home) == before


@pytest.mark.parametrize(
    ("name", "query", "label"),
    [
        ("training", {}, "Train"),
        ("runs", {}, "Delete"),
        ("handwriting", {"way": "Your digits"}, "Delete 0"),
        ("transforms", {}, "Save"),
    ],
)
def test_a_button_that_changes_something_says_why_it_cannot_be_pressed(open_page, full_home, name, query, label):
    page = open_page(name, readonly="1", **query)
    (button,) = (each for each in page.button if each.label == label)
    assert button.disabled
    assert REASON in button.help


def test_a_press_that_comes_after_the_link_became_read_only_changes_nothing(open_page, full_home):
    page = open_page("transforms")
    (saved,) = state().transforms.all()
    page.query_params["readonly"] = "1"
    page.button(key=f"transform_delete_{saved.id}").click().run()

    assert [each.name for each in state().transforms.all()] == ["mine"]
    assert [REASON in toast.value for toast in page.toast] == [True]


def test_a_read_only_link_says_nothing_on_a_page_that_was_opened_without_it(open_page, home):
    assert not any(MEANING in caption.value for caption in open_page("data").caption)


def test_every_page_has_controls_that_a_link_can_hide():
    assert set(HIDES) >= set(PAGES) - {"lessons"}
