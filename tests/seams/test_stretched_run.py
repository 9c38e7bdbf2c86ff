"""A run whose plan was changed while it trained has one number of epochs, in every view, export and command."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from digits_core.__main__ import main
from digits_core.config import RunConfig, TransformConfig
from digits_core.dashboard import state as app_state
from digits_core.dashboard.pages import PAGES
from digits_core.dashboard.runs.compare.quantities import BY_TITLE, axis_of, settings_that_differ
from digits_core.dashboard.runs.frames import run_table
from digits_core.dashboard.runs.training_time_view import series_of
from digits_core.data.catalogue import Catalogue
from digits_core.database import Database
from digits_core.evaluation.comparison.run_groups import REPEATS, group_by
from digits_core.home import Home
from digits_core.reports.run_sections import ReportedRun, run_report
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.execution import execute
from digits_core.runs.export.files import Export
from digits_core.runs.export.run_history import runs_as_csv
from digits_core.runs.run_filters import matching, parse
from digits_core.runs.run_settings import CHANGES, NONE, settings_of
from digits_core.runs.store import Run, RunStore
from digits_core.training.events import EpochFinished
from tests.unit.helpers import run_config

PLANNED, ADDED = 2, 3
EPOCHS = PLANNED + ADDED
RATE = 0.004
BY_HAND = f"learning rate {RATE} from epoch 2"


class Lab:
    """One home with three runs: stretched by hand, planned as long from the beginning, and with another rate."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder).create()
        self.database = Database(self.home.database)
        self.store = RunStore(self.database)
        self.load = Catalogue(self.home, self.database).load
        small = TransformConfig(size=8)
        self.stretched = self.train(run_config(transform=small, epochs=PLANNED, batch_size=256, seed=1), added=ADDED)
        self.planned = self.train(run_config(transform=small, epochs=EPOCHS, batch_size=256, seed=2))
        self.changed = self.train(run_config(transform=small, epochs=EPOCHS, batch_size=256, seed=3), rate=RATE)
        self.runs = [self.stretched, self.planned, self.changed]

    def train(self, config: RunConfig, added: int = 0, rate: float | None = None) -> Run:
        """Train it, add epochs one by one as the button does, and change the learning rate, all in its first epoch."""
        run = self.store.create(config, "test:1:1")
        events = execute(config, self.load, self.artifacts(run.id), lambda: self.store.get(run.id).orders)
        for event in events:
            self.store.apply(run.id, event)
            if isinstance(event, EpochFinished) and event.epoch == 1:
                for _ in range(added):
                    now = self.store.get(run.id)
                    self.store.order(run.id, epochs=max(now.planned_epochs, now.orders.epochs or 0) + 1)
                if rate:
                    self.store.order(run.id, learning_rate=rate)
        return self.store.get(run.id)

    def artifacts(self, run_id: str) -> Artifacts:
        return Artifacts(self.home.run(run_id))

    def export(self, run: Run) -> Export:
        return Export(run.id, self.store, self.artifacts, self.load)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    made = Lab(tmp_path_factory.mktemp("stretched") / "home")
    yield made
    made.database.close()


@pytest.fixture
def open_runs(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Iterator:
    monkeypatch.setenv("DIGITS_HOME", str(lab.home.folder))

    def open_page(**query: str | list[str]) -> AppTest:
        page = AppTest.from_file(PAGES["runs"].file, default_timeout=60)
        for key, value in query.items():
            page.query_params[key] = value
        return page.run()

    yield open_page
    app_state.stop()
    st.cache_resource.clear()


def test_the_run_trained_as_many_epochs_as_were_added(lab: Lab):
    assert [run.status for run in lab.runs] == ["finished"] * 3
    assert [len(lab.store.epochs([run.id])[run.id]) for run in lab.runs] == [EPOCHS] * 3


def test_filters_groups_table_and_charts_have_one_number(lab: Lab):
    epochs = BY_TITLE["Epochs"]

    assert matching(lab.runs, [parse(f"epochs = {EPOCHS}")]) == lab.runs
    assert [group.label for group in group_by(lab.runs, "epochs")] == [str(EPOCHS)]
    assert list(run_table(lab.runs, {}, ())["Epochs"]) == [EPOCHS] * 3
    assert [epochs.of(run) for run in lab.runs] == [EPOCHS] * 3
    assert axis_of(epochs, lab.runs).values == [EPOCHS] * 3
    (series,) = series_of(lab.runs, epochs, BY_TITLE["Accuracy"], BY_TITLE["Optimizer"])
    assert [point.x for point in series.points] == [EPOCHS] * 3


def test_a_stretched_run_is_a_repeat_of_one_that_was_planned_so_long(lab: Lab):
    assert [each.name for each in settings_that_differ(lab.runs[:2])] == ["seed"]
    assert [group.runs for group in group_by(lab.runs, REPEATS)] == [tuple(lab.runs[:2]), (lab.changed,)]
    (series,) = series_of(lab.runs, BY_TITLE["Epochs"], BY_TITLE["Accuracy"], BY_TITLE["Optimizer"])
    assert [mean.runs for mean in series.means] == [2]


def test_a_learning_rate_that_was_changed_by_hand_is_marked_everywhere(lab: Lab):
    assert [settings_of(run)[CHANGES] for run in lab.runs] == [NONE, NONE, BY_HAND]
    assert [each.title for each in settings_that_differ(lab.runs)] == ["Seed", "Changes by hand"]
    assert matching(lab.runs, [parse(f"changes by hand = {BY_HAND}")]) == [lab.changed]
    assert BY_HAND in run_report([ReportedRun(lab.export(run).history) for run in lab.runs]).decode()
    assert [row[CHANGES] for row in rows_of(runs_as_csv(lab.runs))] == [NONE, NONE, BY_HAND]


def test_every_export_has_one_number(lab: Lab):
    export = lab.export(lab.stretched)
    known = json.loads(export.json()["history.json"])
    (script,) = export.script().values()

    assert (known["config"]["training"]["epochs"], len(known["epochs"])) == (EPOCHS, EPOCHS)
    assert len(rows_of(export.csv()["history.csv"])) == EPOCHS
    assert [row["epochs"] for row in rows_of(runs_as_csv(lab.runs))] == [str(EPOCHS)] * 3
    assert f"\nEPOCHS = {EPOCHS}\n" in script.decode()
    assert set(re.findall(r"Epoch: \d+/(\d+)", script.decode())) == {str(EPOCHS)}
    assert json.loads(metadata_of(lab.artifacts(lab.stretched.id).weights_path))["training"]["epochs"] == EPOCHS
    settings = run_report([ReportedRun(export.history)]).decode().split("<h2>Settings</h2>")[1]
    assert re.search(r"<dt>Epochs</dt><dd>(\d+)</dd>", settings)[1] == str(EPOCHS)


def test_tensorboard_has_the_same_number(lab: Lab, tmp_path: Path):
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    ((name, content),) = lab.export(lab.stretched).tensorboard().items()
    (tmp_path / Path(name).name).write_bytes(content)
    events = reader.EventAccumulator(str(tmp_path)).Reload()
    (text,) = events.Tensors("config/text_summary")
    plugin = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content

    assert [each.step for each in events.Scalars("accuracy/test")][-1] == EPOCHS
    assert f'"epochs": {EPOCHS}' in text.tensor_proto.string_val[0].decode()
    assert hyperparameter(plugin, "epochs") == EPOCHS


def test_the_shell_has_the_same_number(lab: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    monkeypatch.setenv("DIGITS_HOME", str(lab.home.folder))

    assert main(["runs", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["config"]["training"]["epochs"] for row in rows] == [EPOCHS] * 3


def test_the_pages_have_the_same_number(lab: Lab, open_runs):
    compared = open_runs(compare=[run.id for run in lab.runs], all_settings="true")
    assert not compared.exception
    frames = [frame.value for frame in compared.dataframe if "Epochs" in frame.value]
    assert [list(frame["Epochs"]) for frame in frames] == [[EPOCHS] * 3] * 2
    assert BY_HAND in list(frames[1]["Changes by hand"])

    one = open_runs(runs_view="One run", run=lab.stretched.id, result="Record")
    assert not one.exception
    tables = [frame.value for frame in one.dataframe if "Setting" in frame.value]
    assert [table.set_index("Setting")["Value"]["Epochs"] for table in tables] == [str(EPOCHS)]


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def metadata_of(weights: Path) -> str:
    """The config in the header of a safetensors file."""
    from safetensors import safe_open

    with safe_open(weights, "numpy") as file:
        return file.metadata()["config"]


def hyperparameter(content: bytes, name: str) -> float:
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    return HParamsPluginData.FromString(content).session_start_info.hparams[name].number_value
