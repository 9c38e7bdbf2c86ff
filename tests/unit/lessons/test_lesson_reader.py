"""A lesson's file is read as it is meant, or every problem in it is named with its line; nothing of it ever runs."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digits_core.errors import LessonError
from digits_core.lessons.lesson import Do, Explain, Goal, Look, Place, Predict
from digits_core.lessons.lesson_reader import MOST_BYTES, MOST_STEPS, PAGES, parse_lesson, read_lesson

HEAD = "---\ntitle: Four epochs\nminutes: 15\noutcome: Read a curve.\n---\n"
WHOLE = (
    HEAD
    + """Begin here.

## Look around
There is a chart.

```look
open: data?dataset=mnist-5k&view=samples
label: Open Data
```

## Guess first
Think.

```predict
question: How many?
between: [0, 100]
unit: "%"
result: See below.
```

## Train it
Press Train.

```do
id: first-run
recall: guess-first
check:
  run: {epochs: 4}
```

It takes a while.

## Explain
Why?

```explain
question: Why so?
answer: |
  Because.

  ## This is no heading
```

## Smaller
Try.

```goal
open: runs?run=@first-run
recall: [guess-first, first-run]
check:
  run: {smaller_than: "@first-run"}
```
"""
)


def parsed(text: str):
    return parse_lesson(text, Path("my-lesson.md"))


def problems_of(text: str) -> list[str]:
    with pytest.raises(LessonError) as refused:
        parsed(text)
    return list(refused.value.problems)


def one_step(fence: str, text: str = "Text.") -> str:
    return f"{HEAD}\n## A step\n{text}\n\n{fence}\n"


def test_every_kind_of_step_is_read() -> None:
    lesson = parsed(WHOLE)

    assert (lesson.name, lesson.title, lesson.minutes, lesson.outcome) == (
        "my-lesson",
        "Four epochs",
        15,
        "Read a curve.",
    )
    assert lesson.introduction == "Begin here."
    look, predict, do, explain, goal = lesson.steps
    assert isinstance(look, Look)
    assert look.id == "look-around"
    assert look.label == "Open Data"
    assert look.place == Place("data", {"dataset": ("mnist-5k",), "view": ("samples",)})
    assert isinstance(predict, Predict)
    assert predict.between == (0, 100)
    assert predict.unit == "%"
    assert isinstance(do, Do)
    assert do.id == "first-run"
    assert do.recalls == ("guess-first",)
    assert do.text == "Press Train.\n\n\nIt takes a while."
    assert isinstance(explain, Explain)
    assert "## This is no heading" in explain.answer
    assert isinstance(goal, Goal)
    assert list(goal.check.names_steps()) == ["first-run"]
    assert [step.kind for step in lesson] == ["look", "predict", "do", "explain", "goal"]
    assert lesson.step("first-run") is do
    assert lesson.step("nothing") is None


def test_line_ends_of_windows_and_a_byte_order_mark_are_no_problem(tmp_path) -> None:
    path = tmp_path / "windows.md"
    path.write_bytes(b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode())

    assert read_lesson(path).steps == parsed(WHOLE).steps


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("# A lesson", 1, "begins with a head"),
        (HEAD, 6, "has no steps"),
        (HEAD.replace("15", "soon"), 1, "`minutes`"),
        (HEAD.replace("title: Four epochs\n", ""), 1, "needs `title`"),
        (HEAD.replace("minutes", "hours"), 1, "has no “hours”"),
        (one_step("```dance\n```"), 10, "no kind of step “dance”"),
        (one_step("no fence"), 7, "0 fences"),
        (one_step("```look\n```\n```look\n```"), 7, "2 fences"),
        (one_step("```look"), 10, "not closed"),
        (one_step("```look\nopen: nowhere\n```"), 10, "no page “nowhere”"),
        (one_step("```look\nopen: https://example.org\n```"), 10, "no page"),
        (one_step("```look\nopen: runs?run=@later\n```"), 10, "no earlier step “later”"),
        (one_step("```look\nopen: data?lesson=another.1\n```"), 10, "cannot name a lesson"),
        (one_step("```look\ncheck: {run: {epochs: 1}}\n```"), 10, "has no “check”"),
        (one_step("```look\nid: A b\n```"), 10, "Give the step an `id`"),
        (one_step("```look\nrecall: a-step\n```"), 10, "no earlier step"),
        (one_step("```predict\nquestion: Why?\n```"), 10, "exactly one of"),
        (one_step("```predict\nquestion: Why?\nchoices: [a]\n```"), 10, "`choices` is a list"),
        (one_step("```predict\nquestion: Why?\nchoices: [a, a]\n```"), 10, "no two of them the same"),
        (one_step("```predict\nquestion: Why?\nbetween: [3, 1]\n```"), 10, "the lower one first"),
        (one_step("```predict\nquestion: Why?\nbetween: [0, .inf]\n```"), 10, "two numbers"),
        (one_step("```explain\nquestion: Why?\n```"), 10, "has an `answer`"),
        (one_step("```do\n```"), 10, "A check is a mapping"),
        (one_step("```do\ncheck: {shell: rm}\n```"), 10, "no check “shell”"),
        (one_step("```do\ncheck: {run: {smaller_than: '@later'}}\n```"), 10, "no earlier step “later”"),
        (one_step("```look\n- a\n```"), 10, "`name: value` lines"),
        (one_step("```look\nid: [\n```"), 10, "is not YAML"),
        (one_step("```look\nid: a\nid: b\n```"), 10, "occurs twice"),
        (one_step("```look\nid: &x a\nlabel: *x\n```"), 10, "aliases are not allowed"),
        (one_step("```look\nid: !!python/object/apply:os.getcwd []\n```"), 10, "is not YAML"),
        (one_step("```look\n```", "<script>alert(1)</script>"), 7, "HTML is not allowed"),
        (one_step("```look\n```", "![x](https://example.org/x.png)"), 7, "Pictures are not allowed"),
        (one_step("```look\n```", "[x](javascript:alert(1))"), 7, "begins with https://"),
        (one_step("```look\n```", "[x]: data:text/html,x"), 7, "begins with https://"),
        (one_step("```look\n```", "x" * 5000), 7, "longer than"),
        (one_step("```explain\nquestion: <b>Why</b>?\nanswer: x\n```"), 10, "HTML is not allowed"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text, line, words) -> None:
    problems = problems_of(text)

    assert any(problem.startswith(f"Line {line}: ") and words in problem for problem in problems), problems


def test_all_problems_are_named_at_once() -> None:
    text = (
        WHOLE.replace("```look", "```dance").replace("between: [0, 100]", "between: 3").replace("epochs: 4", "era: 4")
    )

    assert len(problems_of(text)) >= 3


def test_two_steps_cannot_have_one_id() -> None:
    step = "\n## Again\nText.\n\n```look\n```\n"

    assert any("id “again”" in problem for problem in problems_of(HEAD + step + step))


def test_a_million_steps_are_refused_at_once() -> None:
    step = "## A\n```look\n```\n"

    assert str(MOST_STEPS) in problems_of(HEAD + step * (MOST_STEPS + 1))[0]


def test_a_large_file_is_refused_unread(tmp_path) -> None:
    path = tmp_path / "large.md"
    path.write_bytes(b"x" * (MOST_BYTES + 1))

    with pytest.raises(LessonError, match="larger than"):
        read_lesson(path)


def test_a_file_that_is_no_text_or_not_there_is_refused(tmp_path) -> None:
    path = tmp_path / "picture.md"
    path.write_bytes(b"\x89PNG\r\n\xff")

    with pytest.raises(LessonError, match="not UTF-8"):
        read_lesson(path)
    with pytest.raises(LessonError, match="cannot be read"):
        read_lesson(tmp_path / "none.md")


@pytest.mark.parametrize("unit", ["```a\n", "## a\n", "```look\nx: [\n", "[a](", "<", "---\n", "a: &a {b: " * 3])
def test_a_file_of_one_thing_repeated_is_refused(unit) -> None:
    assert problems_of(HEAD + unit * (MOST_BYTES // len(unit)))


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text) -> None:
    for whole in (text, HEAD + text, one_step(f"```do\n{text}\n```"), one_step("```look\n```", text)):
        with suppress(LessonError):
            assert parsed(whole).steps


def test_the_pages_that_a_step_can_open_are_those_of_the_app() -> None:
    from digits_core.dashboard.pages import PAGES as ENTRIES

    assert set(PAGES) >= set(ENTRIES)
