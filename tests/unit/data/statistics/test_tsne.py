"""t-SNE runs beside the app, tells how far it is, and can be ended."""

import subprocess
import sys

import psutil
import pytest
from sklearn.neighbors import KNeighborsClassifier

from digits_core.data.statistics.components import principal_components
from digits_core.data.statistics.tsne import FEWEST, ROOT, tsne
from digits_core.errors import DatasetError
from tests.unit.helpers import children_running


@pytest.fixture(scope="module")
def points(few_optdigits):
    """As many as a map of a second needs."""
    return principal_components(few_optdigits.images, 50).project(few_optdigits.images)[::2]


def test_the_map_puts_equal_digits_together_and_reports_up_to_the_end(points, few_optdigits):
    shares: list[float] = []
    labels = few_optdigits.labels[::2]
    placed = tsne(points, report=shares.append)

    assert placed.shape == (len(points), 2)
    nearest = KNeighborsClassifier(5).fit(placed[::2], labels[::2])
    assert nearest.score(placed[1::2], labels[1::2]) > 0.8
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_report_that_raises_ends_the_process(points):
    class Enough(Exception):
        pass

    def stop(_share: float) -> None:
        raise Enough

    with pytest.raises(Enough):
        tsne(points, report=stop)
    assert children_running("digits_core.data.statistics.tsne") == []


def test_the_fewest_points_have_a_map(points):
    assert tsne(points[:FEWEST]).shape == (FEWEST, 2)


def test_points_that_cannot_be_placed_are_refused_in_words(points):
    broken = points[:20].copy()
    broken[0, 0] = float("nan")

    with pytest.raises(DatasetError, match="PCA"):
        tsne(broken)


def test_the_process_ends_with_the_app_that_asked_for_it():
    asking = """
import numpy as np
from digits_core.data.statistics.tsne import tsne
tsne(np.random.default_rng(0).normal(size=(3000, 20)).astype("f"), report=lambda share: print(share, flush=True))
"""
    with subprocess.Popen([sys.executable, "-c", asking], cwd=ROOT, stdout=subprocess.PIPE) as app:
        app.stdout.readline()
        (child,) = psutil.Process(app.pid).children()
        app.kill()
    psutil.wait_procs([child], timeout=30)
    assert not child.is_running()
