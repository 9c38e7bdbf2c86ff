"""TensorBoard's event files, as real writers write them and as nobody should."""

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.tensorboard import SummaryWriter

import digits_core as dl
from digits_core.data.readers.file_contents import Refusal
from digits_core.home import Home
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.export.files import Export, as_zip
from digits_core.runs.imports import keep, records
from digits_core.runs.imports.contents import read
from digits_core.runs.imports.records import from_json, to_json, with_fractions
from digits_core.runs.imports.tensorboard import read_event_files
from digits_core.runs.imports.wire import HEADER, masked_crc
from digits_core.runs.starter import open_database
from digits_core.runs.store import RunStore

BEGAN = 1_700_000_000.0


@pytest.fixture
def written(tmp_path):
    """A folder that PyTorch's writer filled: three epochs, with much else that is no scalar."""
    folder = tmp_path / "logs"
    with SummaryWriter(folder / "adam") as writer:
        writer.add_hparams({"lr": 0.1, "bs": 16, "opt": "Adam"}, {"hparam/accuracy": 0.5}, run_name=".")
        writer.add_text("config", "words", 0, BEGAN)
        for epoch in (1, 2, 3):
            when = BEGAN + 2 * epoch
            writer.add_scalar("Loss/train", 1 / epoch, epoch, when)
            writer.add_scalar("val/acc", 0.3 * epoch, epoch, when, new_style=True)
            writer.add_scalar("odd", math.nan if epoch == 2 else epoch, epoch, when)
            writer.add_scalar("precise", epoch / 3, epoch, when, new_style=True, double_precision=True)
            writer.add_histogram("weights", np.arange(5), epoch, walltime=when)
            writer.add_image("image", np.zeros((3, 60, 60)), epoch, walltime=when)
    return folder


def event_file(folder):
    return max(folder.rglob("*tfevents*"), key=lambda path: path.stat().st_size)


def framed(content: bytes) -> bytes:
    length = struct.pack("<Q", len(content))
    return length + struct.pack("<I", masked_crc(length)) + content + struct.pack("<I", masked_crc(content))


def scalar(tag: bytes, value: float, step: int) -> bytes:
    """One event, byte by byte; names of up to 127 bytes, steps of up to 127."""
    inner = b"\x0a" + bytes([len(tag)]) + tag + b"\x15" + struct.pack("<f", value)
    summary = b"\x0a" + bytes([len(inner)]) + inner
    return framed(
        b"\x09" + struct.pack("<d", BEGAN) + b"\x10" + bytes([step]) + b"\x2a" + bytes([len(summary)]) + summary
    )


def test_the_scalars_of_pytorchs_writer_are_read_as_they_were_written(written):
    (run,) = read(written, "logs")
    assert (run.name, run.origin) == ("adam", "TensorBoard")
    assert run.metrics["Loss/train"] == {1: 1.0, 2: 0.5, 3: pytest.approx(1 / 3, rel=1e-7)}
    assert run.metrics["val/acc"] == {1: 0.3, 2: 0.6, 3: 0.9}
    assert run.metrics["precise"] == {1: 1 / 3, 2: 2 / 3, 3: 1.0}
    assert math.isnan(run.metrics["odd"].pop(2))
    assert run.metrics["odd"] == {1: 1.0, 3: 3.0}
    assert set(run.metrics) == {"Loss/train", "val/acc", "odd", "precise", "hparam/accuracy"}
    assert run.config == {"lr": 0.1, "bs": 16, "opt": "Adam"}
    assert run.created == BEGAN
    assert run.elapsed == {1: 2.0, 2: 4.0, 3: 6.0}


def test_a_run_of_this_app_that_was_exported_comes_back_with_the_same_epochs(home, tmp_path):
    with dl.init("Mine", config={"lr": 0.01, "optimizer": "SGD"}) as mine:
        for epoch in (1, 2):
            mine.log(
                {"train/loss": 1 / epoch, "test/accuracy": 0.4 * epoch, "lr": 0.01, "grad norm": epoch}, step=epoch
            )
    store = RunStore(open_database(Home(home)))
    files = Export(mine.id, store, lambda run: Artifacts(Home(home).run(run)), lambda name: None).tensorboard()
    (tmp_path / "taken.zip").write_bytes(as_zip(files))
    (back,) = keep(store, read(tmp_path / "taken.zip", "taken.zip"))

    before, after = (store.epochs([run])[run] for run in (mine.id, back.id))
    for field in ("epoch", "train_loss", "test_accuracy", "learning_rate"):
        assert [getattr(row, field) for row in after] == [getattr(row, field) for row in before]
    assert [row.seconds for row in after] == pytest.approx([row.seconds for row in before], abs=1e-5)
    assert store.logged.metric(back.id, "grad norm").values.tolist() == [1, 2]
    assert store.logged.metric_names(back.id) == ["grad norm"]
    assert (back.name, back.status, back.origin, back.test_accuracy) == (
        f"run-{mine.row().number}",
        "finished",
        "TensorBoard",
        0.8,
    )
    assert back.logged_config["optimizer"] == "sgd"


def test_checksums_are_those_of_the_standard():
    """CRC-32C of these nine digits is 0xE3069283 by the catalogues of such codes."""
    crc = 0xE3069283
    assert masked_crc(b"123456789") == (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def test_each_folder_is_a_run_and_its_files_are_one(written):
    with SummaryWriter(written / "adam", filename_suffix=".later") as writer:
        writer.add_scalar("Loss/train", 0.25, 4)
    with SummaryWriter(written / "sgd" / "deep") as writer:
        writer.add_scalar("Loss/train", 2.0, 1)
    first, second = read(written, "logs")
    assert (first.name, second.name) == ("adam", "sgd/deep")
    assert sorted(first.metrics["Loss/train"]) == [1, 2, 3, 4]


@pytest.mark.parametrize("share", [0.5, 0.8, 0.99])
def test_a_file_that_was_cut_off_gives_what_is_whole_and_says_so(written, share):
    file = event_file(written)
    file.write_bytes(file.read_bytes()[: int(share * file.stat().st_size)])
    found = read(file, file.name)
    assert found[0].metrics["Loss/train"][1] == 1.0
    assert "is cut off or damaged after" in found[0].note


def test_a_byte_that_was_changed_ends_the_reading_there(tmp_path):
    path = tmp_path / "events.out.tfevents.1"
    data = bytearray(b"".join(scalar(b"loss", 1.0, step) for step in range(10)))
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    found = read(path, path.name)
    assert len(found[0].metrics["loss"]) == 5
    assert "after 5 records" in found[0].note


def test_a_record_that_claims_to_be_huge_is_not_believed(tmp_path):
    length = struct.pack("<Q", 2**62)
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(scalar(b"loss", 1.0, 1) + HEADER.pack(2**62, masked_crc(length)) + b"abc")
    found = read(path, path.name)
    assert found[0].metrics == {"loss": {1: 1.0}}
    assert "cut off" in found[0].note


@pytest.mark.parametrize(
    "message", [b"\xff" * 30, b"\x0a\xff\xff\xff\xff\x0f", b"\x0b\x0c", b"\x2a\x02\x0a\x7f", b"\x80"]
)
def test_a_record_that_is_no_event_says_nothing(tmp_path, message):
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(framed(message) + scalar(b"loss", 1.0, 1) + framed(message))
    assert read(path, path.name)[0].metrics == {"loss": {1: 1.0}}


@pytest.mark.parametrize(
    ("tag", "words"), [(b"", "has a metric named ''"), (b"a\nb", "in one line"), (b"x" * 110, "1 to 100 characters")]
)
def test_a_tag_that_is_no_name_is_refused(tmp_path, tag, words):
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(scalar(tag, 1.0, 1))
    with pytest.raises(Refusal, match=words):
        read(path, path.name)


def test_an_accuracy_in_percent_is_divided_and_one_that_is_neither_is_refused(tmp_path):
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(scalar(b"acc/test", 50.0, 1) + scalar(b"acc/test", 0.5, 2))
    found = read(path, "percent")
    assert found[0].metrics == {"acc/test": {1: 0.5, 2: 0.005}}
    assert found[0].note == "Percentages divided by 100: acc/test."
    path.write_bytes(scalar(b"acc/test", 250.0, 1))
    with pytest.raises(Refusal, match="has 250 as 'acc/test', which is neither"):
        read(path, "percent")


def test_too_many_names_and_values_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(b"".join(scalar(b"m%d" % number, 1.0, 1) for number in range(501)))
    with pytest.raises(Refusal, match="more than the 500 metrics"):
        read(path, path.name)
    monkeypatch.setattr(records, "MOST_VALUES", 50)
    path.write_bytes(b"".join(scalar(b"loss", 1.0, step % 120) for step in range(51)))
    with pytest.raises(Refusal, match="more than the 50 values"):
        read(path, path.name)


def test_a_file_without_scalars_is_refused(tmp_path):
    with SummaryWriter(tmp_path / "images") as writer:
        writer.add_image("image", np.zeros((3, 60, 60)), 1)
    with pytest.raises(Refusal, match="holds no scalars"):
        read(tmp_path / "images", "images")


@pytest.mark.parametrize("when", [math.nan, math.inf, -5.0, 1e300])
def test_times_that_are_none_are_not_kept(tmp_path, when):
    path = tmp_path / "events.out.tfevents.1"
    content = scalar(b"loss", 1.0, 1)[12:-4]
    path.write_bytes(framed(content[:1] + struct.pack("<d", when) + content[9:]))
    (run,) = read(path, path.name)
    assert (run.created, run.elapsed) == (None, {})


@given(
    st.lists(st.tuples(st.integers(0, 10_000), st.binary(min_size=1, max_size=8)), min_size=1, max_size=5),
    st.integers(0, 10_000),
    st.booleans(),
)
def test_whatever_bytes_are_changed_it_is_read_or_refused(changes, length, reframed):
    """With the checksums of the changed content, as somebody would make them who means harm, and without."""
    events = [scalar(b"loss/train", 1.0, step) for step in range(8)]
    contents = bytearray(b"".join(event[HEADER.size : -4] for event in events))
    data = contents if reframed else bytearray(b"".join(events))
    for place, replaced in changes:
        place %= len(data)
        data[place : place + len(replaced)] = replaced
    if reframed:
        size = len(events[0]) - HEADER.size - 4
        data = bytearray(b"".join(framed(bytes(data[at : at + size])) for at in range(0, len(data), size)))
    data = bytes(data[: len(data) - length % len(data)])
    try:
        run = with_fractions(read_event_files("fuzzed", {"events": data}, {}))
    except Refusal:
        return
    assert from_json(to_json([run]))[0].metrics.keys() == run.metrics.keys()
    assert all(0 <= step < 2**53 for values in run.metrics.values() for step in values)
