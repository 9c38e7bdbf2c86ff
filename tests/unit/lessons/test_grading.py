"""Many hand-ins, judged by the teacher's own lesson: what is done, what is only claimed, and what is in several."""

import csv
import io
from pathlib import Path

import pytest

from digits_core.data.readers.file_contents import Refusal
from digits_core.data.readers.limits import Limits
from digits_core.errors import DatasetError
from digits_core.lessons.examination import examine, examine_apart, write_digits
from digits_core.lessons.grade_table import COLUMNS, as_page, grade_files, rows
from digits_core.lessons.grading import Graded, grade, hand_ins_in, in_common, judge
from digits_core.lessons.lesson import Lesson
from digits_core.lessons.lesson_reader import parse_lesson
from tests.unit.lessons.hand_ins import LESSON, changed, files_in, small_config, trained, zipped

WRITING = """
## Write

```do
check:
  handwriting: {digits: 2}
```
"""


@pytest.fixture
def graded(school, few_mnist, optdigits):
    """Judges hand-ins as `grade` does, in this process."""

    def judged(*contents: bytes, lesson: Lesson | None = school.lesson, here: bool = True) -> list[Graded]:
        known = {"optdigits": optdigits} if here else {}
        found = [examine(content, few_mnist, known) for content in contents]
        return in_common([judge(f"{number}.zip", each, lesson) for number, each in enumerate(found)])

    return judged


def claim(accuracy: float):
    def change(history: dict) -> None:
        history["test_accuracy"] = accuracy
        history["epochs"][-1]["test_accuracy"] = accuracy

    return change


def test_what_was_really_done_is_counted(graded, hand_in) -> None:
    (row,) = rows(graded(hand_in))

    assert (row["learner"], row["lesson"], row["run"]) == ("Ada", "Two epochs", "#1 Mine")
    assert (row["steps_done"], row["steps"], row["goals_met"], row["goals"]) == (3, 4, 0, 1)
    assert (row["checked"], row["remarks"]) == ("agrees", "")
    assert 0 < row["hidden_accuracy"] < 1
    assert row["parameters"] == 9610


def test_a_goal_that_is_claimed_and_not_reached_is_not_counted(school, graded) -> None:
    (row,) = rows(graded(school.hand_in(goal=True)))

    assert row["goals_met"] == 0
    assert row["remarks"].startswith("“Better” is not met: Closest so far is #1 Mine.")


def test_a_goal_reached_by_a_made_up_accuracy_is_not_counted(school, graded) -> None:
    forged = changed(school.hand_in(goal=True), history=claim(0.999))

    (row,) = rows(graded(forged))

    assert (row["goals_met"], row["checked"], row["claimed_accuracy"]) == (0, "does not agree", 0.999)
    assert "“Better” is not met" in row["remarks"]
    assert "It claims 99.90%, but its weights reach" in row["remarks"]


def test_where_nothing_can_be_computed_again_a_run_that_contradicts_itself_reaches_nothing(school, graded) -> None:
    forged = changed(school.hand_in(goal=True), history=claim(0.999))

    (row,) = rows(graded(forged, here=False))

    assert (row["goals_met"], row["checked"]) == (0, "does not agree")


@pytest.mark.parametrize("file", ["weights", "config", "history"])
def test_a_run_whose_network_or_results_were_left_out_reaches_nothing(school, graded, file) -> None:
    forged = changed(school.hand_in(goal=True), **({"history": claim(0.999)} | {file: None}))

    (row,) = rows(graded(forged))

    assert (row["goals_met"], row["steps_done"]) == (0, 2)
    assert f"{file}." in row["remarks"]


def test_a_run_that_cannot_be_checked_is_said_not_to_be(graded, hand_in) -> None:
    (row,) = rows(graded(hand_in, here=False))

    assert (row["steps_done"], row["checked"]) == (3, "not checked")
    assert row["remarks"] == "Not checked: the test digits of optdigits are not here."


def test_a_step_that_is_claimed_without_its_run_is_not_done(graded, hand_in) -> None:
    (one,) = graded(changed(hand_in, hand_in=lambda manifest: manifest.update(runs=[])))

    assert "train-it" not in one.done
    assert one.remarks == ("“Train it” is not met: No run of yours has finished since you began this lesson.",)


def test_an_answer_that_the_step_does_not_offer_is_not_one(graded, hand_in) -> None:
    (one,) = graded(changed(hand_in, hand_in=lambda manifest: manifest["steps"][0].update(answer=1e9)))

    assert "guess" not in one.done
    assert one.remarks == ("The answer to “Guess” is not one that the step offers.",)


def test_what_is_in_no_hand_in_is_only_claimed(school, graded, hand_in) -> None:
    lesson = parse_lesson(LESSON + WRITING, school.lesson.path)

    def change(manifest: dict) -> None:
        manifest["steps"].append({"id": "write", "title": "Write", "kind": "do", "answer": True})
        manifest["labels"] = [3, 4]

    (one,) = graded(changed(hand_in, hand_in=change), lesson=lesson)

    assert "write" in one.done
    assert one.remarks == ("“Write” is only claimed: what it asks for is not in a hand-in.",)


def test_a_lesson_with_another_text_is_named_and_judged_by_the_teachers(graded, hand_in) -> None:
    easier = LESSON.replace("0.99", "0.01").encode()

    (one,) = graded(zipped(files_in(hand_in) | {"lesson.md": easier}))

    assert one.remarks == ("Its lesson has another text than the one here.",)
    assert "better" not in one.done


def test_a_lesson_that_is_not_here_is_named(graded, hand_in) -> None:
    (row,) = rows(graded(hand_in, lesson=None))

    assert row["remarks"].startswith("There is no lesson “two-epochs” here")
    assert (row["steps_done"], row["goals_met"], row["lesson"]) == (2, 0, "Two epochs")


def test_the_same_run_under_two_names_is_named_at_both(school, graded) -> None:
    ada, ben = rows(graded(school.hand_in("Ada"), school.hand_in("Ben")))

    assert ada["remarks"] == "The same run is in the hand-in of Ben (1.zip)."
    assert ben["remarks"] == "The same run is in the hand-in of Ada (0.zip)."


def test_the_same_weights_under_another_id_are_named_with_what_that_means(school, graded, hand_in) -> None:
    own = trained(school.home, school.database, small_config(seed=3))
    content = school.hand_in("Ben", run=own)
    weights = files_in(hand_in)["runs/1/weights.safetensors"]

    ada, ben = rows(graded(hand_in, changed(content, weights=weights)))

    assert "those of " in ada["remarks"]
    assert "Its weights are also those of #1 Mine of Ada (0.zip), a run with other settings." in ben["remarks"]
    assert ben["checked"] == "does not agree"


def test_the_same_settings_that_gave_the_same_weights_are_no_accusation(school, graded, hand_in) -> None:
    again = trained(school.home, school.database, small_config())

    ada, ben = rows(graded(hand_in, school.hand_in("Ben", run=again)))

    assert ben["checked"] == "agrees"
    assert ben["remarks"].endswith(": the same settings give the same weights on the same machine.")
    assert ada["remarks"].endswith(": the same settings give the same weights on the same machine.")


def test_names_are_neither_formulas_nor_markup_in_the_tables(graded, hand_in) -> None:
    name = '=HYPERLINK("http://x")<script>alert(1)</script>'
    found = graded(changed(hand_in, hand_in=lambda manifest: manifest.update(learner=name)))

    files = grade_files(found, "80 of mnist-5k")

    (row,) = csv.DictReader(io.StringIO(files["grades.csv"].decode()))
    assert row["learner"] == f"'{name}"
    assert "<script>" not in files["grades.html"].decode()
    assert "&lt;script&gt;" in files["grades.html"].decode()


def test_the_page_shows_what_was_answered(graded, hand_in) -> None:
    page = as_page(graded(hand_in), "80 of mnist-5k").decode()

    for words in ("Ada", "Because &lt;b&gt;two&lt;/b&gt; epochs are few.", "Why is it not better?", "80 of mnist-5k"):
        assert words in page


def test_one_that_cannot_be_read_is_a_row_that_says_why(tmp_path, school, hand_in, few_mnist, optdigits) -> None:
    folder, digits, seen = tmp_path / "class", tmp_path / "digits", []
    (folder / "group 1").mkdir(parents=True)
    digits.mkdir()
    write_digits(digits, few_mnist, [optdigits])
    (folder / "ada.zip").write_bytes(hand_in)
    (folder / "group 1" / "ben.ZIP").write_bytes(hand_in[:1000])
    (folder / "notes.txt").write_text("not a zip")
    paths = hand_ins_in(folder)

    found = grade(paths, folder, digits, {"two-epochs": school.lesson}.get, lambda: seen.append(1))

    assert len(seen) == 2
    ada, ben = rows(found)
    assert (ada["file"], ada["checked"], ada["remarks"]) == ("ada.zip", "agrees", "")
    assert ben["file"] == "group 1/ben.ZIP"
    assert ben["remarks"].startswith("group 1/ben.ZIP is damaged or cut off")
    assert all(ben[column] in (None, "") for column in set(COLUMNS) - {"file", "remarks"})


def test_a_process_apart_finds_what_this_one_finds(tmp_path, hand_in, few_mnist, optdigits) -> None:
    path = tmp_path / "ada.zip"
    path.write_bytes(hand_in)
    write_digits(tmp_path, few_mnist, [optdigits])

    assert examine_apart(path, tmp_path) == examine(hand_in, few_mnist, {"optdigits": optdigits})


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(file_bytes=1000), "has more than the 0 MiB"),
        (Limits(unpacked_bytes=1000), "unpacks to more than"),
        (Limits(seconds=1), "took (more|longer) than"),  # loading its libraries takes as long
    ],
)
def test_one_that_costs_too_much_is_given_up(tmp_path, hand_in, few_mnist, limits, said) -> None:
    path = tmp_path / "ada.zip"
    path.write_bytes(hand_in)
    write_digits(tmp_path, few_mnist, [])

    with pytest.raises(Refusal, match=said):
        examine_apart(path, tmp_path, limits)


def test_a_folder_without_hand_ins_says_so(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds no hand-ins"):
        hand_ins_in(tmp_path)
