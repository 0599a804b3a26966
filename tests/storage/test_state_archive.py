"""Archives of a vault's state: what goes in comes out, and what does not belong is refused."""

import io
import os
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daylight.errors import BackupRefused, DaylightError, VaultExists, VaultVersion
from daylight.storage import layout
from daylight.storage.state_archive import pack, unpack

SETTINGS = b'id = "%s"\nformat = 1\ndatabase = ""\n' % (b"a" * 32)


@pytest.fixture
def members(tmp_path):
    folder = tmp_path / "from"
    folder.mkdir()
    made = {}
    for name, data in {
        "catalogue.sqlite": os.urandom(1_200_000),
        "ledger/heads/12.json": b"{}",
        "ledger/heads/12.freetsa.tsr": os.urandom(512),
        "vault.keys": b"",
        "vault.toml": SETTINGS,
    }.items():
        made[name] = folder / name.replace("/", "-")
        made[name].write_bytes(data)
    return made


def test_what_goes_in_comes_out(members, tmp_path):
    made = unpack(pack(members), tmp_path / "new")
    assert made.vault_id == "a" * 32
    assert layout.read(tmp_path / "new") == made
    for name, path in members.items():
        out = tmp_path / "new" / name
        assert out.read_bytes() == path.read_bytes()
        assert out.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "new/objects").is_dir()


def test_stock_tar_reads_it_and_it_names_nobody(members):
    data = b"".join(pack(members))
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        found = archive.getmembers()
    assert [one.name for one in found] == [*members]
    assert {(one.uid, one.gid, one.uname, one.gname, one.mtime) for one in found} == {
        (0, 0, "", "", 0)
    }


def test_a_folder_that_is_not_empty_is_left_alone(members, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new/mine").write_bytes(b"x")
    with pytest.raises(VaultExists):
        unpack(pack(members), tmp_path / "new")
    assert (tmp_path / "new/mine").read_bytes() == b"x"


def member(name: str, kind: bytes = tarfile.REGTYPE, data: bytes = b"x", **more) -> bytes:
    one = tarfile.TarInfo(name)
    one.type, one.size = kind, len(data)
    for key, value in more.items():
        setattr(one, key, value)
    return one.tobuf(tarfile.PAX_FORMAT) + data + bytes(-len(data) % 512)


HOSTILE = {
    "up": member("../evil"),
    "up inside": member("ledger/heads/../../evil"),
    "absolute": member("/tmp/evil"),
    "unknown": member("web.key"),
    "objects": member("objects/ab/cd/x"),
    "hidden": member("ledger/heads/.x"),
    "deeper": member("ledger/heads/a/b"),
    "line break": member("vault.keys\n"),
    "symlink": member("vault.keys", tarfile.SYMTYPE, b"", linkname="/etc/passwd"),
    "hard link": member("vault.keys", tarfile.LNKTYPE, b"", linkname="vault.toml"),
    "folder": member("vault.keys", tarfile.DIRTYPE, b""),
    "fifo": member("vault.keys", tarfile.FIFOTYPE, b""),
    "device": member("vault.keys", tarfile.CHRTYPE, b"", devmajor=1, devminor=5),
    "twice": member("vault.keys") * 2,
    "sparse": member(
        "vault.keys", pax_headers={"GNU.sparse.size": "99999999999", "GNU.sparse.map": "0,1"}
    ),
    "number": member("vault.keys", pax_headers={"size": "many"}),
    "a long name": member("catalogue.sqlite" * 40),
}


@pytest.mark.parametrize("how", HOSTILE)
def test_a_hostile_member_is_refused_and_nothing_is_written(how, tmp_path):
    data = HOSTILE[how] + member("vault.toml", data=SETTINGS) + bytes(1024)
    with pytest.raises(BackupRefused):
        unpack([data], tmp_path / "new")
    assert [*(tmp_path / "new").iterdir()] == []
    assert [*tmp_path.iterdir()] == [tmp_path / "new"]


def test_an_archive_that_is_cut_anywhere_gives_no_vault(members, tmp_path):
    data = b"".join(pack(members))
    for number, end in enumerate([0, 1, 511, 512, 700, 600_000, 1_200_600, len(data) - 2000]):
        root = tmp_path / str(number)
        with pytest.raises(BackupRefused):
            unpack([data[:end]], root)
        assert [*root.iterdir()] == []


def test_a_stream_that_proves_false_at_its_end_gives_no_vault(members, tmp_path):
    def lying():
        yield from pack(members)
        raise BackupRefused("the last piece does not fit")

    with pytest.raises(BackupRefused):
        unpack(lying(), tmp_path / "new")
    assert [*(tmp_path / "new").iterdir()] == []


def test_a_vault_of_a_newer_format_is_named(tmp_path):
    data = member("vault.toml", data=SETTINGS.replace(b"format = 1", b"format = 9"))
    with pytest.raises(VaultVersion):
        unpack([data + bytes(1024)], tmp_path / "new")
    assert [*(tmp_path / "new").iterdir()] == []


@given(data=st.binary(max_size=3000), split=st.integers(1, 999))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_any_bytes_are_refused_by_name(tmp_path, data, split):
    root = Path(tmp_path) / "new"
    header = member("vault.keys", data=b"x" * 600)
    for stream in ([data], [header[:split], data], [data[:split], header]):
        with pytest.raises(DaylightError):
            unpack(stream, root)
        assert [*root.iterdir()] == []
