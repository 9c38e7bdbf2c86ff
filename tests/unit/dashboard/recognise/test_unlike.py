"""What would help a network with a digit that it refuses."""

from digits_core.config import RunConfig, TransformConfig
from digits_core.dashboard.recognise.unlike import missing_steps, with_steps, words_of
from digits_core.recognition.unusual import Unusual
from digits_core.training.config_fields import from_query, to_query
from digits_core.training.recipes import LECTURE, ROBUST


def unusual(name: str, word: str) -> Unusual:
    return Unusual(name, word, 9.0, 1.0, 2.0)


THIN, RIGHT, LOW = unusual("stroke", "thin"), unusual("across", "off centre"), unusual("down", "off centre")


def test_each_word_is_said_once():
    assert words_of([THIN, RIGHT, LOW]) == "thin, off centre"
    assert words_of([]) == ""


def test_steps_are_those_that_a_run_lacks():
    robust = ROBUST.config.transform
    assert missing_steps(LECTURE.config, [THIN, RIGHT, LOW]) == {"stroke_width": robust.stroke_width, "centre": True}
    centred = RunConfig(transform=TransformConfig(centre=True))
    assert missing_steps(centred, [RIGHT]) == {"translation": robust.translation}
    assert missing_steps(ROBUST.config, [THIN, RIGHT]) == {}


def test_the_link_fills_the_form_with_the_same_training_and_these_steps():
    config = with_steps(LECTURE.config, {"centre": True, "stroke_width": 0.6})
    filled = from_query(to_query(config))

    assert filled == config
    assert (filled.data, filled.training) == (LECTURE.config.data, LECTURE.config.training)
    assert filled.name == "Lecture + centre by mass, stroke width"
