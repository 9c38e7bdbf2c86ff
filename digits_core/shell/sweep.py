"""Vary settings over many runs: one after another, or as many at once as a cluster has workers."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from digits_core.engine import SCHEDULER_VARIABLE
from digits_core.shell.common import Commands, add_json, open_home
from digits_core.shell.train import add_settings, config_of

if TYPE_CHECKING:
    from digits_core.data.catalogue import Catalogue
    from digits_core.runs.sweeps import Sweep, SweepStore
    from digits_core.shell.sweeping import Sweeping
    from digits_core.training.sweep import SweepPlan


def add_to(commands: Commands) -> None:
    sweep = commands.add_parser("sweep", help="vary settings over many runs, and say which is best")
    sweep.add_argument(
        "--vary", metavar="KEY=V1,V2,...", action="append",
        help="a setting and its values, or KEY=LOW..HIGH for a range of numbers; may be repeated",
    )  # fmt: skip
    method = sweep.add_mutually_exclusive_group()
    method.add_argument("--random", type=int, metavar="N", help="N random draws instead of every combination")
    method.add_argument("--search", type=int, metavar="N", help="N settings, each chosen by the results so far")
    sweep.add_argument("--points", type=int, metavar="N", help="how many values of a range a grid takes (default: 5)")
    sweep.add_argument("--seeds", type=int, metavar="N", help="train each setting with N seeds (default: 1)")
    sweep.add_argument("--stop-hopeless", action="store_true", help="stop runs that are behind the others early")
    sweep.add_argument("--continue", dest="go_on", metavar="SWEEP", help="go on with a sweep: its id, or latest")
    add_settings(sweep)
    sweep.add_argument("--name", metavar="TEXT", default="")
    sweep.set_defaults(command=sweep_runs)
    add_json(sweep)


def plan_of(options: argparse.Namespace) -> SweepPlan:
    """What the options say; `ConfigError` where they cannot be."""
    from digits_core.errors import ConfigError
    from digits_core.training.sweep import SweepPlan, parse_varied

    if not options.vary:
        raise ConfigError("Say what to vary: --vary learning_rate=0.001,0.01, for example.")
    method = "random" if options.random is not None else "search" if options.search is not None else "grid"
    given = {
        "trials": options.search if options.random is None else options.random,
        "points": options.points,
        "seeds": options.seeds,
    }
    return SweepPlan(
        name=options.name,
        base=config_of(options).replace(name=""),
        varied=[parse_varied(text) for text in options.vary],
        method=method,
        stop_hopeless=options.stop_hopeless,
        **{name: value for name, value in given.items() if value is not None},
    )


def sweep_runs(options: argparse.Namespace) -> int:
    plan = None if options.go_on else plan_of(options)
    home, database = open_home()
    # Not before the options are known to be good: torch takes seconds to import.
    import torch

    from digits_core.data.catalogue import Catalogue
    from digits_core.runs.data import RunData
    from digits_core.runs.heartbeat import Heartbeat
    from digits_core.runs.owner import this_process
    from digits_core.runs.store import RunStore
    from digits_core.runs.sweeps import SweepStore
    from digits_core.training.check import prepared
    from digits_core.training.loop import choose_device
    from digits_core.training.sweep import extremes
    from digits_core.training.threads import threads_per_run

    catalogue, runs, sweeps = Catalogue(home, database), RunStore(database), SweepStore(database)
    torch.set_num_threads(threads_per_run())
    if plan is None:
        runs.interrupt_orphans()
        sweep = _adopted(sweeps, options.go_on)
    else:
        # Bad input is refused here, before a sweep of it is written.
        for config in extremes(plan):
            prepared(config, catalogue.load)
        choose_device(plan.base.training.device)
        sweep = sweeps.create(plan, this_process())
    show = _as_json if options.json else _as_text
    with Heartbeat(runs.owners, sweep.owner) as heartbeat:
        heartbeat.start()
        show({"event": "sweep", **_size(sweep, catalogue, runs)})
        asked = _ctrl_c()
        data = RunData(database, catalogue, runs)
        sweeping = _way()(home, catalogue.load, data, runs, sweeps, sweep, lambda: bool(asked), show)
        for _ in sweeping.trials(show_bar=not options.json and sys.stderr.isatty()):
            pass
    show({"event": f"sweep_{sweeps.get(sweep.id).status}", **sweeping.summary()})
    return 0


def _way() -> type[Sweeping]:
    """How trials train: one after another in this process, or on the cluster that the environment names."""
    if os.environ.get(SCHEDULER_VARIABLE):
        from digits_core.shell.spreading import Spreading

        return Spreading
    from digits_core.shell.sweeping import Sweeping

    return Sweeping


def _adopted(sweeps: SweepStore, reference: str) -> Sweep:
    from digits_core.errors import RunError
    from digits_core.runs.owner import this_process

    sweep = sweeps.find(reference)
    if not sweeps.adopt(sweep.id, this_process()):
        raise RunError(f"{sweep.title} is {sweep.status}: there is nothing to continue.")
    return sweeps.get(sweep.id)


def _size(sweep: Sweep, catalogue: Catalogue, runs: Any) -> dict[str, Any]:
    """How much there is to do, and how long that will take where anything is known of it."""
    from digits_core.runs.past import past_runs
    from digits_core.training.check import choose_digits
    from digits_core.training.estimate import estimate_mean
    from digits_core.training.sweep import foreseen

    plan = sweep.plan
    train, test = choose_digits(plan.base.data, catalogue.load)
    train_images = sum(int((~each.test).sum()) for each in train)
    test_images = sum(int(each.test.sum()) for each in test)
    each = estimate_mean(foreseen(plan), train_images, test_images, past_runs(runs))
    return {
        "sweep": sweep.id, "runs": plan.size, "settings": plan.settings_count, "seeds": plan.seeds,
        "estimated_seconds": None if each is None else each * plan.size,
    }  # fmt: skip


def _ctrl_c() -> list[bool]:
    """Grows at the first Ctrl-C, which ends the sweep after the current batch; the second one ends it at once."""
    asked: list[bool] = []

    def note(*_: Any) -> None:
        asked.append(True)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, note)
    return asked


def _as_json(event: dict[str, Any]) -> None:
    print(json.dumps(event), flush=True)


def _as_text(event: dict[str, Any]) -> None:
    from digits_core.training.estimate import in_words
    from digits_core.training.events import lecture_line
    from digits_core.training.trials import places

    match event["event"]:
        case "sweep":
            seconds = event["estimated_seconds"]
            takes = f"about {in_words(seconds)}" if seconds else "no run here says yet how long that takes"
            print(
                f"Sweep {event['sweep']}: {event['settings']} settings × {event['seeds']} seeds, {takes}.", flush=True
            )
        case "trial":
            print(f"\nRun {event['number']}/{event['runs']}: {event['name']}", flush=True)
        case "epoch":
            line = lecture_line(event["epoch"], event["epochs"], event["train_loss"], event["test_accuracy"])
            print(line, flush=True)
        case kind if not kind.startswith("sweep_"):
            if event["message"]:
                print(event["message"], flush=True)
        case kind:
            print(f"\nSweep {event['sweep']} {kind.removeprefix('sweep_')} with {event['runs']} runs.")
            ranks = places([best["test_accuracy"] for best in event["best"]])
            for place, best in zip(ranks, event["best"], strict=True):
                words = " · ".join(f"{name} {value}" for name, value in best["settings"].items())
                print(f"{place}. {best['test_accuracy']:.2%}  {words}  (run {best['run']})")
