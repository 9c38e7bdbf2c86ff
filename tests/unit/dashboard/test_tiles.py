"""Tiles carry the pixels that they were given, and their words as plain text."""

import base64
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digits_core.dashboard.tiles import Group, Tile, payload
from digits_core.figures.palette import DIGIT_COLOURS

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


def sent(**changes):
    options = {"words": "Two", "groups": [], "size": 50, "columns": 0, "chosen": [8]} | changes
    return payload(IMAGES, [Tile(7, 8), Tile(2, 9, "near", "A two")], **options)


def test_all_pixels_arrive_as_they_are():
    data = sent()
    levels = np.frombuffer(base64.b64decode(data["pixels"]), np.uint8)

    np.testing.assert_array_equal(levels.reshape(-1, data["height"], data["width"]), IMAGES)


def test_a_part_of_a_larger_array_arrives_as_that_part():
    data = payload(IMAGES[1:, :, ::2], [Tile(0, 0)], words="", groups=[], size=1, columns=0, chosen=())

    assert list(base64.b64decode(data["pixels"])) == IMAGES[1, :, ::2].ravel().tolist()


def test_each_tile_names_its_digit_and_its_place():
    first, second = sent()["tiles"]

    assert (first["text"], first["place"], first["colour"]) == ("7", 8, DIGIT_COLOURS[7])
    assert first["name"] == "Digit 7, index 8"
    assert (second["note"], second["name"]) == ("near", "A two")


def test_all_of_it_is_plain_json():
    assert json.loads(json.dumps(sent(groups=[Group("<b>one</b>", 2)])))["groups"][0]["words"] == "<b>one</b>"


def test_nothing_of_it_makes_streamlit_import_pandas_to_look_for_a_table():
    assert {type(value) for value in sent(groups=[Group("one", 2)]).values()} <= {str, int, bool, tuple}


NUMBERS = (int, np.int8, np.uint8, np.int16, np.int64, np.uint64)


def types_in(value) -> set[type]:
    """Every type in a nested value, with those of its keys."""
    if isinstance(value, dict):
        return {dict}.union(*(types_in(each) for pair in value.items() for each in pair))
    if isinstance(value, tuple | list):
        return {type(value)}.union(*map(types_in, value))
    return {type(value)}


@given(
    kind=st.sampled_from(NUMBERS),
    words=st.sampled_from((str, np.str_)),
    place=st.integers(0, 120),
    label=st.integers(0, 9),
    text=st.one_of(st.none(), st.integers(0, 9), st.text(max_size=3)),
)
def test_whatever_numbers_the_caller_counted_with_plain_ones_are_sent(kind, words, place, label, text):
    def sent_as(kind, words):
        text_of = words(text) if isinstance(text, str) else text if text is None else kind(text)
        tile = Tile(kind(label), kind(place), words("note"), words("name"), text_of)
        return payload(
            IMAGES[:1],
            [tile],
            words=words("all"),
            groups=[Group(words("group"), kind(1))],
            size=kind(50),
            columns=kind(2),
            chosen=np.array([place]).astype(kind),
        )

    data = sent_as(kind, words)

    assert data == sent_as(int, str)
    assert types_in(data) <= {dict, tuple, str, int, bool}
    assert json.loads(json.dumps(data))["tiles"][0]["place"] == place


@pytest.mark.parametrize(
    "images", [IMAGES.astype(float), IMAGES.astype(bool), IMAGES[:1], IMAGES[0]], ids=["float", "bool", "fewer", "flat"]
)
def test_images_whose_bytes_would_be_other_pixels_are_refused(images):
    with pytest.raises(ValueError, match="2 tiles cannot show images"):
        payload(images, [Tile(7, 8), Tile(2, 9)], words="", groups=[], size=50, columns=0, chosen=())
