"""The views wait for nothing heavy before they need it."""

from tests.unit.test_imports import loaded_after


def test_importing_the_views_waits_for_neither_torch_nor_scikit_learn_nor_scipy():
    views = ("compare_datasets", "duplicates_view", "maps", "outliers_view", "overview", "samples_view")
    modules = ", ".join(f"digits_core.dashboard.data.{view}" for view in views)

    assert loaded_after(f"import {modules}") & {"torch", "sklearn", "scipy"} == set()
