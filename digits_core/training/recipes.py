"""Recipes: configs to start from, each with the lesson it teaches."""

from __future__ import annotations

from dataclasses import dataclass

from digits_core.config import DataConfig, RunConfig, TrainingConfig, TransformConfig
from digits_core.errors import ConfigError


@dataclass(frozen=True)
class Recipe:
    """A named config; `lesson` says in a sentence what to learn from training it."""

    name: str
    lesson: str
    config: RunConfig


def _recipe(
    name: str,
    lesson: str,
    data: DataConfig | None = None,
    transform: TransformConfig | None = None,
    training: TrainingConfig | None = None,
) -> Recipe:
    config = RunConfig(
        recipe=name,
        data=data or DataConfig(),
        transform=transform or TransformConfig(),
        training=training or TrainingConfig(),
    )
    return Recipe(name, lesson, config)


LECTURE = _recipe(
    "Lecture",
    "The lecture's network on the lecture's data: 96 to 98 % after four epochs on digits like those it was trained on.",
)
WHY_IT_FAILS = _recipe(
    "Why does it fail on my hand?",
    "The lecture's training, tested on other people's digits: what was learnt does not carry over.",
    data=DataConfig(test=("mnist-5k",)),
)
WITH_HANDWRITING = _recipe(
    "Lecture + my handwriting",
    "A few digits of your own, and all digits centred by mass: the lecture's network learns to read your hand.",
    data=DataConfig(train=("optdigits", "handwriting"), test=("optdigits", "handwriting")),
    transform=TransformConfig(centre=True),
)
_VARIED = TransformConfig(centre=True, rotation=10, translation=1, scale=0.12, shear=10, stroke_width=0.6)
_THOROUGH = TrainingConfig(
    epochs=24,
    batch_size=64,
    learning_rate=0.003,
    optimizer="adamw",
    weight_decay=0.02,
    schedule="one_cycle",
    label_smoothing=0.1,
    dropout=0.1,
)
ROBUST = _recipe(
    "Robust",
    "Three sources, centred digits and augmentation: the same network now reads hands that it never saw.",
    data=DataConfig(train=("optdigits", "mnist-5k", "strokes"), test=("mnist-5k",)),
    transform=_VARIED,
    training=_THOROUGH,
)
FULL = _recipe(
    "Full",
    "The same with all of MNIST, twelve times as many digits of hundreds of writers: what more data adds. "
    "About seven times as long as Robust.",
    data=DataConfig(train=("optdigits", "mnist", "strokes"), test=("mnist",)),
    transform=_VARIED,
    training=_THOROUGH.replace(epochs=20, batch_size=128, learning_rate=0.004),
)
TOO_HIGH = _recipe(
    "Learning rate too high",
    "The same training at fifty times the learning rate: the loss jumps about instead of falling.",
    training=TrainingConfig(learning_rate=0.05),
)

RECIPES = {each.name: each for each in (LECTURE, WITH_HANDWRITING, WHY_IT_FAILS, ROBUST, FULL, TOO_HIGH)}


def find(name: str) -> Recipe:
    """Return the recipe of that name, ignoring case; raise `ConfigError` listing all recipes if there is none."""
    for recipe in RECIPES.values():
        if recipe.name.casefold() == name.strip().casefold():
            return recipe
    raise ConfigError(f"There is no recipe {name!r}. There are: {', '.join(RECIPES)}.")
