"""The export files of a run by path, and writing them to a folder, all or none."""

from __future__ import annotations

import errno
import io
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

from digits_core.data.digits import Digits
from digits_core.errors import DigitsError, ExportError
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.export import onnx, run_history, tensorboard
from digits_core.runs.export.notebook import as_notebook
from digits_core.runs.export.run_history import History
from digits_core.runs.export.script import as_script, needs_files
from digits_core.runs.rows import OTHER_LAYERS
from digits_core.runs.store import RunStore

Files = dict[str, bytes]
"""Content by path; folders with `/`."""


class Export:
    """One run, to be exported in any of the forms of `FORMS`."""

    def __init__(
        self, run_id: str, store: RunStore, artifacts: Callable[[str], Artifacts], load: Callable[[str], Digits]
    ) -> None:
        self._store = store
        self.artifacts = artifacts(run_id)
        self._load = load
        self.history = self.find(run_id)

    def weights(self) -> Files:
        self.artifacts.load_weights()  # or an error that says why there are none
        return {"weights.safetensors": self.artifacts.weights_path.read_bytes()}

    def onnx(self) -> Files:
        if self.artifacts.has_program:
            raise ExportError(OTHER_LAYERS)
        return {"network.onnx": onnx.as_onnx(self.history.run.config, self.artifacts.load_weights())}

    def csv(self) -> Files:
        return {"history.csv": run_history.epochs_as_csv([self.history])}

    def json(self) -> Files:
        return {"history.json": run_history.as_json(self.history)}

    def tensorboard(self) -> Files:
        # TensorBoard calls a run by its folder; the file's own name would say which machine made it.
        run = self.history.run
        return {f"run-{run.number}/events.out.tfevents.{int(run.created)}.run-{run.number}": self._event_file()}

    def script(self) -> Files:
        return as_script(self.history, self.find, self._load)

    def notebook(self) -> Files:
        return as_notebook(self.history, self.find, self._load)

    def _event_file(self) -> bytes:
        return tensorboard.as_event_file(self.history)

    def script_needs_files(self) -> bool:
        """Return True if the script and the notebook need data files next to them."""
        return needs_files(self.history.run.config)

    def find(self, run_id: str) -> History:
        """Return a run with all its stored data; raises `RunError` if it does not exist."""
        run = self._store.get(run_id)
        logged = self._store.logged
        metrics = {name: logged.metric(run_id, name) for name in logged.metric_names(run_id)}
        return History(run, self._store.epochs([run_id])[run_id], self._store.changes(run_id), metrics)


FORMS: dict[str, Callable[[Export], Files]] = {
    "weights": Export.weights,
    "onnx": Export.onnx,
    "csv": Export.csv,
    "json": Export.json,
    "tensorboard": Export.tensorboard,
    "script": Export.script,
    "notebook": Export.notebook,
}


def take(
    export: Export, forms: Collection[str], known: Mapping[str, Callable[[Export], Files]] = FORMS
) -> tuple[Files, list[str]]:
    """Return the files of these forms and a list of problems.

    If no form is named, return all available ones, and for each of the others a problem that says why it is missing.
    `known` are all forms; pass it if there are more than those of this package.
    """
    files: Files = {}
    problems: list[str] = []
    for form in forms or known:
        try:
            files.update(known[form](export))
        except DigitsError as error:
            if forms:
                raise
            problems.append(f"Without {form}: {error}")
    return files, problems


def as_zip(files: Mapping[str, bytes]) -> bytes:
    """Pack the files into one ZIP archive. The same files give the same bytes."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path, content in files.items():
            packed.writestr(zipfile.ZipInfo(path), content, zipfile.ZIP_DEFLATED)
    return archive.getvalue()


def write(files: Mapping[str, bytes], folder: Path, replace: bool = False) -> None:
    """Write the files to a folder, which is created if necessary: all of them or none.

    Raises `ExportError`, and leaves the folder unchanged, if a file of one of these names exists and may not be
    replaced, or if the files cannot be written, for instance because the disk is full.
    """
    check_free(files, folder, replace)
    try:
        # On failure, undo all steps in reverse.
        with ExitStack() as undo:
            _make(folder, undo)
            staging = Path(tempfile.mkdtemp(prefix=".export-", dir=folder))
            undo.callback(shutil.rmtree, staging, ignore_errors=True)
            new, old = staging / "new", staging / "old"
            for path, content in files.items():
                (new / path).parent.mkdir(parents=True, exist_ok=True)
                (new / path).write_bytes(content)
            for path in files:
                _make((folder / path).parent, undo)
                if replace:
                    _put_aside(folder / path, old / path, undo)
                _put(new / path, folder / path)
                undo.callback((folder / path).unlink)
            undo.pop_all()
            shutil.rmtree(staging, ignore_errors=True)
    except FileExistsError as error:
        raise _taken(Path(error.filename2 or error.filename)) from error
    except OSError as error:
        raise ExportError(f"{folder} cannot be written ({error.strerror}). Choose another folder.") from error


def check_free(paths: Iterable[str], folder: Path, replace: bool = False) -> None:
    """Raise `ExportError` if the folder already has a file of one of these names, unless it may be replaced."""
    there = [path for path in paths if (folder / path).exists()]
    if there and not replace:
        raise _taken(folder / there[0])


def _taken(path: Path) -> ExportError:
    return ExportError(f"{path} is there already. Choose another folder, or add --replace to write over it.")


def _make(folder: Path, undo: ExitStack) -> None:
    """Create a folder and its parents."""
    if folder.is_dir():
        return
    if folder.exists():
        raise NotADirectoryError(errno.ENOTDIR, "a file of that name is there")
    _make(folder.parent, undo)
    folder.mkdir(exist_ok=True)
    undo.callback(_remove_empty, folder)


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):  # not empty: another program has put something there
        folder.rmdir()


def _put_aside(path: Path, aside: Path, undo: ExitStack) -> None:
    """Move an existing file out of the way, if there is one; anything except a file is refused."""
    if not path.exists():
        return
    if not path.is_file():
        raise IsADirectoryError(errno.EISDIR, f"{path} is not a file")
    aside.parent.mkdir(parents=True, exist_ok=True)
    os.replace(path, aside)
    undo.callback(os.replace, aside, path)


def _put(new: Path, path: Path) -> None:
    """Move a file to a free path; raises `FileExistsError` if one has been created there meanwhile."""
    try:
        os.link(new, path)  # unlike a rename, this never replaces an existing file
    except FileExistsError:
        raise
    except OSError:  # a file system without links, as on many USB sticks
        if path.exists():
            raise FileExistsError(errno.EEXIST, "is there already", str(path)) from None
        os.replace(new, path)
