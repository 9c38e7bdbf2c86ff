"""The user's own datasets: import a file, rename, delete with undo, export; and download the full MNIST."""

from __future__ import annotations

from pathlib import PurePath

import numpy as np
import streamlit as st

from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.loaders import load_digits
from digits_core.dashboard.read_only import REASON, change_button, guarded, is_read_only
from digits_core.dashboard.refused import Upload, content_of, read_from_disk, read_once, show_refusal
from digits_core.dashboard.state import state
from digits_core.dashboard.tiles import Tile, show_tiles
from digits_core.dashboard.widgets import show_error
from digits_core.data.dataset_export import as_npz, as_pickle
from digits_core.data.imported import TITLE_LENGTH
from digits_core.data.readers import EXTENSIONS, FORMATS, Limits, Reading, read_file
from digits_core.errors import DatasetError, DatasetReadingStopped, DigitsError
from digits_core.home import KEPT_S

POLL_S = 0.3
DAYS = KEPT_S // 86_400
SHOWN = 12
FORMAT_HELP = "\n".join(
    f"- **{name}**: {', '.join(f'.{ending}' for ending in endings)}" for name, endings in FORMATS.items()
)


def import_dataset() -> None:
    """Import a file as a dataset: show its content and problems, ask for a name, and whether to save it."""
    st.subheader("Import a dataset")
    if is_read_only():
        st.info(f"{REASON} Nothing can be imported.", icon=":material/lock:")
        return
    file = st.file_uploader(
        "File with images and labels",
        EXTENSIONS,
        key=f"import_{st.session_state.get('imports', 0)}",
        max_upload_size=Limits().file_bytes // 2**20,
        help="The file is read by a process of its own that runs no code from it, and nothing is kept before you say "
        "so. What it is follows from its contents, not from its name.",
    )
    if file is None:
        st.markdown(
            "Bring the lecture's pickle, a list of `(image, label)` tuples or two of them for training and test, "
            "or any of these:\n" + FORMAT_HELP
        )
        st.caption("Images of any size, grey or in colour, with dark ink or light ink; labels from 0 to 9.")
        _offer_deleted()
        return
    try:
        reading = _read(file.file_id, file)
    except DigitsError as error:
        show_refusal(error, "import")
        return
    _show(reading, file.name)
    _offer_to_keep(reading, file.name)


@st.cache_resource(max_entries=4, ttl=1800, scope="session", show_spinner="Reading the file …")
def _read(file_id: str, _file: Upload) -> Reading:
    return read_once(("dataset", *content_of(_file)), lambda: read_from_disk(_file, read_file, DatasetReadingStopped))


def _show(reading: Reading, name: str) -> None:
    """Draw what was found, the changes on import, and twelve of the images."""
    found, pictures = st.columns([2, 3])
    with found:
        st.markdown(f"**Found in {as_plain_text(name)}:** {as_plain_text(reading.format)}")
        st.markdown("\n".join(f"- {as_plain_text(line)}" for line in reading.found))
        st.markdown("**Changes on import**")
        changes = reading.changes or ("Nothing: the images are kept as they are.",)
        st.markdown("\n".join(f"- {as_plain_text(line)}" for line in changes))
    with pictures:
        chosen = np.linspace(0, len(reading.images) - 1, min(SHOWN, len(reading.images))).astype(int)
        words = f"{len(chosen)} of the {len(reading.images):,} images, with their labels"
        st.markdown(f"**{words}**")
        tiles = [Tile(int(reading.labels[place]), int(place)) for place in chosen]
        show_tiles(reading.images[chosen], tiles, "import_samples", words=words)


def _offer_to_keep(reading: Reading, name: str) -> None:
    if reading.problem_count:
        wrong = f"{reading.problem_count:,} {'entry' if reading.problem_count == 1 else 'entries'}"
        st.warning(f"{wrong} cannot be used.", icon=":material/rule:")
        table = [{"entry": problem.entry, "why": problem.reason} for problem in reading.problems]
        st.dataframe(table, hide_index=True, height=min(300, 38 + 35 * len(table)))
        if reading.problem_count > len(table):
            st.caption(f"The first {len(table):,} are listed.")
        st.checkbox(
            f"Leave {wrong} out and keep the other {len(reading.images):,}",
            key="import_leave_out",
            help="Without this nothing is imported: a dataset should not shrink unnoticed.",
        )
    st.text_input(
        "Name of the dataset",
        PurePath(name).name.split(".")[0][:TITLE_LENGTH],
        key="import_title",
        help="What lists and charts call it. You can change it later.",
    )
    with st.container(horizontal=True):
        change_button("Keep", type="primary", icon=":material/save:", on_click=_keep, args=(reading, name))
        st.button("Cancel", icon=":material/close:", on_click=_forget_file)
    if error := st.session_state.pop("import_error", None):
        show_error(error)


def _keep(reading: Reading, name: str) -> None:
    title, leave_out = st.session_state.get("import_title"), st.session_state.get("import_leave_out", False)
    if title is None:
        return  # the file was taken back just before
    try:
        kept = state().catalogue.imports.keep(reading, title, name, leave_out)
    except DigitsError as error:
        st.session_state["import_error"] = error
        return
    _forget_file()
    st.session_state["dataset"] = kept.name
    st.session_state["view"] = "Overview"
    st.toast(f"{as_plain_text(kept.title)} is a dataset now: {kept.images:,} images.", icon=":material/check:")


def _forget_file() -> None:
    """Reset the upload and the inputs that belong to it."""
    st.session_state["imports"] = st.session_state.get("imports", 0) + 1
    for key in ("import_title", "import_leave_out"):
        st.session_state.pop(key, None)


def manage(name: str) -> None:
    """Draw the popover that exports a dataset as a file; an imported one can also be renamed and deleted."""
    digits = load_digits(name)
    with st.popover("Export", icon=":material/download:", type="tertiary", help="This dataset as one file."):
        st.download_button(
            "npz",
            lambda: as_npz(digits),
            f"{name}.npz",
            icon=":material/download:",
            on_click="ignore",
            help="NumPy arrays: images, labels and split, and who wrote them where that is known. It can be imported "
            "again.",
        )
        st.download_button(
            "Pickle",
            lambda: as_pickle(digits),
            f"{name}.pkl",
            icon=":material/download:",
            on_click="ignore",
            help="The lecture's form: lists of (tensor, label) for training and for test, for plain `pickle.load`.",
        )
    if name in {each.name for each in state().catalogue.imports.all()}:
        _rename_or_delete(name)


def _rename_or_delete(name: str) -> None:
    if not is_read_only():
        _offer_to_rename(name)
    change_button("Delete", icon=":material/delete:", type="tertiary", on_click=_delete, args=(name,))


def _offer_to_rename(name: str) -> None:
    # A new key after a name was saved closes the popover.
    renames = st.session_state.get("renames", 0)
    with (
        st.popover("Rename", icon=":material/edit:", type="tertiary", key=f"rename_{renames}"),
        st.form("rename", border=False),
    ):
        st.text_input(
            "New name",
            state().catalogue.entry(name).title,
            key=f"new_title_{renames}",
            persist_state="session",
            help="Runs that were trained on it still find it.",
        )
        saved = (name, f"new_title_{renames}")
        st.form_submit_button("Save the name", type="primary", on_click=guarded(_rename), args=saved)
        if error := st.session_state.pop("rename_error", None):
            show_error(error)


def _rename(name: str, key: str) -> None:
    try:
        state().catalogue.imports.rename(name, st.session_state[key])
    except DatasetError as error:
        st.session_state["rename_error"] = error
        return
    st.session_state["renames"] = st.session_state.get("renames", 0) + 1
    st.session_state["dataset"] = name  # choose it again, so that its control shows the new title


def _delete(name: str) -> None:
    imports = state().catalogue.imports
    title = {each.name: each.title for each in imports.all()}.get(name)
    if title is None:
        return  # it was deleted in the meantime: the list of datasets reports that
    imports.delete(name)
    st.session_state["deleted_dataset"] = (name, title)
    st.session_state["dataset"] = state().catalogue.entries()[0].name


def offer_undo() -> None:
    """Say that a dataset was deleted, with the button that restores it."""
    if "deleted_dataset" not in st.session_state:
        return
    name, title = st.session_state["deleted_dataset"]
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.write(f"{as_plain_text(title)} was deleted.")
        change_button("Undo", icon=":material/undo:", on_click=_restore, args=(name,))


def _offer_deleted() -> None:
    """Draw a button to restore each deleted dataset that is not permanently removed yet."""
    deleted = state().catalogue.imports.deleted()
    if not deleted:
        return
    st.subheader("Deleted datasets", help=f"They are permanently removed after {DAYS} days.")
    for each in deleted:
        with st.container(horizontal=True, vertical_alignment="center"):
            change_button(
                "Restore",
                icon=":material/restore_from_trash:",
                key=f"restore_{each.name}",
                on_click=_restore,
                args=(each.name,),
                help="Brings it back as it was.",
            )
            st.markdown(f"{as_plain_text(each.title)} · {each.images:,} images", width="content")


def _restore(name: str) -> None:
    state().catalogue.imports.restore(name)
    st.session_state.pop("deleted_dataset", None)
    st.session_state["dataset"] = name
    st.session_state["view"] = "Overview"


def offer_mnist() -> None:
    """Draw the download of MNIST: its button, its progress with a button to cancel, and its errors."""
    with st.container(border=True):
        st.write("MNIST in full is not on this machine yet: 70,000 images, a download of about 12 MB.")
        if state().catalogue.mnist_download.running:
            _download_under_way()
            return
        if change_button("Download MNIST", icon=":material/download:", type="primary"):
            state().catalogue.mnist_download.start()
            st.rerun()
        if error := state().catalogue.mnist_download.error:
            show_error(error)


@st.fragment(run_every=POLL_S)
def _download_under_way() -> None:
    download = state().catalogue.mnist_download
    if not download.running:
        st.rerun()  # the whole page: the dataset is here now, or there is an error to show
    st.progress(download.share, f"Downloading MNIST: {download.share:.0%}")
    change_button("Cancel", icon=":material/close:", on_click=download.cancel)
