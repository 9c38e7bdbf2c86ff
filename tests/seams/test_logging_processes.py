"""Loops that log from processes of their own: killed, many at once, forked, without torch, on homes that are hurt."""

import math
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from digits_core.home import Home
from digits_core.runs.heartbeat import LOG_INTERRUPTED
from digits_core.runs.starter import open_database
from digits_core.runs.store import RunStore

ROOT = Path(__file__).parents[2]


def start(home: Path, code: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """Run a loop as its author would: one file, in a process that knows nothing but the home."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        env={**os.environ, "DIGITS_HOME": str(home), "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def store_of(home: Path) -> RunStore:
    return RunStore(open_database(Home(home).create()))


def test_a_loop_that_is_killed_leaves_all_that_it_logged(home):
    loop = start(
        home,
        """
        import time, digits_core as dl
        run = dl.init("killed")
        for epoch in range(1, 51):
            run.log({"train/loss": 1 / epoch, "test/accuracy": epoch / 100, "mine": epoch}, step=epoch)
        print(run.id, flush=True)
        time.sleep(60)
        """,
    )
    run_id = loop.stdout.readline().strip()
    store = store_of(home)
    assert store.get(run_id).status == "running"
    loop.send_signal(signal.SIGKILL)
    loop.communicate(timeout=30)

    assert [run.id for run in store.interrupt_orphans()] == [run_id]
    run = store.get(run_id)
    assert (run.status, run.message) == ("interrupted", LOG_INTERRUPTED)
    assert (run.test_accuracy, run.weights) == (0.5, None)
    assert len(store.epochs([run_id])[run_id]) == 50
    assert store.logged.metric(run_id, "mine").values.tolist() == list(range(1, 51))


@pytest.mark.parametrize(
    ("ending", "status"),
    [("", "finished"), ("raise KeyError('labels')", "failed"), ("import sys; sys.exit(0)", "finished")],
)
def test_a_loop_without_finish_ends_as_its_process_does(home, ending, status):
    loop = start(home, f'import digits_core as dl; run = dl.init(); run.log({{"train/loss": 1.0}}); {ending}')
    ended(loop)
    (run,) = [run for run in store_of(home).runs() if run.is_logged]
    assert run.status == status
    assert ("KeyError: 'labels'" in run.message) == (status == "failed")


def test_many_loops_log_at_once_and_nothing_is_lost(home):
    store = store_of(home)
    code = """
        import sys, digits_core as dl
        with dl.init(f"loop {sys.argv[1]}") as run:
            for step in range(200):
                run.log({"train/loss": step, "mine": step}, step=step)
        """
    loops = [start(home, code, str(place)) for place in range(6)]
    for loop in loops:
        code, _, err = ended(loop)
        assert code == 0, err
    runs = [run for run in store.runs() if run.is_logged]
    assert sorted(run.name for run in runs) == [f"loop {place}" for place in range(6)]
    for run in runs:
        assert [row.train_loss for row in store.epochs([run.id])[run.id]] == list(range(200))
        assert len(store.logged.metric(run.id, "mine").steps) == 200


def test_a_run_is_one_processs_until_it_ends(home):
    loop = start(
        home,
        """
        import time, digits_core as dl
        run = dl.init("mine")
        print(run.id, flush=True)
        time.sleep(60)
        """,
    )
    run_id = loop.stdout.readline().strip()
    try:
        code, _, err = ended(start(home, "import sys, digits_core as dl; dl.init(resume=sys.argv[1])", run_id))
        assert code == 1
        assert "Another process still logs this run" in err.splitlines()[-1]
    finally:
        loop.kill()
        loop.communicate(timeout=30)
    code, _, err = ended(
        start(
            home,
            "import sys, digits_core as dl\nwith dl.init(resume=sys.argv[1]) as run: run.log({'train/loss': 1.0})",
            run_id,
        )
    )
    assert code == 0, err
    assert store_of(home).get(run_id).status == "finished"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_logs_into_the_same_run_and_does_not_end_it(home):
    code, out, err = ended(
        start(
            home,
            """
            import os, sys, digits_core as dl
            run = dl.init()
            run.log({"train/loss": 1.0}, step=1)
            child = os.fork()
            if child == 0:
                run.log({"test/loss": 2.0}, step=1)
                run.finish()
                sys.exit(0)
            os.waitpid(child, 0)
            run.log({"train/loss": 0.5}, step=2)
            print(run.row().status)
            """,
        )
    )
    assert (code, out.strip()) == (0, "running"), err
    store = store_of(home)
    (run,) = [run for run in store.runs() if run.is_logged]
    first, second = store.epochs([run.id])[run.id]
    assert (first.train_loss, first.test_loss, second.train_loss) == (1.0, 2.0, 0.5)
    assert math.isnan(second.test_loss)
    assert run.status == "finished"


def test_logging_needs_neither_torch_nor_the_pages(home):
    code, out, err = ended(
        start(
            home,
            """
            import sys, digits_core as dl
            light = {"torch", "streamlit", "pandas", "plotly", "distributed"} & set(sys.modules)
            with dl.init() as run:
                run.log({"train/loss": 1.0})
            print(sorted(light | ({"torch", "streamlit", "pandas", "plotly", "distributed"} & set(sys.modules))))
            """,
        )
    )
    assert (code, out.strip()) == (0, "[]"), err


def test_a_disk_that_is_full_loses_nothing_that_was_logged_while_it_was(small_disk):
    home = small_disk / "home"
    loop = start(
        home,
        """
        import pathlib, sys, warnings, digits_core as dl
        home, filler = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[1]).parent / "filler"
        run = dl.init("full")
        run.log({"train/loss": 1.0, "mine": 1}, step=1)
        with filler.open("wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for step in range(2, 1000):
                run.log({"train/loss": 1 / step, "mine": step, **{f"m{n}": step for n in range(20)}}, step=step)
                if caught:
                    break
        print(len(caught), str(caught[0].message)[-60:])
        filler.unlink()
        run.log({"train/loss": 0.0, "mine": 0}, step=step + 1)
        run.finish()
        print(step + 1)
        """,
        str(home),
        DIGITS_STARTER="off",
    )
    code, out, err = ended(loop)
    assert code == 0, err
    said, last = out.splitlines()
    assert said.startswith("1 ")
    assert said.endswith("What was logged is kept in memory and written later.")
    store = store_of(home)
    (run,) = [run for run in store.runs() if run.is_logged]
    assert run.status == "finished"
    assert [row.epoch for row in store.epochs([run.id])[run.id]] == list(range(1, int(last) + 1))


def test_a_home_that_is_read_only_is_said_in_one_line(small_disk):
    home = small_disk / "home"
    home.mkdir()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    try:
        code, _, err = ended(start(home, "import digits_core as dl; dl.init()"))
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    assert code == 1
    assert err.splitlines()[-1].startswith("digits_core.errors.StoreError")
    assert str(home) in err.splitlines()[-1]
