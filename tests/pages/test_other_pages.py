"""Handwriting, Transforms, Network and Recognise without a browser: what needs no canvas."""

import pytest

from digits_core.dashboard.state import state


def test_handwriting_without_samples_says_what_to_do(open_page):
    page = open_page("handwriting")
    assert not page.exception
    assert any("Nothing saved yet" in info.value for info in page.info)


@pytest.mark.parametrize("dataset", ["optdigits", "mnist-5k"])
def test_transforms_end_in_the_tensor_that_the_network_wants(open_page, dataset):
    page = open_page("transforms", dataset=dataset)
    assert not page.exception
    last = [text.value for text in page.markdown][-1]
    assert "Normalise" in last
    assert "tensor (1, 28, 28)" in last
    assert "float32" in last


def test_the_robust_transform_shows_its_random_steps_for_training_alone(open_page):
    def names(split):
        page = open_page("transforms", transform="Robust", split=split)
        return " ".join(text.value for text in page.markdown)

    assert "Random affine" in names("train")
    assert "Random affine" not in names("test")


def test_the_network_page_counts_the_lectures_parameters(open_page):
    page = open_page("network")
    assert not page.exception
    assert page.metric[0].value == "816,650"
    assert page.dataframe[0].value["Parameters"].sum() == 816_650


def test_another_image_size_changes_the_flattened_size(open_page):
    page = open_page("network", size="32")
    assert page.metric[2].value == f"{32 * 16 * 16:,}"


def test_recognise_without_a_run_leads_to_training(open_page):
    page = open_page("recognise")
    assert not page.exception
    assert any("A trained network is needed first" in text.value for text in page.markdown)


def test_recognise_offers_every_trained_run_the_newest_first(open_page, trained_home):
    page = open_page("recognise")
    assert not page.exception
    assert page.selectbox(key="run").value == state().runs.runs()[0].id
    assert len(page.selectbox(key="run").options) == 2


def test_recognise_says_so_when_the_run_of_the_url_is_gone(open_page, trained_home):
    page = open_page("recognise", run="deadbeef")
    assert not page.exception
    assert ["There is no run deadbeef" in warning.value for warning in page.warning] == [True]
