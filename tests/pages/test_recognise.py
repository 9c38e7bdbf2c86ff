"""The Recognise page without a browser: what needs no canvas."""

import json
import shutil
import sys
from urllib.parse import parse_qs

import numpy as np
import pytest
import torch  # noqa: F401  (pages load it in the background: here it is there, and never half of it)
from streamlit.testing.v1 import AppTest

from digits_core.config import DataConfig, RunConfig, TrainingConfig
from digits_core.dashboard.loaders import THRESHOLDS
from digits_core.dashboard.recognise.recognition_result import UNLIKE
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import CHOSEN_RUN
from digits_core.data.handwriting_store import NewSample
from digits_core.evaluation.before_after import HANDWRITING
from digits_core.recognition.out_of_distribution import VERSION, Refusal
from digits_core.recognition.sample import drawn, sample_of
from digits_core.runs.execution import execute
from digits_core.runs.preferred import best_of
from digits_core.runs.store import Run
from digits_core.training.config_fields import from_query
from digits_core.training.events import Finished, Started
from tests.pages.controls import run_control
from tests.pictures import one_digit, sheet
from tests.unit.dashboard.recognise.test_recognition_result import drawing


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
        assert run_control(page).value == best.id
        assert page.query_params["run"] == best.id
        assert len(run_control(page).options) == 6
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
    assert run_control(page).value == best.id
    assert any("mine has not finished training" in caption.value for caption in page.caption)

    shutil.copytree(state().home.run(best.id), state().home.run(run.id))
    state().runs.apply(run.id, Finished("finished", 1, 0.5, 0.9, 1.5))
    assert run_control(page.run()).value == run.id


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


def grid(page: AppTest) -> list[dict]:
    """The thumbnails as the browser gets them."""
    (found,) = [each for each in page.get("bidi_component") if each.proto.id.endswith("-recognise_grid_tiles")]
    return json.loads(found.proto.json)["tiles"]


def choose(page: AppTest, name: str) -> AppTest:
    """Press the thumbnail of an uploaded file."""
    uploads = page.session_state["recognise_files_kept"].pictures
    page.session_state["recognise_picture"] = next(each.file for each in uploads if each.name == name)
    return page.run()


def test_uploaded_pictures_are_a_grid_with_their_answers_and_one_of_them_is_looked_at(open_page, trained_home):
    page = upload(
        open_page("recognise", input="Upload"),
        ("one.png", one_digit(1)),
        ("many.png", sheet([[1, 0], [7, 4]])),
        ("notes.png", b"no picture"),
    )

    assert not page.exception
    one, many, notes = grid(page)
    assert one["text"].isdigit()
    assert [len(line) for line in many["text"].split(" ")] == [2, 2]
    assert (notes["note"], notes["doubtful"]) == ("not read", True)
    assert "is not a picture" in notes["name"]
    assert metrics(page) == [one["text"]]
    assert not page.error

    assert metrics(choose(page, "many.png")) == [many["text"]]
    choose(page, "notes.png")
    assert metrics(page) == []
    assert ["notes\\.png is not a picture" in error.value for error in page.error] == [True]


def with_doubtful(page: AppTest) -> None:
    """Have what is marked as not a digit saved, too, if anything is: the network is one of few steps."""
    run = state().runs.find("best")
    assert THRESHOLDS.wait((str(state().home.folder), run.id, run.finished), 180)
    page.run()
    if page.checkbox:
        page.checkbox[0].set_value(True).run()


def test_all_digits_are_saved_once_with_one_undo_and_a_corrected_label_replaces_the_saved_one(open_page, trained_home):
    files = [(f"{digit}.png", one_digit(digit)) for digit in (1, 7)]
    page = upload(open_page("recognise", input="Upload"), *files, ("many.png", sheet([[1, 0], [7, 4]])))
    with_doubtful(page)
    read = sorted("".join(each["text"] for each in grid(page)).replace(" ", ""))
    button(page, "Save all · 6 digits").click().run()

    assert not page.exception
    assert sorted(str(each.label) for each in state().handwriting.samples()) == read
    assert {each["note"] for each in grid(page)} == {"saved"}
    assert button(page, "Save all · 0 digits").disabled

    photo = next(iter(page.session_state["recognise_photos"].values()))
    (box,) = photo.work.boxes.now
    photo.work.change([box.labelled((box.label + 1) % 10)])
    page.run()
    button(page, "Save all · 1 digit").click().run()
    assert state().handwriting.count() == 6
    assert state().handwriting.counts()[(box.label + 1) % 10] == read.count(str((box.label + 1) % 10)) + 1
    page.button(key="undo").click().run()
    assert sorted(str(each.label) for each in state().handwriting.samples()) == read
    button(page, "Save all · 1 digit")


def test_undo_of_saving_all_leaves_all_to_be_saved_again(open_page, trained_home):
    page = upload(open_page("recognise", input="Upload"), ("a.png", sheet([[1, 7], [7, 1]])))
    with_doubtful(page)
    button(page, "Save 4 digits").click().run()
    page.button(key="undo").click().run()
    assert state().handwriting.count() == 0
    button(page, "Save 4 digits")


def test_more_pictures_than_the_session_has_room_for_are_read_when_needed_and_all_saved(
    open_page, trained_home, monkeypatch
):
    page, readings = open_page("recognise", input="Upload"), []
    tray = sys.modules["digits_core.dashboard.recognise.tray"]
    read = tray.read_photo
    monkeypatch.setattr(tray, "PHOTOS", 2)
    monkeypatch.setattr(tray, "read_photo", lambda *what: [readings.append(what), read(*what)][1])
    upload(page, *[(f"{number}.png", one_digit(number)) for number in (1, 4, 7)])
    assert len(readings) == 4  # the first, which is looked at, twice
    page.run()
    assert len(readings) == 4
    assert all(each["text"].isdigit() for each in grid(page))

    with_doubtful(page)
    button(page, "Save all · 3 digits").click().run()
    assert state().handwriting.count() == 3


def test_one_picture_is_read_in_the_other_way_by_one_click_and_the_others_stay(open_page, trained_home):
    page = upload(
        open_page("recognise", input="Upload"), ("a.png", sheet([[1, 0], [7, 4]])), ("b.png", sheet([[1, 0]]))
    )
    before = [each["text"] for each in grid(page)]
    button(page, "Read as one digit").click().run()

    assert not page.exception
    now = [each["text"] for each in grid(page)]
    assert len(now[0]) == 1
    assert now[1] == before[1]
    button(page, "Read as a sheet").click().run()
    assert [each["text"] for each in grid(page)] == before


def test_a_reading_is_corrected_in_the_inspector_and_saved_as_corrected(open_page, trained_home):
    page = upload(open_page("recognise", input="Upload"), ("many.png", sheet([[1, 0], [7, 4]])))
    read = metrics(page)[0].replace(" ", "")
    (choice,) = [each for each in page.segmented_control if each.label == "Digit 1 is a"]
    choice.set_value((int(read[0]) + 1) % 10).run()
    assert metrics(page)[0][0] == str((int(read[0]) + 1) % 10)
    button(page, "Drop digit").click().run()
    button(page, "Join with next").click().run()
    assert len(metrics(page)[0].replace(" ", "")) == 2
    button(page, "Undo correction").click().run()
    button(page, "Undo correction").click().run()
    assert metrics(page)[0].replace(" ", "") == f"{(int(read[0]) + 1) % 10}{read[1:]}"

    with_doubtful(page)
    button(page, "Save 4 digits").click().run()
    assert not page.exception
    assert "".join(str(each.label) for each in state().handwriting.samples()[::-1])[0] == str((int(read[0]) + 1) % 10)
    button(page, "Read again").click().run()
    assert metrics(page)[0].replace(" ", "") == read


def test_uploaded_pictures_stay_while_one_looks_elsewhere_until_they_are_removed(open_page, trained_home):
    page = upload(open_page("recognise", input="Upload"), ("one.png", one_digit(1)), ("two.png", sheet([[1, 0]])))
    before = grid(page)
    page.segmented_control(key="input").set_value("Draw").run()
    page.segmented_control(key="input").set_value("Upload").run()

    assert not page.exception
    assert grid(page) == before
    button(page, "Remove").click().run()
    assert metrics(page) == []


def test_whether_it_is_a_digit_is_said_once_it_is_known_and_the_file_of_another_version_does_no_harm(
    open_page, trained_home, monkeypatch
):
    run = state().runs.find("best")
    state().artifacts(run.id).save_refusal({"weights": "x"}, {"seen": np.zeros(3)})
    page = upload(open_page("recognise", input="Upload"), ("one.png", one_digit(1)))
    assert not page.exception
    assert not page.error
    assert THRESHOLDS.wait((str(trained_home), run.id, run.finished), 180)
    page.run()

    words = [each.value for each in (*page.caption, *page.markdown)]
    assert any(each.startswith("Close enough") or UNLIKE in each for each in words)
    report, _ = state().artifacts(run.id).load_refusal()
    assert report["version"] == VERSION

    # What is refused is judged by a network of one epoch: here it refuses everything.
    monkeypatch.setattr(Refusal, "accepts", lambda refusal, answer: False)
    upload(page, ("seven.png", one_digit(7)))
    assert not page.exception
    (verdict,) = [each for each in page.markdown if UNLIKE in each.value]
    assert verdict.value.startswith(f"**{metrics(page)[0]}** – but {UNLIKE} (")
    assert "test digits wrongly" in verdict.proto.help
    links = [each.proto for each in page.get("page_link") if each.proto.page == "training"]
    assert any(each.label.startswith("Train the Robust recipe") for each in links)
    assert all(from_query(parse_qs(each.query_string)) for each in links)

    assert button(page, "Save 0 digits").disabled
    button(page, "Yes, a").click().run()
    assert not button(page, "Save 1 digit").disabled


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
    with_doubtful(page)
    read = metrics(page)[0].replace(" ", "")
    button(page, "Save 4 digits").click().run()

    assert not page.exception
    samples = state().handwriting.samples()[::-1]
    assert "".join(str(sample.label) for sample in samples) == read
    assert {sample.source for sample in samples} == {"sheet"}
    page.button(key="undo").click().run()
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
