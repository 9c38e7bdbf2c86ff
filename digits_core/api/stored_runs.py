"""One stored run, wherever it was trained: its settings, its results, and its network, ready to use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from digits_core.api.lab import Lab, open_lab
from digits_core.config import RunConfig
from digits_core.errors import RunError
from digits_core.markup import Html, curve, heading, joined, table
from digits_core.runs.metric_names import KNOWN
from digits_core.runs.rows import NOT_TRAINED_HERE, Run, Status
from digits_core.runs.run_settings import MOSTLY, settings_of
from digits_core.settings import title_of, written

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from digits_core.api.predictions import Prediction
    from digits_core.network.build import AnyNetwork
    from digits_core.recognition.digit_detection import Way
    from digits_core.recognition.recogniser import Recogniser

COLUMNS = (*KNOWN, "seconds")


class StoredRun:
    """A run as the home folder keeps it; made by `run` and `train`.

    Each attribute is read anew, so that it also follows a run that still trains.

    Attributes:
        id: What the shell, `run` and the app's addresses call it.

    Example:
        >>> import digits_core as dl
        >>> run = dl.run("best")
        >>> run.status, 0 <= run.accuracy <= 1
        ('finished', True)
    """

    def __init__(self, lab: Lab, run_id: str) -> None:
        self._lab = lab
        self.id = run_id
        self._loaded: tuple[Any, Recogniser] | None = None

    @property
    def row(self) -> Run:
        """All that the table of runs holds of it; `RunError` if it was deleted."""
        return self._lab.store.get(self.id)

    @property
    def title(self) -> str:
        """Its number and name: `#3 Lecture`."""
        return self.row.title

    @property
    def status(self) -> Status:
        """`queued`, `running`, `paused`, `finished`, `stopped`, `diverged`, `failed` or `interrupted`."""
        return self.row.status

    @property
    def accuracy(self) -> float | None:
        """The share of its test images that it recognises, 0 to 1; `None` before its first epoch."""
        return self.row.test_accuracy

    @property
    def config(self) -> RunConfig | dict[str, Any]:
        """Its settings, which `train` takes again; of a run that was logged, what its loop said of them."""
        row = self.row
        return row.logged_config if row.is_logged else row.plan

    @property
    def epochs(self) -> pd.DataFrame:
        """Its epochs by their numbers: losses are means per image, accuracies fractions of 1, NaN is not known.

        The columns are `train_loss`, `train_accuracy`, `test_loss`, `test_accuracy`, `learning_rate`,
        `images_per_second` (of training) and `seconds` (of the epoch with its test), then a logged run's own metrics.

        Example:
            >>> import digits_core as dl
            >>> bool(dl.run("best").epochs["test_accuracy"].max() <= 1)
            True
        """
        import pandas as pd

        store = self._lab.store
        rows = store.epochs([self.id])[self.id]
        index = pd.Index([row.epoch for row in rows], name="epoch", dtype="int64")
        frame = pd.DataFrame({name: [getattr(row, name) for row in rows] for name in COLUMNS}, index=index, dtype=float)
        own = {name: store.logged.metric(self.id, name) for name in store.logged.metric_names(self.id)}
        series = [pd.Series(each.values, index=each.steps, name=name) for name, each in own.items()]
        return pd.concat([frame, *series], axis=1).sort_index().rename_axis("epoch") if series else frame

    def network(self) -> AnyNetwork:
        """Return its network with the weights that it has learnt.

        Returns:
            A new module in evaluation mode, on the CPU: images float32 (B, 1, size, size), normalised as its transform
            does it, → logits float32 (B, 10).

        Raises:
            RunError: if it has kept no weights, as a logged run without `log_model`.

        Example:
            >>> import digits_core as dl
            >>> import torch
            >>> network = dl.run("best").network()
            >>> network(torch.zeros(2, 1, 28, 28)).shape
            torch.Size([2, 10])
        """
        from digits_core.network.build import restore_any

        row = self.trained_row()
        return restore_any(row.config, self._lab.artifacts(self.id).load_kept()).eval()

    def predict(self, image: Any, way: Way = "one") -> Prediction:
        """Read a picture as Recognise does: find its ink, take it through the run's own transform, ask the network.

        Args:
            image: A PIL image, the path of a picture, or an array or tensor (H, W), (1, H, W), (H, W, 3) or (H, W, 4).
                A small uint8 array with a dark border is a sample of a dataset: it is taken as it is.
            way: `one` digit, even in pieces; `many`, a sheet of several; `auto`, whichever it looks like.

        Returns:
            The digits that were found, with ten probabilities each.

        Raises:
            PictureError: if it cannot be read, or shows no ink.
            RunError: as `network`.

        Example:
            >>> import digits_core as dl
            >>> image, label = dl.load("mnist-5k").test[0]
            >>> answer = dl.run("best").predict(image)
            >>> answer.digit == label, answer.probabilities.shape
            (True, (10,))
        """
        from digits_core.api.predictions import Prediction, read

        row, recogniser = self.trained_row(), self._recogniser()

        def refusal() -> Any:
            from digits_core.recognition.out_of_distribution import refusal_of_run

            return refusal_of_run(row, recogniser, self._lab.artifacts(self.id), self._lab.run_data)

        return Prediction(row.title, read(recogniser, image, way), refusal)

    def figure(self, name: str = "curves") -> go.Figure:
        """Draw one of the app's figures of this run.

        Args:
            name: `curves`, `loss`, `accuracy`, `learning_rate` – which logged runs have, too –, `confusion`,
                `mistakes`, `reliability`, `confidences`, `coverage`, `gradients`, `weights` or `watched`.

        Returns:
            A plotly figure, which a notebook shows and `write_html` or `write_image` saves.

        Raises:
            RunError: for another name, or if the run has not what the figure shows.
            DatasetError: for `mistakes`, if its test images cannot be had any more.

        Example:
            >>> import digits_core as dl
            >>> dl.run("best").figure("confusion").layout.title.text
            'Test images by true digit and answer (n = 1,359)'
        """
        from digits_core.api.run_figures import draw

        return draw(self.row, self._lab, name)

    def export(self, folder: str | Path, *forms: str, replace: bool = False) -> list[Path]:
        """Write the run into a folder, to take it away.

        Args:
            folder: Made if it is not there.
            forms: `weights`, `onnx`, `csv`, `json`, `tensorboard`, `script`, `notebook` and `web`, a page that reads
                drawings in any browser; all that can be had if none is named.
            replace: Write over files of the same names.

        Returns:
            The files that were written.

        Raises:
            ExportError: for another form, or if a file is there already.
            RunError: as `network`, if a form needs the weights.

        Example:
            >>> import digits_core as dl
            >>> import tempfile
            >>> [path.name for path in dl.run("best").export(tempfile.mkdtemp(), "csv")]
            ['history.csv']
        """
        from digits_core.api.exporting import export

        return export(self._lab, self.id, Path(folder), forms, replace)

    def trained_row(self) -> Run:
        """Return its row in the table of runs, if its network can be used.

        Returns:
            All that `row` has.

        Raises:
            RunError: if it has no weights, with the reason.

        Example:
            >>> import digits_core as dl
            >>> dl.run("best").trained_row().name
            'Starter'
        """
        row = self.row
        if row.is_logged and row.weights is None:
            raise RunError(f"{row.title} has no network to use. {NOT_TRAINED_HERE}")
        if row.weights is None and row.live:
            raise RunError(f"{row.title} is {row.status}: its network can be used after its first epoch.")
        return row

    def _recogniser(self) -> Recogniser:
        from digits_core.recognition.recogniser import Recogniser

        row = self.row
        learnt = (row.status, row.weights)
        if self._loaded is None or self._loaded[0] != learnt:
            self._loaded = learnt, Recogniser(row.config, self._lab.artifacts(self.id).load_kept())
        return self._loaded[1]

    def __repr__(self) -> str:
        row = self.row
        return f"<{row.title}: {row.status}{_accuracy(row, ', ')}>"

    def _repr_html_(self) -> Html:
        row = self.row
        settings = settings_of(row)
        learning = curve(self._lab.store.small_curves([self.id])[self.id], "test accuracy by epoch")
        facts = [row.status, _accuracy(row), "" if row.seconds is None else f"{row.seconds:.1f} s", learning]
        shown = [field for field in MOSTLY if settings[field] is not None]
        rows = [[written(field, settings[field]) for field in shown]]
        about = [text for text in (row.message, row.note, " ".join(f"[{tag}]" for tag in row.tags)) if text]
        words = table([[text] for text in about]) if about else ""
        return joined([heading(row.title, *facts), table(rows, [title_of(field) for field in shown]), words])


def run(reference: str = "latest") -> StoredRun:
    """Return a run: of the app, the shell, a notebook, or a loop that was logged.

    Args:
        reference: Its number as in `#3`, its name, its id or the unique beginning of it, `latest` for the last one that
            can be used, or `best` for the best finished run that is not a trial of a sweep.

    Returns:
        The run, with its settings, its epochs, its network and its figures.

    Raises:
        RunError: if there is none.

    Example:
        >>> import digits_core as dl
        >>> dl.run("best").title
        '#1 Starter'
    """
    lab = open_lab()
    return StoredRun(lab, lab.store.find(reference).id)


def _accuracy(row: Run, before: str = "") -> str:
    return "" if row.test_accuracy is None else f"{before}{row.test_accuracy:.2%} of its test images recognised"
