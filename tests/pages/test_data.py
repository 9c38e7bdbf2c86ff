"""The Data page."""

import socket

import numpy as np
import pytest
import torchvision

from digits_core.data.handwriting import Handwriting
from digits_core.database import Database
from digits_core.home import Home


def metrics(page):
    return {metric.label: metric.value for metric in page.metric}


def test_the_first_view_is_the_lectures_data(open_page):
    page = open_page("data")
    assert not page.exception
    assert metrics(page) == {"Images": "1,797", "Size": "8 × 8", "Training": "1,438", "Test": "359", "Values": "0–255"}


def test_the_url_chooses_the_dataset(open_page):
    page = open_page("data", dataset="mnist-5k")
    assert metrics(page)["Images"] == "5,000"
    assert metrics(page)["Size"] == "28 × 28"


def test_filtering_by_digit_counts_the_images_left(open_page):
    page = open_page("data", dataset="mnist-5k", digit=["3"], split="test")
    assert any("100 images" in caption.value for caption in page.caption)


def test_handwriting_without_samples_says_where_to_draw(open_page):
    page = open_page("data", dataset="handwriting")
    assert not page.exception
    assert any("No handwriting yet" in text.value for text in page.markdown)


def test_handwriting_is_a_dataset_as_soon_as_a_digit_is_saved(open_page, home):
    page = open_page("data", dataset="handwriting")
    database = Database(Home(home).create().database)
    Handwriting(database).add(np.full((28, 28), 9, np.uint8), 4, "me", "canvas")
    page.run()
    assert metrics(page)["Images"] == "1"


@pytest.fixture
def unreachable_mirror(monkeypatch):
    """Point torchvision at a loopback port that nobody listens on: an internet that is not there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [f"http://127.0.0.1:{port}/"])


def test_mnist_offline_is_one_message_and_the_page_goes_on(open_page, unreachable_mirror):
    page = open_page("data", dataset="mnist")
    page.button[0].click().run()
    assert not page.exception
    assert len(page.error) == 1
    assert "could not be downloaded" in page.error[0].value
    page.selectbox(key="dataset").set_value("optdigits").run()
    assert metrics(page)["Images"] == "1,797"
