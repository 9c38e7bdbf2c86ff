"""The embedded cluster is nobody else's: it ends with its app, and answers to nobody without its credentials."""

import json
import socket
import subprocess
import sys

import psutil
import pytest
from cryptography import x509
from distributed import Client
from distributed.security import Security

from digits_core.database import Database
from digits_core.engine.credentials import temporary_security
from digits_core.runs.process_owner import is_alive
from digits_core.runs.store import RunStore
from tests.unit.engine.conftest import cluster_of, wait_until_gone
from tests.unit.helpers import wait_for

APP = """
import sys
from pathlib import Path
from digits_core.config import RunConfig, TrainingConfig, TransformConfig
from digits_core.database import Database
from digits_core.engine.service import Engine
from digits_core.home import Home
from digits_core.runs.store import RunStore

if __name__ == "__main__":
    home = Home(Path(sys.argv[1])).create()
    engine = Engine(home, RunStore(Database(home.database)))
    engine.submit(RunConfig(transform=TransformConfig(size=8), training=TrainingConfig(epochs=1000, batch_size=128)))
    sys.stdin.read()
"""


@pytest.fixture
def cluster(lab) -> psutil.Process:
    """The engine's child process, once its workers are there."""
    address(lab)
    return wait_for(lambda: cluster_of(psutil.Process()), what="the cluster")


def address(lab) -> str:
    """Where the scheduler listens: nobody but the engine is told."""
    client = wait_for(lambda: lab.engine._connection._client, what="the connection to the cluster")
    return client.scheduler.address


def listening(processes: list[psutil.Process]) -> list:
    return [each.laddr for p in processes for each in p.net_connections() if each.status == psutil.CONN_LISTEN]


def test_it_listens_on_this_machine_alone(cluster):
    addresses = listening([cluster, *cluster.children(recursive=True)])

    assert addresses
    assert {each.ip for each in addresses} == {"127.0.0.1"}


def test_a_client_without_credentials_is_turned_away(lab, cluster):
    with pytest.raises(OSError, match="in <TCP"):
        Client(address(lab).replace("tls://", "tcp://"), timeout=2, set_as_default=False)


def test_a_client_with_credentials_of_another_cluster_is_turned_away(lab, cluster):
    with pytest.raises(OSError, match="certificate does not match"):
        Client(address(lab), security=Security.temporary(), timeout=2, set_as_default=False)


def test_no_port_serves_a_web_page(cluster):
    for place in listening([cluster, *cluster.children(recursive=True)]):
        with socket.create_connection((place.ip, place.port), timeout=5) as connection:
            connection.sendall(b"GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n")
            try:
                answer = connection.recv(100)
            except ConnectionError:
                continue
        assert not answer.startswith(b"HTTP/1.1 200")


def test_credentials_are_on_no_command_line_and_in_no_environment(cluster):
    for process in [cluster, *cluster.children(recursive=True)]:
        shown = " ".join([*process.cmdline(), *process.environ().values()])
        assert "PRIVATE KEY" not in shown
        assert "BEGIN CERTIFICATE" not in shown


def test_its_credentials_hold_wherever_the_clock_is_set():
    """Each worker that takes over from one that died is let in by them, also after the clock was set back."""
    certificate = x509.load_pem_x509_certificate(temporary_security().tls_ca_file.encode())

    assert certificate.not_valid_before_utc.year <= 2000
    assert certificate.not_valid_after_utc.year >= 2100


def test_what_it_says_first_is_its_address_and_its_credentials_and_nothing_follows(tmp_path):
    process = start_cluster(tmp_path)
    handshake = json.loads(process.stdout.readline())
    rest, _ = process.communicate(timeout=60)

    assert handshake["address"].startswith("tls://127.0.0.1:")
    assert set(handshake["credentials"]) == {"tls_ca_file", "tls_client_key", "tls_client_cert"}
    assert rest == ""


def test_it_ends_with_all_its_workers_when_its_standard_input_closes(tmp_path):
    process = start_cluster(tmp_path)
    process.stdout.readline()
    whole = psutil.Process(process.pid)
    processes = [whole, *whole.children(recursive=True)]
    process.communicate(timeout=60)
    wait_until_gone(processes)

    assert len(processes) > 1
    assert process.returncode == 0


def test_it_ends_with_an_app_that_is_killed_and_the_run_shows_as_interrupted(tmp_path):
    home = tmp_path / "home"
    app = subprocess.Popen([sys.executable, "-c", APP, str(home)], stdin=subprocess.PIPE)
    wait_for((home / "digits.sqlite").exists, what="the database")
    database = Database(home / "digits.sqlite")
    store = RunStore(database)
    wait_for(lambda: store.news(0).epochs, what="the first epoch")
    processes = psutil.Process(app.pid).children(recursive=True)
    app.kill()
    app.communicate()
    wait_until_gone(processes)
    (interrupted,) = store.interrupt_orphans(is_alive)

    assert len(processes) > 1
    assert interrupted.status == "interrupted"
    assert len(store.epochs([interrupted.id])[interrupted.id]) >= 1
    database.close()


def start_cluster(folder) -> subprocess.Popen:
    command = [sys.executable, "-m", "digits_core.engine", "1", str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
