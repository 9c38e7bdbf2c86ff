"""What the tests of the readers share: a bound on memory, and a file that must never come to be."""

from pathlib import Path

import pytest

MEMORY = 1 << 30


@pytest.fixture
def bounded_memory():
    """Leave this process a gigabyte: what claims more must fail, and not take the machine with it."""
    resource = pytest.importorskip("resource")
    statm = Path("/proc/self/statm")
    if not statm.exists():
        pytest.skip("this system does not tell how much is mapped")
    before = resource.getrlimit(resource.RLIMIT_AS)
    mapped = int(statm.read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + MEMORY, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.fixture
def canary(tmp_path):
    """A path that every attack tries to write to, and that none may have written."""
    path = tmp_path / "canary"
    yield path
    assert not path.exists()
