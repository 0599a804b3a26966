"""Objects that broke: how that is seen on the medium, and where they go."""

import os

import pytest

from daylight.domain.digest import digest_of
from daylight.storage import layout
from daylight.storage.local import LocalStore
from daylight.storage.quarantine import fault_of, object_path, set_aside

DATA = os.urandom(70_000)
DIGEST = digest_of(DATA)


@pytest.fixture
def made(tmp_path):
    made = layout.create(tmp_path / "vault", "")
    LocalStore(made.root).put(DATA)
    return made


@pytest.mark.parametrize("size", [0, 1, 4096, 5_000_000])
def test_a_whole_object_has_no_fault(made, size):
    digest = LocalStore(made.root).put(bytes(size))
    assert fault_of(made, digest) == ""


def replaced(path, how):
    path.chmod(0o600)
    if how == "flipped":
        path.write_bytes(bytes([DATA[0] ^ 1]) + DATA[1:])
    elif how == "cut":
        path.write_bytes(DATA[:-1])
    elif how == "appended":
        path.write_bytes(DATA + b"\0")
    elif how == "emptied":
        path.write_bytes(b"")
    else:
        path.unlink()
    if how == "link":
        path.symlink_to("/dev/zero")
    elif how == "fifo":
        os.mkfifo(path)
    elif how == "folder":
        path.mkdir()


@pytest.mark.parametrize(
    "how", ["flipped", "cut", "appended", "emptied", "link", "fifo", "folder", "gone"]
)
def test_a_broken_object_is_seen_and_set_aside_as_it_is(made, how):
    path = object_path(made, DIGEST)
    replaced(path, how)
    assert fault_of(made, DIGEST) == ("object-missing" if how == "gone" else "object-changed")
    was = os.lstat(path).st_ino if os.path.lexists(path) else None
    set_aside(made, DIGEST)
    assert not os.path.lexists(path)
    if was is not None:
        assert os.lstat(made.root / "quarantine" / f"{DIGEST.hex()}.0").st_ino == was
        assert LocalStore(made.root).put(DATA) == DIGEST
        assert fault_of(made, DIGEST) == ""


def test_what_broke_before_is_kept_beside(made):
    for number in range(3):
        set_aside(made, DIGEST)
        assert {p.name for p in (made.root / "quarantine").iterdir()} == {
            f"{DIGEST.hex()}.{n}" for n in range(number + 1)
        }
        LocalStore(made.root).put(DATA)
