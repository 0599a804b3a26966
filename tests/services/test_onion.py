"""The onion service's folder: who may come, who no longer; tor as a child, real and fake."""

import os
import shutil
import stat
import subprocess
import time
from pathlib import Path

import pytest

from daylight.catalogue.models import Entry
from daylight.catalogue.queries.vault import custodian_here
from daylight.crypto.onion import new_client
from daylight.domain.principal import Role
from daylight.errors import KeyDamaged, ToolMissing, UsageError
from daylight.services import onion, people
from daylight.services.people import NewUser

FAKE = """#!/bin/sh
echo "$@" > "{folder}/asked"
trap 'echo told >> "{folder}/told"' HUP
trap 'exit 0' TERM
while true; do sleep 0.05; done
"""


@pytest.fixture
def staff(ws):
    for name in ("ann", "bob"):
        people.add(ws, custodian_here(), NewUser(name, frozenset({Role.ANALYST})))
    return ws


def clients(ws) -> dict[str, bytes]:
    folder = ws.layout.root / "onion" / "service" / "authorized_clients"
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_key_lets_its_user_in_and_the_private_half_is_kept_nowhere(staff):
    address, private = onion.give_key(staff, custodian_here(), "ann")
    assert address.endswith(".onion")
    assert len(address) == 62
    held = clients(staff)
    assert len(held) == 2  # and nobody's
    assert all(line.startswith(b"descriptor:x25519:") for line in held.values())
    assert not any("ann" in name for name in held)
    kept = b"".join(p.read_bytes() for p in staff.layout.root.rglob("*") if p.is_file())
    assert private.encode() not in kept
    assert b"onion-key-made" in bytes(Entry.objects.order_by("-index")[0].leaf)
    assert onion.give_key(staff, custodian_here(), "bob")[0] == address


def test_a_new_key_voids_the_old_one_and_a_disabled_user_has_none(staff):
    onion.give_key(staff, custodian_here(), "ann")
    onion.give_key(staff, custodian_here(), "bob")
    before = clients(staff)
    onion.give_key(staff, custodian_here(), "ann")
    after = clients(staff)
    assert before.keys() == after.keys()
    assert sum(before[name] != after[name] for name in before) == 1
    people.disable(staff, custodian_here(), "bob")
    assert onion.authorise(staff)
    assert not onion.authorise(staff)
    assert len(clients(staff)) == 2
    assert onion.how_many() == 1


def test_a_service_without_users_is_closed_not_open(staff):
    """For tor a folder without any key means that everybody may come."""
    onion.give_key(staff, custodian_here(), "ann")
    people.disable(staff, custodian_here(), "ann")
    onion.authorise(staff)
    assert set(clients(staff)) == {"nobody.auth"}
    assert clients(staff)["nobody.auth"].strip() != b""


def test_nobody_who_is_not_there_gets_a_key(staff):
    people.disable(staff, custodian_here(), "bob")
    for name in ("bob", "eve"):
        with pytest.raises(UsageError):
            onion.give_key(staff, custodian_here(), name)


def test_the_folder_is_its_owners_alone(staff):
    onion.prepare(staff, 8400)
    for path in (staff.layout.root / "onion").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_damaged_key_is_said(staff):
    onion.prepare(staff, 8400)
    (staff.layout.root / "onion/service/hs_ed25519_public_key").write_bytes(b"x")
    with pytest.raises(KeyDamaged):
        onion.prepare(staff, 8400)


def test_paths_are_quoted(tmp_path):
    assert onion._quoted(Path('/a b/c"d\\e')) == '"/a b/c\\"d\\\\e"'
    with pytest.raises(UsageError):
        onion._quoted(Path("/a\nHiddenServicePort 22"))


def test_without_tor_it_is_said(staff, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    _, torrc = onion.prepare(staff, 8400)
    with pytest.raises(ToolMissing):
        onion.Tor(staff, torrc, print)


@pytest.fixture
def fake(tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "tor"
    program.write_text(FAKE.format(folder=folder))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def until(true, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_tor_is_started_told_of_changes_and_ended(staff, fake, monkeypatch):
    monkeypatch.setattr(onion, "CHECKED", 0.05)
    _, torrc = onion.prepare(staff, 8400)
    running = onion.Tor(staff, torrc, print)
    try:
        until(lambda: (fake / "asked").exists() and (fake / "asked").read_text())
        assert str(torrc) in (fake / "asked").read_text()
        row = onion.OnionKey.objects
        user = onion.User.objects.get(username="ann")
        row.create(user=user, public=new_client().public, created=staff.clock())
        until((fake / "told").exists)
        assert f"{user.agent}.auth" in clients(staff)
    finally:
        running.close()
    assert running._process.returncode is not None


def test_a_tor_that_ends_is_told(staff, fake, monkeypatch):
    monkeypatch.setattr(onion, "CHECKED", 0.05)
    (fake / "tor").write_text("#!/bin/sh\nexit 3\n")
    _, torrc = onion.prepare(staff, 8400)
    told = []
    running = onion.Tor(staff, torrc, told.append)
    until(lambda: told)
    running.close()
    assert told == [3]


@pytest.mark.skipif(shutil.which("tor") is None, reason="tor is not installed")
def test_the_real_tor_takes_settings_and_keys(staff, tmp_path):
    """It makes the same address of our key; nothing of it touches a network."""
    onion.give_key(staff, custodian_here(), "ann")
    address, torrc = onion.prepare(staff, 8400)
    words = ["tor", "--defaults-torrc", os.devnull, "-f", str(torrc)]
    checked = subprocess.run([*words, "--verify-config"], check=False, capture_output=True)
    assert checked.returncode == 0, checked.stdout
    hostname = torrc.parent / "service" / "hostname"
    with subprocess.Popen([*words, "--DisableNetwork", "1"], stdout=subprocess.DEVNULL) as tor:
        until(lambda: hostname.exists() and hostname.read_text(), 30)
        tor.terminate()
    assert hostname.read_text().strip() == address
