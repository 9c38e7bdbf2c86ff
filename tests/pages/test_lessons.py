"""Lessons without a browser: their cards, each kind of step, who learns, and a reset that can be undone."""

from pathlib import Path

import pytest
import streamlit as st
import torch  # noqa: F401 - pages load it in the background: here it is there, and never half of it
from streamlit.testing.v1 import AppTest

from digits_core.dashboard import state
from digits_core.dashboard.pages import FOLDER
from tests.pages.conftest import SECONDS

NAVIGATION = FOLDER.parent / "digits_core" / "dashboard" / "navigation.py"
WALK = """---
title: A *walk*
minutes: 5
outcome: Walk through a lesson.
---
Begin here.

## See
Look at the data.

```look
open: data?dataset=optdigits&view=Samples
```

## Choose
```predict
question: Which one?
choices: ["*One*", Two]
result: It was **two**.
```

## Guess
```predict
question: How many of 100?
between: [0, 100]
unit: "%"
result: It was 90.
```

## Sort
```predict
question: In which order?
order: [b, a, c]
result: First a.
```

## Train
```do
recall: [guess, sort]
check:
  run: {epochs: 1}
```

## Compare
```look
open: runs?runs_view=One run&run=@train
```

## Explain
```explain
question: Why?
answer: Because of the **weights**.
```

## Shrink
```goal
check:
  network: {parameters: {at_most: 1000}}
```
"""


@pytest.fixture
def lessons(home: Path) -> Path:
    """The folder of the home's own lessons, with one in it; the state of the app is closed after the test."""
    folder = home / "lessons"
    folder.mkdir()
    (folder / "walk.md").write_text(WALK)
    yield folder
    state.stop()
    st.cache_resource.clear()


def open_app(**query: str) -> AppTest:
    app = AppTest.from_file(str(NAVIGATION), default_timeout=SECONDS)
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    return app


def open_step(number: int) -> AppTest:
    """The app in a new browser of the learner Ada, with the lesson at a step."""
    app = open_app(lesson=f"walk.{number}")
    app.text_input(key="learner_name").input("Ada")
    return press(app, "learner_join")


def press(app: AppTest, key: str) -> AppTest:
    (button,) = [each for each in app.button if (each.key or "").endswith(key)]
    button.click().run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    """All that the sidebar says."""
    kinds = (app.sidebar.markdown, app.sidebar.caption, app.sidebar.warning, app.sidebar.error)
    return "\n".join(each.value.replace("\\", "") for kind in kinds for each in kind)


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def test_a_card_says_what_a_lesson_is_about_and_a_file_that_is_none_what_is_wrong(lessons, open_page):
    (lessons / "broken.md").write_text(WALK.replace("minutes: 5", "minutes: five"))
    page = open_page("lessons")

    said = "\n".join(each.value.replace("\\", "") for each in [*page.markdown, *page.caption])
    assert "A *walk*" in said
    assert "Walk through a lesson." in said
    assert "5 min · 8 steps" in said
    (wrong,) = [each.value.replace("\\", "") for each in page.warning]
    assert "broken.md" in wrong
    assert "minutes" in wrong


def test_the_first_step_comes_after_a_name_is_given(lessons):
    app = open_app(lesson="walk.1")
    assert not [button for button in app.button if button.key == "lesson_next"]

    app.text_input(key="learner_name").input("  ")
    press(app, "learner_join")
    assert "Write a name" in words(app)
    app.text_input(key="learner_name").input("Ada")
    press(app, "learner_join")

    assert "Step 1 of 8 · Ada" in words(app)
    assert "Begin here." in words(app)


def test_the_open_step_is_in_the_url_and_goes_when_the_lesson_is_closed(lessons):
    app = open_step(1)
    press(app, "lesson_next")
    assert app.query_params["lesson"] == "walk.2"

    press(app, "lesson_back")
    assert app.query_params["lesson"] == "walk.1"
    press(app, "lesson_close")
    assert "lesson" not in app.query_params


def test_an_address_that_the_browser_names_late_leads_nowhere_and_a_closed_lesson_stays_closed(lessons):
    app = press(open_step(1), "lesson_next")
    app.query_params["lesson"] = "walk.1"  # a timer that struck before the browser knew of the second step
    app.run()
    assert app.query_params["lesson"] == "walk.2"
    assert "Step 2 of 8" in words(app)

    press(app, "lesson_close")
    app.query_params["lesson"] = "walk.2"
    app.run()
    assert "lesson" not in app.query_params


def test_a_prediction_is_what_is_chosen_by_the_time_it_is_committed(lessons):
    app = open_step(2)
    app.radio[0].set_value("*One*").run()
    app.radio[0].set_value("Two")  # sent with the click, as by a browser that is faster than the page
    press(app, "lesson_commit")

    assert "You predicted: **Two**" in words(app)


def test_a_choice_opens_the_result_and_cannot_be_changed(lessons):
    app = open_step(2)
    assert app.button(key="lesson_commit").disabled
    assert "It was" not in words(app)

    app.radio[0].set_value("*One*").run()
    press(app, "lesson_commit")

    assert "You predicted: ***One***" in words(app)
    assert "It was **two**." in words(app)
    assert "lesson_commit" not in [button.key for button in app.button]
    assert not app.radio


def test_a_number_is_committed_with_its_unit_and_shown_again_in_a_later_step(lessons):
    app = open_step(3)
    number = next(each for each in app.number_input if each.key == "lesson_answer_walk_guess")
    number.set_value(60).run()
    press(app, "lesson_commit")
    assert "You predicted: **60 %**" in words(app)

    app = open_step(5)
    assert "You predicted: **60 %**" in words(app)
    assert "You have not answered “Sort” yet." in words(app)


def test_an_order_is_made_by_buttons(lessons):
    app = open_step(4)
    press(app, "lesson_up_1")
    press(app, "lesson_commit")

    assert "You predicted: **a** → **b** → **c**" in words(app)


def test_what_is_to_be_done_is_ticked_once_it_was_done(lessons):
    from digits_core.__main__ import main

    app = open_step(5)
    assert "No run of yours has finished since you began this lesson." in words(app)

    assert main(["train", "--epochs", "1", "--batch-size", "128"]) == 0
    app.run()

    assert "**Done**" in words(app)
    run = state.state().runs.runs()[0].id
    assert state.state().learners.answers(learner("Ada"), "walk")["train"].runs == (run,)


def test_a_link_to_a_run_that_is_yet_to_be_made_says_which_step_makes_it(lessons):
    app = open_step(6)

    assert "Step 5, “Train”, comes first" in words(app)


def test_an_explanation_is_kept_and_opens_the_answer(lessons):
    app = open_step(7)
    assert "weights" not in words(app)

    app.text_area[0].input("Because it *learns*.")
    press(app, "lesson_save")

    assert "Because of the **weights**." in words(app)
    assert open_step(7).text_area[0].value == "Because it *learns*."


def test_the_last_step_ends_the_lesson_also_where_its_goal_is_not_reached(lessons):
    app = open_step(8)
    assert "None is saved yet." in words(app)
    assert "Finish" in labels(app)

    press(app, "lesson_next")
    assert "lesson" not in app.query_params


@pytest.mark.parametrize("address", ["nowhere.1", "../walk", "walk.99", "<b>"])
def test_a_link_to_what_is_not_there_breaks_nothing(lessons, address):
    app = open_app(lesson=address)

    assert not app.exception
    assert [title.value for title in app.title] == ["Data"]


def test_each_learner_has_answers_of_their_own(lessons):
    app = open_step(2)
    app.radio[0].set_value("Two").run()
    press(app, "lesson_commit")

    other = open_app(lesson="walk.2")
    other.text_input(key="learner_name").input("Bob")
    press(other, "learner_join")
    assert "You predicted" not in words(other)


def test_a_reset_forgets_the_answers_until_it_is_undone(lessons, open_page):
    page = open_page("lessons")
    here = state.state()
    here.learners.join(page.session_state["session"], "Ada")
    here.learners.answer(learner("Ada"), "walk", "see", True)
    assert "Continue" in labels(page.run())

    press(page, "lesson_reset_walk")
    assert here.learners.answers(learner("Ada"), "walk") == {}
    assert "“A *walk*” was reset." in "".join(each.value.replace("\\", "") for each in page.markdown)
    press(page, "lesson_undo")
    assert list(here.learners.answers(learner("Ada"), "walk")) == ["see"]
    assert "lesson_undo" not in [button.key for button in page.button]


def test_the_front_page_offers_a_first_lesson_until_it_is_dismissed(lessons):
    app = open_app()
    press(app, "dismiss_first_lesson")

    assert "Dismiss" not in labels(app)
    assert "Dismiss" not in labels(open_step(1))


def learner(name: str):
    """The learner called so, as one more browser would find them."""
    return state.state().learners.join("a browser of the test", name)
