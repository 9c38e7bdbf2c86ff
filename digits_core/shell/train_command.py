"""Train a run, as the lecture prints it."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from digits_core.config import NetworkConfig, RunConfig, choices
from digits_core.settings import FORM, SECTION_OF, SECTIONS, SETTINGS, kind_of
from digits_core.shell.common import Commands, WaitForStore, add_json, open_home
from digits_core.shell.networks_command import network_named

if TYPE_CHECKING:
    from digits_core.data.digits import Digits
    from digits_core.home import Home
    from digits_core.runs.rows import Run
    from digits_core.runs.store import RunStore
    from digits_core.training.control import Orders
    from digits_core.training.events import EpochFinished, Event

SAID = ("event", "epoch", "epochs", "train_loss", "train_accuracy", "test_loss", "test_accuracy", "seconds")


def add_to(commands: Commands) -> None:
    train = commands.add_parser("train", help="train a run and keep it")
    add_settings(train)
    train.add_argument("--name", metavar="TEXT", default="")
    train.set_defaults(command=train_run)
    add_json(train)


def add_settings(command: argparse.ArgumentParser) -> None:
    """The options that say what is trained, and how; `config_of` reads them."""
    command.add_argument("--recipe", metavar="NAME", default="Lecture", help="where to start from (default: Lecture)")
    command.add_argument("--dataset", metavar="NAME", action="append", help="train and test on it; may be repeated")
    for field in FORM:
        _add_setting(command, field)


def _add_setting(command: argparse.ArgumentParser, field: str) -> None:
    """Add the option of a training variable; one that is not given is as in the recipe."""
    kind, name = kind_of(field), f"--{field.replace('_', '-')}"
    # A help text of argparse is a format string.
    words = SETTINGS[field].help.replace("%", "%%")
    if field == "layers":
        named = f"{words} One of {', '.join(choices(NetworkConfig, field))}, one that was saved, or a JSON file."
        command.add_argument("--network", metavar="NAME|FILE", help=named)
    elif kind is bool:
        command.add_argument(name, action=argparse.BooleanOptionalAction, help=words)
    elif kind in (int, float):
        command.add_argument(name, type=kind, metavar="N" if kind is int else "X", help=words)
    else:
        command.add_argument(name, choices=choices(SECTIONS[SECTION_OF[field]], field), help=words)


def config_of(options: argparse.Namespace) -> RunConfig:
    """The recipe with the given options laid over it."""
    from digits_core.training.config_fields import with_fields
    from digits_core.training.recipes import find

    config = find(options.recipe).config
    given = {name: value for name in FORM if (value := getattr(options, name, None)) is not None}
    network = {"network": network_named(options.network)} if options.network else {}
    config = with_fields(config.replace(**network), {**given, "name": options.name})
    if options.dataset:
        config = config.replace(data=config.data.replace(train=options.dataset, test=options.dataset))
    return config


def train_run(options: argparse.Namespace) -> int:
    config = config_of(options)
    home, database = open_home()
    # Not before the options are known to be good: torch takes seconds to import.
    import torch

    from digits_core.data.catalogue import Catalogue
    from digits_core.runs.heartbeat import Heartbeat
    from digits_core.runs.process_owner import this_process
    from digits_core.runs.run_data import RunData
    from digits_core.runs.store import RunStore
    from digits_core.training.check import check_data, with_own_mean_and_std
    from digits_core.training.events import EpochFinished, Failed, Finished
    from digits_core.training.loop import choose_device
    from digits_core.training.threads import threads_per_run

    catalogue, store = Catalogue(home, database), RunStore(database)
    # Bad input is refused here, before a run of it is written.
    check_data(config, catalogue.load)
    config = with_own_mean_and_std(config, catalogue.load)
    choose_device(config.training.device)
    torch.set_num_threads(threads_per_run())
    run = store.create(config, this_process())
    last: Event | None = None
    with Heartbeat(store.owners, run.owner) as heartbeat:
        heartbeat.start()
        load = RunData(database, catalogue, store).loader(run.id)
        events = trained(home, load, store, run, _orders(store, run))
        for event in with_progress_bar(events, show=not options.json and sys.stderr.isatty()):
            last = event
            if isinstance(event, EpochFinished):
                print(json.dumps(said_of(event)) if options.json else event.lecture_line(), flush=True)
    if isinstance(last, Failed):
        print(f"digits_core: {last.message}", file=sys.stderr)
        return 1
    assert isinstance(last, Finished)
    if options.json:
        fields = {"run": run.id, "test_accuracy": last.test_accuracy, "seconds": last.seconds}
        print(json.dumps({"event": last.outcome, **fields}))
    else:
        print(f"Run {run.id} {last.outcome} after {last.seconds:.1f} s. {last.message}".rstrip())
    return 1 if last.outcome == "diverged" else 0


def said_of(epoch: EpochFinished) -> dict[str, Any]:
    """What `--json` says of an epoch. Its norms and matrices would make lines of thousands of characters."""
    fields = epoch.as_dict()
    return {name: fields[name] for name in SAID}


def trained(
    home: Home,
    load: Callable[[str], Digits],
    store: RunStore,
    run: Run,
    orders: Callable[[], Orders],
) -> Iterator[Event]:
    """Train a run in this process, and yield each event once it is in the store.

    While the store is busy or its disk full, the training waits. It ends with a `Failed` event, and what others have
    stored is left alone, if the run is no longer this process's.
    """
    from digits_core.runs.artifacts import Artifacts
    from digits_core.runs.execution import execute
    from digits_core.runs.heartbeat import TAKEN_OVER, Hold
    from digits_core.runs.retrying import store_event
    from digits_core.training.events import Failed

    wait = WaitForStore()
    artifacts = Artifacts(home.run(run.id), Hold(store.owners, run.owner, run.id).check)
    for event in execute(run.config, load, artifacts, orders, run.threads or None):
        if store_event(partial(store.apply, run.id, event, run.owner), event, wait) is False:
            yield Failed(TAKEN_OVER)
            return
        yield event


def _orders(store: RunStore, run: Run) -> Callable[[], Orders]:
    """What is wished of a run, by the store or by Ctrl-C: once ends it after the current batch, twice at once."""
    from digits_core.runs.stored_requests import StoredOrders
    from digits_core.training.control import Orders

    asked: list[bool] = []

    def note(*_: Any) -> None:
        asked.append(True)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, note)
    stored = StoredOrders(store, run.id, run.owner)
    return lambda: Orders(stop=True) if asked else stored()


def with_progress_bar(events: Iterator[Event], show: bool) -> Iterator[Event]:
    from tqdm import tqdm

    from digits_core.training.events import EpochFinished, Progress

    with tqdm(total=1.0, disable=not show, leave=False, bar_format="{percentage:3.0f}% {bar} {remaining}") as bar:
        for event in events:
            if isinstance(event, Progress):
                bar.update(event.share - bar.n)
            if isinstance(event, EpochFinished):
                bar.clear()
            yield event
