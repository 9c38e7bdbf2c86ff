"""What is uploaded is read once: a file that was refused is not read again at each rerun of the page."""

import io
import sys

import numpy as np
import pytest
import torch  # noqa: F401  (pages load it in the background: here it is there, and never half of it)
from PIL import Image

from digits_core.dashboard import packed
from digits_core.dashboard.data import own_datasets
from digits_core.dashboard.state import state
from digits_core.errors import DatasetReadingStopped
from tests.pictures import as_png, one_digit

EMPTY_PAPER = as_png(Image.new("L", (90, 90), 240))


READERS = {
    "data": "digits_core.dashboard.data.own_datasets.read_file",
    "Sheet": "digits_core.dashboard.handwriting.sheet_view.read_work",
    "Your digits": "digits_core.dashboard.handwriting.browse.unpack",
    "Upload": "digits_core.dashboard.recognise.tray.read_photo",
}


@pytest.fixture
def counted(monkeypatch):
    """Counts the calls of a function, which does what it did; only once a page has run can its parts be imported."""

    def count(function: str) -> list:
        calls = []
        module, _, name = function.rpartition(".")
        read = getattr(sys.modules[module], name)
        monkeypatch.setattr(function, lambda *what: [calls.append(what), read(*what)][1])
        return calls

    return count


@pytest.mark.parametrize(
    ("page", "query", "name", "content"),
    [
        ("data", {"view": "Import"}, "digits.pkl", b"no pickle"),
        ("handwriting", {"way": "Sheet"}, "wall.png", EMPTY_PAPER),
        ("handwriting", {"way": "Your digits"}, "digits.npz", b"no archive"),
        ("recognise", {"input": "Upload"}, "wall.png", EMPTY_PAPER),
    ],
)
def test_a_refused_file_is_read_once_and_refused_at_each_rerun(
    open_page, trained_home, counted, page, query, name, content
):
    shown = open_page(page, **query)
    readings = counted(READERS.get(page) or READERS[next(iter(query.values()))])
    shown.file_uploader[0].set_value([(name, content, "")]).run()
    (said,) = [each.value for each in shown.error]
    shown.run()

    assert not shown.exception
    assert [each.value for each in shown.error] == [said]
    assert len(readings) == 1
    shown.file_uploader[0].set_value([(name, content + b" ", "")]).run()
    assert len(readings) == 2


def test_a_file_whose_reading_was_ended_is_read_again_when_that_is_asked_for(open_page, home, monkeypatch):
    read, ended = own_datasets.read_file, []

    def killed_the_first_time(*what):
        if not ended:
            ended.append(True)
            raise DatasetReadingStopped("digits.npz could not be read: the system ended the process that reads it.")
        return read(*what)

    monkeypatch.setattr(own_datasets, "read_file", killed_the_first_time)
    content = io.BytesIO()
    np.savez(
        content, images=np.tile(np.arange(64, dtype=np.uint8).reshape(8, 8), (20, 1, 1)), labels=np.arange(20) % 10
    )
    page = open_page("data", view="Import")
    page.file_uploader[0].set_value([("digits.npz", content.getvalue(), "")]).run()
    page.run()
    assert "the system ended" in page.error[0].value

    page.button(key="retry_import").click().run()
    assert not page.exception
    assert not page.error
    assert any("of the 20 images" in text.value for text in page.markdown)


def test_pictures_that_do_not_fit_into_the_session_wait_until_others_are_saved(open_page, home, monkeypatch):
    monkeypatch.setattr(packed, "TRAY_BYTES", 1)  # one is read, and no other while it is kept
    page = open_page("handwriting", way="Pictures")
    page.file_uploader[0].set_value([(f"{digit}.png", one_digit(digit), "image/png") for digit in (1, 4, 7)]).run()
    assert "2 more of these files will be read" in page.info[0].value

    for _ in range(3):
        save = next(each for each in page.button if each.label == "Save 1")
        save.click().run()
        assert not page.exception
    assert not page.info
    assert sorted(each.label for each in state().handwriting.samples()) == [1, 4, 7]
