"""The Data page."""

import json
import re
import socket

import numpy as np
import pytest
import torchvision

from digits_core.dashboard.state import state
from digits_core.data.builtin import read_optdigits
from digits_core.data.handwriting_store import Handwriting
from digits_core.data.readers import Reading
from digits_core.data.statistics.neighbours import nearest
from digits_core.database import Database
from digits_core.home import Home
from tests.unit.helpers import wait_for

VIEWS = ["Overview", "Samples", "Map", "Duplicates", "Outliers", "Compare", "Import"]


def facts(page) -> dict[str, str]:
    """The facts in the line above the pictures."""
    line = next(text.value for text in page.markdown if " images · " in text.value)
    found = re.fullmatch(
        r"\*\*(.+)\*\* images · \*\*(.+)\*\* pixels · \*\*(.+)\*\* training · \*\*(.+)\*\* test · "
        r"values \*\*(.+)\*\* \((.+)\)",
        line,
    )
    return dict(zip(("Images", "Size", "Training", "Test", "Values", "Type"), found.groups(), strict=True))


def said(page) -> str:
    """All small print of the page."""
    return "\n".join(caption.value for caption in page.caption)


def tiles(page, key: str) -> dict:
    """What the tiles called `key` show, as the browser gets it."""
    found = [element for element in page.get("bidi_component") if element.proto.id.endswith(f"-{key}")]
    return json.loads(found[0].proto.json)


def shown(page, key: str) -> list[int]:
    """The places of the images in those tiles."""
    return [tile["place"] for tile in tiles(page, key)["tiles"]]


def computed(page):
    """The page, once what it computes in the background is there."""

    def there() -> bool:
        assert not page.run().exception
        return not any(button.label == "Cancel" for button in page.button)

    wait_for(there, what="the computation")
    return page


@pytest.fixture
def few(home) -> None:
    """Eleven drawings, two of each digit up to 4, and a copy of the first."""
    database = Database(Home(home).create().database)
    drawings = np.random.default_rng(0).integers(0, 256, (10, 28, 28), dtype=np.uint8)
    for number, drawing in enumerate([*drawings, drawings[0]]):
        Handwriting(database).add(drawing, number % 5, "me", "canvas")


def test_the_first_view_is_the_lectures_data(open_page):
    page = open_page("data")
    assert not page.exception
    assert facts(page) == {
        "Images": "1,797",
        "Size": "8 × 8",
        "Training": "1,438",
        "Test": "359",
        "Values": "0–255",
        "Type": "uint8",
    }
    assert [tile["note"] for tile in tiles(page, "means")["tiles"]][:2] == ["n = 178", "n = 182"]


def test_the_url_chooses_the_dataset(open_page):
    page = open_page("data", dataset="mnist-5k")
    assert facts(page)["Images"] == "5,000"
    assert facts(page)["Size"] == "28 × 28"


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("dataset", ["optdigits", "handwriting", "mnist"])
def test_every_view_of_every_dataset_opens_by_its_url(open_page, few, dataset, view):
    page = open_page("data", dataset=dataset, view=view)
    assert not page.exception
    assert not page.error
    assert page.segmented_control(key="view").value == view


@pytest.mark.parametrize("view", VIEWS)
def test_a_set_of_one_image_has_every_view(open_page, home, view):
    database = Database(Home(home).create().database)
    Handwriting(database).add(np.full((28, 28), 9, np.uint8), 4, "me", "canvas")
    page = computed(open_page("data", dataset="handwriting", view=view))
    assert not page.error


def test_values_in_the_url_that_make_no_sense_are_passed_over(open_page):
    page = open_page("data", view="Samples", split="neither", digit=["3", "x"], page="9999", index="-4", shuffle="many")
    assert not page.exception
    assert page.number_input(key="page").value == 1
    page = open_page("data", view="Nothing", dataset="no such set")
    assert page.segmented_control(key="view").value == "Overview"
    assert "no such set" in page.warning[0].value


def test_filtering_by_digit_counts_and_shows_the_images_left(open_page):
    page = open_page("data", dataset="mnist-5k", view="Samples", digit=["3"], split="test")
    assert "100 images" in said(page)
    assert {tile["text"] for tile in tiles(page, "samples")["tiles"]} == {"3"}


def test_pages_go_through_all_images_without_a_repeat(open_page):
    page = open_page("data", view="Samples", split="test")
    seen = shown(page, "samples")
    for number in range(2, 7):
        page.number_input(key="page").set_value(number).run()
        seen += shown(page, "samples")
    assert len(seen) == len(set(seen)) == 359


def test_a_seed_is_an_order_and_0_is_that_of_the_dataset(open_page):
    first, again = (shown(open_page("data", view="Samples", shuffle="7"), "samples") for _ in range(2))
    assert first == again
    unshuffled = shown(open_page("data", view="Samples", shuffle="0"), "samples")
    assert unshuffled == sorted(unshuffled)


def test_a_filter_that_leaves_nothing_says_so(open_page, few):
    page = open_page("data", dataset="handwriting", view="Samples", digit=["9"])
    assert not page.exception
    assert "No image has these labels" in page.info[0].value


def test_an_index_in_the_url_shows_that_image_and_its_neighbours(open_page):
    optdigits = read_optdigits()
    page = open_page("data", view="Samples", index="7")
    assert any(f"Digit {optdigits.labels[7]}" in text.value and "index 7" in text.value for text in page.markdown)
    assert shown(page, "neighbours") == nearest(optdigits.images, 7)[0].tolist()
    page.toggle(key="table").set_value(True).run()
    np.testing.assert_array_equal(page.dataframe[0].value.to_numpy(), optdigits.images[7])


def test_an_index_that_another_dataset_does_not_have_is_forgotten_with_it(open_page):
    page = open_page("data", dataset="mnist-5k", view="Samples", index="4000")
    page.selectbox(key="dataset").set_value("optdigits").run()
    assert not page.exception
    assert page.number_input(key="index").value is None


def test_copies_are_shown_together_and_counted(open_page, few):
    page = computed(open_page("data", dataset="handwriting", view="Duplicates"))
    counts = page.table[0].value
    assert counts["Equal, two labels"].sum() == 0
    assert counts["Equal, one label"].sum() == 1
    assert tiles(page, "duplicates")["groups"] == [{"words": "2 equal images", "tiles": 2}]
    page.segmented_control(key="pairs").set_value("Different labels").run()
    assert "There are none here" in page.info[0].value


@pytest.mark.parametrize("method", ["Label in doubt", "Far from all", "Badly rebuilt"])
def test_odd_images_come_with_their_neighbours_and_the_method(open_page, method):
    page = computed(open_page("data", view="Outliers", found_by=method))
    groups = tiles(page, "odd")["groups"]
    assert len(groups) == 12
    assert all(group["tiles"] == 5 for group in groups)
    assert ("Wilson" in said(page)) == (method == "Label in doubt")


def test_a_link_made_before_a_view_was_renamed_still_opens_it(open_page):
    page = computed(open_page("data", view="Odd ones"))
    assert page.segmented_control(key="view").value == "Outliers"
    assert len(tiles(page, "odd")["groups"]) == 12


def test_the_size_of_the_maps_sample_is_said(open_page):
    page = open_page("data", dataset="mnist-5k", view="Map", points="1000")
    chart = json.loads(page.get("plotly_chart")[0].proto.spec)
    assert chart["layout"]["title"]["text"] == "PCA of 1,000 of 5,000 images"
    assert len(chart["data"]) == 10


def test_a_map_of_fewer_images_offers_no_larger_sample(open_page):
    page = open_page("data", dataset="mnist-5k", view="Map", points="5000")
    page.selectbox(key="dataset").set_value("optdigits").run()

    assert not page.exception
    assert [int(option.content) for option in page.segmented_control(key="points").proto.options] == [1000, 2500]
    chart = json.loads(page.get("plotly_chart")[0].proto.spec)
    assert chart["layout"]["title"]["text"] == "PCA of 1,797 images"


def test_t_sne_is_computed_once_and_can_be_cancelled(open_page, few):
    page = open_page("data", dataset="handwriting", view="Map", method="t-SNE")
    press(page, "Cancel")
    wait_for(lambda: any(each.label == "Retry" for each in page.run().button), what="the end of it")
    assert "Cancelled" in page.info[0].value
    press(page, "Retry")
    computed(page)
    chart = json.loads(page.get("plotly_chart")[0].proto.spec)
    assert chart["layout"]["title"]["text"] == "t-SNE of 11 images"


def test_another_dataset_is_compared_with_this_one(open_page):
    page = open_page("data", dataset="optdigits", view="Compare", other="mnist-5k")
    table = page.table[0].value
    assert table.loc["Size"].tolist() == ["8 × 8", "28 × 28"]
    assert tiles(page, "means_of_0")["height"] == tiles(page, "means_of_1")["height"] == 28
    page.selectbox(key="other").set_value("optdigits").run()
    assert "same dataset" in page.info[0].value


def test_handwriting_without_samples_says_where_to_draw(open_page):
    page = open_page("data", dataset="handwriting")
    assert not page.exception
    assert any("No handwriting yet" in text.value for text in page.markdown)


def test_handwriting_is_a_dataset_as_soon_as_a_digit_is_saved(open_page, home):
    page = open_page("data", dataset="handwriting")
    database = Database(Home(home).create().database)
    Handwriting(database).add(np.full((28, 28), 9, np.uint8), 4, "me", "canvas")
    page.run()
    assert facts(page)["Images"] == "1"


@pytest.fixture
def unreachable_mirror(monkeypatch):
    """Point torchvision at a loopback port that nobody listens on: an internet that is not there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [f"http://127.0.0.1:{port}/"])


def test_mnist_offline_is_one_message_and_the_page_goes_on(open_page, unreachable_mirror):
    page = open_page("data", dataset="mnist")
    press(page, "Download MNIST")
    assert not page.exception
    state().catalogue.mnist_download.wait(60)
    page.run()
    assert len(page.error) == 1
    assert "could not be downloaded" in page.error[0].value
    page.selectbox(key="dataset").set_value("optdigits").run()
    assert facts(page)["Images"] == "1,797"


@pytest.fixture
def own() -> str:
    """The name of a dataset that was imported."""
    digits = read_optdigits()
    few = Reading("NumPy", digits.images[:50], digits.labels[:50], None, (), (), (), "0 to 255", (), 0)
    return state().catalogue.imports.keep(few, "Ours", "ours.npz").name


def press(page, label: str) -> None:
    next(button for button in page.button if button.label == label).click().run()


def test_a_deleted_dataset_comes_back_also_after_the_page_was_left(open_page, own):
    page = open_page("data", dataset=own)
    press(page, "Delete")
    assert own not in {entry.name for entry in state().catalogue.entries()}

    later = open_page("data", view="Import")
    press(later, "Restore")
    assert not later.exception
    assert facts(later)["Images"] == "50"
    assert "Restore" not in {button.label for button in open_page("data", view="Import").button}


def test_deleting_what_somebody_else_has_deleted_says_that_it_is_gone(open_page, own):
    page = open_page("data", dataset=own)
    state().catalogue.imports.delete(own)
    press(page, "Delete")

    assert not page.exception
    assert not page.error
    assert ["There is no dataset ours any more" in warning.value for warning in page.warning] == [True]
