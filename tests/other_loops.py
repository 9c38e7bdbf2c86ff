"""Three loops that are not the app's, for a picture of their runs side by side: run by `tests.readme_pictures`.

The same small network on the same digits, trained by a plain loop, by Lightning, and by a loop that writes event files
for TensorBoard.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf
from torch.utils.data import DataLoader, TensorDataset

import digits_core as dl
from digits_core.data.builtin import read_optdigits

EPOCHS = 4
MEAN, STD = 0.3, 0.35


def digits(split: str) -> tuple[Tensor, Tensor]:
    """Return images of 8×8 enlarged to float32 (N, 1, 28, 28), normalised, and labels int64 (N,)."""
    images, labels = read_optdigits().of(split)
    pixels = torch.from_numpy(images)[:, None].float() / 255
    return (nnf.interpolate(pixels, 28, mode="bilinear") - MEAN) / STD, torch.from_numpy(labels)


def network() -> nn.Module:
    """Return two convolutions and one fully connected layer."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 49, 10),
    )


def epoch_of(net: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, float]:
    """Train one epoch, and return its figures by the names that trackers use."""
    (x, y), (tested, labels) = digits("train"), digits("test")
    losses, right = [], 0
    for part in torch.randperm(len(x)).split(32):
        scores = net(x[part])
        loss = nnf.cross_entropy(scores, y[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item() * len(part))
        right += int((scores.argmax(1) == y[part]).sum())
    norm = sum(each.grad.norm() ** 2 for each in net.parameters() if each.grad is not None) ** 0.5
    with torch.no_grad():
        answers = net(tested)
    return {
        "train/loss": sum(losses) / len(x),
        "train/accuracy": right / len(x),
        "test/loss": nnf.cross_entropy(answers, labels).item(),
        "test/accuracy": float((answers.argmax(1) == labels).float().mean()),
        "gradient norm": float(norm),
    }


def plain() -> None:
    """A loop as one writes it oneself, logged line by line; its network is kept."""
    net = network()
    optimizer = torch.optim.SGD(net.parameters(), 0.05, momentum=0.9)
    config = {
        "lr": 0.05,
        "momentum": 0.9,
        "optimizer": "SGD",
        "batch_size": 32,
        "epochs": EPOCHS,
        "dataset": "optdigits",
    }
    with dl.init("Plain loop", config=config, tags=["mine"]) as run:
        for epoch in range(1, EPOCHS + 1):
            run.log(epoch_of(net, optimizer), step=epoch)
        run.log_model(net, digits("test")[0][:2], mean=MEAN, std=STD)


def with_lightning() -> None:
    """The same network as a LightningModule."""
    from lightning.pytorch import LightningModule, Trainer

    class Module(LightningModule):
        def __init__(self, lr: float = 2e-3, optimizer: str = "AdamW", batch_size: int = 32) -> None:
            super().__init__()
            self.save_hyperparameters()
            self.net = network()

        def _step(self, batch: tuple[Tensor, Tensor], split: str) -> Tensor:
            x, y = batch
            scores = self.net(x)
            loss = nnf.cross_entropy(scores, y)
            right = (scores.argmax(1) == y).float().mean()
            self.log_dict({f"{split}_loss": loss, f"{split}_acc": right}, on_step=False, on_epoch=True)
            return loss

        def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
            return self._step(batch, "train")

        def validation_step(self, batch: tuple[Tensor, Tensor], _: int) -> None:
            self._step(batch, "val")

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.AdamW(self.parameters(), self.hparams["lr"])

    loaders = [
        DataLoader(TensorDataset(*digits(split)), batch_size=32, shuffle=split == "train")
        for split in ("train", "test")
    ]
    trainer = Trainer(
        max_epochs=EPOCHS,
        logger=dl.DigitsLogger("Lightning", tags=["mine"]),
        accelerator="cpu",
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    trainer.fit(Module(), *loaders)


def as_tensorboard(folder: Path) -> None:
    """The same network, logged as event files."""
    from torch.utils.tensorboard import SummaryWriter

    net = network()
    optimizer = torch.optim.RMSprop(net.parameters(), 1e-3)
    with SummaryWriter(str(folder)) as writer:
        for epoch in range(1, EPOCHS + 1):
            for name, value in epoch_of(net, optimizer).items():
                writer.add_scalar(name, value, epoch)


if __name__ == "__main__":
    torch.manual_seed(0)
    as_tensorboard(Path(sys.argv[1]))
    with_lightning()
    plain()
