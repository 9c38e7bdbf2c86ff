"""The logger of Lightning, with Lightning's own trainer."""

import warnings

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from torch.utils.data import DataLoader, TensorDataset

import digits_core as dl
from digits_core.home import Home
from digits_core.runs.imports import keep
from digits_core.runs.imports.contents import read
from digits_core.runs.starter import open_database
from digits_core.runs.store import RunStore

EPOCHS = 2


class Digits(LightningModule):
    """A layer for 8×8 digits, which logs as modules do: by batch, by epoch, and both."""

    def __init__(self, learning_rate: float = 0.01, batch_size: int = 20, fails_in: int = -1) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(64, 10)

    def _measured(self, batch):
        logits = self.layer(batch[0])
        return torch.nn.functional.cross_entropy(logits, batch[1]), (logits.argmax(1) == batch[1]).float().mean()

    def training_step(self, batch, index):
        if self.current_epoch == self.hparams.fails_in:
            raise ValueError("the labels are letters")
        loss, accuracy = self._measured(batch)
        self.log("train_loss", loss, on_step=True, on_epoch=True)
        self.log("train_acc", accuracy, on_step=False, on_epoch=True)
        self.log("margin", loss.detach() * 2)
        return loss

    def validation_step(self, batch, index):
        loss, accuracy = self._measured(batch)
        self.log_dict({"val_loss": loss, "val_acc": accuracy})

    def test_step(self, batch, index):
        self.log("test_acc", self._measured(batch)[1])

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.hparams.learning_rate)


@pytest.fixture(scope="module")
def loaders(optdigits):
    images = torch.tensor(optdigits.images[:260], dtype=torch.float32).flatten(1) / 255
    labels = torch.tensor(optdigits.labels[:260])
    train, test = TensorDataset(images[:200], labels[:200]), TensorDataset(images[200:], labels[200:])
    return DataLoader(train, batch_size=20), DataLoader(test, batch_size=20)


@pytest.fixture
def kept(home) -> RunStore:
    return RunStore(open_database(Home(home).create()))


def trainer(logger, tmp_path, **options) -> Trainer:
    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False}
    return Trainer(
        accelerator="cpu", logger=logger, default_root_dir=tmp_path, log_every_n_steps=5, **{**quiet, **options}
    )


@pytest.fixture(autouse=True)
def _lightning_is_talkative():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def test_a_training_stands_among_the_runs_with_its_epochs_and_hyperparameters(kept, loaders, tmp_path):
    logger = dl.DigitsLogger("Mine", tags=["lab"], note="a try")
    trained = trainer(logger, tmp_path, max_epochs=EPOCHS)
    trained.fit(Digits(), *loaders)

    run = kept.get(logger.version)
    epochs = kept.epochs([run.id])[run.id]
    assert (run.name, run.status, run.tags, run.note) == ("Mine", "finished", ("lab",), "a try")
    assert [row.epoch for row in epochs] == [1, 2]
    assert epochs[-1].test_accuracy == run.test_accuracy == pytest.approx(float(trained.callback_metrics["val_acc"]))
    assert epochs[-1].train_loss == pytest.approx(float(trained.callback_metrics["train_loss_epoch"]))
    assert epochs[-1].train_accuracy == pytest.approx(float(trained.callback_metrics["train_acc"]))
    assert run.logged_config == {"learning_rate": 0.01, "batch_size": 20, "fails_in": -1}
    assert kept.logged.metric_names(run.id) == ["margin", "margin_step", "train_loss_step"]
    assert kept.logged.metric(run.id, "train_loss_step").steps.tolist() == [4, 9, 14, 19]
    assert kept.logged.metric(run.id, "margin_step").steps.tolist() == [4, 9, 14, 19]
    assert kept.logged.metric(run.id, "margin").steps.tolist() == [1, 2]


def test_the_same_training_logged_and_imported_is_the_same(kept, loaders, tmp_path):
    logger = dl.DigitsLogger("Mine")
    csv = CSVLogger(tmp_path / "logs")
    trainer([logger, csv], tmp_path, max_epochs=EPOCHS).fit(Digits(), *loaders)
    (imported,) = keep(kept, read(tmp_path / "logs", "logs"))

    figures = ("epoch", "train_loss", "train_accuracy", "test_loss", "test_accuracy")
    logged, read_back = (
        [[getattr(row, figure) for figure in figures] for row in kept.epochs([run])[run]]
        for run in (logger.version, imported.id)
    )
    assert read_back == [pytest.approx(row) for row in logged]
    assert imported.logged_config == kept.get(logger.version).logged_config
    assert kept.logged.metric_names(imported.id) == kept.logged.metric_names(logger.version)
    for name in kept.logged.metric_names(imported.id):
        ours, theirs = (kept.logged.metric(run, name) for run in (logger.version, imported.id))
        assert ours.steps.tolist() == theirs.steps.tolist()
        assert ours.values.tolist() == pytest.approx(theirs.values.tolist())


def test_a_test_after_the_training_belongs_to_its_last_epoch(kept, loaders, tmp_path):
    logger = dl.DigitsLogger()
    trained = trainer(logger, tmp_path, max_epochs=EPOCHS)
    trained.fit(Digits(), *loaders)
    (measured,) = trained.test(trained.model, loaders[1], verbose=False)

    run = kept.get(logger.version)
    assert kept.count() == 1
    assert (run.status, run.planned_epochs) == ("finished", EPOCHS)
    assert run.test_accuracy == pytest.approx(measured["test_acc"])


def test_a_training_that_fails_says_why(kept, loaders, tmp_path):
    logger = dl.DigitsLogger()
    with pytest.raises(ValueError, match="letters"):
        trainer(logger, tmp_path, max_epochs=EPOCHS).fit(Digits(fails_in=1), *loaders)
    run = kept.get(logger.version)
    assert (run.status, run.message) == ("failed", "ValueError: the labels are letters")
    assert len(kept.epochs([run.id])[run.id]) == 1


def test_checkpoints_lie_in_a_folder_with_the_runs_id(kept, loaders, tmp_path):
    logger = dl.DigitsLogger("Mine")
    saved = ModelCheckpoint()
    trainer(logger, tmp_path, max_epochs=1, enable_checkpointing=True, callbacks=[saved]).fit(Digits(), *loaders)
    assert saved.dirpath == str(tmp_path / "Mine" / logger.version / "checkpoints")
