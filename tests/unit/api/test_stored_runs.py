"""A run in a notebook: the same numbers as in the app, its network, and what it lacks said in one line."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

import digits_core as dl
from digits_core.__main__ import main
from digits_core.api.run_figures import FIGURES
from digits_core.errors import ExportError, RunError

OF_EPOCHS = ("curves", "loss", "accuracy", "learning_rate")


def test_the_table_has_every_run_newest_first_by_its_id(filled, capsys):
    table = dl.runs()
    assert main(["runs", "--json"]) == 0
    shell = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert list(table.index) == [row["id"] for row in shell]
    assert list(table["name"]) == ["Loop <i>", "Mine <b>", "Starter"]
    for column in ("test_accuracy", "test_loss", "seconds"):
        expected = [np.nan if row[column] is None else row[column] for row in shell]
        np.testing.assert_array_equal(table[column], expected)
    assert table["learning_rate"].tolist() == [0.1, 0.004, 0.004]
    assert table["dropout"].tolist()[1:] == [0.3, 0.1]


def test_archived_runs_are_listed_when_asked_for(home):
    from digits_core.api.lab import open_lab

    lab = open_lab()
    lab.store.labels.archive([dl.run("best").id])

    assert len(dl.runs()) == 0
    assert len(dl.runs(archived=True)) == 1


def test_a_run_has_the_numbers_that_the_store_has(trained):
    epochs = trained.epochs

    assert (trained.title, trained.status) == ("#2 Mine <b>", "finished")
    assert list(epochs.index) == [1, 2]
    assert epochs["test_accuracy"].iloc[-1] == trained.accuracy == trained.row.test_accuracy
    assert trained.config.training.epochs == 2
    assert {dtype.kind for dtype in epochs.dtypes} == {"f"}


def test_its_network_gives_the_accuracy_that_the_run_has(trained):
    network = trained.network()
    images, labels = dl.load("optdigits").test.tensors(trained.config)

    assert not network.training
    assert (network(images).argmax(dim=1) == labels).double().mean().item() == pytest.approx(trained.accuracy)


def test_its_network_can_be_changed_without_changing_the_run(trained):
    image, _ = dl.load("optdigits").test[0]
    before = trained.predict(image).probabilities
    with torch.no_grad():
        for values in trained.network().parameters():
            values.zero_()

    np.testing.assert_array_equal(trained.predict(image).probabilities, before)
    assert any(values.any() for values in trained.network().parameters())


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_drawn(trained, name):
    figure = trained.figure(name)

    assert figure.data or figure.layout.images
    assert figure.layout.title.text


def test_the_confusion_matrix_and_the_mistakes_are_those_of_its_test(trained):
    wrong = round((1 - trained.accuracy) * 359)

    assert "(n = 359)" in trained.figure("confusion").layout.title.text
    assert trained.figure("mistakes").layout.title.text.startswith(f"Mistakes: {wrong} of 359 test images")
    assert len(trained.figure("mistakes").layout.images) == min(wrong, 24)


def test_a_logged_run_has_its_epochs_and_its_own_metrics(logged):
    assert logged.epochs["test_accuracy"].tolist() == [0.4, 0.8]
    assert logged.epochs["margin"].tolist() == [1, 2]
    assert logged.config == {"lr": 0.1, "epochs": 2}
    assert logged.accuracy == 0.8
    assert logged.figure("accuracy").data[1].y == (0.4, 0.8)


@pytest.mark.parametrize(
    "ask",
    [
        lambda run: run.network(),
        lambda run: run.predict(np.zeros((8, 8), np.uint8)),
        *(lambda run, name=name: run.figure(name) for name in FIGURES if name not in OF_EPOCHS),
    ],
)
def test_a_logged_run_says_why_it_has_no_network(logged, ask):
    with pytest.raises(RunError, match="Digits Lab did not train this run") as caught:
        ask(logged)
    assert "\n" not in str(caught.value)


def test_an_unknown_figure_lists_those_there_are(trained):
    with pytest.raises(RunError, match=r"There is no figure 'confuson'.* curves, loss, accuracy") as caught:
        trained.figure("confuson")
    assert all(name in str(caught.value) for name in FIGURES)


def test_an_unknown_run_is_an_error(filled):
    with pytest.raises(RunError, match="There is no run 'zzzz'"):
        dl.run("zzzz")


def test_it_shows_what_it_is_and_escapes_what_people_type(trained, logged):
    for run, name, markup in ((trained, "Mine &lt;b&gt;", "<b>Mine"), (logged, "Loop &lt;i&gt;", "<i>")):
        html = run._repr_html_()
        assert name in html
        assert f"{run.accuracy:.2%}" in html
        assert "<svg" in html
        assert markup not in html.replace("<b>#", "")


def test_notes_and_tags_are_text(home):
    with dl.init("Loop", tags=["<script>"], note="<img src=x>") as run:
        run.log({"test/accuracy": 0.5}, step=1)
    html = dl.run(run.id)._repr_html_()

    assert "<script>" not in html
    assert "<img" not in html


def test_a_run_that_has_no_epoch_says_so(home):
    from digits_core.api.lab import open_lab
    from digits_core.api.stored_runs import StoredRun
    from digits_core.config import RunConfig
    from digits_core.runs.process_owner import this_process

    lab = open_lab()
    run = StoredRun(lab, lab.store.create(RunConfig(), this_process()).id)

    assert isinstance(run.epochs, pd.DataFrame)
    assert len(run.epochs) == 0
    with pytest.raises(RunError, match="its network can be used after its first epoch"):
        run.network()
    with pytest.raises(RunError, match="has not finished an epoch"):
        run.figure("loss")
    assert "queued" in run._repr_html_()


def test_it_is_exported_as_the_shell_exports_it(trained, tmp_path):
    assert main(["export", trained.id, "--only", "csv", "--only", "json", "--to", str(tmp_path / "shell")]) == 0
    paths = trained.export(tmp_path / "here", "csv", "json")

    assert [path.name for path in paths] == ["history.csv", "history.json"]
    assert [path.read_bytes() for path in paths] == [(tmp_path / "shell" / path.name).read_bytes() for path in paths]


def test_an_export_never_writes_over_files_unless_asked_to(trained, tmp_path):
    (path,) = trained.export(tmp_path, "csv")
    path.write_text("mine")
    with pytest.raises(ExportError, match="replace=True"):
        trained.export(tmp_path, "csv")
    assert path.read_text() == "mine"
    trained.export(tmp_path, "csv", replace=True)
    assert path.read_text().startswith("run")


def test_an_unknown_form_lists_those_there_are(trained, tmp_path):
    with pytest.raises(ExportError, match=r"There is no form 'pdf'.* weights, onnx"):
        trained.export(tmp_path, "pdf")


def test_a_home_that_was_removed_is_begun_afresh(home):
    import shutil

    assert len(dl.runs()) == 1
    with dl.init("Loop"):
        pass
    assert len(dl.runs()) == 2
    shutil.rmtree(home)

    assert list(dl.runs()["name"]) == ["Starter"]
