import errno
import socket
import struct
import subprocess
import sys

import pytest

from daylight.errors import SandboxMissing
from daylight.media.sandbox import landlock, libc


@pytest.mark.parametrize(
    ("abi", "words"),
    [
        (1, [0x1FFF]),
        (2, [0x3FFF]),
        (3, [0x7FFF]),
        (4, [0x7FFF, 3]),
        (5, [0xFFFF, 3]),
        (6, [0xFFFF, 3, 3]),
        (7, [0xFFFF, 3, 3]),
        (99, [0xFFFF, 3, 3]),
    ],
)
def test_all_that_a_kernel_knows_is_handled(abi, words):
    assert list(struct.unpack(f"={len(words)}Q", landlock.ruleset(abi))) == words


@pytest.mark.parametrize(("abi", "word"), [(1, 0x1FF2), (3, 0x7FF2), (5, 0xFFF2), (99, 0xFFF2)])
def test_reading_alone_can_be_left(abi, word):
    assert landlock.read_only(abi) == struct.pack("=Q", word)


@pytest.mark.parametrize(
    ("number", "sentence"), [(errno.ENOSYS, "no Landlock"), (errno.EOPNOTSUPP, "switched off")]
)
def test_its_absence_is_said(monkeypatch, number, sentence):
    def refuse(*_):
        raise OSError(number, "no")

    monkeypatch.setattr(libc, "syscall", refuse)
    with pytest.raises(SandboxMissing, match=sentence):
        landlock.abi()


def run_under(abi: int, attempt: str) -> int:
    """0 if the attempt succeeded under Landlock alone, 7 if it was refused."""
    script = (
        "import os, socket\n"
        "from daylight.media.sandbox import landlock, libc\n"
        "libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)\n"
        f"landlock.restrict_self({abi})\n"
        f"try: {attempt}\n"
        "except PermissionError: os._exit(7)\n"
        "os._exit(0)\n"
    )
    return subprocess.run([sys.executable, "-c", script], check=False).returncode


@pytest.mark.parametrize("abi", [1, 2, 3, 7])
def test_it_holds_without_seccomp(abi, tmp_path):
    abi = min(abi, landlock.abi())
    for attempt in (
        "os.open('/etc/passwd', os.O_RDONLY)",
        f"os.open({str(tmp_path / 'new')!r}, os.O_WRONLY | os.O_CREAT)",
        f"os.mkdir({str(tmp_path / 'folder')!r})",
        "os.listdir('/')",
        "os.execv('/bin/true', ['true'])",
    ):
        assert run_under(abi, attempt) == 7, attempt
    assert list(tmp_path.iterdir()) == []


def test_newer_kernels_hold_network_and_signals_too():
    if landlock.abi() < 6:
        pytest.skip(
            f"this kernel's Landlock has ABI {landlock.abi()}; network came with 4, scopes with 6"
        )
    with socket.create_server(("127.0.0.1", 0)) as server:
        connect = f"socket.socket().connect({server.getsockname()!r})"
        assert run_under(3, connect) == 0
        assert run_under(landlock.abi(), connect) == 7
    assert run_under(5, "os.kill(os.getppid(), 0)") == 0
    assert run_under(landlock.abi(), "os.kill(os.getppid(), 0)") == 7
