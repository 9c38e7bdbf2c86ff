"""The shipped run on every page that shows runs, in a home without the MNIST that it was trained on."""

import pytest
import torch  # noqa: F401 - pages load it in the background: here it is there, and never half of it

from digits_core.dashboard.pages import PAGES
from digits_core.dashboard.runs.one_run import VIEWS
from digits_core.runs.starter import SWITCH

HERE = [(page, {}) for page in PAGES] + [
    *(("runs", {"runs_view": "One run", "result": view}) for view in VIEWS),
    *(("runs", {"runs_view": view}) for view in ("Training time", "Sweeps")),
]


@pytest.mark.parametrize(("page", "query"), HERE, ids=str)
def test_it_is_shown_without_an_error(open_page, monkeypatch, page, query):
    monkeypatch.delenv(SWITCH)

    opened = open_page(page, **query)

    assert not opened.exception
    assert [error.value for error in opened.error] == []
