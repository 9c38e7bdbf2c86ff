"""The app's own lessons: what they are made of, and that the numbers that they tell are those of the library."""

import math
import re
from collections import Counter
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import yaml

from digits_core.config import NetworkConfig, RunConfig, TransformConfig
from digits_core.data.catalogue import Catalogue
from digits_core.data.digits import Digits
from digits_core.data.statistics.classes import pixel_histogram
from digits_core.database import Database
from digits_core.entries.losses import LOSSES
from digits_core.evaluation.calibration import at_threshold, reliability
from digits_core.evaluation.metrics import Answers
from digits_core.home import Home
from digits_core.layers.kinds.convolution import Convolution
from digits_core.layers.kinds.max_pooling import MaxPooling
from digits_core.layers.placed import Layer, parameter_count, place_layers
from digits_core.layers.presets import PRESETS
from digits_core.lessons import checks, lesson_reader
from digits_core.lessons.checks import OF_STEP, AllOf, HandwritingCheck, NetworkCheck, RunCheck, RunsCheck, read_check
from digits_core.lessons.lesson import Do, Explain, Goal, Lesson, Predict
from digits_core.lessons.lesson_reader import read_lesson
from digits_core.lessons.library import BUILT_IN, MOST_LESSONS
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.run_filters import parse
from digits_core.runs.starter import SWITCH, open_database
from digits_core.runs.store import RunStore
from digits_core.training.config_fields import carries_config, from_query
from digits_core.training.ready_sweeps import READY
from digits_core.training.recipes import LECTURE, RECIPES

TITLES = [
    "What is in the data",
    "From a tuple to a tensor",
    "Where 816,650 parameters come from",
    "Four epochs",
    "Why it fails on my hand",
    "My handwriting joins the training",
    "What training time depends on",
    "Optimizers and loss functions",
    "Your own network, as small as you can",
    "When to trust an answer",
]
DOCUMENTATION = (Path(__file__).resolve().parents[3] / "docs" / "lessons.md").read_text(encoding="utf-8")
FILES = sorted(BUILT_IN.glob("*.md"))
LESSONS = [read_lesson(path, built_in=True) for path in FILES]
STARTER = "03ed87f7"
RUNS = ("run", "second", "compare", "readers")
"""The parameters of a URL that name runs."""
SHORT = 20_000
"""Training images that a training of a lesson may go through in all: some ten to thirty seconds on two cores."""

RIGHT_ORDERS = {
    "put-the-steps-in-order": (3, 1, 0, 2),
    "learning-rates-in-order": (2, 0, 1),
    "the-loss-before-the-first-step": (1, 2, 0),
    "ready-networks-by-size": (2, 3, 0, 1),
}
"""The place in the file of what comes first, second and so on."""


def named(lessons: list[Lesson]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("lesson", lessons, ids=lambda lesson: lesson.name)


def text_of(number: int) -> str:
    """The file of the lesson with this number, its line ends as spaces."""
    return " ".join(FILES[number - 1].read_text(encoding="utf-8").split())


def links(lesson: Lesson) -> list[tuple[str, dict[str, tuple[str, ...]]]]:
    return [(step.place.page, dict(step.place.query)) for step in lesson if step.place]


def trainings(lesson: Lesson) -> list[Do | Goal]:
    """The steps whose link leads to the form of a training."""
    steps = [step for step in lesson if isinstance(step, Do | Goal)]
    return [step for step in steps if step.place and step.place.page == "training"]


@pytest.fixture
def with_starter(home: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A new home, which begins with the run that is shipped."""
    monkeypatch.delenv(SWITCH)
    folder = Home(home).create()
    open_database(folder).close()
    return folder


def split_sizes(digits: Digits) -> tuple[int, int]:
    return int((~digits.test).sum()), int(digits.test.sum())


def test_there_are_ten_in_the_order_of_the_lecture() -> None:
    assert [lesson.title for lesson in LESSONS] == TITLES
    assert [lesson.name[:2] for lesson in LESSONS] == [f"{number:02}" for number in range(1, 11)]


@named(LESSONS)
def test_each_takes_ten_to_twenty_minutes_in_five_to_eight_steps(lesson: Lesson) -> None:
    assert 10 <= lesson.minutes <= 20
    assert 5 <= len(lesson.steps) <= 8
    assert lesson.outcome.endswith(".")


@named(LESSONS)
def test_each_asks_to_predict_to_do_and_to_explain(lesson: Lesson) -> None:
    kinds = Counter(step.kind for step in lesson)

    assert kinds["predict"]
    assert kinds["do"] or kinds["goal"]
    assert kinds["explain"]
    assert max(kinds.values()) <= 4


@named(LESSONS)
def test_every_step_says_in_a_few_sentences_what_to_do(lesson: Lesson) -> None:
    for step in lesson:
        assert 40 <= len(step.text) <= 600, step.id
        assert bool(step.place) == bool(step.label), f"{step.id}: a link has its words"


@named(LESSONS)
def test_every_prediction_is_told_where_to_see_the_result(lesson: Lesson) -> None:
    for step in lesson:
        if isinstance(step, Predict):
            assert len(step.result) > 80, step.id
        if isinstance(step, Explain):
            assert 2 <= len(re.findall(r"[.?](?:\s|$)", step.answer)) <= 6, step.id


def test_an_order_is_not_given_away() -> None:
    orders = {step.id: step.order for lesson in LESSONS for step in lesson if isinstance(step, Predict) and step.order}

    assert set(orders) == set(RIGHT_ORDERS), "the page offers them as the file has them"
    assert all(sorted(RIGHT_ORDERS[step]) == list(range(len(order))) for step, order in orders.items())
    assert all(sorted(right) != list(right) for right in RIGHT_ORDERS.values())


@named(LESSONS)
def test_a_prediction_of_a_run_comes_before_the_run(lesson: Lesson) -> None:
    """What a do step or a goal shows is predicted before: a prediction names no run of an earlier step in its link."""
    for step in lesson:
        if isinstance(step, Predict) and step.place:
            assert not [value for values in step.place.query.values() for value in values if value.startswith(OF_STEP)]


@named(LESSONS)
def test_the_links_to_training_fill_the_form(lesson: Lesson) -> None:
    for page, query in links(lesson):
        if page == "training" and "run" not in query:
            assert carries_config(query)
            assert from_query(query).recipe in RECIPES


@named(LESSONS)
def test_a_training_that_is_asked_for_meets_its_own_check_and_is_short(
    lesson: Lesson, store: RunStore, catalogue
) -> None:
    """Its link fills the form with what the check asks for, a goal apart; and it takes seconds."""
    sizes = {name: split_sizes(catalogue.load(name))[0] for name in ("optdigits", "mnist-5k")} | {"handwriting": 100}
    for step in trainings(lesson):
        config = from_query(step.place.query)
        images = sum(sizes[name] for name in config.data.train)
        assert images * config.training.epochs <= SHORT, step.id
        asked = getattr(step.check, "conditions", ())
        if isinstance(step, Do):
            run = store.create(config, "me")
            assert all(any(each.holds(run) for each in asked if each.field == one.field) for one in asked), step.id


@named(LESSONS)
def test_a_training_differs_from_the_one_before_only_as_asked(lesson: Lesson, store: RunStore) -> None:
    runs = {step.id: store.create(from_query(step.place.query), "me") for step in trainings(lesson)}
    compared = [(step.id, each) for step in trainings(lesson) for each in getattr(step.check, "compared", ())]

    for step_id, each in compared:
        assert each.holds(runs[step_id], runs[each.step]), step_id
    assert bool(compared) == (lesson.name[:2] in ("04", "08"))


@named(LESSONS)
def test_what_a_link_names_is_there(lesson: Lesson, catalogue: Catalogue) -> None:
    known = {entry.name for entry in catalogue.entries()}
    for page, query in links(lesson):
        for key in ("dataset", "other", "train", "test") if page != "network" else ("dataset",):
            assert set(query.get(key, ())) <= known, (page, query)
        assert set(query.get("ready", ())) <= set(READY)
        assert all(name in PRESETS for name in query.get("layers", ()))


def test_the_run_that_is_linked_by_its_id_is_starter(with_starter: Home) -> None:
    linked = {value for lesson in LESSONS for _, query in links(lesson) for key in RUNS for value in query.get(key, ())}

    assert {value for value in linked if not value.startswith(OF_STEP)} == {STARTER}
    with closing(Database(with_starter.database)) as database:
        assert RunStore(database).get(STARTER).name == "Starter"


def test_the_numbers_of_the_data_are_those_of_the_datasets(catalogue: Catalogue) -> None:
    text = text_of(1)
    for name in ("optdigits", "mnist-5k"):
        digits = catalogue.load(name)
        train, test = split_sizes(digits)
        paper = pixel_histogram(digits.images)[0] / digits.images.size
        assert f"{len(digits):,}" in text
        assert f"{test:,}" in text
        assert f"{paper:.0%}".replace("%", " %") in text
        assert len(np.unique(digits.counts("train") + digits.counts("test"))) == 1 or name == "optdigits"
        if name == "optdigits":
            assert f"{train:,}" in text_of(4)
            threes = digits.counts("test")[3]
            assert (
                f"{threes} of the {test} test images are a 3, which is {threes / test:.1%}".replace("%", " %") in text
            )
        else:
            assert set(digits.counts("test")) == {100}
            assert set(digits.counts("train") + digits.counts("test")) == {500}


def test_a_pixel_is_normalised_as_the_lesson_says() -> None:
    transform = TransformConfig()

    assert [(value - transform.mean) / transform.std for value in (0, 0.75, 1)] == [-1, 0.5, 1]


def layers(preset: str = "improved-net", size: int = 28) -> dict[str, Layer]:
    return {layer.name: layer for layer in place_layers(PRESETS[preset].layers, size, 0.3)}


def total(preset: str) -> int:
    return parameter_count(tuple(layers(preset).values()))


def test_the_parameters_of_lesson_three_are_those_of_the_network() -> None:
    text, placed = text_of(3), list(layers().values())
    counts = [layer.parameters.number for layer in placed]
    convolutions = [layer for layer in placed if layer.kind.title == "convolution"]
    first_full = next(layer for layer in placed if layer.kind.flattens)
    in_convolutions = sum(layer.parameters.number for layer in convolutions)
    work = sum(layer.multiply_adds.number for layer in convolutions) / sum(each.multiply_adds.number for each in placed)
    pooled = next(layer for layer in layers("pooled").values() if layer.kind.flattens)

    assert f"{sum(counts):,}" in TITLES[2]
    for number in (
        sum(counts),
        convolutions[0].parameters.number,
        convolutions[1].parameters.number,
        first_full.parameters.number,
        in_convolutions,
        math.prod(first_full.input_shape),
        total("pooled"),
        pooled.parameters.number,
        math.prod(pooled.input_shape),
    ):
        assert f"{number:,}" in text
    for share in (first_full.parameters.number / sum(counts), in_convolutions / sum(counts)):
        assert f"{share * 100:.1f} %" in text
    assert f"{work * 100:.0f} % of the multiply-adds" in text
    assert f"({total('pooled') / sum(counts) * 100:.0f} %)" in text
    assert f"{first_full.parameters.number / convolutions[1].parameters.number:.0f} times" in text
    assert total("pooled") <= 250_000


def test_the_steps_of_an_epoch_are_counted_right(catalogue: Catalogue) -> None:
    images = split_sizes(catalogue.load("optdigits"))[0]
    training = LECTURE.config.training
    per_epoch = {size: math.ceil(images / size) for size in (training.batch_size, 256)}

    assert f"an epoch has {per_epoch[16]} batches, and four epochs have {4 * per_epoch[16]}" in text_of(4)
    assert f"an epoch has {per_epoch[16]} steps" in text_of(7)
    assert f"{per_epoch[256]}: {images:,} / 256 is {images / 256:.1f}" in text_of(7)
    assert f"{2 * per_epoch[256]} instead of {2 * per_epoch[16]} in two epochs" in text_of(7)


def test_standard_errors_are_those_of_the_test_splits(catalogue: Catalogue) -> None:
    for number, name in ((4, "optdigits"), (9, "mnist-5k")):
        test = split_sizes(catalogue.load(name))[1]
        assert f"standard error of {math.sqrt(0.97 * 0.03 / test) * 100:.1f} percentage points" in text_of(number)


def test_the_losses_before_the_first_step_are_those_of_the_library() -> None:
    import torch

    logits, labels = torch.zeros(1, 10), torch.tensor([3])
    found = {
        name: float(LOSSES[name].compute(logits, labels, **({"smoothing": 0.0} if LOSSES[name].uses else {})))
        for name in ("mse", "multi_margin", "cross_entropy")
    }

    assert (
        f"Mean squared error {found['mse']:.1f}, multi-margin {found['multi_margin']:.1f}, "
        f"cross-entropy {found['cross_entropy']:.2f}"
    ) in text_of(8)


def test_the_sweep_of_lesson_seven_meets_its_check() -> None:
    step = LESSONS[6].step("batch-sizes")
    assert isinstance(step, Do)
    plan = READY[step.place.query["ready"][0]].plan if step.place else None

    assert plan is not None
    assert (plan.size, plan.fields, plan.base.training.epochs) == (step.check.count, ("batch_size",), 2)  # type: ignore[attr-defined]


def test_the_ready_networks_of_lesson_nine_have_as_many_parameters_as_it_says() -> None:
    text, sizes = text_of(9), [total(name) for name in ("softmax", "tiny", "lenet", "mlp")]

    assert sizes == sorted(sizes)
    assert all(f"{size:,}" in text for size in (*sizes, total("improved-net")))
    assert f"{sizes[1] - sizes[0]:,} parameters more than softmax" in text
    assert sizes[1] <= 20_000


def test_the_smallest_network_of_lesson_nine_can_be_built_and_has_as_many_parameters_as_it_says() -> None:
    small = [kind for filters in (8, 16, 16) for kind in (Convolution(filters, activation="relu"), MaxPooling())]

    assert f"{parameter_count(place_layers(tuple(small), 28, 0.3)):,}" in text_of(9)
    assert RunConfig(network=NetworkConfig(layers=tuple(small))).transform.size == 28


def test_the_numbers_of_starter_are_those_of_the_run_that_is_shipped(with_starter: Home) -> None:
    answers = Answers.of(Artifacts(with_starter.run(STARTER)).load_test_result())
    answered = at_threshold(answers.confidence, answers.right, 0.9)
    mistakes = int((~answers.right).sum())
    text = text_of(10)

    assert f"{answers.accuracy * 100:.1f} % of its {len(answers):,} test images" in text
    assert f"{float(answers.confidence.mean()) * 100:.1f} %" in text
    assert f"{reliability(answers.confidence, answers.right).error * 100:.2f} %" in text
    assert f"answers {answered.answered:,} of the {len(answers):,}" in text
    assert answered.right == answered.answered
    assert (mistakes, len(answers) - answered.answered) == (5, 148)
    assert RECIPES["Full"].config.training.label_smoothing == 0.1


def test_the_recipes_are_as_the_lessons_describe_them() -> None:
    fails = RECIPES["Why does it fail on my hand?"].config
    mine = RECIPES["Lecture + my handwriting"].config

    assert (fails.data.train, fails.data.test) == (("optdigits",), ("mnist-5k",))
    assert fails.training == LECTURE.config.training == mine.training == RunConfig().training
    assert mine.transform == LECTURE.config.transform.replace(centre=True)
    assert LECTURE.config.training.dropout == 0.3


@named(LESSONS)
def test_conditions_are_those_that_the_runs_page_knows(lesson: Lesson) -> None:
    for step in lesson:
        for each in getattr(getattr(step, "check", None), "conditions", ()):
            assert parse(f"{each.field} {each.sign} {each.value}") == each


def test_the_documentation_has_an_example_that_is_a_lesson(tmp_path: Path) -> None:
    example = re.search(r"^````markdown\n(.*?)^````", DOCUMENTATION, re.MULTILINE | re.DOTALL)
    assert example
    path = tmp_path / "dropout.md"
    path.write_text(example[1], encoding="utf-8")

    assert [step.kind for step in read_lesson(path)] == ["predict", "do", "explain"]


def test_the_checks_of_the_documentation_can_be_read() -> None:
    examples = re.findall(r"^```yaml\n(check:.*?)^```", DOCUMENTATION, re.MULTILINE | re.DOTALL)
    kinds = [type(read_check(yaml.safe_load(example)["check"])) for example in examples]

    assert kinds == [RunCheck, RunsCheck, HandwritingCheck, NetworkCheck, AllOf]


def test_the_documentation_names_every_key_and_limit() -> None:
    keys = {*lesson_reader.HEAD, *lesson_reader.COMMON, *lesson_reader.KEYS, *checks.COMPARISONS, *checks.BOUNDS}
    keys |= {key for own in lesson_reader.KEYS.values() for key in own} | {*checks.ALIASES, *lesson_reader.PAGES}
    limits = {
        "a file": f"{lesson_reader.MOST_BYTES // 1000} kB, UTF-8",
        "lessons in the folder": f"{MOST_LESSONS}",
        "steps in a lesson": f"{lesson_reader.MOST_STEPS}",
        "a text, a result, a model answer": f"{lesson_reader.LONGEST_TEXT:,} characters",
        "a title, a question, a choice, an outcome": f"{lesson_reader.LONGEST_LINE} characters",
        "checks in a step, those inside others included": f"{checks.MOST_CHECKS}",
        "runs, digits that a check asks for": f"{checks.MOST_RUNS}, {checks.MOST_DIGITS:,}",
    }

    assert {key for key in keys if f"`{key}`" not in DOCUMENTATION} == set()
    assert [row for row in limits.items() if f"| {row[0]} | {row[1]} |" not in DOCUMENTATION] == []
    assert f"from 1 to {lesson_reader.MOST_MINUTES}" in DOCUMENTATION
    assert f"one of 2 to {lesson_reader.MOST_CHOICES} texts" in DOCUMENTATION
