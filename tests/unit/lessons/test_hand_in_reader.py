"""Hand-ins are hostile: whatever they hold, they are read or refused by name, and nothing of them is run."""

import io
import json
import pickle
import stat
import zipfile
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from digits_core.data.readers.file_contents import Refusal
from digits_core.data.readers.limits import MIB, Limits
from digits_core.lessons.hand_in_reader import read_hand_in
from tests.unit.lessons.hand_ins import changed, files_in, zipped


class Bomb:
    """Runs a command as soon as it is unpickled."""

    def __reduce__(self):
        return (exec, ("raise SystemExit('a pickle was run')",))


def npz(**arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def objects() -> bytes:
    array = np.empty(1, dtype=object)
    array[0] = Bomb()
    return npz(logits=array, labels=np.zeros(1, np.int64))


def with_member(content: bytes, name: str, data: bytes = b"x", **attributes) -> bytes:
    buffer = io.BytesIO(content)
    with zipfile.ZipFile(buffer, "a") as archive:
        member = zipfile.ZipInfo(name)
        for attribute, value in attributes.items():
            setattr(member, attribute, value)
        archive.writestr(member, data)
    return buffer.getvalue()


def problems(content: bytes) -> tuple[str, ...]:
    return read_hand_in(content).runs[0].problems


@pytest.mark.parametrize("name", ["/etc/passwd", "../outside.txt", "a/../../b", "C:\\x", "\\\\host\\share"])
def test_names_that_lead_out_of_the_archive_are_refused(hand_in, name) -> None:
    with pytest.raises(Refusal, match="leads out of the archive"):
        read_hand_in(with_member(hand_in, name))


def test_links_are_refused(hand_in) -> None:
    with pytest.raises(Refusal, match="holds a link"):
        read_hand_in(with_member(hand_in, "runs/1/more", b"/etc/passwd", external_attr=(stat.S_IFLNK | 0o777) << 16))


def test_thousands_of_files_are_refused(hand_in) -> None:
    with pytest.raises(Refusal, match="3,007 files"):
        read_hand_in(zipped(files_in(hand_in) | {f"more/{number}": b"" for number in range(3000)}))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_refused(hand_in) -> None:
    with pytest.raises(Refusal, match=r"two files named 'runs/1/history.json'"):
        read_hand_in(with_member(hand_in, "runs/1/history.json", b"{}"))


def test_a_bomb_is_refused_before_it_is_unpacked(hand_in) -> None:
    bomb = zipped(files_in(hand_in) | {"runs/1/weights.safetensors": bytes(64 * MIB)})
    assert len(bomb) < 2 * MIB

    with pytest.raises(Refusal, match="unpacks to more than the 32 MiB"):
        read_hand_in(bomb, Limits(unpacked_bytes=32 * MIB))


def test_a_bomb_inside_the_answers_costs_the_answers_alone(hand_in) -> None:
    inner = zipped({"logits.npy": bytes(100 * MIB), "labels.npy": b""})

    assert problems(changed(hand_in, test=inner))[0].startswith("test.npz unpacks to more than the 64 MiB")


def test_a_file_that_says_to_be_small_and_is_not_is_damaged(hand_in) -> None:
    content = bytearray(hand_in)
    place = content.rindex(b"hand_in.json") - 22  # the size in the directory of the zip
    content[place : place + 4] = (4).to_bytes(4, "little")

    with pytest.raises(Refusal):
        read_hand_in(bytes(content))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "damaged"),
        (b"PK\x03\x04 and no more", "damaged"),
        (zipped({}), "no hand_in.json"),
        (zipped({"photo.png": b"x"}), "no hand_in.json"),
        (zipped({"a/hand_in.json": b"{}", "b/hand_in.json": b"{}"}), "several hand-ins"),
    ],
)
def test_what_is_not_a_hand_in_is_refused(content, said) -> None:
    with pytest.raises(Refusal, match=said):
        read_hand_in(content)


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"format": "digits-lab hand-in", "version": 2}',
        json.dumps({"format": "digits-lab hand-in", "version": 1, "learner": 3, "lesson": "x", "steps": []}).encode(),
    ],
)
def test_a_broken_manifest_is_refused(hand_in, manifest) -> None:
    with pytest.raises(Refusal, match=r"has a hand_in.json that cannot be read"):
        read_hand_in(changed(hand_in, hand_in=manifest))


@pytest.mark.parametrize(
    "change",
    [
        {"steps": [{"id": "a", "title": "A", "kind": "script", "answer": None}]},
        {"steps": [{"id": "a", "title": "A", "kind": "look", "answer": float("nan")}]},
        {"steps": [{"id": "a", "title": "A", "kind": "look", "answer": {"a": 1}}]},
        {"steps": [{"id": "a", "title": "A", "kind": "look", "answer": "x" * 30_000}]},
        {"steps": [{"id": str(number), "title": "A", "kind": "look"} for number in range(1000)]},
        {"runs": [{"id": "../../etc"}]},
        {"runs": [{"id": "aa"}, {"id": "aa"}]},
        {"labels": [10]},
        {"networks": [{"layers": [{"kind": "code"}]}]},
    ],
)
def test_a_manifest_beyond_its_bounds_is_refused(hand_in, change) -> None:
    with pytest.raises(Refusal):
        read_hand_in(changed(hand_in, hand_in=lambda manifest: manifest.update(change)))


def test_names_are_one_short_line_without_tricks(hand_in) -> None:
    name = "Ada\n\u202etxt.exe\x1b[2J" + "a" * 300

    learner = read_hand_in(changed(hand_in, hand_in=lambda manifest: manifest.update(learner=name))).manifest.learner

    assert learner.startswith("Ada txt.exe [2Jaaa")
    assert len(learner) == 80
    assert learner.isprintable()


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("config", b"{", "config.json: the text is not valid JSON"),
        ("config", b'{"training": {"epochs": NaN}}', "config.json: "),
        ("config", b'{"training": {"epochs": 0}}', "config.json: training.epochs is 0"),
        ("config", b'{"network": {"layers": [{"kind": "eval"}]}}', "config.json: "),
        ("history", b"{}", "history.json cannot be read"),
        ("history", b"[" * 100_000, "history.json cannot be read"),
        ("weights", pickle.dumps(Bomb()), "weights.safetensors cannot be read"),
        ("weights", b"\xff" * 100, "weights.safetensors cannot be read"),
        ("weights", (2**63).to_bytes(8, "little") + b"{}", "weights.safetensors cannot be read"),
        ("weights", save({"a": np.zeros(2, np.float16)}), "weights.safetensors has float16"),
        ("weights", save({"a": np.full(2, np.nan, np.float32)}), "that are not numbers"),
        ("test", pickle.dumps(Bomb()), "test.npz is damaged"),
        ("test", objects(), "Python objects"),
        ("test", npz(logits=np.zeros((2, 10), np.float32)), "test.npz lacks 'labels.npy'"),
        ("test", npz(logits=np.zeros((2, 9), np.float32), labels=np.zeros(2, np.int64)), "logits of ten digits"),
        ("test", npz(logits=np.zeros((3, 10), np.float32), labels=np.zeros(2, np.int64)), "logits of ten digits"),
        ("test", npz(logits=np.float32(1), labels=np.int64(1)), "logits of ten digits"),
        ("test", npz(logits=np.zeros((1, 10), np.float32), labels=np.full(1, 10)), "not digits"),
        ("test", npz(logits=np.full((1, 10), np.inf, np.float32), labels=np.zeros(1, np.int64)), "not numbers"),
    ],
)
def test_a_file_of_a_run_that_is_wrong_is_named_and_the_rest_is_read(hand_in, file, content, said) -> None:
    read = read_hand_in(changed(hand_in, **{file: content}))

    assert read.manifest.learner == "Ada"
    (problem,) = read.runs[0].problems
    assert said in problem


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("weights", "weights.safetensors"),
        ("test", "test.npz"),
        ("config", "config.json"),
        ("history", "history.json"),
    ],
)
def test_a_file_of_a_run_that_is_missing_is_named_and_the_rest_is_read(hand_in, file, name) -> None:
    (run,) = read_hand_in(changed(hand_in, **{file: None})).runs

    assert (run.missing, run.problems) == ((name,), ())


@pytest.mark.parametrize(
    "change",
    [
        {"test_accuracy": 1.5},
        {"test_accuracy": float("nan")},
        {"seconds": -1},
        {"status": "perfect"},
        {"epochs": [{"epoch": 1, "test_accuracy": float("inf")}]},
        {"number": 10**400},
    ],
)
def test_numbers_that_no_run_can_have_are_refused(hand_in, change) -> None:
    content = changed(hand_in, history=lambda history: history.update(change))

    assert problems(content)[0].startswith("history.json cannot be read")


def test_the_history_of_another_run_is_not_taken(hand_in) -> None:
    content = changed(hand_in, history=lambda history: history.update(id="00000000"))

    assert problems(content) == ("history.json is that of another run.",)


def test_a_program_that_is_not_one_is_named(hand_in) -> None:
    content = zipped(files_in(hand_in) | {"runs/1/program.json": b'{"nodes": [{"op": "os.system"}]}'})

    assert problems(content)[0].startswith("program.json: program.json cannot be read")


@given(st.binary(max_size=2000))
def test_arbitrary_bytes_are_refused_and_never_crash_the_reader(content) -> None:
    with pytest.raises(Refusal):
        read_hand_in(content)


@given(st.sampled_from(["hand_in", "config", "history", "weights", "test"]), st.binary(max_size=500))
def test_arbitrary_bytes_in_any_file_never_crash_the_reader(hand_in, file, content) -> None:
    try:
        read = read_hand_in(changed(hand_in, **{file: content}))
    except Refusal:
        assert file == "hand_in"
    else:
        assert len(read.runs[0].problems) == 1


@given(st.data())
def test_a_byte_that_was_changed_anywhere_never_crashes_the_reader(hand_in, data) -> None:
    content = bytearray(hand_in)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))

    with suppress(Refusal):
        assert len(read_hand_in(bytes(content)).runs) <= 1
