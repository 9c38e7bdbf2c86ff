"""Files of runs as people have them: folders, zips, uploads; read apart, kept whole or not at all."""

import io
import os
import stat
import zipfile

import pytest

from digits_core.errors import ConfigError, RunFileError
from digits_core.runs.imports import keep, read_runs
from digits_core.runs.run_edits import NAME_LENGTH

EPOCHS = b"epoch,train_loss,val_acc\n1,2.0,0.25\n2,1.0,0.5\n"


def zipped(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.fixture
def upload(tmp_path):
    """Read bytes as an upload of that name."""

    def read(content: bytes, name: str):
        (tmp_path / "upload").write_bytes(content)
        return read_runs(tmp_path / "upload", name)

    return read


def test_an_upload_is_read_by_its_content_and_called_by_its_name(upload, store):
    (run,) = keep(store, upload(EPOCHS, "Tuesday's run.csv"), tags=["mine"])
    assert (run.name, run.tags, run.test_accuracy, run.status) == ("Tuesday's run", ("mine",), 0.5, "finished")
    assert (run.progress, run.planned_epochs) == (1, 2)


def test_the_same_file_twice_makes_two_runs(upload, store):
    found = upload(EPOCHS, "mine.csv")
    ids = {keep(store, found)[0].id, keep(store, found)[0].id}
    assert len(ids) == 2
    assert store.count() == 2


def test_several_runs_of_a_zip_have_the_names_of_their_folders(upload, store):
    found = upload(zipped({"a/metrics.csv": EPOCHS, "b/metrics.csv": EPOCHS, "b/notes.txt": b"words"}), "logs.zip")
    assert [run.name for run in found] == ["a", "b"]
    assert [run.name for run in keep(store, found, "Lab 3")] == ["Lab 3 a", "Lab 3 b"]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"/etc/metrics.csv": EPOCHS}, "leads out of the archive"),
        ({"../metrics.csv": EPOCHS}, "leads out of the archive"),
        ({"a/metrics.csv": b"1" * (300 * 2**20)}, "unpacks to more than the 256 MiB that are read. Import fewer runs"),
        ({"notes.txt": b"words"}, "holds no runs"),
        ({"a/metrics.csv": EPOCHS, "b/metrics.csv": b"epoch,device\n1,cpu\n"}, "has no column of metrics"),
        ({f"{n}/metrics.csv": EPOCHS for n in range(101)}, "more than the 100"),
    ],
)
def test_a_zip_that_should_not_be_read_is_refused_in_one_line(upload, files, words):
    with pytest.raises(RunFileError, match=r"^logs\.zip") as refused:
        upload(zipped(files), "logs.zip")
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_link_and_a_cut_zip_are_refused(upload):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        link = zipfile.ZipInfo("metrics.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(RunFileError, match="holds a link"):
        upload(packed.getvalue(), "logs.zip")
    with pytest.raises(RunFileError, match="damaged or cut off"):
        upload(zipped({"metrics.csv": EPOCHS})[:-30], "logs.zip")


def test_links_in_a_folder_are_not_followed(tmp_path):
    (tmp_path / "elsewhere.csv").write_bytes(EPOCHS)
    folder = tmp_path / "logs"
    folder.mkdir()
    os.symlink(tmp_path / "elsewhere.csv", folder / "metrics.csv")
    with pytest.raises(RunFileError, match="logs holds no runs"):
        read_runs(folder)


def test_what_is_not_there_or_empty_is_said(tmp_path):
    with pytest.raises(RunFileError, match=r"nowhere\.csv does not exist"):
        read_runs(tmp_path / "nowhere.csv")
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(RunFileError, match=r"empty\.csv is empty"):
        read_runs(tmp_path / "empty.csv")


def test_names_that_are_too_long_keep_nothing(upload, store):
    found = upload(zipped({"a/metrics.csv": EPOCHS, "b/metrics.csv": EPOCHS}), "logs.zip")
    with pytest.raises(ConfigError):
        keep(store, found, "x" * (NAME_LENGTH + 1))
    with pytest.raises(ConfigError):
        keep(store, found, tags=["a", "b,c"])
    assert store.count() == 0


@pytest.mark.parametrize("name", ["a\nb\x1b[31m.csv", "=1+1.csv", "x" * 400 + ".csv"])
def test_hostile_names_are_one_short_line(upload, store, name):
    (run,) = keep(store, upload(EPOCHS, name))
    assert run.name.isprintable()
    assert 0 < len(run.name) <= NAME_LENGTH
