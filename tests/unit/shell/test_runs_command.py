"""What `runs` says of tags, notes, the archive and deleted runs."""

import json

import pytest

from digits_core.__main__ import main
from tests.unit.helpers import run_config


@pytest.fixture
def runs(store):
    """The first is archived, the second deleted, the third tagged."""
    first, second, third = (store.create(run_config(), "elsewhere:1:2").id for _ in range(3))
    store.interrupt([first, second, third], "ended")
    store.labels.archive([first])
    store.labels.delete([second])
    store.labels.tag([third], ["good", "to show"])
    store.labels.write_note([third], "why it works")
    return first, third


def test_archived_runs_are_listed_where_all_are_asked_for(runs, capsys):
    first, third = runs
    assert main(["runs"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [third]

    assert main(["runs", "--all", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["id"], row["archived"]) for row in rows] == [(third, False), (first, True)]


def test_tags_and_note_stand_beside_the_run(runs, capsys):
    assert main(["runs"]) == 0
    assert capsys.readouterr().out.rstrip().endswith("[good]  [to show]")

    assert main(["runs", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["tags"], row["note"]) == (["good", "to show"], "why it works")
