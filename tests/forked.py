"""The program in a process of its own, but forked from one that has imported everything.

Half a second of imports for each call is most of what tests of the command line would cost. What
needs a start from nothing (what is loaded when, each verb alone, signals, a terminal) starts the
program itself.
"""

import atexit
import gc
import importlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from pathlib import Path
from typing import Any

DAYLIGHT = str(Path(sys.executable).parent / "daylight")
ROOT = Path(__file__).resolve().parents[1]
_LARGEST = 1 << 17  # bytes of a request


class _Server:
    """One that forks for each request and says how the child ended."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            number = theirs.fileno()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.forked", str(number)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,  # its children get their own
                cwd=ROOT,
                env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},  # threads do not outlive a fork
                pass_fds=[number],
            )

    def ask(self, request: dict[str, Any], fds: list[int]) -> int:
        data = json.dumps(request).encode()
        assert len(data) < _LARGEST
        socket.send_fds(self._ours, [data], fds)
        told = self._ours.recv(100)
        assert told, "the server of the tests' processes has ended"
        return int(told)

    def end(self, *, at_once: bool = False) -> None:
        self._ours.close()
        if at_once:
            self._process.kill()
        self._process.wait()


def _end() -> None:
    """Nothing outlives the tests."""
    while _servers:
        _servers.pop().end()


_servers: list[_Server] = []


def run(*words: object, env: dict[str, str], cwd: object = ".") -> subprocess.CompletedProcess[str]:
    """What ``subprocess.run`` gives of the program with nothing to read; one at a time."""
    command = [DAYLIGHT, *map(str, words)]
    request = {"words": command, "env": env, "cwd": os.path.abspath(str(cwd))}
    if not _servers:
        _servers.append(_Server())
        atexit.register(_end)
    with (
        open(os.devnull) as nothing,
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as said,
    ):
        try:
            code = _servers[0].ask(request, [nothing.fileno(), out.fileno(), said.fileno()])
        except BaseException:  # a test's time is up: its answer must not be the next one's
            _servers.pop().end(at_once=True)
            raise
        out.seek(0)
        said.seek(0)
        return subprocess.CompletedProcess(command, code, out.read(), said.read())


def _load() -> None:
    """All that a verb may ask for, as the program has it once it runs."""
    from daylight import bootstrap
    from daylight.cli.registry import VERBS

    bootstrap.configure()
    bootstrap.configure = lambda: None
    for verb in VERBS.values():
        importlib.import_module(verb.module)
    for more in ("services.upgrade", "catalogue.queries.vault"):
        importlib.import_module(f"daylight.{more}")
    locked = importlib.import_module("daylight.crypto.locked")
    locked._N = 1 << 4  # what a new passphrase costs: tests/crypto pays in full
    assert len(os.listdir("/proc/self/task")) == 1, "there are threads"
    gc.freeze()  # pages stay shared


def _become(request: dict[str, Any], fds: list[int]) -> None:
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv, sys.modules["__main__"].__package__ = request["words"], ""  # Click says the name
    for number, fd in enumerate(fds):
        os.dup2(fd, number)
        os.close(fd)


def _serve(ours: socket.socket) -> None:
    """Returns in each child; ends with the test process."""
    while True:
        data, fds, *_ = socket.recv_fds(ours, _LARGEST, 3)
        if not data:
            os._exit(0)
        pid = os.fork()
        if not pid:
            ours.close()
            _become(json.loads(data), fds)
            return
        for fd in fds:
            os.close(fd)
        _, status = os.waitpid(pid, 0)
        ours.send(str(os.waitstatus_to_exitcode(status)).encode())


def _run() -> int:
    """The program, and its end as the interpreter makes it, but for clearing every module away."""
    from daylight.start import main

    code: object = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    assert code is None or isinstance(code, int), code
    return code or 0


if __name__ == "__main__":
    _load()
    _serve(socket.socket(fileno=int(sys.argv[1])))
    os._exit(_run())
