"""Vary settings over many runs, as many at once as the machine has cores or the cluster has workers."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from typing import TYPE_CHECKING, Any

from digits_core.settings import written
from digits_core.shell.common import Commands, add_json, open_home
from digits_core.shell.train_command import add_settings, config_of

if TYPE_CHECKING:
    from digits_core.data.catalogue import Catalogue
    from digits_core.runs.sweep_store import Sweep, SweepStore
    from digits_core.training.sweep_plan import Method, SweepPlan


def add_to(commands: Commands) -> None:
    sweep = commands.add_parser("sweep", help="vary settings over many runs, and say which is best")
    sweep.add_argument(
        "--vary",
        metavar="KEY=V1,V2,...",
        action="append",
        help="a setting and its values, KEY=LOW..HIGH for a range of numbers, or LAYER.FIELD=V1,V2 for what is set "
        "of a layer; may be repeated",
    )
    method = sweep.add_mutually_exclusive_group()
    method.add_argument("--random", type=int, metavar="N", help="N random draws instead of every combination")
    method.add_argument("--search", type=int, metavar="N", help="N settings, each chosen by the results so far")
    sweep.add_argument("--points", type=int, metavar="N", help="how many values of a range a grid takes (default: 5)")
    sweep.add_argument("--seeds", type=int, metavar="N", help="train each setting with N seeds (default: 1)")
    sweep.add_argument(
        "--stop-underperforming",
        "--stop-hopeless",
        action="store_true",
        help="stop a run early when its accuracy is below the median of the others",
    )
    sweep.add_argument("--continue", dest="go_on", metavar="SWEEP", help="go on with a sweep: its id, or latest")
    add_settings(sweep)
    sweep.add_argument("--name", metavar="TEXT", default="")
    sweep.set_defaults(command=sweep_runs)
    add_json(sweep)


def plan_of(options: argparse.Namespace) -> SweepPlan:
    """Return the plan that the options describe; raise `ConfigError` if it is not valid."""
    from digits_core.errors import ConfigError
    from digits_core.training.sweep_plan import SweepPlan, parse_all

    if not options.vary:
        raise ConfigError("Say what to vary: --vary learning_rate=0.001,0.01, for example.")
    method: Method = "random" if options.random is not None else "search" if options.search is not None else "grid"
    given = {
        "trials": options.search if options.random is None else options.random,
        "points": options.points,
        "seeds": options.seeds,
    }
    base = config_of(options).replace(name="")
    return SweepPlan(
        name=options.name,
        base=base,
        varied=parse_all(options.vary, base.network),
        method=method,
        stop_underperforming=options.stop_underperforming,
        **{name: value for name, value in given.items() if value is not None},
    )


def sweep_runs(options: argparse.Namespace) -> int:
    plan = None if options.go_on else plan_of(options)
    home, database = open_home()
    # Only once the options are known to be valid: torch takes seconds to import.
    from digits_core.data.catalogue import Catalogue
    from digits_core.runs.process_owner import this_process
    from digits_core.runs.store import RunStore
    from digits_core.runs.sweep_store import SweepStore
    from digits_core.shell.sweep_progress import SweepProgress
    from digits_core.training.check import prepared
    from digits_core.training.loop import choose_device
    from digits_core.training.sweep_plan import extremes

    catalogue, runs, sweeps = Catalogue(home, database), RunStore(database), SweepStore(database)
    if plan is None:
        runs.interrupt_orphans()
        sweep = _adopted(sweeps, options.go_on)
    else:
        # Bad input is refused here, before the sweep is stored.
        for config in extremes(plan):
            prepared(config, catalogue.load)
        choose_device(plan.base.training.device)
        sweep = sweeps.create(plan, this_process())
    show = _as_json if options.json else _as_text
    show({"event": "sweep", **_size(sweep, catalogue, runs)})
    asked = _ctrl_c()
    progress = SweepProgress(runs, sweeps, sweep, lambda: bool(asked), show)
    progress.train(home, lambda config: prepared(config, catalogue.load), not options.json and sys.stderr.isatty())
    show({"event": f"sweep_{sweeps.get(sweep.id).status}", **progress.summary()})
    return 0


def _adopted(sweeps: SweepStore, reference: str) -> Sweep:
    from digits_core.errors import RunError
    from digits_core.runs.process_owner import this_process

    sweep = sweeps.find(reference)
    if not sweeps.adopt(sweep.id, this_process()):
        raise RunError(f"{sweep.title} is {sweep.status}: there is nothing to continue.")
    return sweeps.get(sweep.id)


def _size(sweep: Sweep, catalogue: Catalogue, runs: Any) -> dict[str, Any]:
    """Return the number of runs, settings and seeds, and the estimated duration if enough is known to estimate it."""
    from digits_core.runs.speed_history import past_runs
    from digits_core.training.check import choose_digits
    from digits_core.training.estimate import estimate_mean
    from digits_core.training.sweep_plan import foreseen

    plan = sweep.plan
    train, test = choose_digits(plan.base.data, catalogue.load)
    train_images = sum(int((~each.test).sum()) for each in train)
    test_images = sum(int(each.test.sum()) for each in test)
    each = estimate_mean(foreseen(plan), train_images, test_images, past_runs(runs))
    return {
        "sweep": sweep.id,
        "runs": plan.size,
        "settings": plan.settings_count,
        "seeds": plan.seeds,
        "estimated_seconds": None if each is None else each * plan.size,
    }


def _ctrl_c() -> list[bool]:
    """Return a list that grows at the first Ctrl-C, which ends the sweep after the current batch.

    The second Ctrl-C ends it immediately.
    """
    asked: list[bool] = []

    def note(*_: Any) -> None:
        asked.append(True)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, note)
    return asked


def _as_json(event: dict[str, Any]) -> None:
    print(json.dumps(event), flush=True)


def _as_text(event: dict[str, Any]) -> None:
    from digits_core.training.estimate import duration
    from digits_core.training.events import lecture_line
    from digits_core.training.trials import places

    match event["event"]:
        case "sweep":
            seconds = event["estimated_seconds"]
            takes = f"about {duration(seconds)}" if seconds else "no run here says yet how long that takes"
            print(
                f"Sweep {event['sweep']}: {event['settings']} settings × {event['seeds']} seeds, {takes}.", flush=True
            )
        case "trial":
            print(f"{_place(event)} {event['name']}", flush=True)
        case "epoch":
            line = lecture_line(event["epoch"], event["epochs"], event["train_loss"], event["test_accuracy"])
            print(f"{_place(event)} {line}", flush=True)
        case kind if not kind.startswith("sweep_"):
            if event["message"]:
                print(event["message"], flush=True)
        case kind:
            ended = (
                f"Sweep {event['sweep']} {kind.removeprefix('sweep_')} with {event['runs']} runs. {event['message']}"
            )
            print(f"\n{ended.rstrip()}")
            ranks = places([best["test_accuracy"] for best in event["best"]])
            for place, best in zip(ranks, event["best"], strict=True):
                words = " · ".join(f"{name} {written(name, value)}" for name, value in best["settings"].items())
                print(f"{place}. {best['test_accuracy']:.2%}  {words}  (run {best['run']})")


def _place(event: dict[str, Any]) -> str:
    """Return which trial out of how many an event is about, as several train at once."""
    return f"[{event['number']}/{event['runs']}]"
