"""Handwriting in one file: it comes back without loss, once, and a file that is anything else is refused whole."""

import io
import pickle
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from digits_core.data import handwriting_archive, papers
from digits_core.data.handwriting_archive import pack, unpack
from digits_core.data.handwriting_store import SOURCES, Handwriting, NewSample, tidy_writer
from digits_core.database import Database
from digits_core.errors import DatasetError

PNG = b"\x89PNG\r\n\x1a\n"

SAMPLES = st.lists(
    st.builds(
        NewSample,
        arrays(np.uint8, (28, 28), elements=st.integers(0, 255), fill=st.just(0)),
        st.integers(0, 9),
        st.text(max_size=70).map(tidy_writer),
        st.sampled_from(SOURCES),
        st.binary(max_size=40).map(lambda end: end and PNG + end),
        st.booleans(),
        st.sampled_from([0.0, 1700000000.25, 1700000001.0]),
        st.sampled_from([b"", *(papers.packed(np.full((112, 112), tone, np.uint8)) for tone in (0, 99))]),
    ),
    max_size=8,
)


@pytest.fixture
def handwriting(database) -> Handwriting:
    return Handwriting(database)


@pytest.fixture
def archive() -> bytes:
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 12:16] = 255
    return pack([NewSample(image, label, "Ada", "canvas", PNG + b"...", label == 4, 1e9 + label) for label in range(6)])


def as_rows(samples: list[NewSample]) -> list[tuple]:
    return [
        (each.image.tobytes(), each.label, each.writer, each.source, each.drawing, each.test, each.created, each.paper)
        for each in samples
    ]


def with_array(archive: bytes, name: str, content: bytes) -> bytes:
    """The archive with other bytes in the place of one of its arrays."""
    return repacked({**entries(archive), f"{name}.npy": content})


def entries(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def repacked(contents: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in contents.items():
            written.writestr(name, content)
    return buffer.getvalue()


def npy(array: np.ndarray, **options) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


@settings(max_examples=25)
@given(SAMPLES)
def test_an_archive_gives_back_what_was_packed_and_fills_an_empty_home_with_it(tmp_path_factory, samples):
    database = Database(tmp_path_factory.mktemp("archive") / "digits.sqlite")
    handwriting = Handwriting(database)

    assert as_rows(unpack(pack(samples))) == as_rows(samples)
    assert len(handwriting.add_missing(unpack(pack(samples))).samples) == len(samples)
    assert as_rows(handwriting.everything()) == as_rows(samples)
    assert handwriting.add_missing(unpack(pack(samples))).samples == []
    assert as_rows(handwriting.everything()) == as_rows(samples)
    database.close()


def test_what_was_relabelled_here_is_not_added_again_and_what_was_deleted_comes_back(handwriting, archive):
    samples = unpack(archive)
    numbers = handwriting.add_missing(samples).samples
    handwriting.relabel(numbers[0], 9)
    handwriting.delete(numbers[1])
    added = handwriting.add_missing(samples)

    assert added.samples == [numbers[1]]
    assert sorted(each.label for each in handwriting.samples()) == [1, 2, 3, 4, 5, 9]
    handwriting.undo(added)
    assert numbers[1] not in [each.id for each in handwriting.samples()]


def test_numpy_reads_an_archive_without_pickle(archive):
    with np.load(io.BytesIO(archive), allow_pickle=False) as loaded:
        assert loaded["images"].shape == (6, 28, 28)
        assert loaded["labels"].tolist() == [0, 1, 2, 3, 4, 5]


def test_an_archive_from_before_paper_was_kept_is_read(archive):
    older = {name: content for name, content in entries(archive).items() if not name.startswith("paper")}

    assert as_rows(unpack(repacked(older))) == as_rows(unpack(archive))


class Trap:
    """Unpickled, it would write a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


HUGE = npy(np.zeros(6, np.uint8)).replace(b"(6,)", b"(4294967296,)").replace(b" " * 9, b"", 1)
WRONG_ARRAYS = {
    "labels that are no digits": ("labels", npy(np.full(6, 12, np.uint8)), "labels are digits"),
    "labels as text": ("labels", npy(np.array(list("012345"))), "labels has the type"),
    "one label too few": ("labels", npy(np.zeros(5, np.uint8)), "not equally long"),
    "images of another size": ("images", npy(np.zeros((6, 8, 8), np.uint8)), "images has the shape"),
    "a claim of 4 GB": ("labels", HUGE, "labels is cut off"),
    "times that are none": ("created", npy(np.full(6, np.nan)), "times are times"),
    "an unknown source": ("sources", npy(np.array(["tape"] * 6)), "sources are known"),
    "names without end": ("writers", npy(np.array(["x" * 10_000] * 6)), "writers has the type"),
    "drawings that are programs": ("drawings", npy(np.frombuffer(b"MZ" * 33, np.uint8)), "PNG pictures"),
    "ends before the beginning": ("drawing_ends", npy(np.array([11, 0, 33, 44, 55, 66])), "do not end"),
    "ends beyond all numbers": ("drawing_ends", npy(np.array([-(2**63), 22, 33, 44, 55, 66])), "do not end"),
    "papers that end beyond": ("paper_ends", npy(np.array([0, 0, 0, 0, 0, 9])), "papers do not end"),
    "no array at all": ("labels", b"not an array", "damaged"),
}


@pytest.mark.parametrize(("name", "content", "reason"), WRONG_ARRAYS.values(), ids=WRONG_ARRAYS)
def test_an_archive_with_a_wrong_array_is_refused_by_its_reason(archive, name, content, reason):
    with pytest.raises(
        DatasetError, match=rf"^My\.npz is not an export of handwriting: .*{reason}.*Nothing was imported"
    ):
        unpack(with_array(archive, name, content), "my.npz")


def test_a_pickle_inside_an_archive_is_never_loaded(archive, tmp_path):
    trap = tmp_path / "trap"
    objects = npy(np.array([Trap(trap)] * 6, dtype=object), allow_pickle=True)

    with pytest.raises(DatasetError, match="labels has the type object"):
        unpack(with_array(archive, "labels", objects))
    with pytest.raises(DatasetError, match="no archive at all"):
        unpack(pickle.dumps(Trap(trap)))
    assert not trap.exists()


def test_a_bomb_is_refused_before_it_is_unpacked(archive, monkeypatch):
    bomb = with_array(archive, "images", bytes(64 * 2**20))
    assert len(bomb) < 2**20
    monkeypatch.setattr(handwriting_archive, "MAX_UNPACKED", 32 * 2**20)
    with pytest.raises(DatasetError, match="unpacks to more than 32 MiB"):
        unpack(bomb)

    # The directory may lie about what an entry unpacks to.
    small, large = (number.to_bytes(4, "little") for number in (100, 64 * 2**20))
    assert bomb.count(large) == 2
    with pytest.raises(DatasetError, match="damaged"):
        unpack(bomb.replace(large, small))


def test_strange_entries_and_large_files_are_refused(archive, monkeypatch):
    for name in ("../../evil.npy", "/etc/evil.npy", "more.npy"):
        with pytest.raises(DatasetError, match="and nothing else"):
            unpack(repacked({**entries(archive), name: b"x"}))
    locked = bytearray(archive)
    for start in (mark for mark in range(len(locked)) if locked[mark : mark + 4] == b"PK\x01\x02"):
        locked[start + 8] |= 1
    with pytest.raises(DatasetError, match="encrypted"):
        unpack(bytes(locked))
    monkeypatch.setattr(handwriting_archive, "MAX_BYTES", 100)
    with pytest.raises(DatasetError, match="more than 0 MiB"):
        unpack(archive)


@settings(max_examples=150)
@given(st.data())
def test_a_damaged_archive_is_read_as_it_was_or_refused_by_name(data):
    whole = pack([NewSample(np.eye(28, dtype=np.uint8), 7, "Ada", "sheet", PNG, False, 1e9)])
    if data.draw(st.booleans()):
        damaged = whole[: data.draw(st.integers(0, len(whole) - 1))]
    else:
        damaged = bytearray(whole)
        for _ in range(data.draw(st.integers(1, 4))):
            damaged[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        samples = unpack(bytes(damaged))
    except DatasetError:
        return
    assert as_rows(samples) == as_rows(unpack(whole))


def test_paper_that_unpacks_to_anything_else_is_refused(archive):
    bomb = zlib.compress(bytes(10**8))
    whole = {**entries(archive), "papers.npy": npy(np.frombuffer(bomb, np.uint8))}
    whole["paper_ends.npy"] = npy(np.array([0, 0, 0, 0, 0, len(bomb)]))

    with pytest.raises(DatasetError, match="not all its papers have 112 × 112 pixels"):
        unpack(repacked(whole))
