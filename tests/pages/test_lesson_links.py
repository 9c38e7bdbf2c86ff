"""Each link of the built-in lessons opens its page without an error, in the state that it asks for."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from digits_core.config import NetworkConfig, TransformConfig
from digits_core.dashboard import state as app_state
from digits_core.dashboard.network import built
from digits_core.dashboard.pages import PAGES
from digits_core.dashboard.transforms import transform_controls
from digits_core.data.handwriting_store import Handwriting, NewSample
from digits_core.database import Database
from digits_core.home import Home
from digits_core.lessons.checks import OF_STEP
from digits_core.lessons.lesson import Place
from digits_core.lessons.lesson_reader import read_lesson
from digits_core.lessons.library import BUILT_IN
from digits_core.runs.store import RunStore
from digits_core.training.config_fields import carries_config, from_query
from tests.pages.controls import session_key
from tests.unit.helpers import wait_for
from tests.unit.lessons.test_builtin_lessons import RUNS, STARTER

SECONDS = 60
PLACES = {
    f"{path.stem[:2]}-{step.id}": step.place
    for path in sorted(BUILT_IN.glob("*.md"))
    for step in read_lesson(path)
    if step.place
}

SESSION_KEYS = {"compare": "runs_compare_kept"}
"""Of parameters that the session keeps under another name."""

Query = dict[str, list[str]]


@pytest.fixture(scope="module")
def lesson_home(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with two trained runs and three of each digit in one hand; no link changes anything in it."""
    folder = shutil.copytree(trained, tmp_path_factory.mktemp("lessons") / "home")
    images = np.random.default_rng(0).integers(0, 255, (30, 28, 28), dtype=np.uint8)
    with closing(Database(Home(folder).database)) as database:
        Handwriting(database).add_all(
            [NewSample(image, place % 10, "me", "canvas") for place, image in enumerate(images)]
        )
    yield folder
    app_state.stop()
    st.cache_resource.clear()


@pytest.fixture
def run_ids(lesson_home: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("DIGITS_HOME", str(lesson_home))
    with closing(Database(Home(lesson_home).database)) as database:
        return [run.id for run in RunStore(database).runs()]


def query_of(place: Place, run_ids: list[str]) -> Query:
    """The query of a link with two runs of this home in place of those of steps, and of Starter."""
    ids: dict[str, str] = {}
    query: Query = {}
    for key, values in place.query.items():
        of_runs = key in RUNS
        assert of_runs or not any(value.startswith(OF_STEP) or value == STARTER for value in values), key
        query[key] = [ids.setdefault(value, run_ids[len(ids) % 2]) if of_runs else value for value in values]
    return query


def opened(page: str, query: Query) -> AppTest:
    test = AppTest.from_file(PAGES[page].file, default_timeout=SECONDS)
    for key, values in query.items():
        test.query_params[key] = values
    return test.run()


def in_session(page: AppTest, key: str) -> list[str]:
    """What the session has under a key, as a URL would write it; nothing where the control is not drawn."""
    key = session_key(page, key)
    if key not in page.session_state:
        return []
    value: Any = page.session_state[key]
    return [str(each).lower() for each in (value if isinstance(value, list | tuple) else [value])]


def not_taken_over(page: AppTest, name: str, query: Query) -> Query:
    """What the page does not show as its URL asks for."""
    left = dict(query)
    if name == "training" and carries_config(query) and page.session_state["form_config"] == from_query(query):
        left = {key: values for key, values in left.items() if not carries_config({key: values})}
    asked = {key: query[key][0] for key in TransformConfig.model_fields if key in query}
    if name == "transforms" and page.session_state[transform_controls.CONFIG] == TransformConfig(**asked):
        left = {key: values for key, values in left.items() if key not in asked}
    layers = query.get("layers", [""])[0]
    if name == "network" and layers and page.session_state[built.STATE].network == NetworkConfig(layers=layers):
        left.pop("layers")
    return {
        key: values
        for key, values in left.items()
        if in_session(page, SESSION_KEYS.get(key, key)) != [each.lower() for each in values]
    }


@pytest.mark.parametrize("step", PLACES)
def test_a_link_opens_its_page_in_the_state_that_it_asks_for(step: str, run_ids: list[str]) -> None:
    place = PLACES[step]
    query = query_of(place, run_ids)
    page = opened(place.page, query)

    def is_taken_over() -> bool:
        if missing := not_taken_over(page, place.page, query):
            page.run()  # some views work in the background first, and draw their controls when that has ended
        return not missing

    wait_for(is_taken_over, what=f"{place.page} in the state of {query}")
    assert not page.exception
    assert [error.value for error in page.error] == []
    assert [warning.value for warning in page.warning] == []


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("data", {"view": ["Nowhere"]}),
        ("training", {"recipe": ["Lecture"], "training_view": ["Pictures"]}),
        ("network", {"look": ["Bild"]}),
        ("transforms", {"size": ["28"], "transform_view": ["Step"]}),
        ("runs", {"comparison": ["Curve"]}),
        ("runs", {"no_such_control": ["1"]}),
    ],
    ids=str,
)
def test_a_link_that_its_page_does_not_understand_would_be_found(name: str, query: Query, run_ids: list[str]) -> None:
    assert not_taken_over(opened(name, query), name, query)
