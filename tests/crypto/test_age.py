"""age files: streaming both ways, and what is spoilt on the way."""

import io
import os
import shutil
import subprocess

import pyrage
import pytest

from daylight.crypto.age import (
    HEAD,
    decrypt_under,
    decrypt_with,
    encrypt_to,
    encrypt_under,
    is_age,
    needs_passphrase,
)
from daylight.errors import BackupRefused, ReplicaDamaged, UsageError

DATA = os.urandom(3_000_001)


@pytest.fixture(scope="module")
def identity():
    return pyrage.x25519.Identity.generate()


@pytest.fixture(scope="module")
def made(identity) -> bytes:
    out = io.BytesIO()
    encrypt_to([str(identity.to_public())], [DATA[:1000], b"", DATA[1000:]], out)
    return out.getvalue()


def opened(data: bytes, identity) -> bytes:
    return b"".join(decrypt_with(f"# created\n\n{identity}\n", io.BytesIO(data)))


def test_it_opens_for_each_recipient(identity):
    other = pyrage.x25519.Identity.generate()
    out = io.BytesIO()
    encrypt_to([str(identity.to_public()), str(other.to_public())], [DATA], out)
    assert opened(out.getvalue(), identity) == opened(out.getvalue(), other) == DATA
    assert is_age(out.getvalue()[:HEAD])
    assert not needs_passphrase(out.getvalue()[:HEAD])


def test_stock_age_opens_it(made, identity, tmp_path):
    if shutil.which("age") is None:
        assert pyrage.decrypt(made, [identity]) == DATA  # the other implementation at hand
        return
    (tmp_path / "id").write_text(str(identity))
    (tmp_path / "file").write_bytes(made)
    words = ["age", "-d", "-i", tmp_path / "id", tmp_path / "file"]
    assert subprocess.run(words, check=True, capture_output=True).stdout == DATA


def test_under_a_passphrase():
    out = io.BytesIO()
    encrypt_under("пароль", [DATA[:100], DATA[100:]], out)
    data = out.getvalue()
    assert needs_passphrase(data[:HEAD])
    assert b"".join(decrypt_under("пароль", io.BytesIO(data))) == DATA
    with pytest.raises(BackupRefused):
        list(decrypt_under("wrong", io.BytesIO(data)))


SPOILT = {
    "empty": lambda m: b"",
    "another file": lambda m: b"hello" * 100,
    "header alone": lambda m: m[:200],
    "last byte gone": lambda m: m[:-1],
    "last piece gone": lambda m: m[: -len(m) % 65536 - 40000],
    "appended": lambda m: m + b"\0",
    "flipped": lambda m: m[:100_000] + bytes([m[100_000] ^ 1]) + m[100_001:],
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_file_is_refused(made, identity, how):
    with pytest.raises(BackupRefused):
        opened(SPOILT[how](made), identity)


def test_another_key_does_not_open_it(made):
    with pytest.raises(BackupRefused):
        opened(made, pyrage.x25519.Identity.generate())


def test_no_key_is_named_as_what_it_is(made, identity):
    with pytest.raises(UsageError):
        encrypt_to(["age1nonsense"], [b""], io.BytesIO())
    with pytest.raises(UsageError):
        encrypt_to([str(identity)], [b""], io.BytesIO())  # the secret half
    with pytest.raises(UsageError):
        list(decrypt_with("no key", io.BytesIO(made)))


def test_what_a_source_or_a_sink_raises_comes_through(identity):
    class Full(io.RawIOBase):
        def write(self, data):
            raise OSError(28, "full")

    def breaking():
        yield b"x" * 100_000
        raise ReplicaDamaged("in the middle")

    with pytest.raises(ReplicaDamaged):
        encrypt_to([str(identity.to_public())], breaking(), io.BytesIO())
    with pytest.raises(OSError, match="full"):
        encrypt_to([str(identity.to_public())], [DATA], Full())


def test_whoever_stops_reading_leaves_no_thread_behind(made, identity):
    stream = decrypt_with(str(identity), io.BytesIO(made))
    assert next(stream)
    stream.close()  # hangs if the writer is not let go
