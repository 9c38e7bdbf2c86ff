"""The Handwriting page without a browser: what is uploaded, saved, corrected, taken back and taken along."""

import io
import json

import numpy as np
import pytest
import torch  # noqa: F401  (pages load it in the background: here it is there, and never half of it)
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from digits_core.dashboard.state import state
from digits_core.data.handwriting_archive import pack
from digits_core.data.handwriting_store import NewSample
from tests.pages.controls import session_key
from tests.pictures import as_png, one_digit, sheet

EMPTY_PAPER = as_png(Image.new("L", (90, 90), 240))


def button(page: AppTest, words: str) -> Button:
    """The one whose label begins with these words."""
    (found,) = [each for each in page.button if each.label.startswith(words)]
    return found


def save(*samples: tuple[int, str]) -> list[int]:
    """Samples of these labels and writers, the first the oldest."""
    images = np.random.default_rng(0).integers(0, 255, (len(samples), 28, 28), dtype=np.uint8)
    kept = [NewSample(image, *sample, "canvas") for image, sample in zip(images, samples, strict=True)]
    return state().handwriting.add_all(kept).samples


def saved() -> list[tuple[int, str]]:
    """Labels and writers, the oldest first."""
    return [(sample.label, sample.writer) for sample in state().handwriting.samples()[::-1]]


def last_action(page: AppTest) -> list[str]:
    return [text.value for text in page.markdown if text.value.startswith(":material/check_circle:")]


def hint(page: AppTest) -> str:
    """What is said where the answer will be, while the paper is empty."""
    (found,) = [each for each in page.get("bidi_component") if each.proto.id.endswith("-stored")]
    return json.loads(found.proto.json)["hint"]


def test_an_empty_paper_says_what_to_draw_and_offers_nothing_to_save(open_page):
    page = open_page("handwriting")

    assert not page.exception
    assert hint(page).startswith("Draw a 0 on the paper")
    assert button(page, "Save as 0").disabled


@pytest.mark.parametrize(("way", "words"), [("Your digits", "Nothing saved yet"), ("Writers", "Nobody has written")])
def test_an_empty_home_says_what_to_do(open_page, way, words):
    page = open_page("handwriting", way=way)

    assert not page.exception
    assert [words in info.value for info in page.info] == [True]


def test_the_digit_that_a_writer_gave_fewest_of_is_suggested(open_page):
    save((0, "me"), (1, "me"), (2, "Ada"), (2, "Ada"), (2, "Ada"))
    page = open_page("handwriting")
    page.selectbox(key="writer").set_value("me").run()
    assert page.segmented_control(key=session_key(page, "label")).value == 0

    page.segmented_control(key=session_key(page, "label")).set_value(7).run()
    assert hint(page).startswith("Draw a 7")


def test_pictures_are_labelled_by_their_names_saved_together_and_taken_back(open_page):
    page = open_page("handwriting", way="Pictures")
    files = [
        ("7.png", one_digit(7)),
        ("IMG_2034.png", one_digit(1)),
        ("notes.png", b"no picture"),
        ("4.png", EMPTY_PAPER),
    ]
    page.file_uploader[0].set_value([(name, content, "image/png") for name, content in files]).run()

    assert not page.exception
    assert all(name in page.error[0].value for name in ("notes\\.png is not a picture", "4\\.png shows no ink"))
    assert any("1 without a label" in text.value for text in page.markdown)
    button(page, "Save 1").click().run()
    assert saved() == [(7, "me")]
    assert state().handwriting.samples()[0].source == "upload"
    assert state().handwriting.drawing(state().handwriting.samples()[0].id).startswith(b"\x89PNG")

    button(page, "Undo").click().run()
    assert saved() == []
    button(page, "Save 1")


def test_a_picture_that_is_taken_out_of_the_upload_is_not_saved_and_one_that_waits_stays(open_page):
    page = open_page("handwriting", way="Pictures")
    seven, notes = ("7.png", one_digit(7), "image/png"), ("notes.png", b"no picture", "image/png")
    page.file_uploader[0].set_value([seven, ("1.png", one_digit(1), "image/png"), notes]).run()
    button(page, "Save 2")

    page.file_uploader[0].set_value([seven]).run()
    assert not page.exception
    assert not page.error
    page.segmented_control(key="way").set_value("Draw").run()
    page.segmented_control(key="way").set_value("Pictures").run()
    button(page, "Save 1").click().run()
    assert saved() == [(7, "me")]


def test_a_sheet_is_labelled_by_rows_saved_together_and_taken_back(open_page, trained_home):
    page = open_page("handwriting", way="Sheet")
    page.file_uploader[0].set_value([("sheet.png", sheet([[0] * 3, [1] * 3]), "image/png")]).run()
    assert not page.exception
    assert any("6 boxes" in text.value for text in page.markdown)
    assert button(page, "Save 0").disabled

    button(page, "Propose labels").click().run()
    assert not page.exception
    button(page, "Save 6")
    button(page, "Rows are").click().run()
    page.segmented_control(key="way").set_value("Writers").run()
    page.segmented_control(key="way").set_value("Sheet").run()
    button(page, "Save 6").click().run()
    assert saved() == [(0, "me")] * 3 + [(1, "me")] * 3
    assert last_action(page) == [":material/check_circle: Saved 6 digits"]

    button(page, "Undo").click().run()
    assert saved() == []
    page.selectbox(key="sheet_label").set_value(8).run()
    button(page, "Label the line").click().run()
    button(page, "Save 6").click().run()
    assert saved() == [(8, "me")] * 3 + [(1, "me")] * 3


def test_a_sheet_is_turned_left_and_found_again_and_says_what_it_left_out(open_page):
    with Image.open(io.BytesIO(sheet([[0, 1, 7], [4, 1, 0]]))) as picture:
        ImageDraw.Draw(picture).line([(340, 40), (380, 40)], fill=45, width=6)
        lying = as_png(picture.rotate(90, expand=True))
    page = open_page("handwriting", way="Sheet")
    page.file_uploader[0].set_value([("lying.png", lying, "image/png")]).run()
    button(page, "Turn").click().run()
    assert not page.exception
    assert [each.label for each in page.expander] == ["1 mark was left out: 1 × a dash"]
    page.toggle(key="sheet_left_out_1").set_value(True).run()
    assert not page.exception

    button(page, "Label the line").click().run()
    button(page, "Another sheet").click().run()
    button(page, "Back to lying").click().run()
    button(page, "Save 3").click().run()
    assert saved() == [(0, "me")] * 3


def test_a_photo_without_digits_is_refused_in_words(open_page):
    page = open_page("handwriting", way="Sheet")
    page.file_uploader[0].set_value([("wall.png", EMPTY_PAPER, "image/png")]).run()

    assert not page.exception
    assert "wall\\.png shows no" in page.error[0].value
    page.segmented_control(key="sheet_from").set_value("Camera").run()
    page.camera_input[0].set_value(("photo.jpg", sheet([[7, 1]]), "image/jpeg")).run()
    assert not page.exception
    assert any("2 boxes" in text.value for text in page.markdown)


def test_samples_are_relabelled_moved_deleted_and_brought_back(open_page):
    save((3, "Ada"), (5, "Ada"), (3, "Bob"))
    page = open_page("handwriting", way="Your digits")
    page.button_group(key="own_digits").set_value([3]).run()
    page.toggle(key="own_all").set_value(True).run()

    page.selectbox(key="own_label").set_value(8).run()
    button(page, "Relabel 2").click().run()
    assert saved() == [(8, "Ada"), (5, "Ada"), (8, "Bob")]
    button(page, "Undo").click().run()
    page.selectbox(key="own_new_writer").set_value("Bob").run()
    button(page, "Move 2").click().run()
    assert saved() == [(3, "Bob"), (5, "Ada"), (3, "Bob")]

    button(page, "Delete 2").click().run()
    assert saved() == [(5, "Ada")]
    page.toggle(key="own_deleted").set_value(True).run()
    button(page, "Restore 2").click().run()
    assert saved() == [(3, "Bob"), (5, "Ada"), (3, "Bob")]
    button(page, "Undo").click().run()
    assert saved() == [(5, "Ada")]


def test_the_address_says_what_is_shown_of_the_own_digits(open_page):
    save((3, "Ada"), (5, "Ada"), (3, "Bob"))
    page = open_page("handwriting", way="Your digits", own_writer="Ada", own_digits="3")
    assert any("1 digit," in text.value for text in page.caption)
    page.selectbox(key="own_writer").set_value("everyone").run()

    assert not page.exception
    assert any("2 digits," in text.value for text in page.caption)


def test_a_writer_is_renamed_and_joins_another(open_page):
    save((3, "Ada"), (5, "Aida"))
    page = open_page("handwriting", way="Writers")
    page.selectbox(key="rename_from").set_value("Aida").run()
    page.text_input(key="rename_to").set_value("Ada").run()
    button(page, "Rename").click().run()

    assert not page.exception
    assert state().handwriting.writers() == [("Ada", 2)]
    assert page.dataframe[0].value["digits"].tolist() == [2]
    button(page, "Undo").click().run()
    assert saved() == [(3, "Ada"), (5, "Aida")]


def test_an_export_is_imported_once_and_a_broken_one_not_at_all(open_page):
    numbers = save((3, "Ada"), (5, "Bob"))
    archive = pack(state().handwriting.everything())
    state().handwriting.delete(numbers[1])
    page = open_page("handwriting", way="Your digits")
    page.file_uploader(key="own_import").set_value([("digits.npz", archive[:-9], "application/zip")]).run()
    assert "Digits\\.npz is not an export of handwriting" in page.error[0].value
    assert saved() == [(3, "Ada")]

    page.file_uploader(key="own_import").set_value([("digits.npz", archive, "application/zip")]).run()
    assert saved() == [(3, "Ada"), (5, "Bob")]
    assert last_action(page) == [":material/check_circle: Added 1 digit, 1 was here already"]


def test_the_last_action_is_offered_for_undo_only_on_the_page_where_it_was_done(open_page):
    save((3, "me"))
    page = open_page("handwriting", way="Your digits")
    page.toggle(key="own_all").set_value(True).run()
    button(page, "Delete").click().run()
    assert last_action(page)

    page.session_state["current_page"] = "recognise"  # as the navigation does on another page
    assert not last_action(page.run())
    page.session_state["current_page"] = ""
    assert last_action(page.run())
