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
from digits_core.engine.__main__ import CREDENTIALS
from tests.unit.engine.conftest import Lab, cluster_of, config, own_lab

ROOT = Path(__file__).resolve().parents[3]
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

KNOCK = """
import json, os, sys
from distributed import Client
from distributed.security import Security
from digits_core.engine.credentials import temporary_security
user, group, address, shown = json.loads(sys.argv[1])
# Dask imports parts of itself only when they are needed: from folders that the stranger may not open.
own = temporary_security()
Client(processes=False, dashboard_address=None, set_as_default=False, security=own).close()
security = Security(require_encryption=True, **json.loads(shown)) if shown else own if address[:3] == "tls" else None
os.setgroups([])
os.setgid(group)
os.setuid(user)
with Client(address, security=security, timeout=5, set_as_default=False) as client:
    print(client.submit(os.getuid).result(timeout=30))
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


def knock(lab: Lab, stranger: tuple[int, int], address: str, shown: str = "") -> subprocess.CompletedProcess[str]:
    """Submit code to the training processes as the stranger; with a key of their own unless one is shown."""
    what = json.dumps([*stranger, address, shown])
    return subprocess.run([sys.executable, "-c", KNOCK, what], cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_another_user_submits_nothing_without_the_key_that_the_app_holds(lab: Lab, stranger):
    client = lab.engine._connection.client()
    address = client.scheduler.address
    held = {name: getattr(client.security, name) for name in CREDENTIALS}

    with_own_key, in_the_clear = (knock(lab, stranger, each) for each in (address, address.replace("tls", "tcp")))
    assert (with_own_key.stdout, in_the_clear.stdout) == ("", "")
    assert "certificate does not match" in with_own_key.stderr
    assert "in <TCP" in in_the_clear.stderr
    # It is the key alone that they lack.
    assert knock(lab, stranger, address, json.dumps(held)).stdout.split() == [str(os.geteuid())]


def test_the_credentials_lie_in_no_file(lab: Lab):
    """Neither in the home nor in a file that one of the processes has open."""
    opened = [Path(file.path) for each in processes(lab) for file in each.open_files()]
    files = [path for path in [*lab.home.folder.rglob("*"), *opened] if path.is_file()]

    assert len(files) > 5
    assert [path for path in files if b"PRIVATE KEY" in path.read_bytes()] == []
