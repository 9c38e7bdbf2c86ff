"""The settings that make numbers come out again hold while a training runs, and not a moment longer."""

import os

import pytest
import torch

from digits_core.training.exactness import CUBLAS_VARIABLE, exact


def settings() -> tuple:
    cudnn = torch.backends.cudnn
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        cudnn.deterministic,
        cudnn.benchmark,
        os.environ.get(CUBLAS_VARIABLE),
        torch.get_num_threads(),
    )


@pytest.fixture(autouse=True)
def _unset(monkeypatch):
    monkeypatch.delenv(CUBLAS_VARIABLE, raising=False)


def test_on_cuda_kernels_are_deterministic_while_it_runs_also_where_it_fails():
    before, inside = settings(), []

    def fail() -> None:
        with exact(torch.device("cuda"), 3):
            inside.append(settings())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert inside == [(True, True, True, False, ":4096:8", 3)]
    assert settings() == before


def test_a_workspace_that_somebody_chose_is_left_alone(monkeypatch):
    monkeypatch.setenv(CUBLAS_VARIABLE, ":16:8")
    with exact(torch.device("cuda")):
        assert os.environ[CUBLAS_VARIABLE] == ":16:8"
    assert os.environ[CUBLAS_VARIABLE] == ":16:8"


def test_on_a_cpu_only_the_number_of_threads_changes():
    before = settings()
    with exact(torch.device("cpu"), 2):
        assert settings() == (*before[:-1], 2)
    assert settings() == before
