"""Every setting has one row, which says what it is called and how its values are written, and nothing else does."""

import ast
from pathlib import Path

import pytest

from digits_core.config import choices
from digits_core.entries.losses import LOSSES
from digits_core.entries.optimizers import OPTIMIZERS
from digits_core.settings import (
    SECTION_OF,
    SECTIONS,
    SETTINGS,
    help_of,
    is_number,
    kind_of,
    name_of,
    read,
    title_of,
    users_of,
    values_of,
    written,
)

WORDS = [
    field for field in SETTINGS if SECTION_OF[field] != "data" and kind_of(field) is not bool and not is_number(field)
]
ROOT = Path(__file__).resolve().parents[2]
FILES = [
    path
    for path in sorted((ROOT / "digits_core").rglob("*.py"))
    if path.name != "settings.py" or path.parent.name != "digits_core"
]
OUTSIDE = [path for path in FILES if not {"entries", "layers", "figures"} & set(path.relative_to(ROOT).parts)]
"""Modules that may read the words of a setting and not write them; figures import nothing of ours."""


def test_every_field_of_a_config_has_a_row_and_no_row_is_without_a_field():
    assert set(SETTINGS) == set(SECTION_OF)


@pytest.mark.parametrize("field", SETTINGS)
def test_a_row_explains_its_setting(field):
    assert SETTINGS[field].title
    assert SETTINGS[field].help.endswith(".")


@pytest.mark.parametrize("field", WORDS)
def test_every_choice_has_its_words(field):
    names = choices(SECTIONS[SECTION_OF[field]], field)

    assert tuple(SETTINGS[field].choices) == names
    assert all(written(field, name) != name for name in names)


def test_titles_tell_settings_apart():
    assert len({title_of(field) for field in SETTINGS}) == len(SETTINGS)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("nesterov", True, "on"),
        ("nesterov", False, "off"),
        ("train", ("a", "b"), "a + b"),
        ("test_writers", (), "none"),
        ("learning_rate", 0.00001, "0.00001"),
        ("rotation", 28.0, "28"),
        ("loss", "cross_entropy", "Cross-entropy"),
        ("epochs", 4, "4"),
        ("tag", "adam", "adam"),
    ],
)
def test_values_read_as_people_write_them(field, value, expected):
    assert written(field, value) == expected


@pytest.mark.parametrize("field", [*WORDS, "nesterov", "centre"])
def test_what_is_written_can_be_typed_back(field):
    typed = [read(field, written(field, value)) for value in values_of(field)]

    assert typed == (["off", "on"] if kind_of(field) is bool else values_of(field))


@pytest.mark.parametrize("word", ["yes", "True", "on"])
def test_links_of_before_there_was_one_way_to_write_a_switch_hold(word):
    assert read("nesterov", word) == "on"


def test_names_within_a_sentence_are_small():
    assert (name_of("loss"), name_of("batch_size"), name_of("test_loss")) == (
        "loss function",
        "batch size",
        "test loss",
    )


def test_the_help_says_what_each_choice_means():
    assert all(f"**{each.title}**: {each.help}" in help_of("optimizer") for each in OPTIMIZERS.values())
    assert all(f"${each.formula}$" in help_of("loss") for each in LOSSES.values())


def test_a_setting_that_only_some_choices_use_says_which():
    assert users_of("momentum") == ("optimizer", ["sgd"])
    assert users_of("label_smoothing") == ("loss", ["cross_entropy"])
    assert users_of("epochs") is None


def texts_of(path: Path) -> set[str]:
    """Every text in a module, without its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said
    }


ALLOWED = {
    ("dashboard/training/training_views.py", "Learning rate"),  # a chart of it
    ("evaluation/robustness.py", "Stroke width"),  # changes to test images, which no config sets
    ("evaluation/robustness.py", "Rotation"),
    ("evaluation/robustness.py", "Noise"),
    ("dashboard/network/choices.py", "Image size"),
    ("__init__.py", "ImprovedNet"),  # the class
}
AMBIGUOUS = {
    "Network",
    "Epochs",
    "Constant",
    "Fixed",
    "Seed",
    "Device",
    "CPU",
    "Nearest",
    "Automatic",
    "Mean",
    "Dropout",
    "Scale",
    "Precision",
}
"""Words of their own, which others may say too."""


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_other_module_has_words_of_its_own_for_a_setting(path):
    words = {each.title for each in SETTINGS.values()} | {each.help for each in SETTINGS.values()}
    words |= {choice.title for each in SETTINGS.values() for choice in each.choices.values()}
    place = path.relative_to(ROOT / "digits_core").as_posix()

    assert {(place, text) for text in texts_of(path) & (words - AMBIGUOUS)} <= ALLOWED


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_other_module_writes_a_switch_in_words(path):
    ternaries = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.IfExp)]
    words = {part.value for node in ternaries for part in (node.body, node.orelse) if isinstance(part, ast.Constant)}

    assert {"yes", "no", "on", "off"} & words == set()
