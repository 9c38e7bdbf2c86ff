"""The report on Runs: its form keeps what one writes, and its file has the runs, the words and the own digits."""

import numpy as np
import pytest

from digits_core.dashboard.runs.report_view import report_of
from digits_core.dashboard.state import state
from digits_core.data.handwriting_store import NewSample
from tests.unit.reports.reading import HOSTILE, Seen


def runs():
    return sorted(state().runs.runs(), key=lambda run: run.number)


def write_digits(writer: str, per_digit: int = 5) -> None:
    image = np.zeros((28, 28), np.uint8)
    image[6:22, 12:16] = 255
    state().handwriting.add_all([NewSample(image, digit, writer, "canvas") for digit in range(10)] * per_digit)


def test_without_the_form_open_nothing_of_the_report_is_made(open_page, trained_home):
    page = open_page("runs")

    assert not page.exception
    assert not [each for each in page.get("download_button") if each.proto.label == "Download report"]


def test_the_form_asks_for_a_name_and_conclusions_and_offers_the_file(open_page, trained_home):
    page = open_page("runs", unfolded=["report"])

    assert not page.exception
    assert [each.label for each in page.text_input if each.key == "report_author"] == ["Your name"]
    assert [each.label for each in page.text_area if each.key == "report_text"] == ["Your conclusions"]
    (button,) = (each.proto for each in page.get("download_button") if each.proto.label == "Download report")
    assert not button.disabled
    assert any("Nobody's digits are saved yet" in each.value for each in page.caption)


def test_what_one_wrote_is_there_again_after_the_next_click(open_page, trained_home):
    page = open_page("runs", unfolded=["report"])
    page.text_area(key="report_text").set_value("Faster, **not** better").run()
    page.text_input(key="report_author").set_value("Ada").run()

    assert not page.exception
    assert page.text_area(key="report_text").value == "Faster, **not** better"
    assert page.text_input(key="report_author").value == "Ada"


def test_a_writer_whose_digits_are_gone_leaves_the_form_usable(open_page, trained_home):
    write_digits("Ada")
    change = state().handwriting.add_all([NewSample(np.full((28, 28), 99, np.uint8), 1, "Zoe", "canvas")])
    page = open_page("runs", unfolded=["report"])
    page.selectbox(key="report_hand").set_value("Zoe").run()
    state().handwriting.undo(change)
    page.run()

    assert not page.exception
    assert page.selectbox(key="report_hand").value == "Ada"


def test_two_trained_runs_have_a_sentence_mistakes_and_own_digits(open_page, trained_home):
    open_page("runs")
    write_digits("Ada")
    content = report_of(runs()[-2:], "Ada", "Because.", "Ada").decode()

    assert "Both runs differ only in the learning rate (0.0005, 0.002): " in content
    assert "McNemar&#x27;s exact test" in content
    assert "test images read wrong" in content
    assert "Digits of Ada that no run was trained on. Before, #" in content
    assert '<p class="text">Because.</p>' in content
    assert content.count('<img src="data:image/png;base64,') > 10


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_names_notes_and_words_are_text_in_it(open_page, trained_home, hostile):
    open_page("runs")
    chosen = runs()[-2:]
    calm = Seen(report_of(chosen, "Ada", "words"))
    state().runs.labels.rename(chosen[0].id, hostile.encode("utf-8", "replace").decode())
    state().runs.labels.write_note([chosen[0].id], hostile.encode("utf-8", "replace").decode())
    seen = Seen(report_of(runs()[-2:], hostile, hostile))

    assert {"script", "iframe", "object", "h4"} & set(seen.tags) == set()
    assert seen.tags.count("h1") == 1
    assert {name for name, _ in seen.attributes} == {name for name, _ in calm.attributes}


def test_one_run_without_another_says_what_it_takes(open_page, trained_home):
    open_page("runs")
    write_digits("Ada")
    content = report_of(runs()[-1:], "", "", "Ada").decode()

    assert "It takes two runs with weights to compare before and after." in content


def test_an_archived_run_is_reported_like_any_other(open_page, trained_home):
    open_page("runs")
    first = runs()[-1]
    state().runs.labels.archive([first.id])
    (archived,) = state().runs.some([first.id])

    assert "test images read wrong" in report_of([archived]).decode()


def test_a_writer_without_held_out_digits_has_none_to_show(open_page, trained_home):
    open_page("runs")
    write_digits("Ada", per_digit=1)
    content = report_of(runs()[-2:], "", "", "Nobody").decode()

    assert "No digit of Nobody is held out yet" in content
