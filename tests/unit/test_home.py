"""Everything that is kept lies under one folder."""

import os
import stat
from pathlib import Path

import pytest

from digits_core.errors import StoreError
from digits_core.home import Home

ROOT = Path(__file__).resolve().parents[2]


def test_the_home_is_the_one_that_the_environment_names(home):
    assert Home.from_environment().folder == home


@pytest.mark.parametrize("value", [None, ""])
def test_without_a_name_the_home_lies_beside_the_app(monkeypatch, value):
    monkeypatch.delenv("DIGITS_HOME", raising=False)
    if value is not None:
        monkeypatch.setenv("DIGITS_HOME", value)

    assert Home.from_environment().folder == ROOT / ".digits"


def test_a_tilde_is_the_users_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DIGITS_HOME", "~/digits")

    assert Home.from_environment().folder == tmp_path / "digits"


def test_nothing_is_made_until_it_is_asked_for(tmp_path):
    home = Home(tmp_path / "home")
    _ = home.database, home.downloads, home.run("abc")

    assert not home.folder.exists()


def test_all_parts_lie_under_the_folder(tmp_path):
    home = Home(tmp_path)

    assert all(part.is_relative_to(tmp_path) for part in (home.database, home.downloads, home.run("abc")))


def test_creating_twice_is_creating_once(tmp_path):
    home = Home(tmp_path / "deep" / "home").create()

    assert home.create().folder.is_dir()


def test_a_home_that_cannot_be_made_says_what_to_do(tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StoreError, match="Set DIGITS_HOME to a folder that you may write to"):
        Home(tmp_path / "file" / "home").create()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_a_new_home_is_open_to_its_owner_alone_and_one_that_is_there_keeps_its_rights(tmp_path):
    new = Home(tmp_path / "new").create().folder
    (tmp_path / "shared").mkdir(mode=0o755)
    shared = Home(tmp_path / "shared").create().folder

    assert stat.S_IMODE(new.stat().st_mode) == 0o700
    assert stat.S_IMODE(shared.stat().st_mode) == 0o755
