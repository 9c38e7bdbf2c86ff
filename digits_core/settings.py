"""Every setting in words: the one place where a field of a config gets its title, help, choices and format.

Forms, shell options, tables, filters, sweeps, reports and exports read it. A new field of `config` needs a row here.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any

from digits_core.config import Config, DataConfig, NetworkConfig, TrainingConfig, TransformConfig, choices
from digits_core.entries.augmentations import STRENGTHS
from digits_core.entries.base import Choice, Setting
from digits_core.entries.initialisations import INITIALISATIONS
from digits_core.entries.losses import LOSSES
from digits_core.entries.optimizers import OPTIMIZERS
from digits_core.entries.schedules import SCHEDULES
from digits_core.layers.presets import PRESETS, summary
from digits_core.layers.text import to_text

SECTIONS: dict[str, type[Config]] = {
    "data": DataConfig,
    "transform": TransformConfig,
    "network": NetworkConfig,
    "training": TrainingConfig,
}
SECTION_OF = {field: section for section, config in SECTIONS.items() for field in config.model_fields}
"""The section of each field, in the order of the configs; the names are unique across all sections."""

_DATA = {
    "train": Setting(
        title="Trained on", label="Train on", help="The training images of these datasets, together.", swept=False
    ),
    "test": Setting(
        title="Tested on",
        label="Test on",
        swept=False,
        help="The test images of these datasets. Testing on other hands than those trained on shows what carries over.",
    ),
    "test_writers": Setting(
        title="Hold-out writers",
        swept=False,
        help="Training never sees the digits of these writers: the test then shows how well the network reads a hand "
        "that is new to it.",
    ),
}
_TRANSFORM = {
    "size": Setting(
        title="Image size",
        help="The side of the square image in pixels. The first fully connected layer grows with its square.",
    ),
    "interpolation": Setting(
        title="Interpolation",
        choices={"bilinear": Choice("Bilinear"), "bicubic": Choice("Bicubic"), "nearest": Choice("Nearest")},
        help="How new pixels come from old ones: the nearest one, or a weighted mean of 4 (bilinear) or 16 (bicubic). "
        "Centring by mass always takes bilinear.",
    ),
    "centre": Setting(
        title="Centre by mass",
        help="Scales the ink to a box of 20/28 of the size and moves its centre of mass to the middle, as MNIST was "
        "made.",
        why="Digits of any size and place come to lie alike, so that the network need not learn every place by itself.",
    ),
    **STRENGTHS,
    "normalisation": Setting(
        title="Mean and deviation",
        swept=False,
        choices={"fixed": Choice("Fixed"), "dataset": Choice("The dataset's own")},
        help="Fixed numbers, as in the lecture, or the dataset's own, measured over all pixels of its training images. "
        "The test images are normalised by the same numbers, or they would mean something else to the network.",
    ),
    "mean": Setting(
        title="Mean",
        swept=False,
        help="What is subtracted, where no ink is 0 and full ink is 1. 0.5 and 0.5 bring the values to -1 to 1.",
    ),
    "std": Setting(
        title="Standard deviation",
        swept=False,
        help="What is divided by afterwards. The smaller it is, the larger are the values that the network reads.",
    ),
}


@lru_cache(maxsize=1024)
def _written_layers(value: Any) -> str:
    """Return the summary of a network, given its layers or their text form."""
    return summary(NetworkConfig(layers=value).layers)


_NETWORK = {
    "layers": Setting(
        title="Network",
        choices=PRESETS,
        write=_written_layers,
        help="The layers that an image passes on its way to the ten logits.",
    ),
    "initialisation": Setting(
        title="Starting weights",
        choices=INITIALISATIONS,
        help="How the weights are drawn before the first step. Where all units of a layer begin alike, they stay "
        "alike; where values grow or fade from layer to layer, so do gradients.",
    ),
    "initial_scale": Setting(
        title="Scale of starting weights",
        step=0.1,
        values="0.1, 1, 3",
        help="What the starting weights are multiplied by. Far above 1, values explode on their way; far below, they "
        "fade.",
    ),
}
_TRAINING = {
    "epochs": Setting(
        title="Epochs",
        main=True,
        values="1, 2, 4, 8",
        help="How often training goes through all its images. Too few underfits, too many may overfit.",
    ),
    "batch_size": Setting(
        title="Batch size",
        main=True,
        log=True,
        values="16, 64, 256",
        help="Images per step of the optimizer. Small batches learn in more, noisier steps; large ones compute faster "
        "per image.",
    ),
    "learning_rate": Setting(
        title="Learning rate",
        main=True,
        log=True,
        step=0.0005,
        values="0.0001..0.1",
        help="How far a step goes along the gradient. Too high and the loss jumps or explodes, too low and it hardly "
        "moves.",
    ),
    "optimizer": Setting(
        title="Optimizer",
        main=True,
        choices=OPTIMIZERS,
        help="The rule that turns gradients into steps.",
    ),
    "loss": Setting(
        title="Loss function",
        main=True,
        choices=LOSSES,
        help="The number that training makes small.",
    ),
    "dropout": Setting(
        title="Dropout",
        main=True,
        values="0, 0.3, 0.6",
        help="The share of activations switched off at random while training, so that no single one is relied on.",
    ),
    "schedule": Setting(
        title="Schedule",
        choices=SCHEDULES,
        help="How the learning rate changes while it trains.",
    ),
    "weight_decay": Setting(
        title="Weight decay",
        log=True,
        step=0.001,
        values="0, 0.001, 0.01",
        help="Pulls weights towards zero at each step, which keeps the network simpler.",
    ),
    "seed": Setting(
        title="Seed",
        swept=False,
        help="Starting weights, order and random steps follow from it: the same seed gives the same numbers on the "
        "same machine with as many threads.",
    ),
    "label_smoothing": Setting(
        title="Label smoothing",
        values="0, 0.1, 0.2",
        help="Cross-entropy aims at slightly less than certainty, which curbs overconfidence.",
    ),
    "momentum": Setting(
        title="Momentum",
        values="0, 0.5, 0.9",
        help="How much of the previous step SGD keeps. 0 is plain gradient descent.",
    ),
    "nesterov": Setting(
        title="Nesterov",
        needs=("momentum", "Without momentum there is nothing to look along."),
        help="SGD looks at the gradient where its momentum is about to take it.",
    ),
    "device": Setting(
        title="Device",
        swept=False,
        choices={"auto": Choice("Automatic"), "cpu": Choice("CPU"), "cuda": Choice("CUDA (GPU)")},
        help="Where training computes. Automatic takes a GPU where there is one. Results may differ slightly between "
        "devices.",
    ),
    "precision": Setting(
        title="Precision",
        choices={"fp32": Choice("32-bit"), "bf16": Choice("Mixed bf16")},
        help="Mixed precision computes in 16 bits where that is safe: faster on processors that have it, and with "
        "slightly other numbers.",
    ),
    "batches": Setting(
        title="Batches from",
        choices={
            "tensors": Choice("Prepared tensors (fast)"),
            "dataloader": Choice("DataLoader with Pillow (the lecture's)"),
        },
        help="Prepared tensors do the fixed steps once. The lecture's DataLoader runs Pillow for every sample in each "
        "epoch: the same numbers, several times slower.",
    ),
}
SETTINGS: dict[str, Setting] = {**_DATA, **_TRANSFORM, **_NETWORK, **_TRAINING}
"""Every field by its name; those of the training in the order of its form."""
FORM = (*_TRAINING, *_NETWORK)
SWEPT = tuple(
    field
    for section in ("training", "network", "transform")
    for field in SECTIONS[section].model_fields
    if SETTINGS[field].swept
)


def title_of(field: str) -> str:
    """Return the title of a setting or a result: `Learning rate`."""
    return SETTINGS[field].title if field in SETTINGS else field.replace("_", " ").capitalize()


def name_of(field: str) -> str:
    """Return the name of a setting or a result within a sentence: `learning rate`."""
    title = title_of(field)
    return title[0].lower() + title[1:]


def label_of(field: str) -> str:
    """Return the label of the control of a setting: `Train on`."""
    return SETTINGS[field].label or title_of(field)


def help_of(field: str) -> str:
    """Return the help of a setting, with what each of its choices means, as Markdown."""
    setting = SETTINGS[field]
    meanings = [f"- **{each.title}**: {each.help}" for each in setting.choices.values() if each.help]
    return "\n".join([setting.help, *([""] if meanings else []), *meanings])


def written(field: str, value: Any) -> str:
    """Format a value of a setting or a result for people: `optdigits + mnist-5k`, `on`, `Adam`.

    An unknown value, `None`, becomes a dash.
    """
    if value is None:
        return "–"
    setting = SETTINGS.get(field)
    if setting and isinstance(value, str) and value in setting.choices:
        return setting.choices[value].title
    if setting and setting.write:
        return setting.write(value)
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple | list):
        return " + ".join(map(str, value)) or "none"
    return written_out(value) if isinstance(value, float) else str(value)


def read(field: str, text: str) -> str:
    """Convert text that a person typed to the name of the value: `One cycle` to `one_cycle`, `yes` to `on`."""
    plain = text.casefold()
    if kind_of(field) is bool:
        return {"yes": "on", "true": "on", "no": "off", "false": "off"}.get(plain, plain)
    titles = (
        {each.title.casefold(): name for name, each in SETTINGS[field].choices.items()} if field in SETTINGS else {}
    )
    return titles.get(plain, text)


def by_name(field: str, value: Any) -> Any:
    """Return the text form of the layers of a network; any other value unchanged."""
    return to_text(value) if field == "layers" and not isinstance(value, str) else value


def written_out(value: float) -> str:
    """Format a number as short as possible without an exponent, which few people read: `0.00001`."""
    short = f"{value:g}"
    return f"{Decimal(short):f}" if "e" in short else short


def kind_of(field: str) -> Any:
    """Return the type of a field; `None` if there is no such field."""
    return SECTIONS[SECTION_OF[field]].model_fields[field].annotation if field in SECTION_OF else None


def is_number(field: str) -> bool:
    return kind_of(field) in (int, float)


def default_of(field: str) -> Any:
    return SECTIONS[SECTION_OF[field]].model_fields[field].default


def values_of(field: str) -> list[Any]:
    """Return all values of a non-numeric field."""
    return [False, True] if kind_of(field) is bool else list(choices(SECTIONS[SECTION_OF[field]], field))


def users_of(field: str) -> tuple[str, list[str]] | None:
    """Return the setting that decides if `field` has an effect, and its choices that use it; `None` if none does."""
    for chooser, entries in (("optimizer", OPTIMIZERS), ("loss", LOSSES)):
        if names := [name for name, each in entries.items() if field in each.uses]:
            return chooser, names
    return None
