"""Write a run into a folder, as the shell's `export` does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from digits_core.api.lab import Lab
from digits_core.browser.web_page import page_files
from digits_core.errors import ExportError
from digits_core.runs.export.files import FORMS, Export, Files, take, write


def export(lab: Lab, run_id: str, folder: Path, forms: Sequence[str], replace: bool) -> list[Path]:
    """Return the files that were written; see `StoredRun.export`."""
    known: dict[str, Callable[[Export], Files]] = {**FORMS, "web": partial(page_files, data=lab.run_data)}
    if unknown := [form for form in forms if form not in known]:
        raise ExportError(f"There is no form {unknown[0]!r}. There are: {', '.join(known)}.")
    files, _ = take(Export(run_id, lab.store, lab.artifacts, lab.run_data.loader(run_id)), forms, known)
    there = [folder / path for path in files if (folder / path).exists()]
    if there and not replace:
        raise ExportError(f"{there[0]} is there already. Choose another folder, or write over it with replace=True.")
    write(files, folder, replace)
    return [folder / path for path in files]
