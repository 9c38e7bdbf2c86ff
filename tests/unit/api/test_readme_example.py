"""The lines that the README shows for notebooks run as they stand."""

import re

import digits_core as dl
from tests.unit.api.test_predictions import seven
from tests.unit.test_readme import README


def test_the_readmes_lines_for_notebooks_run(home, tmp_path, monkeypatch):
    (code,) = re.findall(r"## In a notebook.*?```python\n(.*?)```", README, flags=re.DOTALL)
    monkeypatch.chdir(tmp_path)
    seven().save("photo.png")
    exec(code, {})

    assert len(dl.runs()) == 2
