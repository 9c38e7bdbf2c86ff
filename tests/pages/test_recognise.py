"""The Recognise page without a browser: what needs no canvas."""

import shutil
from urllib.parse import parse_qs

import numpy as np
import pytest
import torch  # noqa: F401  (pages load it in the background: here it is there, and never half of it)
from streamlit.testing.v1 import AppTest

from digits_core.config import DataConfig, RunConfig, TrainingConfig
from digits_core.dashboard.loaders import THRESHOLDS
from digits_core.dashboard.recognise.again import HANDWRITING
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import CHOSEN_RUN
from digits_core.data.handwriting import NewSample
from digits_core.recognition.refusal import VERSION
from digits_core.recognition.sample import drawn, sample_of
from digits_core.runs.execution import execute
from digits_core.runs.preferred import best_of
from digits_core.runs.store import Run
from digits_core.training.events import Finished, Started
from digits_core.training.fields import from_query
from tests.pictures import one_digit, sheet
from tests.unit.dashboard.recognise.test_reading import drawing


def metrics(page: AppTest) -> list[str]:
    return [metric.value for metric in page.metric]


def upload(page: AppTest, *files: tuple[str, bytes]) -> AppTest:
    return page.file_uploader[0].set_value([(name, content, "image/png") for name, content in files]).run()


def button(page: AppTest, words: str):
    (found,) = [each for each in page.button if each.label.startswith(words)]
    return found


def test_without_a_run_one_click_trains_the_robust_recipe(open_page, monkeypatch):
    page = open_page("recognise")
    assert not page.exception
    assert any("A trained network is needed first" in text.value for text in page.markdown)
    button(page, "Train the Robust recipe").click().run()

    (run,) = state().runs.runs()
    assert run.recipe == "Robust"
    assert run.live
    assert any("goes on by itself" in text.value for text in page.caption)
    state().engine.stop(run)


def add_run(accuracy: float, outcome: str = "finished", sweep: str = "") -> Run:
    """A copy of the newest run, as if it had learnt so much."""
    store, (newest, *_) = state().runs, state().runs.runs()
    run = store.create(newest.config.replace(name="added"), "test", sweep=sweep)
    shutil.copytree(state().home.run(newest.id), state().home.run(run.id))
    store.apply(run.id, Started(1, 1438, 359, newest.environment))
    store.apply(run.id, Finished(outcome, 1, 0.5, accuracy, 1.5))
    return store.get(run.id)


def test_every_trained_run_is_offered_the_best_one_first(open_page, trained_home):
    best = add_run(1.0)
    for other in ({"accuracy": 0.1}, {"accuracy": 1.0, "outcome": "stopped"}, {"accuracy": 1.0, "sweep": "a1b2"}):
        add_run(**other)
    for page in (open_page("recognise"), open_page("network", look="Filters")):
        assert not page.exception
        assert page.selectbox(key="run").value == best.id
        assert page.query_params["run"] == best.id
        assert len(page.selectbox(key="run").options) == 6
        assert not page.warning


def test_a_run_that_fails_on_its_own_test_images_is_used_with_a_warning(open_page, trained_home):
    page = open_page("recognise", run=add_run(0.35).id)

    assert not page.exception
    assert ["35% of its own test images" in warning.value for warning in page.warning] == [True]


def test_a_chosen_run_that_still_trains_is_used_as_soon_as_it_has_ended(open_page, trained_home):
    best = best_of(state().runs.usable())
    run = state().runs.create(RunConfig(name="mine"), "test")
    page = open_page("recognise")
    page.session_state[CHOSEN_RUN] = run.id  # as the button Train does
    page.run()
    assert page.selectbox(key="run").value == best.id
    assert any("mine has not finished training" in caption.value for caption in page.caption)

    shutil.copytree(state().home.run(best.id), state().home.run(run.id))
    state().runs.apply(run.id, Finished("finished", 1, 0.5, 0.9, 1.5))
    assert page.run().selectbox(key="run").value == run.id


def test_a_run_of_the_url_that_is_gone_is_said(open_page, trained_home):
    page = open_page("recognise", run="deadbeef")
    assert not page.exception
    assert ["There is no run deadbeef" in warning.value for warning in page.warning] == [True]
    assert not page.run().warning


@pytest.mark.parametrize("paper", ["One digit", "A number"])
def test_saving_from_empty_paper_says_to_draw_first(open_page, trained_home, paper):
    page = open_page("recognise", paper=paper)
    if paper == "A number":
        page.text_input[0].set_value("19").run()
    else:
        page.segmented_control(key="drawing_digit_label").set_value(7).run()
    button(page, "Save as").click().run()

    assert not page.exception
    assert ["draw first" in warning.value for warning in page.warning] == [True]
    assert state().handwriting.count() == 0


def test_uploaded_pictures_are_read_and_wrong_ones_named(open_page, trained_home):
    page = upload(
        open_page("recognise", input="Upload"),
        ("one.png", one_digit(1)), ("many.png", sheet([[1, 0], [7, 4]])), ("notes.png", b"no picture"),
    )  # fmt: skip

    assert not page.exception
    assert ["notes\\.png is not a picture" in error.value for error in page.error] == [True]
    one, many = metrics(page)
    assert one.isdigit()
    assert [len(line) for line in many.split(" ")] == [2, 2]


def test_uploaded_pictures_stay_while_one_looks_elsewhere_until_they_are_removed(open_page, trained_home):
    page = upload(open_page("recognise", input="Upload"), ("one.png", one_digit(1)), ("two.png", sheet([[1, 0]])))
    before = metrics(page)
    page.segmented_control(key="input").set_value("Draw").run()
    page.segmented_control(key="input").set_value("Upload").run()

    assert not page.exception
    assert metrics(page) == before
    button(page, "Remove").click().run()
    assert metrics(page) == []


def test_whether_it_is_a_digit_is_said_once_it_is_known_and_the_file_of_another_version_does_no_harm(
    open_page, trained_home
):
    run = state().runs.find("best")
    state().artifacts(run.id).save_refusal({"weights": "x"}, {"seen": np.zeros(3)})
    page = upload(open_page("recognise", input="Upload"), ("one.png", one_digit(1)))
    assert not page.exception
    assert not page.error
    assert THRESHOLDS.wait((str(trained_home), run.id, run.finished), 60)
    page.run()

    verdicts = ("Close enough", "This run refuses")
    assert any(each.value.startswith(verdicts) for each in page.caption)
    report, _ = state().artifacts(run.id).load_refusal()
    assert report["version"] == VERSION


def test_an_uploaded_digit_is_explained_with_the_training_images_nearest_to_it(open_page, trained_home):
    page = upload(open_page("recognise", input="Upload"), ("one.png", one_digit(1)))
    button(page, "Why this answer?").click().run()

    assert not page.exception
    words = [text.value for text in page.markdown]
    assert "**Which pixels decided**" in words
    assert "**What it was reminded of**" in words
    assert any(text.startswith("**What would make it a") for text in words)
    button(page, "Hide").click().run()
    assert "**Which pixels decided**" not in [text.value for text in page.markdown]


def test_the_way_of_an_uploaded_digit_into_the_network_is_shown(open_page, trained_home):
    page = upload(open_page("recognise", input="Upload"), ("one.png", one_digit(1)))
    (steps,) = [each for each in page.toggle if each.label == "Steps of the preparation"]
    steps.set_value(True).run()

    assert not page.exception
    captions = [text.value for text in page.caption]
    assert any(text.startswith("**1. Picture**") for text in captions)
    assert any("Normalise" in text for text in captions)


def test_an_uploaded_picture_is_corrected_saved_and_taken_back(open_page, trained_home):
    page = upload(open_page("recognise", input="Upload"), ("many.png", sheet([[1, 0], [7, 4]])))
    read = metrics(page)[0].replace(" ", "")
    (correct,) = [each for each in page.toggle if each.label == "Correct and save"]
    correct.set_value(True).run()
    button(page, "Save 4 to Handwriting").click().run()

    assert not page.exception
    samples = state().handwriting.samples()[::-1]
    assert "".join(str(sample.label) for sample in samples) == read
    assert {sample.source for sample in samples} == {"sheet"}
    button(page, "Undo").click().run()
    assert state().handwriting.count() == 0


def test_what_was_read_is_in_the_history_of_this_session_alone(open_page, trained_home):
    page = upload(open_page("recognise", input="Upload"), ("one.png", one_digit(1)), ("two.png", sheet([[1, 0]])))
    page.segmented_control(key="input").set_value("History").run()
    assert not page.exception
    assert any(text.value.startswith("2 read in this session") for text in page.caption)

    other = open_page("recognise", input="History")
    assert any("Nothing was read in this session yet" in info.value for info in other.info)


def test_compared_runs_stand_in_the_url(open_page, trained_home):
    both = [run.id for run in state().runs.runs()]
    page = open_page("recognise", input="Compare")
    assert not page.exception
    assert page.query_params["readers"] == both

    page.multiselect(key="readers").set_value(both[:1]).run()
    assert page.query_params["readers"] in (both[0], both[:1])
    assert any("Choose two or more runs" in info.value for info in page.info)
    again = open_page("recognise", input="Compare", readers=both[::-1])
    assert again.multiselect(key="readers").value == both[::-1]


def test_the_story_of_lecture_and_robust_trains_what_is_missing(open_page, trained_home):
    page = open_page("recognise", input="Compare", versus="Lecture against Robust")

    assert not page.exception
    # Those at hand are of one epoch, and not the recipe as it stands.
    assert any("recipe **Lecture**" in info.value for info in page.info)
    button(page, "Train the Lecture recipe")


def write_digits(writer: str) -> None:
    """Ten ones and ten sevens of a writer: two of each are held out."""
    images = {digit: sample_of(drawn(drawing(digit))) for digit in (1, 7)}
    state().handwriting.add_all(
        [NewSample(images[digit], digit, writer, "canvas") for digit in (1, 7) for _ in range(10)]
    )


def train_on_handwriting() -> None:
    data = DataConfig(train=("optdigits", HANDWRITING), test=("optdigits", HANDWRITING))
    config = RunConfig(name="mine", recipe="Lecture", data=data, training=TrainingConfig(epochs=1, batch_size=64))
    run = state().runs.create(config, "test")
    for event in execute(config, state().catalogue.load, state().artifacts(run.id)):
        state().runs.apply(run.id, event)


def test_training_again_leads_to_the_form_filled_and_compares_on_held_out_digits(open_page, trained_home):
    write_digits("me")
    page = open_page("recognise")
    page.toggle(key="recognise_again").set_value(True).run()
    assert not page.exception
    assert any("16 to learn from, 4 held out" in text.value for text in page.markdown)
    (link,) = [each for each in page.get("page_link") if "with my handwriting" in each.proto.label]
    query = parse_qs(link.proto.query_string)
    assert HANDWRITING in from_query(query).data.train

    train_on_handwriting()
    page = open_page("recognise")
    page.toggle(key="recognise_again").set_value(True).run()
    assert not page.exception
    before, after = page.metric
    assert before.label.startswith("Before")
    assert after.label.startswith("After")
    assert all(metric.delta.endswith("of 4 right") for metric in (before, after))
    assert any("n = 4" in text.value for text in page.caption)
