"""Tiles carry the pixels that they were given, and their words as plain text."""

import base64
import json

import numpy as np

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
