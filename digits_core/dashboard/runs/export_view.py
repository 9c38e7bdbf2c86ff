"""Export buttons for runs: each file is generated when its button is pressed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

import streamlit as st

from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.loaders import run_loader
from digits_core.dashboard.runs.report_view import offer_report
from digits_core.dashboard.state import state
from digits_core.errors import DigitsError
from digits_core.runs.export import onnx, tensorboard
from digits_core.runs.export.files import Export, Files, as_zip
from digits_core.runs.export.plan import plan_of
from digits_core.runs.export.run_history import History, epochs_as_csv, runs_as_csv
from digits_core.runs.rows import NOT_TRAINED_HERE, OTHER_LAYERS
from digits_core.runs.run_data import changed_data
from digits_core.runs.store import Run

BUTTON_WIDTH = 164
NOT_YET = "This run has kept no weights yet: its first epoch is not done."


def offer_run(run: Run) -> None:
    """Draw all exports of one run: its weights, its history, and its training as a script or a notebook."""
    export = Export(run.id, state().runs, state().artifacts, run_loader(run.id))
    stem = f"run-{run.number}-{_slug(run.name)}".rstrip("-")
    why_no_weights = _why_no_weights(run)
    why_no_layers = OTHER_LAYERS if state().artifacts(run.id).has_program else why_no_weights
    epochs = bool(export.history.epochs)
    with st.container(gap="xsmall"):
        _offer_programs(export, stem)
        _offer_web_page(export, stem, why_no_layers)
        _described(
            "Weights",
            lambda: _only(export.weights()),
            f"{stem}.safetensors",
            "weights",
            "What the network has learnt, as safetensors: numbers and their names, no code. The run's settings are in "
            "it too.",
            why_no_weights,
        )
        _described(
            "ONNX",
            lambda: _only(export.onnx()),
            f"{stem}.onnx",
            "onnx",
            "The network with its weights in the format that other programs, phones and browsers run. How to normalise "
            "an image for it is in its metadata.",
            onnx.MISSING if not onnx.is_available() else why_no_layers,
        )
        _described(
            "CSV",
            lambda: _only(export.csv()),
            f"{stem}.csv",
            "csv",
            "Loss, accuracy, learning rate and time of each epoch, for a spreadsheet.",
            "" if epochs else "No epoch is done yet.",
        )
        _described(
            "JSON",
            lambda: _only(export.json()),
            f"{stem}.json",
            "json",
            "All that is known of the run: settings, machine and versions, epochs, what was changed by hand.",
        )
        _described(
            "TensorBoard",
            lambda: as_zip(export.tensorboard()),
            f"{stem}-tensorboard.zip",
            "tensorboard",
            "An event file in a folder. Unpack it and run `tensorboard --logdir .` where you unpacked it.",
            tensorboard.MISSING if not tensorboard.is_available() else "" if epochs else "No epoch is done yet.",
        )


def offer_comparison(runs: list[Run]) -> None:
    """Draw the exports of several runs together: a report and two tables."""
    if not runs:
        return

    def histories() -> list[History]:
        epochs = state().runs.epochs([run.id for run in runs])
        return [History(run, epochs[run.id], state().runs.changes(run.id)) for run in runs]

    with st.container(horizontal=True):
        offer_report(runs)
        _button(
            "Runs as CSV",
            lambda: runs_as_csv(runs),
            "runs.csv",
            "runs_csv",
            "A row for each of these runs: its settings and its results, for a spreadsheet.",
        )
        _button(
            "Epochs as CSV",
            lambda: epochs_as_csv(histories()),
            "epochs.csv",
            "epochs_csv",
            "A row for each epoch of each of these runs: loss, accuracy, learning rate and time.",
        )


def _why_no_weights(run: Run) -> str:
    if state().artifacts(run.id).weights_path.exists():
        return ""
    return NOT_TRAINED_HERE if run.is_logged else NOT_YET


def _offer_programs(export: Export, stem: str) -> None:
    """Offer the script and the notebook, zipped with the data if no package provides it."""
    problem = _why_no_script(export)
    packed = export.script_needs_files()
    pack = as_zip if packed else _only
    _described(
        "PyTorch script",
        lambda: pack(export.script()),
        f"{stem}.zip" if packed else f"{stem}.py",
        "script",
        "The whole training as one plain program: data, network, loop. On the same machine it prints the same loss and "
        "accuracy, epoch by epoch. Read it, run it, change it.",
        problem,
        primary=True,
    )
    _described(
        "Notebook (.ipynb)",
        lambda: pack(export.notebook()),
        f"{stem}-notebook.zip" if packed else f"{stem}.ipynb",
        "notebook",
        "The same program in cells, for Jupyter, VS Code and Google Colab. Its first cell installs what is missing "
        "there.",
        problem,
    )


def _offer_web_page(export: Export, stem: str, problem: str) -> None:
    data = state().run_data

    def page() -> bytes:
        from digits_core.browser.web_page import page_files  # loads torch, which the page need not wait for

        return _only(page_files(export, data))

    _described(
        "Web page",
        page,
        f"{stem}.html",
        "web",
        "One HTML file that reads drawings with mouse, pen or finger in any browser, offline. Send it to somebody who "
        "has no Python.",
        problem,
    )


def _why_no_script(export: Export) -> str:
    """Return why no script can be exported, so that it is known before the click; "" if one can."""
    try:
        plan_of(export.history, export.find)
    except DigitsError as error:
        return str(error)
    run = export.history.run
    if changed := changed_data(run):
        return f"{changed} No script can print the numbers of both."
    return state().run_data.problem(run)


def _described(
    label: str, make: Callable[[], bytes], file: str, key: str, words: str, problem: str = "", primary: bool = False
) -> None:
    """Draw a button next to its description, or why it is disabled: phones cannot show tooltips on hover."""
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        with st.container(width=BUTTON_WIDTH):
            _button(label, make, file, key, words, problem, primary, width="stretch")
        st.caption(as_plain_text(problem) if problem else words, width="stretch")


def _button(
    label: str,
    make: Callable[[], bytes],
    file: str,
    key: str,
    words: str,
    problem: str = "",
    primary: bool = False,
    width: Literal["content", "stretch"] = "content",
) -> None:
    """Draw a download button whose file is generated on click; it is disabled if there is a `problem`."""
    st.download_button(
        label,
        make,
        file,
        key=f"take_{key}",
        icon=":material/download:",
        on_click="ignore",
        help=as_plain_text(problem) if problem else words,
        disabled=bool(problem),
        type="primary" if primary else "secondary",
        width=width,
    )


def _only(files: Files) -> bytes:
    (content,) = files.values()
    return content


def _slug(name: str) -> str:
    """Convert a run's name into part of a file name that is valid on any system."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].rstrip("-")
