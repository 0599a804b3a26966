"""The filter, run by a small BPF machine for both architectures, and in the kernel by itself."""

import errno
import platform
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.errors import SandboxMissing
from daylight.media.sandbox import seccomp, syscalls

KILL, ALLOW = 0x80000000, 0x7FFF0000
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
COLUMN = {"x86_64": 0, "aarch64": 1}
PID = 4711
BOTH = pytest.mark.parametrize("machine", ["x86_64", "aarch64"])


def filter_for(machine: str) -> bytes:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(platform, "machine", lambda: machine)
        return seccomp.program(PID)


FILTERS = {machine: filter_for(machine) for machine in AUDIT}


def answer(machine, number, *arguments, arch=None) -> int:
    padded = [a & (2**64 - 1) for a in (*arguments, *[0] * (6 - len(arguments)))]
    data = struct.pack("=iIQ6Q", number, arch or AUDIT[machine], 0, *padded)
    code = list(struct.iter_unpack("=HBBI", FILTERS[machine]))
    at, accumulator = 0, 0
    while True:
        op, yes, no, k = code[at]
        at += 1
        if op == 0x06:
            return k
        if op == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, k)
        else:
            hit = {0x15: accumulator == k, 0x35: accumulator >= k, 0x45: bool(accumulator & k)}[op]
            at += yes if hit else no


def told(number: int) -> int:
    return 0x50000 | number


def numbers(machine, table):
    return [
        (name, pair[COLUMN[machine]])
        for name, pair in table.items()
        if pair[COLUMN[machine]] is not None
    ]


def number(machine, name):
    return {**syscalls.ALLOWED, **syscalls.GUARDED}[name][COLUMN[machine]]


@BOTH
def test_each_table_has_its_answer(machine):
    for table, expected in (
        (syscalls.ALLOWED, ALLOW),
        (syscalls.PATHS, told(errno.EACCES)),
        (syscalls.FATAL, KILL),
        ({"ioctl": syscalls.IOCTL}, told(errno.ENOTTY)),
    ):
        for name, value in numbers(machine, table):
            assert answer(machine, value) == expected, name


@BOTH
def test_no_number_is_listed_twice(machine):
    tables = (syscalls.ALLOWED, syscalls.GUARDED, syscalls.PATHS, syscalls.FATAL)
    listed = [value for table in tables for _, value in numbers(machine, table)]
    assert len(listed) == len(set(listed))


@given(st.sampled_from(["x86_64", "aarch64"]), st.integers(0, 0x3FFFFFFF))
def test_the_unknown_is_not_there(machine, value):
    known = {v for t in (syscalls.ALLOWED, syscalls.GUARDED, syscalls.PATHS, syscalls.FATAL, {"": syscalls.IOCTL}) for _, v in numbers(machine, t)}  # fmt: skip
    if value not in known:
        assert answer(machine, value) == told(errno.ENOSYS)


@given(st.sampled_from(["x86_64", "aarch64"]), st.integers(0, 500), st.integers(0, 2**32 - 1))
def test_a_foreign_architecture_is_killed(machine, value, arch):
    if arch not in (0, AUDIT[machine]):
        assert answer(machine, value, arch=arch) == KILL


@given(st.integers(0, 600))
def test_x32_is_killed(value):
    assert answer("x86_64", 0x40000000 | value) == KILL


THREAD = 0x3D0F00


@BOTH
@pytest.mark.parametrize(
    ("flags", "expected"),
    [(THREAD, ALLOW), (17, KILL), (0, KILL), (0x4111, KILL), (THREAD & ~0x10000, KILL)]
    + [(THREAD | new, KILL) for new in (0x20000, 0x2000000, 0x10000000, 0x20000000, 0x40000000, 0x80, 0x8000, 0x2000)],
)  # fmt: skip
def test_only_threads_are_cloned(machine, flags, expected):
    assert answer(machine, number(machine, "clone"), flags) == expected


@BOTH
def test_memory_is_never_made_executable(machine):
    for name in ("mmap", "mprotect"):
        for protection in range(8):
            expected = told(errno.EPERM) if protection & 4 else ALLOW
            assert answer(machine, number(machine, name), 0, 4096, protection) == expected


@BOTH
def test_signals_go_to_itself_only(machine):
    assert answer(machine, number(machine, "tgkill"), PID, PID, 6) == ALLOW
    for other in (0, 1, PID + 1, -1, -PID):
        assert answer(machine, number(machine, "tgkill"), other, PID, 6) == KILL


@BOTH
def test_limits_are_read_and_not_set(machine):
    prlimit = number(machine, "prlimit64")
    assert answer(machine, prlimit, 0, 7, 0, 0x1234) == ALLOW
    for refused in ((0, 7, 1, 0), (0, 7, 1 << 32, 0), (PID, 7, 0, 0), (1, 7, 0, 0)):
        assert answer(machine, prlimit, *refused) == told(errno.EPERM)


@BOTH
def test_options_are_few(machine):
    for name, index, allowed in (("prctl", 0, {15, 16}), ("fcntl", 1, {0, 1, 3, 1030})):
        for option in range(1100):
            arguments = [0, 0]
            arguments[index] = option
            expected = ALLOW if option in allowed else told(errno.EPERM)
            assert answer(machine, number(machine, name), *arguments) == expected


def test_another_processor_is_refused(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(SandboxMissing, match="riscv64"):
        seccomp.program(PID)


HEADERS = [Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), Path("/usr/include/asm-generic/unistd.h")]  # fmt: skip


@pytest.mark.parametrize("column", [0, 1])
def test_the_numbers_are_the_kernels(column):
    if not HEADERS[column].exists():
        pytest.skip("the kernel's headers are not installed")
    text = HEADERS[column].read_text()
    defined = re.findall(r"#define\s+__NR(?:3264)?_(\w+)\s+(\d+)", text)
    truth = {name: int(value) for name, value in defined}
    tables = {**syscalls.ALLOWED, **syscalls.GUARDED, **syscalls.PATHS, **syscalls.FATAL}
    for name, pair in tables.items():
        if name in truth or column == 0:
            assert pair[column] == truth.get(name), name


def test_it_holds_without_landlock():
    script = (
        "import os, sys\n"
        "from daylight.media.sandbox import libc, seccomp\n"
        "libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)\n"
        "seccomp.install(seccomp.program(os.getpid()))\n"
        "try: os.open('/', os.O_RDONLY)\n"
        "except PermissionError: os._exit(7)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 7


def test_a_filter_against_sockets_leaves_the_rest():
    script = (
        "import os, socket\n"
        "from daylight.media.sandbox import libc, seccomp\n"
        "libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)\n"
        "seccomp.install(seccomp.without_sockets())\n"
        "for make in (socket.socket, socket.socketpair):\n"
        "    try: make()\n"
        "    except PermissionError: continue\n"
        "    os._exit(1)\n"
        "import ctypes.util, wave, zipfile\n"  # files are read, modules loaded
        "if (pid := os.fork()) == 0: os._exit(7)\n"
        "os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 7


def test_without_no_new_privs_it_is_refused_to_a_user():
    script = (
        "import os, sys\n"
        "from daylight.errors import SandboxMissing\n"
        "from daylight.media.sandbox import seccomp\n"
        "rules = seccomp.program(os.getpid())\n"
        "if os.geteuid() == 0: os.setresuid(54321, 54321, 54321)\n"
        "try: seccomp.install(rules)\n"
        "except SandboxMissing: os._exit(7)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 7
