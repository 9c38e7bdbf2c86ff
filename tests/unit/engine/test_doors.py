"""Another user of the machine gets at nothing: not at the credentials of the training processes, not at the home."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from digits_core.engine import connection
from tests.unit.engine.conftest import Lab, cluster_of, config, own_lab

LOOK = """
import json, os, sys
user, group, paths = json.loads(sys.argv[1])
os.setgroups([])
os.setgid(group)
os.setuid(user)
got = []
for path in paths:
    try:
        os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1)
        got.append(path)
    except PermissionError:
        pass
print(json.dumps(got))
"""


@pytest.fixture(scope="module")
def stranger() -> tuple[int, int]:
    """The number of another user, and of their group."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("only root may look around as another user, and only Linux has /proc")
    import pwd

    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A run that was trained in a home that others could come to, were it not closed to them."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.delenv(connection.SCHEDULER_VARIABLE, raising=False)
        Path(folder).chmod(0o755)
        with own_lab(Path(folder) / "home") as own:
            own.wait_until(own.engine.submit(config(1)), "finished")
            yield own


def processes(lab: Lab) -> list[psutil.Process]:
    cluster = cluster_of(psutil.Process(), lab.home.folder)
    return [cluster, *cluster.children(recursive=True)]


def seen_by(stranger: tuple[int, int], paths: list[str]) -> list[str]:
    """Those of these files and folders that the stranger can read."""
    answer = subprocess.run(
        [sys.executable, "-c", LOOK, json.dumps([*stranger, paths])], capture_output=True, text=True, check=True
    )
    return json.loads(answer.stdout)


def test_another_user_reads_nothing_of_the_processes_that_hold_credentials(lab: Lab, stranger):
    held = [f"/proc/{each.pid}/{name}" for each in processes(lab) for name in ("environ", "mem", "fd")]

    assert seen_by(stranger, ["/etc/passwd", *held]) == ["/etc/passwd"]


def test_another_user_reads_nothing_of_the_home(lab: Lab, stranger):
    kept = [str(path) for path in [lab.home.folder, *lab.home.folder.rglob("*")]]

    assert str(lab.home.database) in kept
    assert seen_by(stranger, ["/etc/passwd", *kept]) == ["/etc/passwd"]


def test_the_credentials_lie_in_no_file(lab: Lab):
    """Neither in the home nor in a file that one of the processes has open."""
    opened = [Path(file.path) for each in processes(lab) for file in each.open_files()]
    files = [path for path in [*lab.home.folder.rglob("*"), *opened] if path.is_file()]

    assert len(files) > 5
    assert [path for path in files if b"PRIVATE KEY" in path.read_bytes()] == []
