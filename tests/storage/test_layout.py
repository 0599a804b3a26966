"""The vault's folder: made once, read strictly, cleared of what died."""

import fcntl
import os
import subprocess
import sys

import pytest

from daylight.errors import UsageError, VaultBusy, VaultExists, VaultMissing, VaultVersion
from daylight.storage import layout


@pytest.fixture
def made(tmp_path):
    made = layout.create(tmp_path / "vault", "")
    layout.seal(made)
    return made


def test_what_is_made_is_read(made):
    assert layout.read(made.root) == made
    assert made.root.stat().st_mode & 0o777 == 0o700
    assert (made.root / ".trackerignore").exists()


def test_a_folder_with_something_in_it_is_no_place_for_a_vault(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(VaultExists):
        layout.create(tmp_path, "")


def test_without_its_last_file_there_is_no_vault(tmp_path):
    layout.create(tmp_path / "vault", "")
    with pytest.raises(VaultMissing):
        layout.read(tmp_path / "vault")


@pytest.mark.parametrize(
    "text", ["", "format = 2", "format = 1", 'format = 1\nid = "x"', "id = [", "\xff"]
)
def test_a_damaged_or_newer_vault_is_refused(made, text):
    (made.root / "vault.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(VaultVersion):
        layout.read(made.root)


def test_a_lock_is_held_by_one(made):
    with layout.lock(made, "examine"), pytest.raises(VaultBusy), layout.lock(made, "examine", 1):
        pass
    with layout.lock(made, "examine"):
        pass


def test_leftovers_of_the_dead_go_but_not_those_of_the_living(made):
    (made.spool / "dead").mkdir()
    (made.spool / "dead" / "file").touch()
    with layout.in_use(made):
        assert not (made.spool / "dead").exists()
        (made.spool / "living").mkdir()
        code = (
            "import sys; from pathlib import Path; from daylight.storage import layout\n"
            "with layout.in_use(layout.read(Path(sys.argv[1]))): pass"
        )
        subprocess.run([sys.executable, "-c", code, os.fspath(made.root)], check=True)
        assert (made.spool / "living").exists()


def test_what_the_dying_still_hold_at_the_start_goes_at_the_end(made):
    """The children of an import that was killed die a moment later than it."""
    left = made.spool / "of-the-dead"
    dying = os.open(made.spool / "use.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(dying, fcntl.LOCK_SH)
    left.mkdir()
    with layout.in_use(made):
        assert left.exists()
        os.close(dying)
    assert not left.exists()


def test_what_others_have_in_the_spool_stays_at_the_end(made):
    with layout.in_use(made):
        mine = made.spool / "mine"
        mine.mkdir()
        with layout.in_use(made):
            pass
        assert mine.exists()


def test_the_key_of_the_web_is_made_once(made):
    assert made.web_secret() == made.web_secret()
    assert (made.root / "web.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "url", ['postgresql://%2Frun%2Fpg/a"b', "postgres://u:p\\w@h/d", "postgresql:///день📅"]
)
def test_any_database_url_comes_back(tmp_path, url):
    made = layout.create(tmp_path / "vault", url)
    layout.seal(made)
    assert layout.read(made.root).database == url


@pytest.mark.parametrize("url", ["mysql://h/d", "d", "postgresql://h/d\nid = 'x'", "file:///x"])
def test_what_names_no_database_of_ours_makes_no_vault(tmp_path, url):
    with pytest.raises(UsageError):
        layout.create(tmp_path / "vault", url)
    assert not (tmp_path / "vault").exists()


def test_a_vault_that_could_not_be_made_leaves_an_empty_folder(tmp_path):
    made = layout.create(tmp_path / "vault", "")
    (made.spool / "file").touch()
    layout.abandon(made)
    assert list(made.root.iterdir()) == []
    layout.create(tmp_path / "vault", "")
